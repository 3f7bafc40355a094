//! The move of a database from one edition of the server to the other. What the other edition has left
//! of an aggregate gives way to what this one keeps, under the same public view.
//!
//! Its buckets below the retention floor cannot be made anew, as their rows are gone: they are kept as
//! a table of their own, which the view adds. The rest is made of the rows.

use crate::timescale::access;
use crate::timescale::aggregates::{self, set_aside_or_version, zone_note};
use crate::timescale::inventory::{Inventory, JobKind};
use crate::timescale::plan::{Action, Change, Step, changed, create, foreign};
use crate::timescale::rollups;
use crate::timescale::server::Edition;
use crate::timescale::spec::{ContinuousAggregate, Spec};
use crate::timescale::sql::{self, Batch, bucket_zone, ident, literal, qualified};

/// How the sums under an inner name are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As a rollup.
    Rollup,
    /// As a continuous aggregate.
    Continuous,
    /// As the view that a continuous aggregate was, which the server no longer knows as one.
    View,
}

impl Kept {
    const fn words(self) -> &'static str {
        match self {
            Self::Rollup => "a rollup",
            Self::Continuous => "a continuous aggregate",
            Self::View => "the view of a continuous aggregate that is gone",
        }
    }
}

/// What stands under the inner name of an aggregate that is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    Nothing,
    /// Other sums, which are kept under another name where that can be.
    Other(Kept),
    /// The same sums as the other edition keeps them.
    Same(Kept),
}

/// An aggregate that is to be made, and what of earlier ones belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// Which.
    pub aggregate: ContinuousAggregate,
    /// What makes room for it.
    pub before: Before,
    /// The floor of its hypertable.
    pub floor: Option<String>,
    /// Up to where buckets were kept in earlier moves.
    pub history: Option<String>,
}

impl Making {
    /// Up to where buckets are kept once it is made.
    #[must_use]
    pub fn kept_until(&self) -> Option<&str> {
        let floor = matches!(self.before, Before::Same(_)).then_some(self.floor.as_ref()).flatten();
        floor.or(self.history.as_ref()).map(String::as_str)
    }
}

/// The table of the buckets below the floor that a move kept.
#[must_use]
pub fn history_table(inner: &str) -> String {
    format!("{inner}_history")
}

/// Reads its comment: up to where it goes.
#[must_use]
pub fn read_history(comment: &str) -> Option<String> {
    comment.strip_prefix("bss until ").map(str::to_owned)
}

/// An instant as SQL.
pub(super) fn instant(text: &str) -> String {
    format!("TIMESTAMPTZ {}", literal(text))
}

/// What this edition has no use for under the inner name, and whether it has the declared sums.
fn left(
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    inventory: &Inventory,
    edition: Edition,
) -> Option<(Kept, bool)> {
    let inner = aggregate.inner();
    if edition == Edition::Community {
        let found = inventory.rollups.get(&inner)?;
        return Some((Kept::Rollup, found.definition == rollups::definition(spec, aggregate)));
    }
    if let Some(found) = inventory.aggregates.get(&inner) {
        return Some((Kept::Continuous, !aggregates::differs(spec, aggregate, found)));
    }
    // Of a view nothing more is known; a column that it lacks is an error when it is read.
    inventory.views.contains_key(&inner).then_some((Kept::View, true))
}

