//! Answers to the questions of `analytics`.

use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::analytics::facts::{Fact, Question};
use crate::analytics::health::Gauges;
use crate::backends::postgres::instant::Instant;
use crate::domain::EventTime;

type Answer<T> = std::result::Result<T, sqlx::Error>;

/// Asks a question; the lines come in no order.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn ask(connection: &mut PgConnection, question: &Question) -> Answer<Vec<Fact>> {
    let sql = question.sql();
    let mut query = sqlx::query(&sql)
        .bind(&question.tenant)
        .bind(Instant(question.since))
        .bind(Instant(question.until));
    for (_, value) in &question.only {
        query = query.bind(value);
    }
    let rows = query.persistent(false).fetch_all(connection).await?;
    let first = usize::from(question.daily.is_some());
    let (keys, measures) = (question.by.len(), question.facts.measures.len());
    rows.iter()
        .map(|row| {
            let day = if first == 1 { Some(row.try_get::<Instant, _>(0)?.0) } else { None };
            let keys = (first..first + keys).map(|at| row.try_get(at));
            let values = (first + question.by.len()..).take(measures);
            Ok(Fact {
                day,
                keys: keys.collect::<Answer<_>>()?,
                values: values
                    .map(|at| row.try_get::<Option<Decimal>, _>(at))
                    .collect::<Answer<_>>()?,
            })
        })
        .collect()
}

/// The gauges of every service that reported in `[since, until)`, or in `[heard, since)` only.
///
/// # Errors
/// As [`ask`].
pub async fn gauges(
    connection: &mut PgConnection,
    tenant: &str,
    (heard, since, until): (EventTime, EventTime, EventTime),
) -> Answer<Vec<Gauges>> {
    let sql = "SELECT service_name, count(*) FILTER (WHERE time >= $3),
                      avg(cpu_usage) FILTER (WHERE time >= $3),
                      avg(memory_usage) FILTER (WHERE time >= $3),
                      avg(request_rate) FILTER (WHERE time >= $3),
                      avg(error_rate) FILTER (WHERE time >= $3),
                      percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_p99)
                          FILTER (WHERE time >= $3)
               FROM bss.system_metrics WHERE tenant = $1 AND time >= $2 AND time < $4
               GROUP BY service_name ORDER BY service_name";
    let rows = sqlx::query(sql)
        .bind(tenant)
        .bind(Instant(heard))
        .bind(Instant(since))
        .bind(Instant(until))
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let reports: i64 = row.try_get(1)?;
            Ok(Gauges {
                service: row.try_get(0)?,
                reports: u64::try_from(reports).unwrap_or(0),
                cpu: row.try_get(2)?,
                memory: row.try_get(3)?,
                requests: row.try_get(4)?,
                errors: row.try_get(5)?,
                latency: row.try_get(6)?,
            })
        })
        .collect()
}
