//! Series of measurements, each in order of time, row by row.

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor, QueryBuilder, Row};

use crate::backends::postgres::instant::Instant;
use crate::domain::EventTime;
use crate::timescale::interval::Interval;
use crate::timescale::sql::bucket;

type Answer<T> = std::result::Result<T, sqlx::Error>;

/// Rows that are held at a time.
const PAGE: u32 = 10_000;

/// Which rows, and at most how many.
#[derive(Clone, Debug)]
pub struct Span {
    /// The tenant.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// More rows are refused.
    pub most: u32,
}

/// What a service reported at one instant; several reports are averaged.
#[derive(Clone, Debug, PartialEq)]
pub struct Reported {
    /// The service.
    pub service: String,
    /// When.
    pub time: EventTime,
    /// The gauges in the order that was asked for; `None` where none was reported.
    pub gauges: Vec<Option<f64>>,
}

/// What customers' measurements of one name come to in one bucket.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The metric.
    pub metric: String,
    /// The bucket's first instant.
    pub time: EventTime,
    /// The sum or the mean.
    pub value: f64,
}

/// Hands over what services reported in `gauges` (columns of the table), service by service in order
/// of time. False if there are more rows than the span allows; then the last ones are missing.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn services(
    connection: &mut PgConnection,
    span: &Span,
    service: Option<&str>,
    gauges: &[&'static str],
    mut each: impl FnMut(Reported),
) -> Answer<bool> {
    let means: String = gauges.iter().map(|gauge| format!(", avg({gauge})")).collect();
    let select = format!("SELECT service_name, time{means} FROM bss.system_metrics");
    let mut query = declare(&select, span);
    if let Some(service) = service {
        query.push(" AND service_name = ").push_bind(service);
    }
    walk(connection, query, span, |row| {
        let Instant(time) = row.try_get(1)?;
        let gauges = (2..2 + gauges.len()).map(|at| row.try_get(at)).collect::<Answer<_>>()?;
        each(Reported { service: row.try_get(0)?, time, gauges });
        Ok(())
    })
    .await
}

/// Whose measurements, and how they are put together.
#[derive(Clone, Debug)]
pub struct Together {
    /// Only this customer's.
    pub customer: Option<String>,
    /// Only of this name.
    pub metric: Option<String>,
    /// The width of a bucket, below a day.
    pub width: Interval,
    /// Whether they are averaged instead of added.
    pub mean: bool,
}

/// Hands over the customers' measurements by name and bucket, name by name in order of time. Buckets
/// without a measurement are left out. The result is as of [`services`].
///
/// # Errors
/// As [`services`].
pub async fn customers(
    connection: &mut PgConnection,
    span: &Span,
    together: &Together,
    mut each: impl FnMut(Measured),
) -> Answer<bool> {
    let bucket = bucket(together.width, "time", None);
    let how = if together.mean { "avg" } else { "sum" };
    let select =
        format!("SELECT metric_name, {bucket}, {how}(metric_value) FROM bss.customer_metrics");
    let mut query = declare(&select, span);
    if let Some(customer) = &together.customer {
        query.push(" AND customer_id = ").push_bind(customer);
    }
    if let Some(metric) = &together.metric {
        query.push(" AND metric_name = ").push_bind(metric);
    }
    walk(connection, query, span, |row| {
        let Instant(time) = row.try_get(1)?;
        each(Measured { metric: row.try_get(0)?, time, value: row.try_get(2)? });
        Ok(())
    })
    .await
}

fn declare<'q>(select: &str, span: &'q Span) -> QueryBuilder<'q, sqlx::Postgres> {
    let mut query = QueryBuilder::new(format!("DECLARE series NO SCROLL CURSOR FOR {select}"));
    query.push(" WHERE tenant = ").push_bind(&span.tenant);
    query.push(" AND time >= ").push_bind(Instant(span.since));
    query.push(" AND time < ").push_bind(Instant(span.until));
    query
}

/// Groups by the first two columns and walks through a cursor: a page is in memory, not all rows.
async fn walk(
    connection: &mut PgConnection,
    mut query: QueryBuilder<'_, sqlx::Postgres>,
    span: &Span,
    mut each: impl FnMut(&PgRow) -> Answer<()>,
) -> Answer<bool> {
    query.push(" GROUP BY 1, 2 ORDER BY 1, 2 LIMIT ").push_bind(i64::from(span.most) + 1);
    connection.execute("BEGIN READ ONLY").await?;
    query.build().persistent(false).execute(&mut *connection).await?;
    let fetch = format!("FETCH {PAGE} FROM series");
    let mut left = span.most;
    loop {
        let page = sqlx::query(&fetch).persistent(false).fetch_all(&mut *connection).await?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            let Some(fewer) = left.checked_sub(1) else {
                connection.execute("ROLLBACK").await?;
                return Ok(false);
            };
            left = fewer;
            each(row)?;
        }
    }
    connection.execute("COMMIT").await?;
    Ok(true)
}
