//! Payments into their hypertable: COPY where it goes, a staging table where keys are there
//! already, halves where the server refuses a row.

use std::ops::Range;

use rust_decimal::Decimal;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor, Row};

use crate::backends::error::Result;
use crate::backends::postgres::copy::{EncodedPayments, PAYMENT_COLUMNS};
use crate::backends::postgres::fault;
use crate::backends::postgres::instant::Instant;
use crate::domain::{EventTime, Money};
use crate::metrics::batch::{Halving, Way};
use crate::metrics::query::PaymentRow;

/// The table, for messages.
pub const TABLE: &str = "hypertable bss.payment_metrics";

/// A row whose key is stored with other content.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The row, by its place among those sent.
    pub row: usize,
    /// What is stored.
    pub stored: PaymentRow,
}

/// What became of the rows that were sent.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Rows written.
    pub stored: u64,
    /// Rows that were there with the same content.
    pub duplicates: u64,
    /// Rows that were there with other content.
    pub conflicting: Vec<Conflict>,
    /// Rows the server refuses for their data, with what it said.
    pub refused: Vec<(usize, String)>,
}

/// Writes payments; knows which way has been going well.
#[derive(Debug, Default)]
pub struct PaymentWriter {
    way: Way,
}

/// The staging table. Where a server has one backend for all, temporary tables are shared, so it
/// lives no longer than the transaction.
const STAGING: &str = "bss_staged_payments";
/// Makes it, empty.
const STAGE: &str = "CREATE TEMP TABLE IF NOT EXISTS bss_staged_payments \
     (place bigint GENERATED ALWAYS AS IDENTITY, time timestamptz, payment_id text, \
     order_id text, customer_id text, amount numeric, currency text, status text, \
     payment_method text, merchant_id text, fraud_score numeric, tenant text, event_id text) \
     ON COMMIT DROP; TRUNCATE bss_staged_payments RESTART IDENTITY";

