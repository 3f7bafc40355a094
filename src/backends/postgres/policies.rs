//! The runs of policies: what is known of them, and running one where no scheduler does.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::{Executor, Row};

use crate::backends::error::Result;
use crate::backends::postgres::instant::Instant;
use crate::backends::postgres::{classify, code, fault, hypertable, said};
use crate::domain::EventTime;
use crate::runtime::fault::Fault;
use crate::timescale::interval::Interval;
use crate::timescale::inventory::{Inventory, JobKind};
use crate::timescale::policies::{Policy, PolicyKind, Runs};
use crate::timescale::rollups;
use crate::timescale::server::Edition;
use crate::timescale::spec::{ContinuousAggregate, Spec};
use crate::timescale::sql::{bucket, bucket_zone, ident, interval, literal, qualified};

/// By kind and inner name.
pub type Known = BTreeMap<(PolicyKind, String), Runs>;

/// Whether the server's own scheduler works in this database; `None` if we may not see it.
///
/// # Errors
/// A broken connection.
pub async fn scheduler(connection: &mut PgConnection) -> Result<Option<bool>> {
    let query = "SELECT count(*) FILTER (WHERE backend_type = \
                 'TimescaleDB Background Worker Scheduler' AND datname = current_database()) > 0, \
                 pg_has_role('pg_monitor', 'MEMBER') FROM pg_stat_activity";
    let row = sqlx::query(query)
        .fetch_one(connection)
        .await
        .map_err(|e| classify(e, "could not look for the server's scheduler"))?;
    let (seen, may_see): (bool, bool) = (row.get(0), row.get(1));
    Ok((seen || may_see).then_some(seen))
}

/// What is known of the runs of declared policies: what the scheduler says and what
/// `bss metrics policies run` noted, whichever is newer.
///
/// # Errors
/// A refused query.
pub async fn known(
    connection: &mut PgConnection,
    inventory: &Inventory,
    edition: Edition,
) -> Result<Known> {
    let what = "could not read the runs of the policies";
    let mut known = noted(connection).await?;
    if edition == Edition::Apache {
        return Ok(known);
    }
    let query = "SELECT j.job_id, s.last_run_started_at, s.last_successful_finish, \
                 s.last_run_status, s.job_status, j.scheduled, s.next_start = '-infinity', s.next_start, \
                 (SELECT e.err_message FROM timescaledb_information.job_errors e \
                  WHERE e.job_id = j.job_id ORDER BY e.finish_time DESC LIMIT 1) \
                 FROM timescaledb_information.jobs j \
                 LEFT JOIN timescaledb_information.job_stats s USING (job_id)";
    let rows = sqlx::query(query).fetch_all(&mut *connection).await;
    let mut found = Known::new();
    for row in rows.map_err(|e| classify(e, what))? {
        let id: i32 = row.get(0);
        let Some(job) = inventory.jobs.iter().find(|j| j.id == id) else { continue };
        let kind = match job.kind {
            JobKind::Refresh => PolicyKind::Refresh,
            JobKind::Compression => PolicyKind::Compression,
            JobKind::Retain => PolicyKind::Retention,
            JobKind::NativeRetention => continue,
        };
        // Before the first run the times are minus infinity.
        let instant = |at: usize| {
            let time = row.try_get::<Option<Instant>, _>(at).ok().flatten().map(|i| i.0);
            time.filter(|t| t.micros() > 0)
        };
        let text = |at: usize| row.get::<Option<String>, _>(at);
        let failed = text(3).as_deref() == Some("Failed");
        let own = Runs {
            created: known.get(&(kind, job.on.clone())).and_then(|r| r.created),
            started: instant(1),
            succeeded: instant(2),
            next: instant(7),
            failure: failed.then(|| text(8).unwrap_or_else(|| "see the server's log".to_owned())),
            running: text(4).as_deref() == Some("Running"),
            never_starts: !job.scheduled || row.get::<Option<bool>, _>(6).unwrap_or_default(),
        };
        let ours = known.remove(&(kind, job.on.clone())).unwrap_or_default();
        let newest = if ours.started > own.started {
            Runs { never_starts: own.never_starts, next: own.next, ..ours }
        } else {
            own
        };
        found.insert((kind, job.on.clone()), newest);
    }
    Ok(found)
}

async fn noted(connection: &mut PgConnection) -> Result<Known> {
    let query = "SELECT policy, object, created_at, started_at, finished_at, failure \
                 FROM bss.policy_run";
    let rows = sqlx::query(query)
        .fetch_all(connection)
        .await
        .map_err(|e| fault(e, "could not read table bss.policy_run"))?;
    let mut known = Known::new();
    for row in rows {
        let kind = match row.get::<&str, _>(0) {
            "refresh" => PolicyKind::Refresh,
            "compression" => PolicyKind::Compression,
            "retention" => PolicyKind::Retention,
            _ => continue,
        };
        let instant = |at: usize| row.get::<Option<Instant>, _>(at).map(|i| i.0);
        let failure: Option<String> = row.get(5);
        let runs = Runs {
            created: instant(2),
            started: instant(3),
            succeeded: instant(4),
            next: None,
            failure,
            running: false,
            never_starts: false,
        };
        known.insert((kind, row.get(1)), runs);
    }
    Ok(known)
}

