//! Steps as SQL. Identifiers and literals are quoted here and nowhere else; the session's
//! `search_path` is schema `bss`, then the extension's.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::timescale::editions::Making;
use crate::timescale::interval::Interval;
use crate::timescale::plan::Change;
use crate::timescale::policies::PolicyKind;
use crate::timescale::server::Edition;
use crate::timescale::spec::{Compression, ContinuousAggregate, Index, Retention, Spec};
use crate::timescale::{access, editions, rollups};

/// The body of `bss.retain`, with the extension's schema still open.
const RETAIN: &str = include_str!("retain.sql");

/// Statements that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Batch {
    /// In one transaction.
    Together(Vec<String>),
    /// Outside of any: it refuses a transaction block.
    Alone(String),
    /// Again and again, each time in a transaction of its own, until it gives 0.
    UntilZero(String),
}

/// `name` as an identifier.
#[must_use]
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a literal.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `name` in schema `bss`.
#[must_use]
pub fn qualified(name: &str) -> String {
    format!("bss.{}", ident(name))
}

fn regclass(name: &str) -> String {
    literal(&qualified(name))
}

/// An interval as a literal.
#[must_use]
pub fn interval(interval: Interval) -> String {
    format!("INTERVAL {}", literal(&interval.to_string()))
}

/// The zone of an aggregate's buckets, if they are of a day or longer and not in UTC. Below a day
/// buckets are in UTC: PGlite's 2.23 puts zoned hours after their events at the change to winter.
#[must_use]
pub fn bucket_zone<'a>(spec: &'a Spec, aggregate: &ContinuousAggregate) -> Option<&'a str> {
    (aggregate.bucket.is_day_or_longer() && spec.zone != "UTC").then_some(spec.zone.as_str())
}

/// The start of the bucket that holds `time`; the one place that writes buckets.
#[must_use]
pub fn bucket(width: Interval, time: &str, zone: Option<&str>) -> String {
    match zone {
        None => format!("time_bucket({}, {time})", interval(width)),
        Some(zone) => {
            format!("time_bucket({}, {time}, {})", interval(width), literal(&posix(zone)))
        }
    }
}

/// A zone as the server reads it: in an offset it takes `+` for west, as POSIX does, and we for east.
fn posix(zone: &str) -> String {
    match (zone.strip_prefix('+'), zone.strip_prefix('-')) {
        (Some(offset), _) => format!("-{offset}"),
        (_, Some(offset)) => format!("+{offset}"),
        _ => zone.to_owned(),
    }
}

/// The `SELECT` of a continuous aggregate.
#[must_use]
pub fn select(spec: &Spec, aggregate: &ContinuousAggregate) -> String {
    select_of(spec, aggregate, "")
}

/// The same of the rows that a condition holds of.
#[must_use]
pub(super) fn select_where(
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    condition: &str,
) -> String {
    select_of(spec, aggregate, &format!("WHERE {condition}\n"))
}

fn select_of(spec: &Spec, aggregate: &ContinuousAggregate, condition: &str) -> String {
    let zone = bucket_zone(spec, aggregate);
    let mut columns = vec![format!(
        "{} AS {}",
        bucket(aggregate.bucket, "\"time\"", zone),
        ident(&aggregate.bucket_column)
    )];
    columns.extend(aggregate.group_by.iter().map(|c| ident(c)));
    columns.extend(aggregate.measure.iter().map(|m| format!("{} AS {}", m.sql, ident(&m.name))));
    let groups: Vec<String> =
        (1..=aggregate.group_by.len() + 1).map(|position| position.to_string()).collect();
    format!(
        "SELECT {}\nFROM {}\n{condition}GROUP BY {}",
        columns.join(", "),
        qualified(&aggregate.on),
        groups.join(", ")
    )
}

/// The `SELECT` of the public view; with what was `kept` up to an instant.
#[must_use]
pub fn view_select(aggregate: &ContinuousAggregate, kept: Option<&str>) -> String {
    let mut select = select_of_table(aggregate, &aggregate.inner());
    if let Some(kept) = kept.map(editions::instant) {
        select.push_str(&format!(" WHERE {} >= {kept}", ident(&aggregate.bucket_column)));
    }
    select + &and_kept(aggregate, kept)
}

