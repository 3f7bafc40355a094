//! The payments of unusual amounts: the amounts are read once and judged here, then only the payments
//! that are shown are read.

use futures_util::TryStreamExt;
use rust_decimal::Decimal;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Executor, Row};

use crate::analytics::unusual::{Search, Usual};
use crate::backends::postgres::instant::Instant;
use crate::backends::postgres::reports::{COLUMNS, payment};
use crate::domain::Money;
use crate::metrics::query::{UnusualPayment, UnusualQuery};

type Answer<T> = std::result::Result<T, sqlx::Error>;

/// The payments that are furthest from their customer's median, and how many there are in all.
///
/// # Errors
/// The table is missing, the connection broke, the statement timed out.
pub async fn furthest(
    connection: &mut PgConnection,
    query: &UnusualQuery,
) -> Answer<(Vec<UnusualPayment>, u64)> {
    let mut both = connection.begin().await?;
    // Both see the same rows. The amounts are sorted in memory: a payment is some fifty bytes.
    both.execute(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL work_mem = '64MB'",
    )
    .await?;
    let search = amounts(&mut both, query).await?;
    let found = u64::try_from(search.found()).unwrap_or(u64::MAX);
    let usual = search.furthest(usize::try_from(query.limit).unwrap_or(usize::MAX));
    let rows =
        if usual.is_empty() { Vec::new() } else { payments(&mut both, query, &usual).await? };
    both.rollback().await?;
    Ok((rows, found))
}

/// The amounts by customer and currency, judged. A payment counts once, with its last status.
async fn amounts(connection: &mut PgConnection, query: &UnusualQuery) -> Answer<Search> {
    let sql = "SELECT customer_id, currency, array_agg(amount::float8) FROM (
                   SELECT DISTINCT ON (payment_id COLLATE \"C\") customer_id, currency, amount
                   FROM bss.payment_metrics WHERE tenant = $1 AND time >= $2 AND time < $3
                   AND ($4::text IS NULL OR currency = $4)
                   ORDER BY payment_id COLLATE \"C\", time DESC) paid
               GROUP BY 1, 2 HAVING count(*) >= $5";
    let mut search = Search::new(query.distance);
    let mut rows = sqlx::query(sql)
        .bind(&query.tenant)
        .bind(Instant(query.since))
        .bind(Instant(query.until))
        .bind(&query.currency)
        .bind(i64::from(query.least_payments))
        .persistent(false)
        .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        search.add(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    }
    Ok(search)
}

/// The payments of some customers that are too far off, the furthest first.
async fn payments(
    connection: &mut PgConnection,
    query: &UnusualQuery,
    usual: &[Usual],
) -> Answer<Vec<UnusualPayment>> {
    let last = "SELECT FROM bss.payment_metrics later WHERE later.tenant = p.tenant
                AND later.payment_id = p.payment_id AND later.time > p.time AND later.time < $3
                AND ($4::text IS NULL OR later.currency = $4)";
    let sql = format!(
        "WITH usual AS (SELECT * FROM unnest($5::text[], $6::text[], $7::float8[], $8::float8[],
             $9::bigint[]) u (customer_id, currency, median, spread, payments)),
         paid AS (SELECT DISTINCT ON (payment_id) {COLUMNS} FROM bss.payment_metrics p
             WHERE tenant = $1 AND time >= $2 AND time < $3 AND customer_id = ANY ($5)
             AND ($4::text IS NULL OR currency = $4) AND NOT EXISTS ({last})
             ORDER BY payment_id, time DESC)
         SELECT paid.*, payments, round(median::numeric, 4) AS shown,
             abs(amount::float8 - median) / spread AS distance
         FROM paid JOIN usual USING (customer_id, currency)
         WHERE abs(amount::float8 - median) > spread * $10
         ORDER BY distance DESC, time DESC, payment_id LIMIT $11"
    );
    let texts = |of: fn(&Usual) -> &String| usual.iter().map(of).cloned().collect::<Vec<_>>();
    let numbers = |of: fn(&Usual) -> f64| usual.iter().map(of).collect::<Vec<_>>();
    let counts = usual.iter().map(|u| i64::try_from(u.payments).unwrap_or(i64::MAX));
    let rows = sqlx::query(&sql)
        .bind(&query.tenant)
        .bind(Instant(query.since))
        .bind(Instant(query.until))
        .bind(&query.currency)
        .bind(texts(|u| &u.customer_id))
        .bind(texts(|u| &u.currency))
        .bind(numbers(|u| u.median))
        .bind(numbers(|u| u.spread))
        .bind(counts.collect::<Vec<_>>())
        .bind(f64::from(query.distance))
        .bind(i64::from(query.limit))
        .persistent(false)
        .fetch_all(connection)
        .await?;
    rows.iter().map(unusual).collect()
}

fn unusual(row: &PgRow) -> Answer<UnusualPayment> {
    let (median, payments): (Decimal, i64) = (row.try_get("shown")?, row.try_get("payments")?);
    Ok(UnusualPayment {
        payment: payment(row)?,
        median: Money::from_decimal(median).map_err(|e| sqlx::Error::Decode(Box::new(e)))?,
        distance: row.try_get("distance")?,
        payments: u64::try_from(payments).unwrap_or(0),
    })
}
