//! `bss setup timescale --status`

use crate::backends::postgres::policies::{self, Known};
use crate::backends::postgres::transaction::limit_statements;
use crate::backends::postgres::{PgConnection, place, status};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::metrics::policies::{Looked, look_at};
use crate::config::settings::Timescale;
use crate::domain::EventTime;
use crate::timescale::plan::plan;
use crate::timescale::policies::{Policy, declared, judge};
use crate::timescale::server::Edition;
use crate::timescale::spec::Spec;
use crate::timescale::status::{AggregateStatus, HypertableStatus, next_run};
use crate::ui::{Cell, OutputForm, Report};

/// Everything that is shown.
struct Status {
    title: String,
    edition: Edition,
    version: Option<String>,
    by_itself: Option<bool>,
    differences: usize,
    lacks: Vec<&'static str>,
    tables: Vec<HypertableStatus>,
    aggregates: Vec<AggregateStatus>,
    policies: Vec<(Policy, [Cell; 5])>,
}

/// Shows what the declared objects hold.
///
/// # Errors
/// The server cannot be used, is not set up, or refuses a query.
pub async fn show(
    context: &Context,
    connection: PgConnection,
    settings: &Timescale,
    spec: Spec,
) -> Result<ExitStatus, Failure> {
    let looked = look_at(connection, settings, spec).await?;
    let status = fetch(context, settings, looked).await?;
    if context.ui.form() == OutputForm::Table {
        for report in tables(&status) {
            context.ui.report(&report)?;
        }
    } else {
        context.ui.report(&document(&status))?;
    }
    if status.differences > 0 {
        context.ui.hint(format!(
            "{} objects differ from what is declared: `bss setup timescale --check` names them.",
            status.differences
        ));
    }
    Ok(ExitStatus::Done)
}

async fn fetch(context: &Context, settings: &Timescale, looked: Looked) -> Result<Status, Failure> {
    let Looked { mut connection, server, edition, spec, inventory } = looked;
    limit_statements(&mut connection, settings.statement_timeout).await?;
    let known = policies::known(&mut connection, &inventory, edition).await?;
    let scheduler = policies::scheduler(&mut connection).await?;
    let by_itself = if edition == Edition::Apache { Some(false) } else { scheduler };
    let tables = status::hypertables(&mut connection, &spec, &server, &inventory).await?;
    let aggregates =
        status::aggregates(&mut connection, &spec, &inventory, edition, &tables).await?;
    let schema = server.schema.as_deref().unwrap_or("public");
    let mut lacks = Vec::new();
    if edition == Edition::Apache {
        lacks.extend(["compression", "continuous aggregates (rollups stand in)"]);
    }
    if by_itself != Some(true) {
        lacks.push("a scheduler of policies (`bss metrics policies run` stands in)");
    }
    let (own, now) = (by_itself == Some(true), context.now());
    let row = |policy: Policy| {
        let cells = policy_cells(&policy, &known, own, now);
        (policy, cells)
    };
    Ok(Status {
        title: format!(
            "TimescaleDB {} ({edition} edition), {}",
            server.installed.as_deref().unwrap_or("not created yet"),
            place(settings)
        ),
        edition,
        by_itself,
        differences: plan(&spec, &inventory, edition, schema).steps.len(),
        lacks,
        tables,
        aggregates,
        policies: declared(&spec, edition).into_iter().map(row).collect(),
        version: server.installed,
    })
}

fn policy_cells(policy: &Policy, known: &Known, by_itself: bool, now: EventTime) -> [Cell; 5] {
    let runs = known.get(&(policy.kind, policy.inner.clone()));
    let health = judge(policy, runs, now);
    let time = |time: Option<EventTime>| time.map_or(Cell::Null, Cell::from);
    [
        time(runs.and_then(|r| r.started)),
        time(runs.and_then(|r| r.succeeded)),
        time(next_run(policy, runs, by_itself, now)),
        health.word().into(),
        Cell::text_or_null(health.is_finding().then(|| health.to_string())),
    ]
}

fn rounded(value: Option<f64>, decimals: usize) -> Cell {
    value.map_or(Cell::Null, |v| Cell::Number(format!("{v:.decimals$}")))
}

fn time(value: Option<EventTime>) -> Cell {
    value.map_or(Cell::Null, Cell::from)
}

/// The cells of a hypertable: chunks, compressed, rows, bytes, bytes a row, before, after, saved,
/// oldest, newest, chunk interval, floor.
fn hypertable_cells(status: &Status, table: &HypertableStatus) -> [Cell; 12] {
    let compresses = status.edition == Edition::Community;
    let (before, after) = table.compression.unzip();
    [
        table.chunks.into(),
        if compresses { table.compressed_chunks.into() } else { Cell::Null },
        rounded(table.rows.about(), 0),
        table.bytes.into(),
        rounded(table.bytes_per_row(), 1),
        before.map_or(Cell::Null, Cell::from),
        after.map_or(Cell::Null, Cell::from),
        rounded(table.saved_percent(), 1),
        time(table.times.map(|t| t.0)),
        time(table.times.map(|t| t.1)),
        table.chunk_interval.to_string().into(),
        time(table.floor),
    ]
}

