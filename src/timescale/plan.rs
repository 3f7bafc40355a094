//! Declaration and inventory in, ordered steps with reasons out.
//!
//! A plan is data: it can be printed, compared and carried out step by step, each step safe to
//! run again. What is foreign or blocked has no change: it is told and left as it is.

use std::collections::BTreeSet;
use std::fmt;

use crate::timescale::editions::Making;
use crate::timescale::interval::Interval;
use crate::timescale::inventory::{FoundCompression, Inventory, JobKind};
use crate::timescale::server::Edition;
use crate::timescale::spec::{
    Compression, ContinuousAggregate, Hypertable, Index, Retention, Spec,
};
use crate::timescale::{access, aggregates, editions, rollups, sql};

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// It is brought to what is declared.
    Change,
    /// It is taken away.
    Remove,
    /// It is not declared and left as it is.
    Foreign,
    /// It differs, but changing it would lose data, or only somebody else may.
    Blocked,
}

impl Action {
    /// The word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Remove => "remove",
            Self::Foreign => "foreign",
            Self::Blocked => "blocked",
        }
    }
}

/// A change that can be carried out; see [`sql::batches`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Create the extension.
    Extension,
    /// Apply a migration.
    Migration(i64),
    /// Make a table a hypertable.
    Hypertable {
        /// Which.
        name: String,
        /// The width of its chunks.
        chunk_interval: Interval,
    },
    /// Set the width of new chunks.
    ChunkInterval {
        /// Of which hypertable.
        name: String,
        /// The width.
        chunk_interval: Interval,
    },
    /// Make an index anew.
    Index {
        /// On which table.
        table: String,
        /// The index.
        index: Index,
        /// Whether it is the natural key.
        unique: bool,
    },
    /// Set how chunks are compressed.
    Compression {
        /// Of which hypertable.
        name: String,
        /// The settings.
        compression: Compression,
    },
    /// Make the procedure `bss.retain` anew.
    Retain,
    /// Make a continuous aggregate with its view and policy, and fill it.
    Aggregate(Making),
    /// Fill a continuous aggregate whose first filling was cut short.
    Fill {
        /// Which.
        aggregate: ContinuousAggregate,
        /// The floor of its hypertable.
        floor: Option<String>,
    },
    /// Say whether newer rows are left out.
    MaterializedOnly(ContinuousAggregate),
    /// Make the public view anew, with what was kept up to an instant.
    View(ContinuousAggregate, Option<String>),
    /// Make the refresh policy anew.
    RefreshPolicy {
        /// Of which aggregate.
        aggregate: ContinuousAggregate,
        /// The job it replaces.
        replaces: Option<i32>,
    },
    /// Make the compression policy anew.
    CompressionPolicy {
        /// On which hypertable.
        name: String,
        /// The policy.
        compression: Compression,
        /// The job it replaces.
        replaces: Option<i32>,
    },
    /// Make the retention job anew.
    RetainJob {
        /// On which hypertable.
        name: String,
        /// When rows expire.
        retention: Retention,
        /// The job it replaces.
        replaces: Option<i32>,
    },
    /// Delete a job.
    DeleteJob(i32),
    /// Make a function of the rollups anew.
    Routine(&'static str),
    /// Make the log of a hypertable's changes anew.
    InvalidationLog(String),
    /// Make a rollup with its view, and fill it.
    Rollup(Making),
    /// Fill a rollup whose first filling was cut short.
    FillRollup(ContinuousAggregate),
    /// Make the public view of a rollup anew, with what was kept up to an instant.
    RollupView(ContinuousAggregate, Option<String>),
    /// Let a rollup be a plain table that nothing keeps current.
    ForgetRollup(String),
    /// Take away the log of a hypertable's changes.
    NoInvalidationLog(String),
    /// Take away a function of the rollups.
    NoRoutine(&'static str),
    /// Delete a job of the Community edition on the Apache edition.
    ForgetJob(i32),
    /// Make a role.
    Role(String),
    /// Set rights: of which role, on what, which.
    Rights(Vec<(String, access::Target, BTreeSet<String>)>),
    /// Make the schema of the tenants' views.
    TenantSchema,
    /// Make the function anew that says whose rows a role sees.
    TenantFunction,
    /// Make a tenants' view anew, with its rights.
    TenantView(String),
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The object, with its kind.
    pub object: String,
    /// What happens to it.
    pub action: Action,
    /// What is there.
    pub found: Option<String>,
    /// What is declared.
    pub declared: Option<String>,
    /// Why.
    pub reason: String,
    /// What is done; none for what is only told.
    pub change: Option<Change>,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, declared) = (self.found.as_deref(), self.declared.as_deref());
        match self.action {
            Action::Create => write!(f, "+ create {}", self.object)?,
            Action::Change => write!(f, "~ change {}", self.object)?,
            Action::Remove => write!(f, "- remove {}", self.object)?,
            Action::Foreign => write!(f, "- foreign {}", self.object)?,
            Action::Blocked => write!(f, "! blocked {}", self.object)?,
        }
        match (found, declared) {
            (Some(found), Some(declared)) => write!(f, ": {found} -> {declared}")?,
            (Some(one), None) | (None, Some(one)) => write!(f, ": {one}")?,
            (None, None) => {}
        }
        if self.reason.is_empty() { Ok(()) } else { write!(f, "  ({})", self.reason) }
    }
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What is declared but not to be had on this edition.
    pub unavailable: Vec<String>,
}