/// The columns of an aggregate from a table that has them.
pub(super) fn select_of_table(aggregate: &ContinuousAggregate, table: &str) -> String {
    let columns: Vec<String> = aggregate.columns().into_iter().map(ident).collect();
    format!("SELECT {} FROM {}", columns.join(", "), qualified(table))
}

/// What a public view adds of the buckets that a move to this edition kept.
pub(super) fn and_kept(aggregate: &ContinuousAggregate, kept: Option<&str>) -> String {
    let history = editions::history_table(&aggregate.inner());
    kept.map_or_else(String::new, |_| {
        format!("\nUNION ALL\n{}", select_of_table(aggregate, &history))
    })
}

/// What identifies an aggregate's `SELECT` in its comment.
#[must_use]
pub fn digest(spec: &Spec, aggregate: &ContinuousAggregate) -> String {
    let digest = Sha256::digest(select(spec, aggregate));
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ok = write!(text, "{byte:02x}").is_ok();
        text
    })
}

/// The comment of an aggregate that is not filled yet, and of one that is.
const PENDING: &str = " filling";

/// Reads the comment of an aggregate: its digest, and whether its first filling is pending.
#[must_use]
pub fn read_comment(comment: &str) -> Option<(String, bool)> {
    let rest = comment.strip_prefix("bss ")?;
    Some(match rest.strip_suffix(PENDING) {
        Some(digest) => (digest.to_owned(), true),
        None => (rest.to_owned(), false),
    })
}

fn comment(spec: &Spec, aggregate: &ContinuousAggregate, pending: bool) -> String {
    comment_on("VIEW", &aggregate.inner(), &digest(spec, aggregate), pending)
}

/// The comment that [`read_comment`] reads.
pub(super) fn comment_on(kind: &str, name: &str, digest: &str, pending: bool) -> String {
    let text = format!("bss {digest}{}", if pending { PENDING } else { "" });
    format!("COMMENT ON {kind} {} IS {}", qualified(name), literal(&text))
}

/// The columns of an index as they stand in its definition.
#[must_use]
pub fn index_on(index: &Index, unique: bool) -> String {
    let columns: Vec<String> = index.on.iter().map(|column| ordered(column)).collect();
    let mut text = format!("({})", columns.join(", "));
    if unique {
        text.push_str(" NULLS NOT DISTINCT");
    }
    if let Some(filter) = &index.filter {
        text.push_str(" WHERE ");
        text.push_str(filter);
    }
    text
}

/// `time DESC` with its column quoted.
fn ordered(column: &str) -> String {
    match column.split_once(' ') {
        Some((name, order)) => format!("{} {order}", ident(name)),
        None => ident(column),
    }
}

/// The body of `bss.retain` for an extension whose functions are in `schema`.
#[must_use]
pub fn retain_body(schema: &str) -> String {
    RETAIN.replace("@extension@", &ident(schema))
}

fn delete_job(job: Option<i32>) -> impl Iterator<Item = String> {
    job.into_iter().map(|id| format!("SELECT delete_job({id})"))
}

/// Notes when a policy was made: one that never ran is told from one that is new.
pub(super) fn note_policy(kind: PolicyKind, inner: &str) -> String {
    format!(
        "INSERT INTO bss.policy_run (policy, object) VALUES ({}, {}) ON CONFLICT (policy, object) \
         DO UPDATE SET created_at = now(), started_at = NULL, finished_at = NULL, failure = NULL",
        literal(kind.word()),
        literal(inner)
    )
}

fn refresh_policy(aggregate: &ContinuousAggregate) -> String {
    let refresh = &aggregate.refresh;
    format!(
        "SELECT add_continuous_aggregate_policy({}, start_offset => {}, end_offset => {}, \
         schedule_interval => {})",
        regclass(&aggregate.inner()),
        interval(refresh.start_offset),
        interval(refresh.end_offset),
        interval(refresh.every)
    )
}

