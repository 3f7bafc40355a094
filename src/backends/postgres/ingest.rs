//! Rows from Kafka and the offsets they were read at, in one transaction.

use std::collections::BTreeMap;

use sqlx::Executor;
use sqlx::postgres::PgConnection;

use crate::backends::error::Result;
use crate::backends::postgres::alerts::{self, Written};
use crate::backends::postgres::copy::EncodedRows;
use crate::backends::postgres::samples::{Outcome, SampleWriter};
use crate::backends::postgres::transaction::{self, REPEATS, pause, repeats};
use crate::backends::postgres::{fault, is_of_data, offsets, said};
use crate::metrics::alert::Alert;
use crate::metrics::kind::Kind;
use crate::runtime::Fault;

/// The rows of one batch.
pub enum Rows {
    /// Rows of one kind, sorted by their key, each key once.
    Samples(Kind, Box<EncodedRows>),
    /// Alerts, sorted by their id.
    Alerts(Vec<Alert>),
}

/// What became of them.
pub enum Stored {
    /// Of the rows of one kind.
    Samples(Outcome),
    /// Of each alert; a refused one with what the server said.
    Alerts(Vec<std::result::Result<Written, String>>),
}

/// Writes the rows of one topic.
pub struct Store {
    connection: PgConnection,
    group: String,
    topic: String,
    tenant: String,
    writer: Option<SampleWriter>,
    fault: Fault,
}

impl Store {
    /// A store over one connection.
    #[must_use]
    pub fn new(
        connection: PgConnection,
        group: String,
        topic: String,
        tenant: String,
        fault: Fault,
    ) -> Self {
        Self { connection, group, topic, tenant, writer: None, fault }
    }

    /// The stored offset of a partition; where there is none, `first` is stored.
    ///
    /// # Errors
    /// The table is missing, or the connection broke.
    pub async fn offset(&mut self, partition: i32, first: i64) -> Result<i64> {
        offsets::ensure(&mut self.connection, &self.group, &self.topic, partition, first).await
    }

    /// The stored offsets.
    ///
    /// # Errors
    /// The table is missing, or the connection broke.
    pub async fn offsets(&mut self) -> Result<BTreeMap<i32, i64>> {
        let stored = offsets::stored(&mut self.connection, &self.group, &self.topic).await?;
        Ok(stored.into_iter().collect())
    }

    /// Begins a transaction, locks the offsets and writes the rows; [`Self::commit`] ends it.
    /// `None` if another process has moved an offset: then nothing is written.
    ///
    /// # Errors
    /// A lost connection, a missing table, a deadlock that came again and again.
    pub async fn write(
        &mut self,
        moved: &BTreeMap<i32, (i64, i64)>,
        rows: &Rows,
    ) -> Result<Option<Stored>> {
        let mut repeated = 0;
        loop {
            let error = match self.attempt(moved, rows).await {
                Ok(Some(stored)) => return Ok(Some(stored)),
                Ok(None) => {
                    transaction::roll_back(&mut self.connection).await?;
                    return Ok(None);
                }
                Err(error) => error,
            };
            if repeats(&error) && repeated < REPEATS {
                repeated += 1;
                transaction::roll_back(&mut self.connection).await?;
                tokio::time::sleep(pause(repeated, u64::from(std::process::id()))).await;
                continue;
            }
            return Err(fault(
                error,
                format!("could not store records of topic \"{}\"", self.topic),
            ));
        }
    }

    async fn attempt(
        &mut self,
        moved: &BTreeMap<i32, (i64, i64)>,
        rows: &Rows,
    ) -> std::result::Result<Option<Stored>, sqlx::Error> {
        self.connection.execute("BEGIN").await?;
        for (partition, (from, _)) in moved {
            let at = offsets::lock(&mut self.connection, &self.group, &self.topic, *partition);
            if at.await? != Some(*from) {
                return Ok(None);
            }
        }
        let stored = match rows {
            Rows::Samples(kind, rows) => {
                let writer = self.writer.get_or_insert_with(|| SampleWriter::new(*kind));
                Stored::Samples(writer.write(&mut self.connection, rows).await?)
            }
            Rows::Alerts(alerts) => Stored::Alerts(self.alerts(alerts).await?),
        };
        for (partition, (_, next)) in moved {
            let (group, topic) = (&self.group, &self.topic);
            offsets::advance(&mut self.connection, group, topic, *partition, *next).await?;
        }
        Ok(Some(stored))
    }

    async fn alerts(
        &mut self,
        alerts: &[Alert],
    ) -> std::result::Result<Vec<std::result::Result<Written, String>>, sqlx::Error> {
        let mut outcomes = Vec::with_capacity(alerts.len());
        for alert in alerts {
            self.connection.execute("SAVEPOINT alert").await?;
            let outcome = match alerts::write(&mut self.connection, &self.tenant, alert).await {
                Ok(written) => Ok(written),
                Err(error) if is_of_data(&error) => {
                    self.connection.execute("ROLLBACK TO SAVEPOINT alert").await?;
                    Err(said(&error))
                }
                Err(error) => return Err(error),
            };
            self.connection.execute("RELEASE SAVEPOINT alert").await?;
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Commits rows and offsets.
    ///
    /// # Errors
    /// What the server says; whether it committed shows in the stored offsets.
    pub async fn commit(&mut self) -> Result<()> {
        self.fault.hit("ingest-before-commit");
        transaction::commit(&mut self.connection).await?;
        self.fault.hit("ingest-after-commit");
        Ok(())
    }

    /// Ends the connection in good order.
    ///
    /// # Errors
    /// A lost connection.
    pub async fn close(self) -> Result<()> {
        transaction::close(self.connection).await
    }
}