/// The cells of an aggregate: bucket, made until, invalid buckets, real-time, filled.
fn aggregate_cells(aggregate: &AggregateStatus) -> [Cell; 5] {
    [
        aggregate.bucket.to_string().into(),
        time(aggregate.made_until),
        aggregate.invalid_buckets.into(),
        Cell::Bool(aggregate.real_time),
        Cell::Bool(!aggregate.fill_pending),
    ]
}

/// The columns of [`hypertable_cells`].
fn hypertable_columns(report: Report) -> Report {
    report
        .number("chunks", "CHUNKS")
        .number("compressedChunks", "COMPRESSED")
        .number("approximateRows", "ROWS, ABOUT")
        .number("totalBytes", "BYTES")
        .number("bytesPerRow", "A ROW")
        .number("beforeCompressionBytes", "BEFORE")
        .number("afterCompressionBytes", "AFTER")
        .number("savedPercent", "SAVED %")
        .column("oldest", "OLDEST")
        .column("newest", "NEWEST")
        .column("chunkInterval", "CHUNK")
        .column("floor", "FLOOR")
}

/// The columns of [`aggregate_cells`].
fn aggregate_columns(report: Report) -> Report {
    report
        .column("bucket", "BUCKET")
        .column("madeUntil", "MADE UNTIL")
        .number("invalidBuckets", "CHANGED")
        .column("realTime", "REAL-TIME")
        .column("filled", "FILLED")
}

/// The columns of the runs of a policy.
fn run_columns(report: Report) -> Report {
    report
        .column("lastStarted", "LAST STARTED")
        .column("lastSuccess", "LAST SUCCESS")
        .column("nextRun", "NEXT RUN")
        .column("health", "HEALTH")
        .column("detail", "DETAIL")
}

/// A table for each kind of object.
fn tables(status: &Status) -> [Report; 3] {
    let title = match status.lacks.as_slice() {
        [] => status.title.clone(),
        lacks => format!("{}\nnot here: {}", status.title, lacks.join(", ")),
    };
    let mut hypertables = hypertable_columns(Report::new(title).column("name", "HYPERTABLE"));
    for table in &status.tables {
        let name = [Cell::from(table.name.as_str())];
        hypertables.push(name.into_iter().chain(hypertable_cells(status, table)).collect());
    }
    let kind = if status.edition == Edition::Apache { "ROLLUP" } else { "AGGREGATE" };
    let aggregates = Report::new("").column("name", kind).column("on", "ON");
    let mut aggregates = aggregate_columns(aggregates.number("totalBytes", "BYTES"));
    for aggregate in &status.aggregates {
        let (name, on) = (aggregate.name.as_str().into(), aggregate.on.as_str().into());
        let first = [name, on, Cell::from(aggregate.bytes)];
        aggregates.push(first.into_iter().chain(aggregate_cells(aggregate)).collect());
    }
    let policies = Report::new("").column("policy", "POLICY").column("name", "ON");
    let mut policies = run_columns(policies.column("every", "EVERY"));
    for (policy, cells) in &status.policies {
        let (kind, name) = (policy.kind.word().into(), policy.object.as_str().into());
        let first = [kind, name, Cell::from(policy.every.to_string())];
        policies.push(first.into_iter().chain(cells.clone()).collect());
    }
    [hypertables, aggregates, policies]
}

/// One list of all objects; what a kind does not have is null.
fn document(status: &Status) -> Report {
    let report = Report::new("")
        .meta("edition", status.edition.to_string().to_lowercase())
        .meta("version", status.version.as_deref())
        .meta("scheduler", status.by_itself)
        .meta("notAvailable", status.lacks.clone())
        .meta("differences", status.differences)
        .column("kind", "KIND")
        .column("name", "NAME")
        .column("on", "ON");
    let report = aggregate_columns(hypertable_columns(report));
    let mut report = run_columns(report.column("policy", "POLICY").column("every", "EVERY"));
    let nothing = |count: usize| std::iter::repeat_n(Cell::Null, count);
    for table in &status.tables {
        let first = ["hypertable", table.name.as_str()].map(Cell::from).into_iter();
        let row = first.chain([Cell::Null]).chain(hypertable_cells(status, table));
        report.push(row.chain(nothing(12)).collect());
    }
    for aggregate in &status.aggregates {
        let kind = if status.edition == Edition::Apache { "rollup" } else { "aggregate" };
        let first = [kind, &aggregate.name, &aggregate.on].map(Cell::from).into_iter();
        let row = first.chain(nothing(3)).chain([Cell::from(aggregate.bytes)]).chain(nothing(8));
        report.push(row.chain(aggregate_cells(aggregate)).chain(nothing(7)).collect());
    }
    for (policy, cells) in &status.policies {
        let first = [Cell::from("policy"), Cell::Null, policy.object.as_str().into()].into_iter();
        let own = [policy.kind.word().into(), Cell::from(policy.every.to_string())];
        report.push(first.chain(nothing(17)).chain(own).chain(cells.clone()).collect());
    }
    report
}
