//! Answers to the questions of `analytics`.

use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use crate::analytics::facts::{Fact, Question};
use crate::analytics::health::Gauges;
use crate::backends::postgres::instant::Instant;
use crate::domain::EventTime;
use crate::timescale::interval::Interval;
use crate::timescale::sql::bucket;

type Answer<T> = std::result::Result<T, sqlx::Error>;

/// Asks a question; the lines, in no order, and how many there are in all.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn ask(connection: &mut PgConnection, question: &Question) -> Answer<(Vec<Fact>, usize)> {
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
    let facts: Vec<Fact> = rows
        .iter()
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
        .collect::<Answer<_>>()?;
    let all = match rows.first() {
        Some(row) if question.most.is_some() => row.try_get::<i64, _>(first + keys + measures)?,
        _ => return Ok((facts, rows.len())),
    };
    Ok((facts, usize::try_from(all).unwrap_or(usize::MAX)))
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

/// What a service reported in one hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Hour {
    /// Its first instant.
    pub start: EventTime,
    /// The means and the 95th percentile of the latency, as over any range.
    pub gauges: Gauges,
    /// The highest percent of the processor.
    pub most_cpu: Option<f64>,
}

/// The gauges of a service by hour, the newest first.
///
/// # Errors
/// As [`ask`].
pub async fn hours(
    connection: &mut PgConnection,
    tenant: &str,
    service: &str,
    (since, until): (EventTime, EventTime),
) -> Answer<Vec<Hour>> {
    let hour = bucket(Interval::hours(1), "time", None);
    let sql = format!(
        "SELECT {hour} AS hour, count(*), avg(cpu_usage), avg(memory_usage), avg(request_rate), \
         avg(error_rate), percentile_cont(0.95) WITHIN GROUP (ORDER BY latency_p99), \
         max(cpu_usage) FROM bss.system_metrics WHERE tenant = $1 AND service_name = $2 \
         AND time >= $3 AND time < $4 GROUP BY 1 ORDER BY 1 DESC"
    );
    let rows = sqlx::query(&sql)
        .bind(tenant)
        .bind(service)
        .bind(Instant(since))
        .bind(Instant(until))
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let reports: i64 = row.try_get(1)?;
            let gauges = Gauges {
                service: service.to_owned(),
                reports: u64::try_from(reports).unwrap_or(0),
                cpu: row.try_get(2)?,
                memory: row.try_get(3)?,
                requests: row.try_get(4)?,
                errors: row.try_get(5)?,
                latency: row.try_get(6)?,
            };
            let Instant(start) = row.try_get(0)?;
            Ok(Hour { start, gauges, most_cpu: row.try_get(7)? })
        })
        .collect()
}

/// The means over `system_hourly` of the hours that begin in `[since, until)`, by `keys`. Percentiles
/// cannot be had from sums.
async fn means_by_hour(
    connection: &mut PgConnection,
    keys: &str,
    (tenant, service): (&str, Option<&str>),
    (since, until): (EventTime, EventTime),
) -> Answer<Vec<PgRow>> {
    let mean = |gauge: &str| format!("sum({gauge}_sum) / nullif(sum({gauge}_count), 0)::float8");
    let means = ["cpu_usage", "memory_usage", "request_rate", "error_rate"].map(mean).join(", ");
    let sql = format!(
        "SELECT {keys}, sum(report_count)::bigint, {means}, max(cpu_usage_max) \
         FROM bss.system_hourly WHERE tenant = $1 AND ($2::text IS NULL OR service_name = $2) \
         AND hour >= $3 AND hour < $4 GROUP BY 1 ORDER BY 1 DESC"
    );
    sqlx::query(&sql)
        .bind(tenant)
        .bind(service)
        .bind(Instant(since))
        .bind(Instant(until))
        .fetch_all(connection)
        .await
}

fn made_gauges(row: &PgRow, service: String) -> Answer<Gauges> {
    Ok(Gauges {
        service,
        reports: u64::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0),
        cpu: row.try_get(2)?,
        memory: row.try_get(3)?,
        requests: row.try_get(4)?,
        errors: row.try_get(5)?,
        latency: None,
    })
}