impl Plan {
    /// The steps that change something.
    pub fn changes(&self) -> impl Iterator<Item = (&Step, &Change)> {
        self.steps.iter().filter_map(|s| Some((s, s.change.as_ref()?)))
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }
}

/// What of a declaration an edition can carry, and the rest by name.
#[must_use]
pub fn restrict(spec: &Spec, edition: Edition) -> (Spec, Vec<String>) {
    if edition == Edition::Community {
        return (spec.clone(), Vec::new());
    }
    let mut kept = spec.clone();
    let mut lost = Vec::new();
    for table in &mut kept.hypertables {
        if table.compression.take().is_some() {
            lost.push(format!("compression of {}", table.name));
            lost.push(format!("compression policy on {}", table.name));
        }
    }
    (kept, lost)
}

/// Plans the way from `inventory` to `spec`.
#[must_use]
pub fn plan(spec: &Spec, inventory: &Inventory, edition: Edition, schema: &str) -> Plan {
    let (spec, unavailable) = restrict(spec, edition);
    let mut steps = Vec::new();
    if !inventory.extension {
        let change = Change::Extension;
        steps.push(create("extension timescaledb", None, "hypertables need it", change));
    }
    for (version, description) in &inventory.migrations.pending {
        let object = format!("migration {version:04}");
        let change = Change::Migration(*version);
        steps.push(create(object, Some(description.clone()), "not applied yet", change));
    }
    access::plan_roles(&spec, inventory, &mut steps);
    for table in &spec.hypertables {
        hypertable(table, inventory, &mut steps);
        native_retention(table, inventory, edition, &mut steps);
    }
    if spec.hypertables.iter().any(|t| t.retention.is_some()) {
        let declared = sql::retain_body(schema);
        let change = Some(Change::Retain);
        match &inventory.retain {
            None => steps.push(create("procedure retain", None, "expires rows", Change::Retain)),
            Some(found) if found.trim() == declared.trim() => {}
            Some(_) => steps.push(changed("procedure retain", "another body", "its body", change)),
        }
    }
    if edition == Edition::Apache {
        // What a scheduler does elsewhere is done by `bss metrics policies run`.
        rollups::plan(&spec, inventory, schema, &mut steps);
    } else {
        aggregates::plan(&spec, inventory, &mut steps);
        editions::plan(&spec, inventory, edition, &mut steps);
        for table in &spec.hypertables {
            compression(table, inventory, &mut steps);
            retention(table, inventory, &mut steps);
        }
    }
    access::plan_rights(&spec, inventory, &mut steps);
    for name in inventory.hypertables.keys() {
        if !spec.hypertables.iter().any(|t| t.name == *name) {
            steps.push(foreign(format!("hypertable {name}"), None));
        }
    }
    Plan { steps, unavailable }
}

