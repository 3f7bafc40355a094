//! Policies that keep the declared objects as they should be: which there are, whether one is due,
//! and whether it can be trusted to run.

use std::fmt;

use crate::domain::EventTime;
use crate::timescale::interval::Interval;
use crate::timescale::server::Edition;
use crate::timescale::spec::Spec;

/// What a policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Refreshes an aggregate.
    Refresh,
    /// Compresses old chunks.
    Compression,
    /// Refreshes what is on a hypertable, then drops its old chunks.
    Retention,
}

impl PolicyKind {
    /// The word in results and in `bss.policy_run`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Compression => "compression",
            Self::Retention => "retention",
        }
    }
}

/// One declared policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it does.
    pub kind: PolicyKind,
    /// On which declared aggregate or hypertable.
    pub object: String,
    /// What the server calls that: the inner name of an aggregate.
    pub inner: String,
    /// How often.
    pub every: Interval,
    /// Refresh: the width of a bucket.
    pub bucket: Option<Interval>,
    /// Refresh: from how long ago on.
    pub start_offset: Option<Interval>,
    /// Refresh: up to how long ago.
    pub end_offset: Option<Interval>,
    /// Compression and retention: the age.
    pub after: Option<Interval>,
}

/// The policies that are declared and that an edition has, in the order in which they are run.
#[must_use]
pub fn declared(spec: &Spec, edition: Edition) -> Vec<Policy> {
    let mut all = Vec::new();
    for aggregate in &spec.aggregates {
        all.push(Policy {
            kind: PolicyKind::Refresh,
            object: aggregate.name.clone(),
            inner: aggregate.inner(),
            every: aggregate.refresh.every,
            bucket: Some(aggregate.bucket),
            start_offset: Some(aggregate.refresh.start_offset),
            end_offset: Some(aggregate.refresh.end_offset),
            after: None,
        });
    }
    let of = |kind, name: &str, every, after| Policy {
        kind,
        object: name.to_owned(),
        inner: name.to_owned(),
        every,
        bucket: None,
        start_offset: None,
        end_offset: None,
        after: Some(after),
    };
    for table in &spec.hypertables {
        if let (Edition::Community, Some(c)) = (edition, &table.compression) {
            all.push(of(PolicyKind::Compression, &table.name, c.every, c.after));
        }
        if let Some(r) = &table.retention {
            all.push(of(PolicyKind::Retention, &table.name, r.every, r.after));
        }
    }
    all
}

/// The aggregates on a hypertable, and before which instant at `now` a row is outside the refresh
/// window of one of them: it is in the aggregate only after a refresh that is asked for.
#[must_use]
pub fn window(spec: &Spec, hypertable: &str, now: EventTime) -> Option<(EventTime, Vec<String>)> {
    let own = || spec.aggregates.iter().filter(|a| a.on == hypertable);
    let shortest = own().map(|a| a.refresh.start_offset.micros()).min()?;
    Some((now.plus_micros(-shortest), own().map(|a| a.name.clone()).collect()))
}

/// What is known of a policy's runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// When it was made, if that was noted.
    pub created: Option<EventTime>,
    /// When it began last.
    pub started: Option<EventTime>,
    /// When it last ended well.
    pub succeeded: Option<EventTime>,
    /// When the scheduler begins it next.
    pub next: Option<EventTime>,
    /// Why the last run failed, if it did.
    pub failure: Option<String>,
    /// Whether it runs now.
    pub running: bool,
    /// Whether the scheduler will never begin it: paused, or its next start is none.
    pub never_starts: bool,
}

/// How a policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It runs as it should.
    Fine,
    /// It runs now.
    Running,
    /// It has not run yet, and need not have.
    New,
    /// It has not run for two intervals since it was made.
    NeverRan,
    /// Its last run failed.
    Failed(String),
    /// It has not ended well for three intervals.
    Overdue {
        /// When it last did.
        since: EventTime,
    },
    /// The scheduler will never begin it.
    NeverStarts,
    /// The server does not have it.
    Missing,
}

impl Health {
    /// The word in results.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Running => "running",
            Self::New => "new",
            Self::NeverRan => "never ran",
            Self::Failed(_) => "failed",
            Self::Overdue { .. } => "overdue",
            Self::NeverStarts => "never starts",
            Self::Missing => "missing",
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        !matches!(self, Self::Fine | Self::Running | Self::New)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(cause) => write!(f, "failed: {cause}"),
            Self::Overdue { since } => write!(f, "last ended well at {since}"),
            other => f.write_str(other.word()),
        }
    }
}

