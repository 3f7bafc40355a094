//! Rollups: what an edition without continuous aggregates has instead. The same sums as tables, a
//! log of the buckets that have changed, and a view that adds the rows beyond the watermark.

use crate::timescale::aggregates::{self, set_aside};
use crate::timescale::editions::{self, Before, Kept, Making};
use crate::timescale::interval::Interval;
use crate::timescale::inventory::Inventory;
use crate::timescale::plan::{Change, Step, changed, create, foreign};
use crate::timescale::policies::PolicyKind;
use crate::timescale::server::Edition;
use crate::timescale::spec::{ContinuousAggregate, Hypertable, Spec};
use crate::timescale::sql::{
    self, Batch, bucket, bucket_zone, comment_on, digest, ident, interval, literal, qualified,
};

/// The body of `bss.refresh_rollup`.
const REFRESH: &str = include_str!("rollup.sql");

/// Buckets made in one transaction, and the days that they span at least.
const BUCKETS: i64 = 30;

/// How many buckets of a width are made in one go: as many rows in hours as in days.
#[must_use]
pub fn in_one_go(width: Interval) -> i64 {
    let span = Interval::days(BUCKETS).micros();
    BUCKETS.max(span.checked_div(width.micros()).unwrap_or(BUCKETS))
}

/// The routines that rollups need: name, how it is called, body. The extension's schema is `schema`.
#[must_use]
pub fn routines(schema: &str) -> [Routine; 3] {
    let schema = ident(schema);
    let bucket_of = format!(
        "\nSELECT CASE WHEN zone IS NULL THEN {schema}.time_bucket(width, instant) \
         ELSE {schema}.time_bucket(width, instant, zone) END\n"
    );
    // A bucket of a zone may be an hour longer or shorter than another.
    let bucket_after = "\nSELECT bss.bucket_of(width, zone, bss.bucket_of(width, zone, instant) \
                        + width * 1.5)\n";
    let bucket = "(width interval, zone text, instant timestamptz) RETURNS timestamptz \
                  LANGUAGE sql STABLE";
    [
        Routine { name: "bucket_of", head: bucket, body: bucket_of },
        Routine { name: "bucket_after", head: bucket, body: bucket_after.to_owned() },
        Routine {
            name: "refresh_rollup",
            head: "(target text, window_start timestamptz, window_end timestamptz, most integer) \
                   RETURNS integer LANGUAGE plpgsql",
            body: format!("\n{REFRESH}"),
        },
    ]
}

/// The names of [`routines`], in the order in which they are made.
pub const NAMES: [&str; 3] = ["bucket_of", "bucket_after", "refresh_rollup"];

/// A function of schema `bss`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routine {
    /// Its name.
    pub name: &'static str,
    head: &'static str,
    /// Its body, as the server keeps it.
    pub body: String,
}

impl Routine {
    /// Makes it anew.
    #[must_use]
    pub fn create(&self) -> String {
        let Self { name, head, body } = self;
        format!("CREATE OR REPLACE FUNCTION bss.{name}{head} AS $body${body}$body$")
    }
}

/// What a rollup's buckets `$3` are made of: the rows of `[$1, $2)`.
#[must_use]
pub fn definition(spec: &Spec, aggregate: &ContinuousAggregate) -> String {
    let bucket = bucket(aggregate.bucket, "\"time\"", bucket_zone(spec, aggregate));
    sql::select_where(
        spec,
        aggregate,
        &format!("\"time\" >= $1 AND \"time\" < $2 AND {bucket} = ANY ($3)"),
    )
}

/// The `SELECT` of the public view: what is made, and beyond the watermark the rows themselves; with
/// what was `kept` up to an instant.
#[must_use]
pub fn view_select(spec: &Spec, aggregate: &ContinuousAggregate, kept: Option<&str>) -> String {
    let inner = aggregate.inner();
    let watermark = format!("(SELECT watermark FROM bss.rollup WHERE name = {})", literal(&inner));
    let column = ident(&aggregate.bucket_column);
    let (mut made_of, mut rows_of) =
        (format!("{column} < {watermark}"), format!("\"time\" >= {watermark}"));
    if let Some(kept) = kept.map(editions::instant) {
        let bucket = bucket(aggregate.bucket, "\"time\"", bucket_zone(spec, aggregate));
        made_of.push_str(&format!(" AND {column} >= {kept}"));
        // The second for whole buckets, the first for the index.
        rows_of.push_str(&format!(" AND \"time\" >= {kept} AND {bucket} >= {kept}"));
    }
    let mut select = format!("{} WHERE {made_of}", sql::select_of_table(aggregate, &inner));
    if !aggregate.materialized_only {
        let beyond = sql::select_where(spec, aggregate, &rows_of);
        select.push_str(&format!("\nUNION ALL\n{beyond}"));
    }
    select + &sql::and_kept(aggregate, kept)
}