fn view(spec: &Spec, aggregate: &ContinuousAggregate, kept: Option<&str>) -> Vec<String> {
    public_view(spec, &aggregate.name, &view_select(aggregate, kept))
}

/// Makes a public view anew, with what belongs to it.
pub(super) fn public_view(spec: &Spec, name: &str, select: &str) -> Vec<String> {
    let mut statements = access::drop_view(name).to_vec();
    statements.push(format!("CREATE VIEW {} AS {select}", qualified(name)));
    statements.extend(access::after_view(spec, name));
    statements
}

fn fill(spec: &Spec, aggregate: &ContinuousAggregate, floor: Option<&str>) -> [Batch; 2] {
    // Never below the floor: a refresh over dropped rows wipes what they added up to.
    let start = floor.map_or_else(|| "NULL".to_owned(), editions::instant);
    [
        Batch::Alone(format!(
            "CALL refresh_continuous_aggregate({}, {start}, now() - {})",
            regclass(&aggregate.inner()),
            interval(aggregate.refresh.end_offset)
        )),
        Batch::Together(vec![comment(spec, aggregate, false)]),
    ]
}

/// Gives a continuous aggregate another name, under which nothing refreshes it.
pub(super) fn rename_aggregate(inner: &str) -> [String; 2] {
    let kept = literal(&format!("{inner}_until_"));
    [
        format!(
            "SELECT remove_continuous_aggregate_policy({}, if_exists => true)",
            regclass(inner)
        ),
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER MATERIALIZED VIEW {} RENAME TO %I', {kept} || \
             to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISS')); END $$",
            qualified(inner)
        ),
    ]
}

fn aggregate(spec: &Spec, making: &Making) -> Vec<Batch> {
    let aggregate = &making.aggregate;
    let mut together = editions::make_room(making, Edition::Community);
    together.push(format!(
        "CREATE MATERIALIZED VIEW {}\nWITH (timescaledb.continuous, \
         timescaledb.materialized_only = {}, timescaledb.create_group_indexes = false) AS\n{}\n\
         WITH NO DATA",
        qualified(&aggregate.inner()),
        aggregate.materialized_only,
        select(spec, aggregate)
    ));
    together.push(comment(spec, aggregate, true));
    together.extend(view(spec, aggregate, making.kept_until()));
    together.push(refresh_policy(aggregate));
    together.push(note_policy(PolicyKind::Refresh, &aggregate.inner()));
    let mut batches = vec![Batch::Together(together)];
    batches.extend(fill(spec, aggregate, making.floor.as_deref()));
    batches
}