/// The step that makes an aggregate which is not there as this edition keeps it.
pub(super) fn make(
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    inventory: &Inventory,
    edition: Edition,
) -> Step {
    let inner = aggregate.inner();
    let left = left(spec, aggregate, inventory, edition);
    let floor = inventory.floors.get(&aggregate.on).cloned();
    let history = inventory.histories.get(&inner).cloned();
    let before = match left {
        None => Before::Nothing,
        Some((kept, true)) => Before::Same(kept),
        Some((kept, false)) => Before::Other(kept),
    };
    let making = Making { aggregate: aggregate.clone(), before, floor: floor.clone(), history };
    let (noun, change, kept_current) = match edition {
        Edition::Community => {
            ("continuous aggregate", Change::Aggregate(making), "with its view and refresh policy")
        }
        Edition::Apache => (
            "rollup",
            Change::Rollup(making),
            "with its view; `bss metrics policies run` keeps it current",
        ),
    };
    let object = format!("{noun} {}", aggregate.name);
    if edition == Edition::Apache && inventory.compressed.contains(&aggregate.on) {
        let found = left.map_or("nothing", |(kept, _)| kept.words());
        let mut step = blocked(object, found, &format!("a {noun}"), "");
        step.reason = format!(
            "{} has compressed chunks, whose rows this edition cannot read: decompress them on the \
             Community edition",
            aggregate.on
        );
        return step;
    }
    let mut names = inventory.aggregates.keys().chain(inventory.rollups.keys());
    let earlier = names.any(|n| *n != inner && set_aside_or_version(aggregate, n));
    match (left, floor) {
        (Some((_, false)), Some(floor)) => blocked(object, "another SELECT", &inner, &floor),
        (None, Some(floor)) if earlier => {
            blocked(object, "an earlier version of it", &inner, &floor)
        }
        (Some((kept, same)), floor) => {
            let mut step = changed(object, kept.words(), format!("a {noun}"), Some(change));
            step.reason = match floor {
                Some(floor) => format!(
                    "its buckets before {floor} are kept in {}: their rows are gone",
                    history_table(&inner)
                ),
                None if same => "the rows to make it of are all there".to_owned(),
                None if kept == Kept::Rollup => "the old one is kept under another name".to_owned(),
                None => "of another SELECT; the rows to make it of are all there".to_owned(),
            };
            step
        }
        (None, floor) => {
            let by = aggregate.group_by.join(", ");
            let zone = zone_note(bucket_zone(spec, aggregate));
            let declared = format!("by {}{zone} and {by}", aggregate.bucket);
            let mut step = create(object, Some(declared), kept_current, change);
            if let Some(floor) = floor {
                let without = format!("; without buckets before {floor}: their rows are gone");
                step.reason.push_str(&without);
            }
            step
        }
    }
}

/// A step that would lose what the rows below the floor added up to.
pub(super) fn blocked(object: String, found: &str, declared: &str, floor: &str) -> Step {
    Step {
        object,
        action: Action::Blocked,
        found: Some(found.to_owned()),
        declared: Some(declared.to_owned()),
        reason: format!("rows before {floor} are gone, a new one could not be filled with them"),
        change: None,
    }
}

/// Adds the steps that take away what else the other edition has left.
pub(super) fn plan(spec: &Spec, inventory: &Inventory, edition: Edition, steps: &mut Vec<Step>) {
    match edition {
        Edition::Community => of_rollups(spec, inventory, steps),
        Edition::Apache => of_continuous_aggregates(spec, inventory, steps),
    }
}

fn remove(object: String, found: Option<String>, reason: &str, change: Change) -> Step {
    let (reason, change) = (reason.to_owned(), Some(change));
    Step { object, action: Action::Remove, found, declared: None, reason, change }
}

fn of_rollups(spec: &Spec, inventory: &Inventory, steps: &mut Vec<Step>) {
    for name in inventory.rollups.keys() {
        if !spec.aggregates.iter().any(|a| a.inner() == *name) {
            let mut step = changed(
                format!("rollup {name}"),
                "kept current by the Apache edition's log",
                "a plain table",
                Some(Change::ForgetRollup(name.clone())),
            );
            step.reason = "its rows stay as they are".to_owned();
            steps.push(step);
        }
    }
    let reason = "continuous aggregates have a log of their own";
    for table in &spec.hypertables {
        let name = &table.name;
        let triggers = rollups::TRIGGERS
            .iter()
            .filter(|t| inventory.triggers.contains(&(name.clone(), t.0.to_owned())))
            .count();
        if triggers > 0 || inventory.routines.contains_key(&rollups::note_name(name)) {
            let found = Some(format!("{triggers} triggers"));
            let change = Change::NoInvalidationLog(name.clone());
            steps.push(remove(format!("invalidation log of {name}"), found, reason, change));
        }
    }
    // The newest first: it calls the others.
    for routine in rollups::NAMES.iter().rev() {
        if inventory.routines.contains_key(*routine) {
            let (object, change) = (format!("function {routine}"), Change::NoRoutine(routine));
            steps.push(remove(object, None, "it kept rollups current", change));
        }
    }
}

