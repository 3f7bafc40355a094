//! What is stored of one customer.

use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{QueryBuilder, Row};

use crate::backends::postgres::instant::Instant;
use crate::backends::postgres::samples::{names, to_json};
use crate::domain::EventTime;
use crate::metrics::kind::Kind;
use crate::timescale::interval::Interval;
use crate::timescale::sql::bucket;

type Answer<T> = std::result::Result<T, sqlx::Error>;

/// Whose measurements, and when.
#[derive(Clone, Debug)]
pub struct CustomerQuery {
    /// The tenant.
    pub tenant: String,
    /// The customer.
    pub customer: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// Only of this name.
    pub metric: Option<String>,
    /// At most so many lines.
    pub limit: u32,
}

impl CustomerQuery {
    fn narrow<'q>(&'q self, builder: &mut QueryBuilder<'q, sqlx::Postgres>) {
        builder.push(" FROM bss.customer_metrics WHERE tenant = ").push_bind(&self.tenant);
        builder.push(" AND customer_id = ").push_bind(&self.customer);
        builder.push(" AND time >= ").push_bind(Instant(self.since));
        builder.push(" AND time < ").push_bind(Instant(self.until));
        if let Some(metric) = &self.metric {
            builder.push(" AND metric_name = ").push_bind(metric);
        }
    }
}

/// The measurements, the newest first, as the fields of files and records, and how many there are.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn measurements(
    connection: &mut PgConnection,
    query: &CustomerQuery,
) -> Answer<(Vec<Value>, u64)> {
    let columns = names(Kind::Customer, "");
    let mut rows = QueryBuilder::new(format!("SELECT {columns}, count(*) OVER () AS found"));
    query.narrow(&mut rows);
    rows.push(" ORDER BY time DESC, metric_name, event_id LIMIT ");
    rows.push_bind(i64::from(query.limit));
    let found = rows.build().fetch_all(connection).await?;
    let all: i64 = found.first().map_or(Ok(0), |row| row.try_get("found"))?;
    let rows = found.iter().map(|row| to_json(Kind::Customer, row)).collect::<Answer<_>>()?;
    Ok((rows, u64::try_from(all).unwrap_or(0)))
}

/// A metric of a customer in one bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The bucket's first instant.
    pub start: EventTime,
    /// The metric.
    pub metric: String,
    /// How many measurements.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// Means and bounds by bucket and metric, the newest first, and how many there are. Buckets of a day or
/// longer are in `zone`.
///
/// # Errors
/// As [`measurements`].
pub async fn aggregates(
    connection: &mut PgConnection,
    query: &CustomerQuery,
    width: Interval,
    zone: &str,
) -> Answer<(Vec<Aggregate>, u64)> {
    let zone = Some(zone).filter(|z| width.is_day_or_longer() && *z != "UTC");
    let mut rows = QueryBuilder::new(format!(
        "SELECT {}, metric_name, count(*), avg(metric_value), min(metric_value), \
         max(metric_value), count(*) OVER () AS found",
        bucket(width, "time", zone)
    ));
    query.narrow(&mut rows);
    rows.push(" GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT ").push_bind(i64::from(query.limit));
    let found = rows.build().fetch_all(connection).await?;
    let all: i64 = found.first().map_or(Ok(0), |row| row.try_get("found"))?;
    let aggregate = |row: &sqlx::postgres::PgRow| {
        let (Instant(start), count) = (row.try_get(0)?, row.try_get::<i64, _>(2)?);
        Ok(Aggregate {
            start,
            metric: row.try_get(1)?,
            count: u64::try_from(count).unwrap_or(0),
            mean: row.try_get(3)?,
            least: row.try_get(4)?,
            most: row.try_get(5)?,
        })
    };
    let rows = found.iter().map(aggregate).collect::<Answer<_>>()?;
    Ok((rows, u64::try_from(all).unwrap_or(0)))
}