/// How a run of a policy ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Well, or because it was asked to stop.
    Well,
    /// Others, as another run, held what it needs for longer than it waits; nothing is noted.
    Busy,
    /// The server refused.
    Failed(String),
}

/// Runs a policy and notes when it began and how it ended. `step` is told, of a refresh on the
/// Apache edition, how many buckets are done; it may ask to stop. `fault` may end the process once it
/// is noted as begun (`policies-begun`), and before its end is (`policies-before-end`).
///
/// # Errors
/// A broken connection.
pub async fn run(
    connection: &mut PgConnection,
    (inventory, edition): (&Inventory, Edition),
    policy: &Policy,
    fault_at: &Fault,
    step: &mut dyn FnMut(u64) -> bool,
) -> Result<Ended> {
    let what = || format!("could not run the {} policy on {}", policy.kind.word(), policy.object);
    let (kind, inner) = (literal(policy.kind.word()), literal(&policy.inner));
    let before =
        format!("SELECT started_at FROM bss.policy_run WHERE policy = {kind} AND object = {inner}");
    let before = sqlx::query_scalar::<_, Option<Instant>>(&before).fetch_optional(&mut *connection);
    let before = before.await.map_err(|e| fault(e, what()))?.flatten();
    let begin = format!(
        "INSERT INTO bss.policy_run (policy, object, started_at) VALUES ({kind}, {inner}, \
         clock_timestamp()) ON CONFLICT (policy, object) DO UPDATE SET started_at = \
         clock_timestamp() RETURNING started_at"
    );
    let begun = sqlx::query_scalar::<_, Instant>(&begin).fetch_one(&mut *connection).await;
    let begun = begun.map_err(|e| fault(e, what()))?;
    fault_at.hit("policies-begun");
    let outcome = match edition {
        Edition::Community => job(connection, inventory, policy).await,
        Edition::Apache => own(connection, policy, step).await,
    };
    // What is left of a transaction that failed.
    let cleared = (&mut *connection).execute("ROLLBACK").await;
    cleared.map_err(|e| fault(e, what()))?;
    let failure = match &outcome {
        Ok(true) => None,
        Ok(false) => return Ok(Ended::Well),
        Err(error) if code(error).as_deref() == Some("55P03") => {
            // As if this run had not been, unless another has begun since.
            let undo = format!(
                "UPDATE bss.policy_run SET started_at = $1 WHERE policy = {kind} AND object = \
                 {inner} AND started_at = $2"
            );
            let undone = sqlx::query(&undo).bind(before).bind(begun).execute(&mut *connection);
            return undone.await.map(|_| Ended::Busy).map_err(|e| fault(e, what()));
        }
        Err(error) if error.as_database_error().is_some() => Some(said(error)),
        Err(_) => return outcome.map(|_| Ended::Well).map_err(|e| fault(e, what())),
    };
    fault_at.hit("policies-before-end");
    let end = format!(
        "UPDATE bss.policy_run SET finished_at = CASE WHEN $1::text IS NULL THEN clock_timestamp() \
         ELSE finished_at END, failure = $1 WHERE policy = {kind} AND object = {inner}"
    );
    let noted = sqlx::query(&end).bind(&failure).execute(&mut *connection).await;
    noted.map_err(|e| fault(e, what()))?;
    Ok(failure.map_or(Ended::Well, Ended::Failed))
}

async fn job(
    connection: &mut PgConnection,
    inventory: &Inventory,
    policy: &Policy,
) -> std::result::Result<bool, sqlx::Error> {
    let kind = match policy.kind {
        PolicyKind::Refresh => JobKind::Refresh,
        PolicyKind::Compression => JobKind::Compression,
        PolicyKind::Retention => JobKind::Retain,
    };
    let job = inventory.jobs.iter().find(|j| j.kind == kind && j.on == policy.inner);
    let Some(job) = job else { return Ok(true) };
    connection.execute(format!("CALL run_job({})", job.id).as_str()).await?;
    Ok(true)
}

/// Says whether it ran to its end.
async fn own(
    connection: &mut PgConnection,
    policy: &Policy,
    step: &mut dyn FnMut(u64) -> bool,
) -> std::result::Result<bool, sqlx::Error> {
    if let (PolicyKind::Retention, Some(after)) = (policy.kind, policy.after) {
        let call = format!(
            "CALL bss.retain(0, jsonb_build_object('hypertable', {}, 'drop_after', {}))",
            literal(&policy.inner),
            literal(&after.to_string())
        );
        connection.execute(call.as_str()).await?;
        return Ok(true);
    }
    let (Some(start), Some(end), Some(bucket)) =
        (policy.start_offset, policy.end_offset, policy.bucket)
    else {
        return Ok(true);
    };
    let ago = |offset| format!("now() - {}", interval(offset));
    refresh_rollup(connection, (&policy.inner, bucket), (&ago(start), &ago(end)), step).await
}