pub(super) fn create(
    object: impl Into<String>,
    declared: Option<String>,
    reason: &str,
    change: Change,
) -> Step {
    let (object, reason) = (object.into(), reason.to_owned());
    Step { object, action: Action::Create, found: None, declared, reason, change: Some(change) }
}

pub(super) fn changed(
    object: impl Into<String>,
    found: impl Into<String>,
    declared: impl Into<String>,
    change: Option<Change>,
) -> Step {
    Step {
        object: object.into(),
        action: Action::Change,
        found: Some(found.into()),
        declared: Some(declared.into()),
        reason: String::new(),
        change,
    }
}

pub(super) fn foreign(object: impl Into<String>, found: Option<String>) -> Step {
    Step {
        object: object.into(),
        action: Action::Foreign,
        found,
        declared: None,
        reason: "not declared, left as it is".to_owned(),
        change: None,
    }
}

fn hypertable(table: &Hypertable, inventory: &Inventory, steps: &mut Vec<Step>) {
    let (name, chunk_interval) = (table.name.clone(), table.chunk_interval);
    match inventory.hypertables.get(&table.name) {
        None => {
            let declared = Some(format!("chunks of {chunk_interval}"));
            let reason = if inventory.tables.contains(&table.name) {
                "a plain table so far"
            } else {
                "not there yet"
            };
            let change = Change::Hypertable { name, chunk_interval };
            steps.push(create(format!("hypertable {}", table.name), declared, reason, change));
        }
        Some(found) if found.chunk_interval.micros() != chunk_interval.micros() => {
            steps.push(changed(
                format!("chunk interval of {}", table.name),
                found.chunk_interval.to_string(),
                chunk_interval.to_string(),
                Some(Change::ChunkInterval { name, chunk_interval }),
            ));
        }
        Some(_) => {}
    }
    let key = Index { name: table.key_name(), on: table.key.clone(), filter: None };
    // A table that a pending migration makes comes with its key.
    if inventory.tables.contains(&table.name) {
        index(table, &key, true, inventory, steps);
    }
    for declared in &table.index {
        index(table, declared, false, inventory, steps);
    }
    for (on, name) in inventory.indexes.keys() {
        let known = *name == key.name || table.index.iter().any(|i| i.name == *name);
        if *on == table.name && !known {
            steps.push(foreign(format!("index {name} on {on}"), None));
        }
    }
}

fn index(
    table: &Hypertable,
    index: &Index,
    unique: bool,
    inventory: &Inventory,
    steps: &mut Vec<Step>,
) {
    let kind = if unique { "unique key" } else { "index" };
    let object = format!("{kind} {} on {}", index.name, table.name);
    let change = Change::Index { table: table.name.clone(), index: index.clone(), unique };
    match inventory.indexes.get(&(table.name.clone(), index.name.clone())) {
        None => {
            let mut declared = format!("({})", index.on.join(", "));
            if let Some(filter) = &index.filter {
                declared.push_str(&format!(" where {filter}"));
            }
            let reason = if unique { "keeps repeats out" } else { "serves reports" };
            steps.push(create(object, Some(declared), reason, change));
        }
        Some(found) => match &found.declared {
            Some(declared) if *declared != found.found => {
                steps.push(changed(object, &found.found, declared, Some(change)));
            }
            _ => {}
        },
    }
}

fn native_retention(
    table: &Hypertable,
    inventory: &Inventory,
    edition: Edition,
    steps: &mut Vec<Step>,
) {
    for job in &inventory.jobs {
        if job.kind == JobKind::NativeRetention && job.on == table.name {
            let after = job.after.map_or_else(String::new, |a| format!("after {a}"));
            let change = match edition {
                Edition::Community => Change::DeleteJob(job.id),
                Edition::Apache => Change::ForgetJob(job.id),
            };
            steps.push(Step {
                object: format!("native retention policy on {}", table.name),
                action: Action::Remove,
                found: Some(after),
                declared: None,
                reason: "it drops rows that no continuous aggregate has seen".to_owned(),
                change: Some(change),
            });
        }
    }
}