fn of_continuous_aggregates(spec: &Spec, inventory: &Inventory, steps: &mut Vec<Step>) {
    let theirs = |name: &str| spec.aggregates.iter().any(|a| a.inner() == name);
    for (name, found) in &inventory.aggregates {
        if !theirs(name) {
            let object = format!("continuous aggregate {name}");
            let mut step = foreign(object, Some(format!("on {}", found.on)));
            step.reason = "the Apache edition cannot refresh it, left as it is".to_owned();
            steps.push(step);
        }
    }
    for relation in &inventory.stray {
        let mut step = foreign(format!("table {relation}"), None);
        step.reason = format!("of a continuous aggregate that is gone; DROP TABLE {relation}");
        steps.push(step);
    }
    for (name, found) in &inventory.hypertables {
        if found.compression.is_some() {
            let mut step = foreign(format!("compression of {name}"), Some("on".to_owned()));
            step.reason =
                "the Apache edition neither compresses chunks nor reads compressed ones: \
                           decompress them on the Community edition"
                    .to_owned();
            steps.push(step);
        }
    }
    for job in &inventory.jobs {
        let policy = match job.kind {
            JobKind::Retain => "retention job",
            JobKind::Compression => "compression policy",
            // The one goes with its aggregate, the other is drift on each edition.
            JobKind::Refresh | JobKind::NativeRetention => continue,
        };
        let (object, found) = (format!("{policy} on {}", job.on), Some(format!("job {}", job.id)));
        let reason = "this edition's scheduler cannot run it; `bss metrics policies run` does";
        steps.push(remove(object, found, reason, Change::ForgetJob(job.id)));
    }
}

/// What makes room under the inner name, in the transaction that makes the new one.
pub(super) fn make_room(making: &Making, edition: Edition) -> Vec<String> {
    let Making { aggregate, before, history, .. } = making;
    let inner = aggregate.inner();
    let kept = match before {
        Before::Nothing => return Vec::new(),
        Before::Other(kept) | Before::Same(kept) => *kept,
    };
    let mut statements = access::drop_view(&aggregate.name).to_vec();
    if let (Before::Same(_), Some(floor)) = (before, &making.floor) {
        statements.extend(carry_over(aggregate, kept, floor, history.as_deref()));
    }
    match (before, kept, edition) {
        (Before::Other(_), Kept::Rollup, _) => {
            statements.push(rollups::rename(&inner, edition == Edition::Apache));
        }
        (Before::Other(_), Kept::Continuous, Edition::Community) => {
            statements.extend(sql::rename_aggregate(&inner));
        }
        (_, Kept::Rollup, _) => {
            statements.push(format!("DROP TABLE {}", qualified(&inner)));
            statements.extend(forget(&inner));
        }
        (_, Kept::Continuous, _) => {
            statements.push(format!("DROP MATERIALIZED VIEW {}", qualified(&inner)));
        }
        (_, Kept::View, _) => statements.push(drop_orphan(&inner)),
    }
    statements
}

