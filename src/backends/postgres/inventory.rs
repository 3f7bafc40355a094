//! Reads what the server has; changes nothing. What the declaration looks like on this server is
//! found out by making it in a transaction that is rolled back: text is never compared with what
//! was once sent.

use std::collections::BTreeMap;

use sqlx::postgres::PgRow;
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::postgres::{access, classify, migrate};
use crate::timescale::interval::Interval;
use crate::timescale::inventory::{
    Definition, FoundAggregate, FoundCompression, FoundHypertable, FoundRollup, Inventory, Job,
    JobKind,
};
use crate::timescale::server::Server;
use crate::timescale::spec::{Index, Spec};
use crate::timescale::{editions, rollups, sql};

type Rows = std::result::Result<Vec<PgRow>, sqlx::Error>;

const WHAT: &str = "could not read the state of schema \"bss\"";

/// Reads which server this is.
///
/// # Errors
/// A refused query.
pub async fn server(connection: &mut PgConnection) -> Result<Server> {
    let what = "could not ask the server for its version";
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::int / 10000 AS major,
                (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS installed,
                (SELECT nspname::text FROM pg_extension e JOIN pg_namespace n
                 ON n.oid = e.extnamespace WHERE extname = 'timescaledb') AS schema,
                (SELECT default_version FROM pg_available_extensions
                 WHERE name = 'timescaledb') AS available,
                current_setting('timescaledb.license', true) AS license,
                (SELECT setting LIKE '%timescaledb%' FROM pg_settings
                 WHERE name = 'shared_preload_libraries') AS preloaded",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(|e| classify(e, what))?;
    let major: i32 = row.get("major");
    let mut server = Server {
        postgres: u32::try_from(major).unwrap_or_default(),
        installed: row.get("installed"),
        available: row.get("available"),
        schema: row.get("schema"),
        license: row.get("license"),
        preloaded: row.get("preloaded"),
        community_library: None,
    };
    if let Some(schema) = &server.schema {
        // A call that cannot do anything: without the Community library it is refused for the
        // licence, with it there is no such table.
        let ask = format!(
            "SELECT {}.remove_retention_policy(0::regclass, if_exists => true)",
            sql::ident(schema)
        );
        let refused = (&mut *connection).execute(ask.as_str()).await.err();
        let code = refused.as_ref().and_then(|e| e.as_database_error()).and_then(|e| e.code());
        server.community_library = Some(code.as_deref() != Some("0A000"));
    }
    Ok(server)
}

/// Reads everything the plan looks at.
///
/// # Errors
/// A refused query; migrations of a newer or another program ([`Kind::Conflict`]).
pub async fn inventory(
    connection: &mut PgConnection,
    spec: &Spec,
    server: &Server,
) -> Result<Inventory> {
    let mut inventory = Inventory { extension: server.installed.is_some(), ..Inventory::default() };
    inventory.migrations = migrate::migrations(connection).await?;
    let failed = |e| classify(e, WHAT);
    path(connection, server).await.map_err(failed)?;
    for row in rows(connection, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'bss'")
        .await
        .map_err(failed)?
    {
        inventory.tables.insert(row.get(0));
    }
    indexes(connection, &mut inventory).await.map_err(failed)?;
    if inventory.extension {
        hypertables(connection, &mut inventory).await?;
        aggregates(connection, &mut inventory).await.map_err(failed)?;
        jobs(connection, &mut inventory).await?;
    }
    views(connection, &mut inventory).await.map_err(failed)?;
    rollups(connection, &mut inventory).await.map_err(failed)?;
    leftovers(connection, &mut inventory).await.map_err(failed)?;
    let retain = "SELECT prosrc FROM pg_proc WHERE proname = 'retain'
                  AND pronamespace = to_regnamespace('bss')";
    inventory.retain = rows(connection, retain).await.map_err(failed)?.first().map(|r| r.get(0));
    if inventory.tables.contains("retention_floor") {
        let floors = "SELECT hypertable, to_char(floor AT TIME ZONE 'UTC',
                      'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM bss.retention_floor";
        for row in rows(connection, floors).await.map_err(failed)? {
            inventory.floors.insert(row.get(0), row.get(1));
        }
    }
    access::read(connection, spec, &mut inventory).await.map_err(failed)?;
    probe_indexes(connection, spec, &mut inventory).await;
    if inventory.extension {
        probe_views(connection, spec, &mut inventory).await;
    }
    Ok(inventory)
}

/// Sets the session's path as the statements of [`sql`] need it.
pub(super) async fn path(
    connection: &mut PgConnection,
    server: &Server,
) -> std::result::Result<(), sqlx::Error> {
    let schema = sql::ident(server.schema.as_deref().unwrap_or("public"));
    // The server's notices (a repeated object, advice on columns) are no news to the operator.
    let set = format!(
        "SET search_path = bss, {schema}; SET intervalstyle = 'postgres'; \
         SET client_min_messages = error"
    );
    connection.execute(set.as_str()).await.map(|_| ())
}

async fn rows(connection: &mut PgConnection, query: &str) -> Rows {
    sqlx::query(query).fetch_all(connection).await
}

fn interval(text: &str) -> Result<Interval> {
    Interval::parse(text).map_err(|e| BackendError::new(Kind::Internal, WHAT).because(e))
}

fn maybe(row: &PgRow, column: &str) -> Result<Option<Interval>> {
    row.get::<Option<String>, _>(column).map(|t| interval(&t)).transpose()
}

async fn indexes(
    connection: &mut PgConnection,
    inventory: &mut Inventory,
) -> std::result::Result<(), sqlx::Error> {
    let query = "SELECT t.relname::text, i.relname::text, pg_get_indexdef(x.indexrelid)
                 FROM pg_index x
                 JOIN pg_class t ON t.oid = x.indrelid
                 JOIN pg_class i ON i.oid = x.indexrelid
                 WHERE t.relnamespace = to_regnamespace('bss') AND t.relkind = 'r'";
    for row in rows(connection, query).await? {
        let found = definition(row.get(2));
        inventory.indexes.insert((row.get(0), row.get(1)), Definition { found, declared: None });
    }
    Ok(())
}

/// An index's definition without its own name and its table's.
fn definition(text: &str) -> String {
    let unique = if text.starts_with("CREATE UNIQUE") { "unique " } else { "" };
    let rest = text.split_once(" USING ").map_or(text, |(_, rest)| rest);
    format!("{unique}{rest}")
}

async fn hypertables(connection: &mut PgConnection, inventory: &mut Inventory) -> Result<()> {
    let failed = |e| classify(e, WHAT);
    let query = "SELECT h.hypertable_name::text, d.time_interval::text, h.compression_enabled
                 FROM timescaledb_information.hypertables h
                 JOIN timescaledb_information.dimensions d
                   ON d.hypertable_schema = h.hypertable_schema
                  AND d.hypertable_name = h.hypertable_name AND d.dimension_number = 1
                 WHERE h.hypertable_schema = 'bss' AND d.time_interval IS NOT NULL";
    for row in rows(connection, query).await.map_err(failed)? {
        let compression =
            row.get::<Option<bool>, _>(2).unwrap_or_default().then(FoundCompression::default);
        let chunk_interval = interval(row.get(1))?;
        inventory.hypertables.insert(row.get(0), FoundHypertable { chunk_interval, compression });
    }
    let query = "SELECT hypertable_name::text, attname::text, orderby_column_index IS NOT NULL,
                        orderby_asc
                 FROM timescaledb_information.compression_settings
                 WHERE hypertable_schema = 'bss'
                 ORDER BY hypertable_name, segmentby_column_index, orderby_column_index";
    for row in rows(connection, query).await.map_err(failed)? {
        let table = inventory.hypertables.get_mut(row.get::<&str, _>(0));
        let Some(found) = table.and_then(|t| t.compression.as_mut()) else { continue };
        let column: String = row.get(1);
        if row.get(2) {
            let ascending = row.get::<Option<bool>, _>(3) != Some(false);
            found.order_by.push(if ascending { column } else { format!("{column} DESC") });
        } else {
            found.segment_by.push(column);
        }
    }
    Ok(())
}

async fn aggregates(
    connection: &mut PgConnection,
    inventory: &mut Inventory,
) -> std::result::Result<(), sqlx::Error> {
    let query = "SELECT view_name::text, hypertable_name::text, view_definition, materialized_only,
                        obj_description(format('%I.%I', view_schema, view_name)::regclass,
                                        'pg_class')
                 FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'bss'";
    for row in rows(connection, query).await? {
        let comment: Option<String> = row.get(4);
        let (digest, fill_pending) = comment.as_deref().and_then(sql::read_comment).unzip();
        inventory.aggregates.insert(
            row.get(0),
            FoundAggregate {
                on: row.get(1),
                definition: Definition { found: row.get(2), declared: None },
                materialized_only: row.get(3),
                digest,
                fill_pending: fill_pending.unwrap_or_default(),
            },
        );
    }
    Ok(())
}

async fn views(
    connection: &mut PgConnection,
    inventory: &mut Inventory,
) -> std::result::Result<(), sqlx::Error> {
    let query = "SELECT relname::text, pg_get_viewdef(oid) FROM pg_class
                 WHERE relkind = 'v' AND relnamespace = to_regnamespace('bss')";
    for row in rows(connection, query).await? {
        let name: String = row.get(0);
        if !inventory.aggregates.contains_key(&name) {
            inventory.views.insert(name, Definition { found: row.get(1), declared: None });
        }
    }
    Ok(())
}

async fn rollups(
    connection: &mut PgConnection,
    inventory: &mut Inventory,
) -> std::result::Result<(), sqlx::Error> {
    let query = "SELECT proname::text, prosrc FROM pg_proc
                 WHERE pronamespace = to_regnamespace('bss') AND prokind = 'f'";
    for row in rows(connection, query).await? {
        inventory.routines.insert(row.get(0), row.get(1));
    }
    let query = "SELECT c.relname::text, t.tgname::text
                 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                 WHERE c.relnamespace = to_regnamespace('bss') AND NOT t.tgisinternal
                   AND t.tgenabled IN ('O', 'A')";
    for row in rows(connection, query).await? {
        inventory.triggers.insert((row.get(0), row.get(1)));
    }
    if !inventory.tables.contains("rollup") {
        return Ok(());
    }
    let query = "SELECT name, hypertable, definition,
                        obj_description(to_regclass(format('bss.%I', name)), 'pg_class')
                 FROM bss.rollup JOIN pg_class c ON c.oid = to_regclass(format('bss.%I', name))
                 WHERE c.relkind IN ('r', 'p')";
    for row in rows(connection, query).await? {
        let comment: Option<String> = row.get(3);
        let read = comment.as_deref().and_then(sql::read_comment);
        let found = FoundRollup {
            on: row.get(1),
            definition: row.get(2),
            fill_pending: read.is_some_and(|(_, pending)| pending),
        };
        inventory.rollups.insert(row.get(0), found);
    }
    Ok(())
}

/// What a change of the server's edition has left.
async fn leftovers(
    connection: &mut PgConnection,
    inventory: &mut Inventory,
) -> std::result::Result<(), sqlx::Error> {
    let query = "SELECT relname::text, obj_description(oid, 'pg_class') FROM pg_class
                 WHERE relkind = 'r' AND relnamespace = to_regnamespace('bss')
                   AND relname LIKE '%\\_history'";
    for row in rows(connection, query).await? {
        let (name, comment): (String, Option<String>) = (row.get(0), row.get(1));
        let until = comment.as_deref().and_then(editions::read_history);
        if let (Some(inner), Some(until)) = (name.strip_suffix("_history"), until) {
            inventory.histories.insert(inner.to_owned(), until);
        }
    }
    if !inventory.extension {
        return Ok(());
    }
    let query = "SELECT format('%I.%I', n.nspname, c.relname)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = '_timescaledb_internal' AND c.relkind = 'r'
                   AND c.relname LIKE '\\_materialized\\_hypertable\\_%'
                   AND NOT EXISTS (SELECT FROM timescaledb_information.continuous_aggregates a
                       WHERE a.materialization_hypertable_name = c.relname)
                   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refobjid = c.oid
                       AND d.refclassid = 'pg_class'::regclass
                       AND d.classid = 'pg_rewrite'::regclass)";
    for row in rows(connection, query).await? {
        inventory.stray.insert(row.get(0));
    }
    let query = "SELECT DISTINCT hypertable_name::text FROM timescaledb_information.chunks
                 WHERE hypertable_schema = 'bss' AND is_compressed";
    for row in rows(connection, query).await? {
        inventory.compressed.insert(row.get(0));
    }
    Ok(())
}

async fn jobs(connection: &mut PgConnection, inventory: &mut Inventory) -> Result<()> {
    let query = "SELECT job_id, proc_name::text AS proc, scheduled,
                        CASE WHEN proc_schema = 'bss' THEN config ->> 'hypertable'
                             ELSE hypertable_name::text END AS hypertable,
                        schedule_interval::text AS every,
                        (config ->> 'start_offset')::interval::text AS start_offset,
                        (config ->> 'end_offset')::interval::text AS end_offset,
                        coalesce(config ->> 'compress_after', config ->> 'drop_after')
                            ::interval::text AS after
                 FROM timescaledb_information.jobs
                 WHERE (hypertable_schema = 'bss' AND proc_name IN
                        ('policy_refresh_continuous_aggregate', 'policy_compression',
                         'policy_retention'))
                    OR (proc_schema = 'bss' AND proc_name = 'retain')
                 ORDER BY job_id";
    for row in rows(connection, query).await.map_err(|e| classify(e, WHAT))? {
        let kind = match row.get("proc") {
            "policy_refresh_continuous_aggregate" => JobKind::Refresh,
            "policy_compression" => JobKind::Compression,
            "policy_retention" => JobKind::NativeRetention,
            _ => JobKind::Retain,
        };
        inventory.jobs.push(Job {
            id: row.get("job_id"),
            kind,
            on: row.get::<Option<String>, _>("hypertable").unwrap_or_default(),
            start_offset: maybe(&row, "start_offset")?,
            end_offset: maybe(&row, "end_offset")?,
            after: maybe(&row, "after")?,
            every: interval(row.get("every"))?,
            scheduled: row.get("scheduled"),
        });
    }
    Ok(())
}

/// What the declared indexes look like on this server. Where it does not let us try (a read-only
/// server, no right to temporary tables) they stay unknown, and only their names are compared.
async fn probe_indexes(connection: &mut PgConnection, spec: &Spec, inventory: &mut Inventory) {
    for table in &spec.hypertables {
        if !inventory.tables.contains(&table.name) {
            continue;
        }
        let key = Index { name: table.key_name(), on: table.key.clone(), filter: None };
        let all = table.index.iter().map(|i| (i, false)).chain([(&key, true)]);
        let wanted: Vec<(&Index, bool)> = all
            .filter(|(i, _)| inventory.indexes.contains_key(&(table.name.clone(), i.name.clone())))
            .collect();
        let Ok(rendered) = render_indexes(connection, &table.name, &wanted).await else {
            continue;
        };
        for (name, text) in rendered {
            if let Some(found) = inventory.indexes.get_mut(&(table.name.clone(), name)) {
                found.declared = Some(definition(&text));
            }
        }
    }
}

async fn render_indexes(
    connection: &mut PgConnection,
    table: &str,
    wanted: &[(&Index, bool)],
) -> std::result::Result<BTreeMap<String, String>, sqlx::Error> {
    let mut rendered = BTreeMap::new();
    let mut rolled_back = connection.begin().await?;
    let like = format!("CREATE TEMP TABLE bss_probe (LIKE {})", sql::qualified(table));
    rolled_back.execute(like.as_str()).await?;
    for (index, unique) in wanted {
        let unique_word = if *unique { "UNIQUE " } else { "" };
        let on = sql::index_on(index, *unique);
        let make = format!("CREATE {unique_word}INDEX bss_probe_idx ON pg_temp.bss_probe {on}");
        rolled_back.execute(make.as_str()).await?;
        let text: String =
            sqlx::query_scalar("SELECT pg_get_indexdef('pg_temp.bss_probe_idx'::regclass)")
                .fetch_one(&mut *rolled_back)
                .await?;
        rolled_back.execute("DROP INDEX pg_temp.bss_probe_idx").await?;
        rendered.insert(index.name.clone(), text);
    }
    rolled_back.rollback().await?;
    Ok(rendered)
}

/// What the declared aggregates and their views look like on this server; unknown as above.
async fn probe_views(connection: &mut PgConnection, spec: &Spec, inventory: &mut Inventory) {
    for aggregate in &spec.aggregates {
        if let Some(found) = inventory.aggregates.get_mut(&aggregate.inner()) {
            let select = sql::select(spec, aggregate);
            found.definition.declared = render_view(connection, &select).await.ok();
        }
        let kept = inventory.histories.get(&aggregate.inner()).map(String::as_str);
        let select = if inventory.aggregates.contains_key(&aggregate.inner()) {
            sql::view_select(aggregate, kept)
        } else if inventory.rollups.contains_key(&aggregate.inner()) {
            rollups::view_select(spec, aggregate, kept)
        } else {
            continue;
        };
        if let Some(found) = inventory.views.get_mut(&aggregate.name) {
            found.declared = render_view(connection, &select).await.ok();
        }
    }
}

pub(super) async fn render_view(
    connection: &mut PgConnection,
    select: &str,
) -> std::result::Result<String, sqlx::Error> {
    let mut rolled_back = connection.begin().await?;
    let make = format!("CREATE TEMP VIEW bss_probe AS {select}");
    rolled_back.execute(make.as_str()).await?;
    let text = sqlx::query_scalar("SELECT pg_get_viewdef('pg_temp.bss_probe'::regclass)")
        .fetch_one(&mut *rolled_back)
        .await?;
    rolled_back.rollback().await?;
    Ok(text)
}
