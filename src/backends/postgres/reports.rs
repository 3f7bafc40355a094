//! The payments that fraud reports and explanations ask for.

use rust_decimal::Decimal;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Executor, QueryBuilder, Row};

use crate::backends::error::Result;
use crate::backends::postgres::fault;
use crate::backends::postgres::instant::Instant;
use crate::domain::{EventTime, Money};
use crate::metrics::query::{Anomalies, AnomalyQuery, CurrencyTotal, HighValueQuery, PaymentRow};

pub(super) const COLUMNS: &str = "time, payment_id, customer_id, order_id, amount, currency, status, \
                       payment_method, merchant_id, fraud_score";

type Answer<T> = std::result::Result<T, sqlx::Error>;

/// From this score on, `declared.toml` has a partial index of payments.
const SUSPECT: i64 = 80;
const HIGHEST_FIRST: &str = " ORDER BY fraud_score DESC, time DESC, payment_id LIMIT ";

/// The payments above a score (or without one), their sums by currency, and how many have no
/// score.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn anomalies(
    connection: &mut PgConnection,
    query: &AnomalyQuery,
) -> std::result::Result<Anomalies, sqlx::Error> {
    // Suspects are few, and an index has them: they are read once.
    let (rows, totals) = if query.unscored || query.threshold < Decimal::from(SUSPECT) {
        (lines(connection, query).await?, totals(connection, query).await?)
    } else {
        lines_and_totals(connection, query).await?
    };
    let count = unscored(connection, query).await?;
    Ok(Anomalies { rows, totals, unscored: u64::try_from(count).unwrap_or(0) })
}

async fn lines(connection: &mut PgConnection, query: &AnomalyQuery) -> Answer<Vec<PaymentRow>> {
    let mut rows = QueryBuilder::new(format!("SELECT {COLUMNS} FROM bss.payment_metrics "));
    narrow(&mut rows, query);
    scored(&mut rows, query);
    rows.push(if query.unscored {
        " ORDER BY time DESC, payment_id LIMIT "
    } else {
        HIGHEST_FIRST
    });
    rows.push_bind(i64::from(query.limit));
    rows.build().fetch_all(connection).await?.iter().map(payment).collect()
}