/// As [`gauges`] over whole hours from the hourly aggregate, without the percentile.
///
/// # Errors
/// As [`ask`].
pub async fn hourly_gauges(
    connection: &mut PgConnection,
    tenant: &str,
    times: (EventTime, EventTime),
) -> Answer<Vec<Gauges>> {
    let rows = means_by_hour(connection, "service_name", (tenant, None), times).await?;
    rows.iter().map(|row| made_gauges(row, row.try_get(0)?)).collect()
}

/// As [`hours`] over whole hours from the hourly aggregate, without the percentile.
///
/// # Errors
/// As [`ask`].
pub async fn made_hours(
    connection: &mut PgConnection,
    tenant: &str,
    service: &str,
    times: (EventTime, EventTime),
) -> Answer<Vec<Hour>> {
    let rows = means_by_hour(connection, "hour", (tenant, Some(service)), times).await?;
    rows.iter()
        .map(|row| {
            let Instant(start) = row.try_get(0)?;
            let gauges = made_gauges(row, service.to_owned())?;
            Ok(Hour { start, gauges, most_cpu: row.try_get(6)? })
        })
        .collect()
}

/// How long one order took from one status to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Fulfilled {
    /// The order.
    pub order_id: String,
    /// When it first came to the one.
    pub began: EventTime,
    /// When it then first came to the other; `None`: not yet.
    pub ended: Option<EventTime>,
    /// The hours between.
    pub hours: Option<f64>,
}

/// How long orders took.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fulfilment {
    /// The slowest first, those that are not there yet before all.
    pub orders: Vec<Fulfilled>,
    /// How many came to the first status.
    pub began: u64,
    /// How many of them came to the second.
    pub ended: u64,
    /// The median of the hours.
    pub median: Option<f64>,
    /// The 95th percentile of the hours.
    pub slow: Option<f64>,
}

/// How long the orders of `[since, until)` took from one status to another. However often an order
/// comes to either, it counts once: from the first time to the first time after it.
///
/// # Errors
/// As [`ask`].
pub async fn fulfilment(
    connection: &mut PgConnection,
    tenant: &str,
    (from, to): (&str, &str),
    (since, until): (EventTime, EventTime),
    limit: u32,
) -> Answer<Fulfilment> {
    let sql = "WITH steps AS (SELECT order_id, status, time FROM bss.order_metrics
                   WHERE tenant = $1 AND time >= $2 AND time < $3 AND status IN ($4, $5)),
               begun AS (SELECT order_id, min(time) AS began FROM steps WHERE status = $4 GROUP BY 1),
               done AS (SELECT b.order_id, b.began, min(s.time) AS ended FROM begun b
                   LEFT JOIN steps s ON s.order_id = b.order_id AND s.status = $5
                   AND s.time >= b.began GROUP BY 1, 2),
               timed AS (SELECT *, extract(epoch FROM ended - began)::float8 / 3600 AS hours FROM done)
               SELECT order_id, began, ended, hours, (SELECT count(*) FROM timed),
                   (SELECT count(ended) FROM timed),
                   (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) FROM timed),
                   (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY hours) FROM timed)
               FROM timed ORDER BY hours DESC NULLS FIRST, began, order_id LIMIT $6";
    let rows = sqlx::query(sql)
        .bind(tenant)
        .bind(Instant(since))
        .bind(Instant(until))
        .bind(from)
        .bind(to)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    let mut found = Fulfilment::default();
    for row in &rows {
        let natural = |at: usize| row.try_get::<i64, _>(at).map(|n| u64::try_from(n).unwrap_or(0));
        (found.began, found.ended) = (natural(4)?, natural(5)?);
        (found.median, found.slow) = (row.try_get(6)?, row.try_get(7)?);
        let (Instant(began), ended) = (row.try_get(1)?, row.try_get::<Option<Instant>, _>(2)?);
        let (order_id, hours) = (row.try_get(0)?, row.try_get(3)?);
        found.orders.push(Fulfilled { order_id, began, ended: ended.map(|i| i.0), hours });
    }
    Ok(found)
}
