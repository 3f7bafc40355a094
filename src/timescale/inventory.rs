//! What the server has, as plain data.

use std::collections::{BTreeMap, BTreeSet};

use crate::timescale::access::FoundAccess;
use crate::timescale::interval::Interval;

/// Everything the plan looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Whether the extension is there.
    pub extension: bool,
    /// The plain SQL migrations.
    pub migrations: Migrations,
    /// The tables of schema `bss`.
    pub tables: BTreeSet<String>,
    /// The hypertables of schema `bss`.
    pub hypertables: BTreeMap<String, FoundHypertable>,
    /// The indexes of those tables, by table and name.
    pub indexes: BTreeMap<(String, String), Definition>,
    /// The continuous aggregates of schema `bss`, by inner name.
    pub aggregates: BTreeMap<String, FoundAggregate>,
    /// The other views of schema `bss`.
    pub views: BTreeMap<String, Definition>,
    /// The jobs on all of these.
    pub jobs: Vec<Job>,
    /// The rollups, by inner name.
    pub rollups: BTreeMap<String, FoundRollup>,
    /// The bodies of the functions of schema `bss`.
    pub routines: BTreeMap<String, String>,
    /// The triggers that are on, by table and name.
    pub triggers: BTreeSet<(String, String)>,
    /// The body of procedure `bss.retain`.
    pub retain: Option<String>,
    /// Hypertables of which rows have been dropped, with the instant below which.
    pub floors: BTreeMap<String, String>,
    /// The hypertables with compressed chunks.
    pub compressed: BTreeSet<String>,
    /// Up to where buckets of an aggregate (inner name) were kept when the edition changed.
    pub histories: BTreeMap<String, String>,
    /// Tables of continuous aggregates that the server no longer knows and no view of `bss` reads.
    pub stray: BTreeSet<String>,
    /// Roles, rights and tenants' views.
    pub access: FoundAccess,
}

/// The state of the plain SQL migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrations {
    /// Not yet applied: version and description.
    pub pending: Vec<(i64, String)>,
}

/// A definition as the server renders it, and what the server makes of the declared one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// What is there.
    pub found: String,
    /// What the declared one looks like on this server; none if nothing of that name is declared
    /// or the server did not let us try.
    pub declared: Option<String>,
}

/// One hypertable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundHypertable {
    /// The width of new chunks.
    pub chunk_interval: Interval,
    /// Settings of compression, if it is on.
    pub compression: Option<FoundCompression>,
}

/// Settings of compression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundCompression {
    /// The segmenting columns.
    pub segment_by: Vec<String>,
    /// The order, as `time DESC`.
    pub order_by: Vec<String>,
}

/// One continuous aggregate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundAggregate {
    /// The hypertable (or aggregate) below it.
    pub on: String,
    /// Its `SELECT`.
    pub definition: Definition,
    /// Whether rows newer than the last refresh are left out.
    pub materialized_only: bool,
    /// The digest of the declared `SELECT` it was made from, if its comment has one.
    pub digest: Option<String>,
    /// Whether the first filling after its creation has not ended yet.
    pub fill_pending: bool,
}

/// One rollup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRollup {
    /// The hypertable below it.
    pub on: String,
    /// What its buckets are made of.
    pub definition: String,
    /// Whether the first filling after its creation has not ended yet.
    pub fill_pending: bool,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// Refreshes a continuous aggregate.
    Refresh,
    /// Compresses chunks.
    Compression,
    /// The native retention policy, which drops rows that no aggregate has seen.
    NativeRetention,
    /// `bss.retain`.
    Retain,
}

/// One job of the server's scheduler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The server's number of it.
    pub id: i32,
    /// What it does.
    pub kind: JobKind,
    /// On which hypertable or continuous aggregate.
    pub on: String,
    /// Refresh: how far back. None: without a limit.
    pub start_offset: Option<Interval>,
    /// Refresh: how near to now. None: without a limit.
    pub end_offset: Option<Interval>,
    /// Compression and retention: the age.
    pub after: Option<Interval>,
    /// How often.
    pub every: Interval,
    /// Whether the scheduler runs it.
    pub scheduled: bool,
}