async fn totals(connection: &mut PgConnection, query: &AnomalyQuery) -> Answer<Vec<CurrencyTotal>> {
    let mut sums = QueryBuilder::new(
        "SELECT currency, count(*), sum(amount) AS amount FROM bss.payment_metrics ",
    );
    narrow(&mut sums, query);
    scored(&mut sums, query);
    sums.push(" GROUP BY currency ORDER BY currency");
    let found = sums.build().fetch_all(connection).await?;
    let one = |row: &PgRow| Ok(total(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    found.iter().map(one).collect()
}

/// Both in one statement that reads the payments once: the totals come with each line.
async fn lines_and_totals(
    connection: &mut PgConnection,
    query: &AnomalyQuery,
) -> Answer<(Vec<PaymentRow>, Vec<CurrencyTotal>)> {
    let mut both = QueryBuilder::new(format!(
        "WITH found AS MATERIALIZED (SELECT {COLUMNS} FROM bss.payment_metrics "
    ));
    narrow(&mut both, query);
    scored(&mut both, query);
    both.push(
        "), sums AS (SELECT currency, count(*) AS payments, sum(amount) AS amount FROM found \
         GROUP BY currency) SELECT found.*, \
         (SELECT array_agg(currency ORDER BY currency) FROM sums), \
         (SELECT array_agg(payments ORDER BY currency) FROM sums), \
         (SELECT array_agg(amount ORDER BY currency) FROM sums) FROM found",
    );
    both.push(HIGHEST_FIRST).push_bind(i64::from(query.limit));
    let found = both.build().fetch_all(connection).await?;
    let mut totals = Vec::new();
    if let Some(first) = found.first() {
        let at = first.len() - 3;
        let currencies: Vec<String> = first.try_get(at)?;
        let payments: Vec<i64> = first.try_get(at + 1)?;
        let amounts: Vec<Decimal> = first.try_get(at + 2)?;
        let sums = currencies.into_iter().zip(payments).zip(amounts);
        totals.extend(sums.map(|((currency, payments), sum)| total(currency, payments, sum)));
    }
    Ok((found.iter().map(payment).collect::<Answer<_>>()?, totals))
}

fn total(currency: String, payments: i64, amount: Decimal) -> CurrencyTotal {
    let mut amount = amount.normalize();
    // A sum may be larger than an amount can be, but is shown like one.
    amount.rescale(amount.scale().max(2));
    CurrencyTotal { currency, payments: u64::try_from(payments).unwrap_or(0), amount }
}

/// How many payments have no score: of whole hours from the hourly aggregate, where there is one, as no
/// index finds them; only the ends of the range are counted row by row. Rows that came late for their
/// hour count from the aggregate's next refresh on.
async fn unscored(
    connection: &mut PgConnection,
    query: &AnomalyQuery,
) -> std::result::Result<i64, sqlx::Error> {
    let known = "SELECT to_regclass('bss.payment_pattern_hourly') IS NOT NULL, \
                 (SELECT max(floor) FROM bss.retention_floor WHERE hypertable = 'payment_metrics')";
    let known = sqlx::query(known).fetch_one(&mut *connection).await?;
    let floor: Option<Instant> = known.try_get(1)?;
    let since = floor.map_or(query.since, |Instant(floor)| query.since.max(floor));
    let (first, last) = (since.next_hour(), query.until.hour());
    if query.customer.is_some() || !known.try_get::<bool, _>(0)? || first >= last {
        let mut rows = QueryBuilder::new("SELECT count(*) FROM bss.payment_metrics ");
        narrow(&mut rows, query);
        rows.push(" AND fraud_score IS NULL");
        return rows.build_query_scalar().fetch_one(&mut *connection).await;
    }
    // One process has read the few rows before others are started.
    connection.execute("SET max_parallel_workers_per_gather = 0").await?;
    let mut count = QueryBuilder::new(
        "SELECT (SELECT coalesce(sum(payment_count) - sum(fraud_score_count), 0)::bigint \
         FROM bss.payment_pattern_hourly WHERE tenant = ",
    );
    count.push_bind(&query.tenant);
    count.push(" AND hour >= ").push_bind(Instant(first));
    count.push(" AND hour < ").push_bind(Instant(last));
    if let Some(currency) = &query.currency {
        count.push(" AND currency = ").push_bind(currency);
    }
    count.push(")");
    let ends = [(since, first), (last, query.until)];
    let ends = ends.map(|(since, until)| AnomalyQuery { since, until, ..query.clone() });
    for end in ends.iter().filter(|end| end.since < end.until) {
        count.push(" + (SELECT count(*) FROM bss.payment_metrics ");
        narrow(&mut count, end);
        count.push(" AND fraud_score IS NULL)");
    }
    count.build_query_scalar().fetch_one(&mut *connection).await
}

fn narrow<'q>(builder: &mut QueryBuilder<'q, sqlx::Postgres>, query: &'q AnomalyQuery) {
    builder.push("WHERE tenant = ").push_bind(&query.tenant);
    builder.push(" AND time >= ").push_bind(Instant(query.since));
    builder.push(" AND time < ").push_bind(Instant(query.until));
    for (column, value) in [("customer_id", &query.customer), ("currency", &query.currency)] {
        if let Some(value) = value {
            builder.push(format!(" AND {column} = ")).push_bind(value);
        }
    }
}

/// The threshold is written out: the planner must see that it implies a partial index's condition.
fn scored(builder: &mut QueryBuilder<'_, sqlx::Postgres>, query: &AnomalyQuery) {
    if query.unscored {
        builder.push(" AND fraud_score IS NULL");
    } else {
        builder.push(format!(" AND fraud_score > {}::numeric", query.threshold));
    }
}

/// The stored rows of some payments of a customer between two instants, oldest first.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn payments(
    connection: &mut PgConnection,
    tenant: &str,
    customer: &str,
    ids: &[String],
    (from, to): (EventTime, EventTime),
) -> Result<Vec<PaymentRow>> {
    let what = || format!("could not read the payments of customer \"{customer}\"");
    let select = format!(
        "SELECT {COLUMNS} FROM bss.payment_metrics WHERE tenant = $1 AND customer_id = $2 \
         AND payment_id = ANY($3) AND time >= $4 AND time <= $5 ORDER BY time, payment_id"
    );
    let found = sqlx::query(&select)
        .bind(tenant)
        .bind(customer)
        .bind(ids)
        .bind(Instant(from))
        .bind(Instant(to))
        .fetch_all(connection)
        .await
        .map_err(|e| fault(e, what()))?;
    found.iter().map(payment).collect::<std::result::Result<_, _>>().map_err(|e| fault(e, what()))
}

/// The payments of at least an amount, the highest first, and how many there are in all.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn high_value(
    connection: &mut PgConnection,
    query: &HighValueQuery,
) -> std::result::Result<(Vec<PaymentRow>, u64), sqlx::Error> {
    let mut rows = QueryBuilder::new(format!(
        "SELECT {COLUMNS}, count(*) OVER () AS found FROM bss.payment_metrics WHERE tenant = "
    ));
    rows.push_bind(&query.tenant);
    rows.push(" AND time >= ").push_bind(Instant(query.since));
    rows.push(" AND time < ").push_bind(Instant(query.until));
    rows.push(" AND amount >= ").push_bind(query.least.decimal());
    if let Some(currency) = &query.currency {
        rows.push(" AND currency = ").push_bind(currency);
    }
    rows.push(" ORDER BY amount DESC, time DESC, payment_id LIMIT ");
    rows.push_bind(i64::from(query.limit));
    let found = rows.build().fetch_all(connection).await?;
    let all: i64 = found.first().map_or(Ok(0), |row| row.try_get("found"))?;
    let rows = found.iter().map(payment).collect::<std::result::Result<_, _>>()?;
    Ok((rows, u64::try_from(all).unwrap_or(0)))
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