/// The name of the function that notes a hypertable's changes.
#[must_use]
pub fn note_name(hypertable: &str) -> String {
    format!("note_{hypertable}")
}

/// The body of the function that notes the changes of a hypertable: per bucket of each rollup.
#[must_use]
pub fn note_body(spec: &Spec, hypertable: &str) -> String {
    let own = || spec.aggregates.iter().filter(|a| a.on == hypertable);
    let all: String = own()
        .map(|a| {
            let inner = a.inner();
            format!(
                "        INSERT INTO bss.rollup_invalidation (rollup, bucket)\n        \
                 SELECT DISTINCT {}, {} FROM {};\n",
                literal(&inner),
                ident(&a.bucket_column),
                qualified(&inner)
            )
        })
        .collect();
    let some: String = own()
        .map(|a| {
            format!(
                "        INSERT INTO bss.rollup_invalidation (rollup, bucket)\n        \
                 SELECT DISTINCT {}, {} FROM changed;\n",
                literal(&a.inner()),
                bucket(a.bucket, "\"time\"", bucket_zone(spec, a))
            )
        })
        .collect();
    format!(
        "\nBEGIN\n    IF TG_OP = 'TRUNCATE' THEN\n{all}    ELSE\n{some}    END IF;\n    RETURN NULL;\n\
         END\n"
    )
}

/// The triggers that call it: name, event, transition table.
pub const TRIGGERS: [(&str, &str, &str); 5] = [
    ("note_insert", "INSERT", "REFERENCING NEW TABLE AS changed "),
    ("note_delete", "DELETE", "REFERENCING OLD TABLE AS changed "),
    ("note_update_old", "UPDATE", "REFERENCING OLD TABLE AS changed "),
    ("note_update_new", "UPDATE", "REFERENCING NEW TABLE AS changed "),
    ("note_truncate", "TRUNCATE", ""),
];

/// Adds the steps of all rollups.
pub(super) fn plan(spec: &Spec, inventory: &Inventory, schema: &str, steps: &mut Vec<Step>) {
    if spec.aggregates.is_empty() {
        return;
    }
    for routine in routines(schema) {
        let object = format!("function {}", routine.name);
        let (change, reason) = (Change::Routine(routine.name), "keeps rollups current");
        match inventory.routines.get(routine.name) {
            None => steps.push(create(object, None, reason, change)),
            Some(found) if found.trim() == routine.body.trim() => {}
            Some(_) => steps.push(changed(object, "another body", "its body", Some(change))),
        }
    }
    for table in &spec.hypertables {
        if spec.aggregates.iter().any(|a| a.on == table.name) {
            log(spec, table, inventory, steps);
        }
    }
    for aggregate in &spec.aggregates {
        one(spec, aggregate, inventory, steps);
    }
    editions::plan(spec, inventory, Edition::Apache, steps);
    for (name, found) in &inventory.rollups {
        if !spec.aggregates.iter().any(|a| a.inner() == *name || set_aside(a, name)) {
            let on = Some(format!("on {}", found.on));
            steps.push(foreign(format!("rollup {name}"), on));
        }
    }
}

fn log(spec: &Spec, table: &Hypertable, inventory: &Inventory, steps: &mut Vec<Step>) {
    let object = format!("invalidation log of {}", table.name);
    let change = Change::InvalidationLog(table.name.clone());
    let body = inventory.routines.get(&note_name(&table.name));
    let there = |(name, _, _): &&(&str, &str, &str)| {
        inventory.triggers.contains(&(table.name.clone(), (*name).to_owned()))
    };
    let triggers = TRIGGERS.iter().filter(there).count();
    match body {
        None => {
            let reason = "says which buckets have changed";
            steps.push(create(object, Some("by statement triggers".to_owned()), reason, change));
        }
        Some(body) if body.trim() != note_body(spec, &table.name).trim() => {
            steps.push(changed(object, "another body", "its body", Some(change)));
        }
        Some(_) if triggers < TRIGGERS.len() => {
            let found = format!("{triggers} triggers");
            steps.push(changed(object, found, TRIGGERS.len().to_string(), Some(change)));
        }
        Some(_) => {}
    }
}

fn one(spec: &Spec, aggregate: &ContinuousAggregate, inventory: &Inventory, steps: &mut Vec<Step>) {
    let Some(found) = inventory.rollups.get(&aggregate.inner()) else {
        steps.push(editions::make(spec, aggregate, inventory, Edition::Apache));
        return;
    };
    let object = format!("rollup {}", aggregate.name);
    let history = inventory.histories.get(&aggregate.inner()).cloned();
    if found.definition != definition(spec, aggregate) {
        if let Some(floor) = inventory.floors.get(&aggregate.on) {
            steps.push(editions::blocked(object, "another SELECT", &aggregate.inner(), floor));
        } else {
            let (aggregate, before) = (aggregate.clone(), Before::Other(Kept::Rollup));
            let change = Change::Rollup(Making { aggregate, before, floor: None, history });
            let mut step = changed(object, "another SELECT", "its SELECT", Some(change));
            step.reason = "the old one is kept under another name".to_owned();
            steps.push(step);
        }
        return;
    }
    if found.fill_pending {
        let change = Change::FillRollup(aggregate.clone());
        steps.push(changed(object, "half filled", "filled", Some(change)));
    }
    let change = Change::RollupView(aggregate.clone(), history);
    aggregates::view(aggregate, change, inventory, steps);
}