/// Refreshes a rollup between two instants (expressions); says whether it came to the end.
async fn refresh_rollup(
    connection: &mut PgConnection,
    rollup: (&str, Interval),
    (from, to): (&str, &str),
    step: &mut dyn FnMut(u64) -> bool,
) -> std::result::Result<bool, sqlx::Error> {
    let statement = rollups::refresh(rollup, from, to);
    let mut buckets = 0;
    loop {
        let done: i32 = sqlx::query_scalar(&statement).fetch_one(&mut *connection).await?;
        if done == 0 {
            return Ok(true);
        }
        buckets += u64::try_from(done).unwrap_or(0);
        if !step(buckets) {
            return Ok(false);
        }
    }
}

/// What is to be refreshed of an aggregate.
#[derive(Clone, Debug)]
pub struct Span {
    /// Below it rows are gone.
    pub floor: Option<EventTime>,
    /// From where on; from the floor if it does not say.
    pub since: Option<EventTime>,
    /// Up to where.
    pub until: EventTime,
    /// Of a continuous aggregate: the bounds of the steps, each the start of a bucket.
    bounds: Vec<EventTime>,
}

impl Span {
    /// How many steps there are, where that is known before.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        u64::try_from(self.bounds.len().saturating_sub(1)).ok().filter(|steps| *steps > 0)
    }
}

/// Finds what is to be refreshed of an aggregate: what is `asked`, else all from the floor to where
/// its policy goes.
///
/// # Errors
/// A refused query.
pub async fn span(
    connection: &mut PgConnection,
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    edition: Edition,
    asked: (Option<EventTime>, Option<EventTime>),
) -> Result<Span> {
    let what = || format!("could not look at the rows of {}", aggregate.name);
    let floor = hypertable::floor(connection, &aggregate.on).await?;
    // A bucket whose rows are all gone is older than any row.
    let query = format!(
        "SELECT now() - {}, least((SELECT min(\"time\") FROM {}), (SELECT min({}) FROM {}))",
        interval(aggregate.refresh.end_offset),
        qualified(&aggregate.on),
        ident(&aggregate.bucket_column),
        qualified(&aggregate.inner()),
    );
    let row = sqlx::query(&query).fetch_one(&mut *connection).await;
    let row = row.map_err(|e| fault(e, what()))?;
    let (since, until) = (asked.0, asked.1.unwrap_or(row.get::<Instant, _>(0).0));
    let mut span = Span { floor, since, until, bounds: Vec::new() };
    let oldest = row.get::<Option<Instant>, _>(1).map(|i| i.0);
    let from = since.or(oldest).max(floor);
    if let (Edition::Community, Some(from)) = (edition, from) {
        let bucket = bucket(aggregate.bucket, "g", bucket_zone(spec, aggregate));
        let width = interval(aggregate.bucket);
        // More in one go take more memory.
        let step = rollups::in_one_go(aggregate.bucket);
        // Whole buckets only: a window that is smaller than one is refused.
        let query = format!(
            "SELECT DISTINCT {bucket} AS b FROM (SELECT generate_series($1::timestamptz, \
             $2::timestamptz, {step} * {width}) UNION ALL SELECT $2::timestamptz) s (g) ORDER BY b"
        );
        let rows =
            sqlx::query_scalar::<_, Instant>(&query).bind(Instant(from)).bind(Instant(until));
        let rows = rows.fetch_all(connection).await.map_err(|e| fault(e, what()))?;
        span.bounds = rows.into_iter().map(|i| i.0).collect();
    }
    Ok(span)
}

/// Refreshes what of a span has changed, and nothing else. `step` is told how many buckets are done
/// (of a rollup) or steps (of a continuous aggregate), and may ask to stop.
///
/// # Errors
/// What the server says.
pub async fn refresh(
    connection: &mut PgConnection,
    aggregate: &ContinuousAggregate,
    edition: Edition,
    span: &Span,
    step: &mut dyn FnMut(u64) -> bool,
) -> std::result::Result<bool, sqlx::Error> {
    let instant = |time: EventTime| format!("TIMESTAMPTZ {}", literal(&time.to_string()));
    let start = span.since.max(span.floor);
    if edition == Edition::Apache {
        let from = start.map_or_else(|| "'-infinity'".to_owned(), instant);
        let inner = aggregate.inner();
        let (rollup, to) = ((inner.as_str(), aggregate.bucket), instant(span.until));
        return refresh_rollup(connection, rollup, (&from, &to), step).await;
    }
    for (done, step_of) in span.bounds.windows(2).enumerate() {
        let (from, to) = (instant(step_of[0]), instant(step_of[1]));
        let call = format!(
            "CALL refresh_continuous_aggregate({}, {from}, {to})",
            literal(&qualified(&aggregate.inner()))
        );
        connection.execute(call.as_str()).await?;
        if !step(u64::try_from(done + 1).unwrap_or(u64::MAX)) {
            return Ok(false);
        }
    }
    Ok(true)
}