/// Judges a policy at `now`. One that runs now is never called stuck.
#[must_use]
pub fn judge(policy: &Policy, runs: Option<&Runs>, now: EventTime) -> Health {
    let Some(runs) = runs else { return Health::Missing };
    let longer_ago = |time: EventTime, times: i64| {
        now.micros_since(time) > policy.every.micros().saturating_mul(times)
    };
    if runs.running {
        return Health::Running;
    }
    if let Some(cause) = &runs.failure {
        return Health::Failed(cause.clone());
    }
    if runs.never_starts {
        return Health::NeverStarts;
    }
    match (runs.succeeded, runs.created) {
        (Some(since), _) if longer_ago(since, 3) => Health::Overdue { since },
        (Some(_), _) => Health::Fine,
        (None, Some(created)) if longer_ago(created, 2) => Health::NeverRan,
        (None, _) => Health::New,
    }
}

/// Whether a policy that no scheduler runs is to be run at `now`: an interval after it last began, or
/// at once if that run was cut off.
#[must_use]
pub fn is_due(policy: &Policy, runs: Option<&Runs>, now: EventTime) -> bool {
    let ended = |r: &&Runs| r.failure.is_some() || r.succeeded >= r.started;
    let last = runs.filter(ended).and_then(|r| r.started);
    last.is_none_or(|last| now.micros_since(last) >= policy.every.micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timescale::spec::DECLARED;

    const HOUR: i64 = 3_600_000_000;

    fn at(hours: i64) -> EventTime {
        EventTime::from_micros(1_767_225_600_000_000 + hours * HOUR)
    }

    fn hourly() -> Policy {
        let spec = Spec::parse(DECLARED, "UTC").unwrap();
        let all = declared(&spec, Edition::Community);
        assert_eq!(all[0].every, Interval::hours(1));
        all[0].clone()
    }

    #[test]
    fn each_edition_has_its_policies() {
        let spec = Spec::parse(DECLARED, "UTC").unwrap();
        let count =
            |edition, kind| declared(&spec, edition).into_iter().filter(|p| p.kind == kind).count();
        let aggregates = spec.aggregates.len();
        for edition in [Edition::Community, Edition::Apache] {
            assert_eq!(count(edition, PolicyKind::Refresh), aggregates);
            assert_eq!(count(edition, PolicyKind::Retention), 6);
        }
        assert_eq!(count(Edition::Community, PolicyKind::Compression), 5);
        assert_eq!(count(Edition::Apache, PolicyKind::Compression), 0);
    }

    #[test]
    fn a_row_is_outside_the_shortest_window() {
        let mut spec = Spec::parse(DECLARED, "UTC").unwrap();
        let (start, names) = window(&spec, "revenue_metrics", at(0)).unwrap();
        assert_eq!(start, at(-7 * 24));
        assert_eq!(names, ["revenue_daily", "revenue_breakdown_daily", "revenue_breakdown_hourly"]);
        spec.aggregates[0].refresh.start_offset = Interval::days(3);
        assert_eq!(window(&spec, "revenue_metrics", at(0)).unwrap().0, at(-3 * 24));
        assert_eq!(window(&spec, "fraud_alerts", at(0)), None);
    }

    /// Case T5.
    #[test]
    fn a_policy_is_judged_by_its_runs() {
        let judged = |runs: Runs| judge(&hourly(), Some(&runs), at(0));
        let runs = Runs { created: Some(at(-48)), ..Runs::default() };
        assert_eq!(judged(runs.clone()), Health::NeverRan);
        assert_eq!(judged(Runs { created: Some(at(-2)), ..runs.clone() }), Health::New);
        assert_eq!(judged(Runs { created: None, ..runs.clone() }), Health::New);
        let good = Runs { started: Some(at(-1)), succeeded: Some(at(-1)), ..runs };
        assert_eq!(judged(good.clone()), Health::Fine);
        let old = Runs { succeeded: Some(at(-4)), ..good.clone() };
        assert_eq!(judged(old.clone()), Health::Overdue { since: at(-4) });
        // One that runs for long is not called crashed.
        assert_eq!(judged(Runs { running: true, ..old }), Health::Running);
        assert_eq!(judged(Runs { never_starts: true, ..good.clone() }), Health::NeverStarts);
        let failed = Runs { failure: Some("no space".to_owned()), ..good };
        assert_eq!(judged(failed), Health::Failed("no space".to_owned()));
        assert_eq!(judge(&hourly(), None, at(0)), Health::Missing);
    }

    #[test]
    fn it_is_due_an_interval_after_it_began() {
        let due = |runs: Option<Runs>| is_due(&hourly(), runs.as_ref(), at(0));
        assert!(due(None) && due(Some(Runs { created: Some(at(0)), ..Runs::default() })));
        let began = |hours| Runs {
            started: Some(at(hours)),
            succeeded: Some(at(hours)),
            ..Runs::default()
        };
        assert!(due(Some(began(-1))));
        assert!(!due(Some(began(0))));
        // One that was killed has begun and not ended, the first time or since.
        assert!(due(Some(Runs { succeeded: Some(at(-1)), ..began(0) })));
        assert!(!due(Some(Runs { failure: Some("no".to_owned()), succeeded: None, ..began(0) })));
        assert!(due(Some(Runs { succeeded: None, ..began(0) })));
    }
}