fn settings(compression: &FoundCompression) -> String {
    let list = |columns: &[String]| {
        if columns.is_empty() { "none".to_owned() } else { columns.join(", ") }
    };
    format!(
        "segment by {}, order by {}",
        list(&compression.segment_by),
        list(&compression.order_by)
    )
}

fn compression(table: &Hypertable, inventory: &Inventory, steps: &mut Vec<Step>) {
    let found = inventory.hypertables.get(&table.name).and_then(|h| h.compression.as_ref());
    let object = format!("compression of {}", table.name);
    let Some(declared) = &table.compression else {
        if let Some(found) = found {
            steps.push(foreign(object, Some(settings(found))));
        }
        return;
    };
    let name = table.name.clone();
    let wished = FoundCompression {
        segment_by: declared.segment_by.clone(),
        order_by: declared.order_by.clone(),
    };
    let change = Change::Compression { name: name.clone(), compression: declared.clone() };
    match found {
        None => steps.push(create(object, Some(settings(&wished)), "saves space", change)),
        Some(found) if *found == wished => {}
        Some(found) => {
            steps.push(changed(object, settings(found), settings(&wished), Some(change)));
        }
    }
    let jobs = inventory.jobs.iter();
    let job = jobs.clone().find(|j| j.kind == JobKind::Compression && j.on == table.name);
    let compression = declared.clone();
    let show = |after: Option<Interval>, every: Interval, scheduled: bool| {
        let after = after.map_or_else(|| "none".to_owned(), |a| a.to_string());
        format!("after {after}, every {every}{}", if scheduled { "" } else { ", paused" })
    };
    let object = format!("compression policy on {}", table.name);
    let wished = show(Some(declared.after), declared.every, true);
    match job {
        None => {
            let change = Change::CompressionPolicy { name, compression, replaces: None };
            steps.push(create(object, Some(wished), "compresses old chunks", change));
        }
        Some(job) => {
            let found = show(job.after, job.every, job.scheduled);
            if found != wished {
                let change =
                    Change::CompressionPolicy { name, compression, replaces: Some(job.id) };
                steps.push(changed(object, found, wished, Some(change)));
            }
        }
    }
}

fn retention(table: &Hypertable, inventory: &Inventory, steps: &mut Vec<Step>) {
    let mut jobs =
        inventory.jobs.iter().filter(|j| j.kind == JobKind::Retain && j.on == table.name);
    let object = format!("retention job on {}", table.name);
    let show = |after: Option<Interval>, every: Interval, scheduled: bool| {
        let after = after.map_or_else(|| "never".to_owned(), |a| a.to_string());
        format!("after {after}, every {every}{}", if scheduled { "" } else { ", paused" })
    };
    if let Some(declared) = &table.retention {
        let wished = show(Some(declared.after), declared.every, true);
        let (name, retention) = (table.name.clone(), declared.clone());
        match jobs.next() {
            None => {
                let change = Change::RetainJob { name, retention, replaces: None };
                let reason = "refreshes every aggregate, then drops whole chunks";
                steps.push(create(object.clone(), Some(wished), reason, change));
            }
            Some(job) => {
                let found = show(job.after, job.every, job.scheduled);
                if found != wished {
                    let change = Change::RetainJob { name, retention, replaces: Some(job.id) };
                    steps.push(changed(object.clone(), found, wished, Some(change)));
                }
            }
        }
    }
    for job in jobs {
        let found = format!("job {}, {}", job.id, show(job.after, job.every, job.scheduled));
        steps.push(Step {
            object: object.clone(),
            action: Action::Remove,
            found: Some(found),
            declared: None,
            reason: "not declared".to_owned(),
            change: Some(Change::DeleteJob(job.id)),
        });
    }
}