fn index(table: &str, index: &Index, unique: bool) -> Vec<String> {
    let name = ident(&index.name);
    let kind = if unique { "UNIQUE INDEX" } else { "INDEX" };
    let mut statements = Vec::new();
    if unique {
        statements
            .push(format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {name}", qualified(table)));
    }
    statements.push(format!("DROP INDEX IF EXISTS {}", qualified(&index.name)));
    let on = index_on(index, unique);
    statements.push(format!("CREATE {kind} {name} ON {} {on}", qualified(table)));
    statements
}

fn compress(name: &str, compression: &Compression) -> String {
    let order: Vec<String> = compression.order_by.iter().map(|c| ordered(c)).collect();
    let segments: Vec<String> = compression.segment_by.iter().map(|c| ident(c)).collect();
    format!(
        "ALTER TABLE {} SET (timescaledb.compress, timescaledb.compress_segmentby = {}, \
         timescaledb.compress_orderby = {})",
        qualified(name),
        literal(&segments.join(", ")),
        literal(&order.join(", "))
    )
}

fn compression_policy(name: &str, compression: &Compression) -> String {
    format!(
        "SELECT add_compression_policy({}, compress_after => {}, schedule_interval => {})",
        regclass(name),
        interval(compression.after),
        interval(compression.every)
    )
}

fn retain_job(name: &str, retention: &Retention) -> String {
    let config = format!(
        "jsonb_build_object('hypertable', {}, 'drop_after', {})",
        literal(name),
        literal(&retention.after.to_string())
    );
    let every = interval(retention.every);
    format!("SELECT add_job('bss.retain', {every}, config => {config})")
}

fn retain(spec: &Spec, schema: &str) -> Vec<String> {
    let make = format!(
        "CREATE OR REPLACE PROCEDURE bss.retain(job_id int, config jsonb)\nLANGUAGE \
         plpgsql AS $retain$\n{}$retain$",
        retain_body(schema)
    );
    let kept = spec.hypertables.iter().filter(|t| t.retention.is_some());
    let notes = kept.map(|t| note_policy(PolicyKind::Retention, &t.name));
    [make].into_iter().chain(notes).collect()
}

/// What carries a change out, safe to run again. A migration's own text is the backend's.
#[must_use]
pub fn batches(spec: &Spec, change: &Change, schema: &str) -> Vec<Batch> {
    let together = |statements: Vec<String>| vec![Batch::Together(statements)];
    match change {
        Change::Extension => {
            // Without a schema it would land in the first of the path, which is `bss`.
            let schema = ident(schema);
            let make = format!("CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA {schema}");
            vec![Batch::Alone(make)]
        }
        Change::Migration(_) => Vec::new(),
        Change::Hypertable { name, chunk_interval } => together(vec![format!(
            "SELECT create_hypertable({}, by_range('time', {}), create_default_indexes => false, \
             migrate_data => true, if_not_exists => true)",
            regclass(name),
            interval(*chunk_interval)
        )]),
        Change::ChunkInterval { name, chunk_interval } => together(vec![format!(
            "SELECT set_chunk_time_interval({}, {})",
            regclass(name),
            interval(*chunk_interval)
        )]),
        Change::Index { table, index: declared, unique } => {
            together(index(table, declared, *unique))
        }
        Change::Compression { name, compression } => together(vec![compress(name, compression)]),
        Change::Retain => together(retain(spec, schema)),
        Change::Aggregate(making) => aggregate(spec, making),
        Change::Fill { aggregate, floor } => fill(spec, aggregate, floor.as_deref()).into(),
        Change::MaterializedOnly(aggregate) => together(vec![format!(
            "ALTER MATERIALIZED VIEW {} SET (timescaledb.materialized_only = {})",
            qualified(&aggregate.inner()),
            aggregate.materialized_only
        )]),
        Change::View(aggregate, kept) => together(view(spec, aggregate, kept.as_deref())),
        Change::RefreshPolicy { aggregate, replaces } => {
            let note = note_policy(PolicyKind::Refresh, &aggregate.inner());
            together(delete_job(*replaces).chain([refresh_policy(aggregate), note]).collect())
        }
        Change::CompressionPolicy { name, compression, replaces } => {
            let add = compression_policy(name, compression);
            let note = note_policy(PolicyKind::Compression, name);
            together(delete_job(*replaces).chain([add, note]).collect())
        }
        Change::RetainJob { name, retention, replaces } => {
            let note = note_policy(PolicyKind::Retention, name);
            together(delete_job(*replaces).chain([retain_job(name, retention), note]).collect())
        }
        Change::DeleteJob(id) => together(delete_job(Some(*id)).collect()),
        Change::Routine(name) => {
            let all = rollups::routines(schema);
            together(all.iter().filter(|r| r.name == *name).map(rollups::Routine::create).collect())
        }
        Change::InvalidationLog(hypertable) => rollups::log_batches(spec, hypertable, schema),
        Change::Rollup(making) => rollups::batches(spec, making),
        Change::FillRollup(aggregate) => rollups::fill(spec, aggregate).into(),
        Change::RollupView(aggregate, kept) => {
            together(rollups::view(spec, aggregate, kept.as_deref()))
        }
        Change::ForgetRollup(_)
        | Change::NoInvalidationLog(_)
        | Change::NoRoutine(_)
        | Change::ForgetJob(_) => editions::batches(change),
        of_access => access::batches(spec, of_access),
    }
}
