//! The customers of the event store as rows, and up to which event they have come.

use std::collections::HashMap;

use sqlx::{Connection, PgConnection, Row};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::postgres::fault;
use crate::backends::postgres::instant::Instant;
use crate::events::projection::{Build, Customer, Positions, Status, fold};
use crate::events::{Event, Link, Position};

/// The name of the projection.
const NAME: &str = "customers";

/// The table of a build.
#[must_use]
pub const fn table(build: Build) -> &'static str {
    match build {
        Build::Live => "bss.customers",
        Build::Next => "bss.customers_next",
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// How far a build has come.
///
/// # Errors
/// [`Kind::Missing`] if the tables are not there.
pub async fn positions(connection: &mut PgConnection, build: Build) -> Result<Positions> {
    let what = || "could not read table bss.projection";
    let rows = sqlx::query(
        "SELECT shard, position, link FROM bss.projection WHERE name = $1 AND build = $2",
    )
    .bind(NAME)
    .bind(build.word())
    .fetch_all(connection)
    .await
    .map_err(|e| fault(e, what()))?;
    let mut found = Positions::new();
    for row in rows {
        let shard = u16::try_from(row.get::<i32, _>(0)).unwrap_or(0);
        let link = row.get::<String, _>(2).parse().map_err(|why: &str| {
            BackendError::new(Kind::Internal, what()).because(format!("shard {shard}: {why}"))
        })?;
        found.insert(shard, (natural(row.get(1)), link));
    }
    Ok(found)
}

/// Folds the next events of one shard into a build, with the position, in one transaction. Events
/// that it has already, from another process too, change nothing.
///
/// # Errors
/// What the server says; an event that cannot be read.
pub async fn apply(connection: &mut PgConnection, build: Build, events: &[Event]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    let what = || format!("could not write to table {}", table(build));
    let mut transaction = connection.begin().await.map_err(|e| fault(e, what()))?;
    let shard = i32::from(last.position.shard);
    sqlx::query("INSERT INTO bss.projection VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING")
        .bind(NAME)
        .bind(build.word())
        .bind(shard)
        .bind(Link::START.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(|e| fault(e, what()))?;
    // The lock makes two processes take turns; the second then has nothing new.
    let at: i64 = sqlx::query_scalar(
        "SELECT position FROM bss.projection WHERE name = $1 AND build = $2 AND shard = $3 FOR UPDATE",
    )
    .bind(NAME)
    .bind(build.word())
    .bind(shard)
    .fetch_one(&mut *transaction)
    .await
    .map_err(|e| fault(e, what()))?;
    let new: Vec<&Event> = events.iter().filter(|e| e.position.n > natural(at)).collect();
    if new.is_empty() {
        return transaction.rollback().await.map_err(|e| fault(e, what()));
    }
    let mut ids: Vec<String> = new.iter().map(|e| e.aggregate.id().to_owned()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut rows = select(&mut transaction, build, Some(&ids)).await?;
    for event in new {
        let folded = fold(rows.remove(event.aggregate.id()), event).map_err(|e| {
            BackendError::new(
                Kind::Refused,
                format!("could not project the event at {}", event.position),
            )
            .because(e)
            .hint("See what is damaged: bss events verify")
        })?;
        if let Some(customer) = folded {
            rows.insert(customer.id.clone(), customer);
        }
    }
    store(&mut transaction, build, rows.into_values().collect())
        .await
        .map_err(|e| fault(e, what()))?;
    sqlx::query(
        "UPDATE bss.projection SET position = $4, link = $5 WHERE name = $1 AND build = $2 AND shard = $3",
    )
    .bind(NAME)
    .bind(build.word())
    .bind(shard)
    .bind(signed(last.position.n))
    .bind(last.link.as_str())
    .execute(&mut *transaction)
    .await
    .map_err(|e| fault(e, what()))?;
    transaction.commit().await.map_err(|e| fault(e, what()))
}

async fn store(
    connection: &mut PgConnection,
    build: Build,
    mut rows: Vec<Customer>,
) -> std::result::Result<(), sqlx::Error> {
    // One order for all, so that two shards' transactions cannot wait for each other in a circle.
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let column = |of: fn(&Customer) -> Option<String>| rows.iter().map(of).collect::<Vec<_>>();
    let number = |of: fn(&Customer) -> u64| rows.iter().map(|c| signed(of(c))).collect::<Vec<_>>();
    let statement = format!(
        "INSERT INTO {} SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], \
         $6::bigint[], $7::int[], $8::bigint[], $9::timestamptz[]) ON CONFLICT (id) DO UPDATE SET \
         name = EXCLUDED.name, tier = EXCLUDED.tier, region = EXCLUDED.region, status = EXCLUDED.status, \
         revision = EXCLUDED.revision, shard = EXCLUDED.shard, position = EXCLUDED.position, \
         updated_at = EXCLUDED.updated_at",
        table(build)
    );
    sqlx::query(&statement)
        .bind(column(|c| Some(c.id.clone())))
        .bind(column(|c| c.name.clone()))
        .bind(column(|c| c.tier.clone()))
        .bind(column(|c| c.region.clone()))
        .bind(column(|c| Some(c.status.as_str().to_owned())))
        .bind(number(|c| c.revision))
        .bind(rows.iter().map(|c| i32::from(c.position.shard)).collect::<Vec<_>>())
        .bind(number(|c| c.position.n))
        .bind(rows.iter().map(|c| Instant(c.updated_at)).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(drop)
}

/// The rows of a build by id: those asked for, or all.
async fn select(
    connection: &mut PgConnection,
    build: Build,
    ids: Option<&[String]>,
) -> Result<HashMap<String, Customer>> {
    let query = format!(
        "SELECT id, name, tier, region, status, revision, shard, position, updated_at FROM {} \
         WHERE $1::text[] IS NULL OR id = ANY ($1)",
        table(build)
    );
    let rows = sqlx::query(&query)
        .bind(ids)
        .fetch_all(connection)
        .await
        .map_err(|e| fault(e, format!("could not read table {}", table(build))))?;
    let customer = |row: sqlx::postgres::PgRow| Customer {
        id: row.get(0),
        name: row.get(1),
        tier: row.get(2),
        region: row.get(3),
        status: Status::from_word(row.get(4)),
        revision: natural(row.get(5)),
        position: Position {
            shard: u16::try_from(row.get::<i32, _>(6)).unwrap_or(0),
            n: natural(row.get(7)),
        },
        updated_at: row.get::<Instant, _>(8).0,
    };
    Ok(rows.into_iter().map(customer).map(|c| (c.id.clone(), c)).collect())
}

/// All rows of a build with the positions they stand for, as of one instant.
///
/// # Errors
/// What the server says.
pub async fn all(
    connection: &mut PgConnection,
    build: Build,
) -> Result<(Positions, HashMap<String, Customer>)> {
    let what = || format!("could not read table {}", table(build));
    let mut transaction = connection.begin().await.map_err(|e| fault(e, what()))?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *transaction)
        .await
        .map_err(|e| fault(e, what()))?;
    let positions = positions(&mut transaction, build).await?;
    let rows = select(&mut transaction, build, None).await?;
    transaction.rollback().await.map_err(|e| fault(e, what()))?;
    Ok((positions, rows))
}

/// Empties the table that is built beside the live one.
///
/// # Errors
/// What the server says.
pub async fn begin_anew(connection: &mut PgConnection) -> Result<()> {
    let what = || "could not empty table bss.customers_next";
    let mut transaction = connection.begin().await.map_err(|e| fault(e, what()))?;
    for statement in [
        "DELETE FROM bss.projection WHERE name = 'customers' AND build = 'next'",
        "TRUNCATE bss.customers_next",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await.map_err(|e| fault(e, what()))?;
    }
    transaction.commit().await.map_err(|e| fault(e, what()))
}

/// Puts the rows that were built in the place of the live ones, in one transaction; false if the
/// live ones have come further, unless they are of a store that is no more.
///
/// # Errors
/// What the server says.
pub async fn swap(connection: &mut PgConnection, of_another_store: bool) -> Result<bool> {
    let what = || "could not put bss.customers_next in the place of bss.customers";
    let mut transaction = connection.begin().await.map_err(|e| fault(e, what()))?;
    sqlx::query("SELECT 1 FROM bss.projection WHERE name = 'customers' FOR UPDATE")
        .fetch_all(&mut *transaction)
        .await
        .map_err(|e| fault(e, what()))?;
    let live = positions(&mut transaction, Build::Live).await?;
    let next = positions(&mut transaction, Build::Next).await?;
    let behind =
        |(shard, (at, _)): (&u16, &(u64, Link))| next.get(shard).is_none_or(|(n, _)| n < at);
    if next.is_empty() || (!of_another_store && live.iter().any(behind)) {
        transaction.rollback().await.map_err(|e| fault(e, what()))?;
        return Ok(false);
    }
    // The table itself stays, with the rights on it and the views over it.
    for statement in [
        "DELETE FROM bss.customers",
        "INSERT INTO bss.customers SELECT * FROM bss.customers_next",
        "DELETE FROM bss.customers_next",
        "DELETE FROM bss.projection WHERE name = 'customers' AND build = 'live'",
        "UPDATE bss.projection SET build = 'live' WHERE name = 'customers' AND build = 'next'",
    ] {
        sqlx::query(statement).execute(&mut *transaction).await.map_err(|e| fault(e, what()))?;
    }
    transaction.commit().await.map_err(|e| fault(e, what()))?;
    Ok(true)
}
