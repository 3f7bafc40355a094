//! One batch, one transaction: the rows and the ledger's entry, or neither.

use sqlx::Executor;
use sqlx::postgres::PgConnection;

use crate::backends::error::Result;
use crate::backends::postgres::copy::EncodedRows;
use crate::backends::postgres::fault;
use crate::backends::postgres::ledger::{self, Posting};
use crate::backends::postgres::samples::{Outcome, SampleWriter};
use crate::backends::postgres::transaction::{self, REPEATS, pause, repeats};
use crate::metrics::kind::Kind;
use crate::metrics::ledger::{Entry, Link};
use crate::runtime::Fault;

/// Loads batches over one connection.
pub struct Loader {
    connection: PgConnection,
    writer: SampleWriter,
    fault: Fault,
    whole: bool,
}

impl Loader {
    /// A loader of rows of `kind` that commits each batch.
    #[must_use]
    pub fn new(connection: PgConnection, kind: Kind, fault: Fault) -> Self {
        Self { connection, writer: SampleWriter::new(kind), fault, whole: false }
    }

    /// Makes all that follows one transaction, ended by [`Self::commit`].
    ///
    /// # Errors
    /// A lost connection.
    pub async fn begin_whole(&mut self) -> Result<()> {
        self.whole = true;
        transaction::begin(&mut self.connection).await
    }

    /// Commits everything since [`Self::begin_whole`].
    ///
    /// # Errors
    /// What the server says.
    pub async fn commit(&mut self) -> Result<()> {
        transaction::commit(&mut self.connection).await
    }

    /// Undoes everything since [`Self::begin_whole`].
    ///
    /// # Errors
    /// A lost connection.
    pub async fn roll_back(&mut self) -> Result<()> {
        transaction::roll_back(&mut self.connection).await
    }

    /// What the ledger says about a batch.
    ///
    /// # Errors
    /// The table is missing, or the connection broke.
    pub async fn find(&mut self, link: Link) -> Result<Option<Entry>> {
        ledger::find(&mut self.connection, link).await
    }

    /// Writes a batch. `rows` are sorted by their key, each key once.
    ///
    /// # Errors
    /// A lost connection, a missing table, a deadlock that came again and again.
    pub async fn load(&mut self, rows: &EncodedRows, posting: &Posting<'_>) -> Result<Outcome> {
        let mut repeated = 0;
        // Neither two processes nor two batches of one wait equally long.
        let seed = u64::from(std::process::id()).wrapping_add(posting.number << 20);
        loop {
            let error = match self.attempt(rows, posting).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            if !self.whole && repeats(&error) && repeated < REPEATS {
                repeated += 1;
                transaction::roll_back(&mut self.connection).await?;
                tokio::time::sleep(pause(repeated, seed)).await;
                continue;
            }
            let table = self.writer.table();
            let what = format!("could not load batch {} into {table}", posting.number);
            return Err(fault(error, what));
        }
    }

    async fn attempt(
        &mut self,
        rows: &EncodedRows,
        posting: &Posting<'_>,
    ) -> std::result::Result<Outcome, sqlx::Error> {
        if !self.whole {
            self.connection.execute("BEGIN").await?;
        }
        let outcome = self.writer.write(&mut self.connection, rows).await?;
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let entry = Entry {
            stored: outcome.stored,
            duplicates: outcome.duplicates
                + outcome.repeated
                + outcome.corrected
                + posting.duplicates,
            conflicting: count(outcome.conflicting.len()) + posting.conflicting,
        };
        let refused = count(outcome.refused.len());
        let posting = Posting { rejected: posting.rejected + refused, ..posting.clone() };
        ledger::post(&mut self.connection, &posting, entry).await?;
        if !self.whole {
            self.fault.hit("import-before-commit");
            self.connection.execute("COMMIT").await?;
            self.fault.hit("import-after-batch");
        }
        Ok(outcome)
    }

    /// Ends the connection in good order.
    ///
    /// # Errors
    /// A lost connection.
    pub async fn close(self) -> Result<()> {
        transaction::close(self.connection).await
    }
}
