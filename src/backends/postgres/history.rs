//! Stored payments and alerts of a range, to be held against labels.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Executor, QueryBuilder, Row};

use crate::backends::postgres::alerts;
use crate::backends::postgres::instant::Instant;
use crate::domain::EventTime;
use crate::domain::payment::Score;
use crate::fraud::evaluation::{History, Told};

/// Rows that are fetched at once.
const ROWS: u32 = 10_000;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct HistoryQuery {
    /// Whose rows.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// These payments are wanted from before the range too.
    pub earlier: Vec<String>,
    /// ... but none from before this instant.
    pub earlier_since: Option<EventTime>,
}

/// Reads the payments of a range with their scores, and its alerts, as of one moment.
///
/// # Errors
/// A table is missing, the connection broke, the statement timed out.
pub async fn history(
    connection: &mut PgConnection,
    query: &HistoryQuery,
) -> Result<History, sqlx::Error> {
    let mut history = History::default();
    let mut transaction = connection.begin().await?;
    transaction.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let mut payments = QueryBuilder::new(
        "DECLARE payments NO SCROLL CURSOR FOR SELECT payment_id, customer_id, time, fraud_score \
         FROM bss.payment_metrics WHERE tenant = ",
    );
    payments.push_bind(&query.tenant);
    payments.push(" AND time < ").push_bind(Instant(query.until));
    payments.push(" AND (time >= ").push_bind(Instant(query.since));
    if !query.earlier.is_empty() {
        payments.push(" OR (payment_id = ANY(").push_bind(&query.earlier).push(")");
        if let Some(since) = query.earlier_since {
            payments.push(" AND time >= ").push_bind(Instant(since));
        }
        payments.push(")");
    }
    payments.push(")");
    payments.build().execute(&mut *transaction).await?;
    each(&mut transaction, "payments", &mut |row| {
        let (id, customer): (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
        let Instant(time) = row.try_get(2)?;
        let score: Option<Decimal> = row.try_get(3)?;
        history.pay(id, customer, time, score.map(thousandths));
        Ok(())
    })
    .await?;
    let mut told = QueryBuilder::new(format!(
        "DECLARE alerts NO SCROLL CURSOR FOR SELECT {} FROM bss.fraud_alerts WHERE tenant = ",
        alerts::COLUMNS
    ));
    told.push_bind(&query.tenant);
    told.push(" AND time >= ").push_bind(Instant(query.since));
    told.push(" AND time < ").push_bind(Instant(query.until));
    told.build().execute(&mut *transaction).await?;
    each(&mut transaction, "alerts", &mut |row| {
        let alert = alerts::read(row)?;
        history.tell(Told {
            id: alert.alert_id,
            rule: alert.rule,
            severity: alert.severity,
            customer: alert.customer_id,
            time: alert.time,
            payment_ids: alert.payment_ids,
            amount: alert.amount,
            description: alert.description,
        });
        Ok(())
    })
    .await?;
    transaction.commit().await?;
    Ok(history)
}

/// Hands each row of a cursor to `take`, so that no more than some are held at once.
async fn each(
    connection: &mut PgConnection,
    cursor: &str,
    take: &mut dyn FnMut(&PgRow) -> Result<(), sqlx::Error>,
) -> Result<(), sqlx::Error> {
    let fetch = format!("FETCH {ROWS} FROM {cursor}");
    loop {
        let rows = sqlx::query(&fetch).fetch_all(&mut *connection).await?;
        if rows.is_empty() {
            return Ok(());
        }
        rows.iter().try_for_each(&mut *take)?;
    }
}

/// A stored score; the table keeps three decimals from 0 to 100.
fn thousandths(score: Decimal) -> Score {
    let scaled = (score * Decimal::ONE_THOUSAND).round();
    Score::from_thousandths(scaled.to_u32().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_scores_are_exact() {
        for (stored, expected) in
            [("0", 0), ("75.000", 75_000), ("12.345", 12_345), ("100", 100_000)]
        {
            assert_eq!(thousandths(stored.parse().unwrap()).thousandths(), expected);
        }
    }
}