impl PaymentWriter {
    /// Writes `rows`, sorted by their key and each key once, inside the open transaction.
    ///
    /// # Errors
    /// Anything but a refused row: a lost connection, a missing table, a deadlock. The
    /// transaction must then be rolled back.
    pub async fn write(
        &mut self,
        connection: &mut PgConnection,
        rows: &EncodedPayments,
    ) -> std::result::Result<Outcome, sqlx::Error> {
        let mut outcome = Outcome::default();
        let copies = self.way.copies();
        let mut met = false;
        let mut halving = Halving::new(rows.len());
        while let Some(range) = halving.next_range() {
            connection.execute("SAVEPOINT rows").await?;
            let mut sent = if copies && !met {
                let statement =
                    format!("COPY bss.payment_metrics ({PAYMENT_COLUMNS}) FROM STDIN BINARY");
                rows.send(connection, &statement, range.clone())
                    .await
                    .map(|stored| Outcome { stored, ..Outcome::default() })
            } else {
                self.stage(connection, rows, range.clone()).await
            };
            if let Err(error) = &sent
                && code(error).as_deref() == Some("23505")
            {
                met = true;
                connection.execute("ROLLBACK TO SAVEPOINT rows").await?;
                sent = self.stage(connection, rows, range.clone()).await;
            }
            match sent {
                Ok(part) => {
                    connection.execute("RELEASE SAVEPOINT rows").await?;
                    outcome.stored += part.stored;
                    outcome.duplicates += part.duplicates;
                    outcome.conflicting.extend(part.conflicting);
                }
                Err(error) if is_of_data(&error) => {
                    connection.execute("ROLLBACK TO SAVEPOINT rows").await?;
                    if let Some(row) = halving.refused(range) {
                        outcome.refused.push((row, said(&error)));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        self.way.went(copies, met || !copies && outcome.duplicates > 0);
        Ok(outcome)
    }

    async fn stage(
        &self,
        connection: &mut PgConnection,
        rows: &EncodedPayments,
        range: Range<usize>,
    ) -> std::result::Result<Outcome, sqlx::Error> {
        connection.execute(STAGE).await?;
        let statement = format!("COPY {STAGING} ({PAYMENT_COLUMNS}) FROM STDIN BINARY");
        let sent = rows.send(connection, &statement, range.clone()).await?;
        let insert = format!(
            "INSERT INTO bss.payment_metrics ({PAYMENT_COLUMNS}) SELECT {PAYMENT_COLUMNS} \
             FROM {STAGING} ORDER BY place ON CONFLICT DO NOTHING"
        );
        let stored = connection.execute(insert.as_str()).await?.rows_affected();
        let mut outcome = Outcome { stored, ..Outcome::default() };
        if stored == sent {
            return Ok(outcome);
        }
        outcome.conflicting = self.conflicts(connection, rows, range.start).await?;
        let conflicting = u64::try_from(outcome.conflicting.len()).unwrap_or(u64::MAX);
        outcome.duplicates = sent - stored - conflicting;
        Ok(outcome)
    }

    /// The staged rows whose key is stored with other content.
    async fn conflicts(
        &self,
        connection: &mut PgConnection,
        rows: &EncodedPayments,
        first: usize,
    ) -> std::result::Result<Vec<Conflict>, sqlx::Error> {
        let Some((from, to)) = rows.span() else { return Ok(Vec::new()) };
        // The bounds are written out, so that only the chunks they touch are planned.
        let select = format!(
            "SELECT s.place, p.time, p.payment_id, p.customer_id, p.order_id, p.amount, \
             p.currency, p.status, p.payment_method, p.merchant_id, p.fraud_score \
             FROM {STAGING} s JOIN bss.payment_metrics p ON p.tenant = s.tenant \
             AND p.payment_id = s.payment_id AND p.time = s.time AND p.status = s.status \
             WHERE p.time >= '{from}' AND p.time <= '{to}' \
             AND (p.customer_id, p.order_id, p.amount, p.currency, p.payment_method, \
             p.merchant_id, p.fraud_score) IS DISTINCT FROM (s.customer_id, s.order_id, s.amount, \
             s.currency, s.payment_method, s.merchant_id, s.fraud_score) ORDER BY s.place"
        );
        let found = sqlx::query(&select).persistent(false).fetch_all(connection).await?;
        found
            .iter()
            .map(|row| {
                let place: i64 = row.try_get("place")?;
                let row_at = usize::try_from(place - 1).unwrap_or(0);
                Ok(Conflict { row: first + row_at, stored: payment(row)? })
            })
            .collect()
    }
}

/// Reads a row that has the columns of [`PaymentRow`].
pub(super) fn payment(row: &PgRow) -> std::result::Result<PaymentRow, sqlx::Error> {
    let amount: Decimal = row.try_get("amount")?;
    let Instant(time) = row.try_get("time")?;
    Ok(PaymentRow {
        time,
        payment_id: row.try_get("payment_id")?,
        customer_id: row.try_get("customer_id")?,
        order_id: row.try_get("order_id")?,
        amount: Money::from_decimal(amount).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        currency: row.try_get("currency")?,
        status: row.try_get("status")?,
        payment_method: row.try_get("payment_method")?,
        merchant_id: row.try_get("merchant_id")?,
        fraud_score: row.try_get("fraud_score")?,
    })
}

/// The SQLSTATE of a server's error.
pub(super) fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|e| e.code()).map(std::borrow::Cow::into_owned)
}

/// Whether the server refuses the data: classes 22 (data exception) and 23 (a constraint).
pub(super) fn is_of_data(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|c| (c.starts_with("22") || c.starts_with("23")) && c != "23505")
}

pub(super) fn said(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
}

/// The retention floor of the payments, if rows have ever been dropped.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn floor(connection: &mut PgConnection, hypertable: &str) -> Result<Option<EventTime>> {
    let floor: Option<Instant> = sqlx::query_scalar(
        "SELECT max(floor) FROM bss.retention_floor WHERE hypertable IN ($1, $2)",
    )
    .bind(hypertable)
    .bind(format!("bss.{hypertable}"))
    .fetch_one(connection)
    .await
    .map_err(|e| fault(e, "could not read table bss.retention_floor"))?;
    Ok(floor.map(|f| f.0))
}