/// What makes the log of a hypertable. The writers of the table need no right on the log.
pub(super) fn log_batches(spec: &Spec, hypertable: &str, schema: &str) -> Vec<Batch> {
    let function = format!("bss.{}", ident(&note_name(hypertable)));
    let table = qualified(hypertable);
    let mut statements = vec![format!(
        "CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql \
         SECURITY DEFINER SET search_path = bss, {}, pg_temp AS $body${}$body$",
        ident(schema),
        note_body(spec, hypertable)
    )];
    for (name, event, tables) in TRIGGERS {
        statements.push(format!("DROP TRIGGER IF EXISTS {name} ON {table}"));
        statements.push(format!(
            "CREATE TRIGGER {name} AFTER {event} ON {table} {tables}\
             FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        ));
    }
    vec![Batch::Together(statements)]
}

/// Gives a rollup another name, which the registry keeps or not.
pub(super) fn rename(inner: &str, registered: bool) -> String {
    let (table, name) = (qualified(inner), literal(inner));
    let registry = if registered {
        format!("UPDATE bss.rollup SET name = kept WHERE name = {name}")
    } else {
        format!("DELETE FROM bss.rollup WHERE name = {name}")
    };
    format!(
        "DO $$ DECLARE kept text := {} || to_char(now() AT TIME ZONE 'UTC', \
         'YYYYMMDDHH24MISS'); BEGIN EXECUTE format('ALTER TABLE {table} RENAME TO %I', kept); \
         EXECUTE format('ALTER INDEX bss.{} RENAME TO %I', kept || '_key'); \
         {registry}; DELETE FROM bss.rollup_invalidation WHERE rollup = {name}; END $$",
        literal(&format!("{inner}_until_")),
        ident(&format!("{inner}_key"))
    )
}

/// What makes a rollup with its view, and fills it.
pub(super) fn batches(spec: &Spec, making: &Making) -> Vec<Batch> {
    let aggregate = &making.aggregate;
    let inner = aggregate.inner();
    let (table, name) = (qualified(&inner), literal(&inner));
    let mut together = editions::make_room(making, Edition::Apache);
    let mut keys = vec![ident(&aggregate.bucket_column)];
    keys.extend(aggregate.group_by.iter().map(|c| ident(c)));
    let zone = bucket_zone(spec, aggregate).map_or_else(|| "NULL".to_owned(), literal);
    together.extend([
        format!("CREATE TABLE {table} AS {} WITH NO DATA", sql::select(spec, aggregate)),
        format!(
            "CREATE UNIQUE INDEX {} ON {table} ({}) NULLS NOT DISTINCT",
            ident(&format!("{inner}_key")),
            keys.join(", ")
        ),
        format!(
            "INSERT INTO bss.rollup (name, hypertable, bucket_column, bucket_width, zone, \
             definition) VALUES ({name}, {}, {}, {}, {zone}, {})",
            literal(&aggregate.on),
            literal(&aggregate.bucket_column),
            interval(aggregate.bucket),
            literal(&definition(spec, aggregate))
        ),
        comment_on("TABLE", &inner, &digest(spec, aggregate), true),
    ]);
    together.extend(view(spec, aggregate, making.kept_until()));
    together.push(sql::note_policy(PolicyKind::Refresh, &inner));
    let mut batches = vec![Batch::Together(together)];
    batches.extend(fill(spec, aggregate));
    batches
}

pub(super) fn view(
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    kept: Option<&str>,
) -> Vec<String> {
    sql::public_view(spec, &aggregate.name, &view_select(spec, aggregate, kept))
}

pub(super) fn fill(spec: &Spec, aggregate: &ContinuousAggregate) -> [Batch; 2] {
    let inner = aggregate.inner();
    [
        Batch::UntilZero(refresh(
            (&inner, aggregate.bucket),
            "'-infinity'",
            &format!("now() - {}", interval(aggregate.refresh.end_offset)),
        )),
        Batch::Together(vec![comment_on("TABLE", &inner, &digest(spec, aggregate), false)]),
    ]
}

/// One call of `bss.refresh_rollup` for one with buckets of `width`; `from` and `to` are expressions.
#[must_use]
pub fn refresh((inner, width): (&str, Interval), from: &str, to: &str) -> String {
    let most = in_one_go(width);
    format!("SELECT bss.refresh_rollup({}, {from}, {to}, {most})", literal(inner))
}