/// Copies the buckets below the floor that are not kept yet.
fn carry_over(
    aggregate: &ContinuousAggregate,
    kept: Kept,
    floor: &str,
    history: Option<&str>,
) -> Vec<String> {
    let inner = aggregate.inner();
    let (table, from) = (qualified(&history_table(&inner)), qualified(&inner));
    let bucket = ident(&aggregate.bucket_column);
    let columns: Vec<String> = aggregate.columns().into_iter().map(ident).collect();
    let columns = columns.join(", ");
    let mut keys = vec![bucket.clone()];
    keys.extend(aggregate.group_by.iter().map(|c| ident(c)));
    let since = history.map_or_else(String::new, |h| format!(" AND {bucket} >= {}", instant(h)));
    let orphan = (kept == Kept::View).then(|| only_made(&inner, &columns));
    orphan
        .into_iter()
        .chain([
            format!(
                "CREATE TABLE IF NOT EXISTS {table} AS SELECT {columns} FROM {from} WITH NO DATA"
            ),
            format!(
                "CREATE UNIQUE INDEX IF NOT EXISTS {} ON {table} ({}) NULLS NOT DISTINCT",
                ident(&format!("{}_key", history_table(&inner))),
                keys.join(", ")
            ),
            format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {from} \
                 WHERE {bucket} < {}{since}",
                instant(floor)
            ),
            format!("COMMENT ON TABLE {table} IS {}", literal(&format!("bss until {floor}"))),
            format!("ANALYZE {table}"),
        ])
        .collect()
}

/// Finds, as `made`, the table that the view of a continuous aggregate which is gone reads.
fn with_made(inner: &str, then: &str) -> String {
    format!(
        "DO $orphan$ DECLARE made regclass; BEGIN SELECT d.refobjid::regclass INTO made \
         FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = d.refobjid \
         WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass \
         AND r.ev_class = {}::regclass AND c.relname LIKE '\\_materialized\\_hypertable\\_%' LIMIT 1; \
         {then} END $orphan$",
        literal(&qualified(inner))
    )
}

/// Lets the view read only what was made: up to where, the server does not know any more.
fn only_made(inner: &str, columns: &str) -> String {
    let view =
        literal(&format!("CREATE OR REPLACE VIEW {} AS SELECT {columns} FROM ", qualified(inner)));
    with_made(inner, &format!("IF made IS NOT NULL THEN EXECUTE {view} || made; END IF;"))
}

fn drop_orphan(inner: &str) -> String {
    with_made(
        inner,
        &format!(
            "DROP VIEW {}; IF made IS NOT NULL THEN EXECUTE 'DROP TABLE ' || made; END IF;",
            qualified(inner)
        ),
    )
}

/// Strikes a rollup from the registry and from the log.
fn forget(inner: &str) -> [String; 2] {
    let name = literal(inner);
    [
        format!("DELETE FROM bss.rollup WHERE name = {name}"),
        format!("DELETE FROM bss.rollup_invalidation WHERE rollup = {name}"),
    ]
}

/// What carries out a change that takes away what the other edition has left.
pub(super) fn batches(change: &Change) -> Vec<Batch> {
    let statements = match change {
        Change::ForgetRollup(name) => forget(name).to_vec(),
        Change::NoInvalidationLog(table) => {
            let drop = |(name, _, _): &(&str, &str, &str)| {
                format!("DROP TRIGGER IF EXISTS {name} ON {}", qualified(table))
            };
            let function = format!("bss.{}", ident(&rollups::note_name(table)));
            rollups::TRIGGERS
                .iter()
                .map(drop)
                .chain([
                    format!("DROP FUNCTION IF EXISTS {function}()"),
                    "DELETE FROM bss.rollup_invalidation WHERE rollup NOT IN \
                     (SELECT name FROM bss.rollup)"
                        .to_owned(),
                ])
                .collect()
        }
        Change::NoRoutine(name) => vec![format!("DROP FUNCTION IF EXISTS bss.{}", ident(name))],
        // Its own function for it is not to be had on this edition.
        Change::ForgetJob(id) => vec![forget_job(*id)],
        _ => return Vec::new(),
    };
    vec![Batch::Together(statements)]
}

/// Deletes a job on the Apache edition, which refuses `delete_job`.
pub(super) fn forget_job(id: i32) -> String {
    format!("DELETE FROM _timescaledb_config.bgw_job WHERE id = {id}")
}
