//! `bss doctor`: every backend at once, each finding with its fix.
//!
//! The backends bring facts; the judges here ([`timescale`], [`kafka`], [`redis`]) are pure and
//! turn them into checks.

pub mod kafka;
pub mod redis;
pub mod timescale;

use crate::backends::{self, BackendError};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::config::{Backend, Resolved, credentials};
use crate::domain::EventTime;
use crate::ui::{Cell, Report};

/// Check that every backend answers and is set up right
///
/// Changes nothing. Exit code 0: all is well; 4: a backend cannot be used; 6: there are findings.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Fine,
    /// Worth knowing, nothing to do.
    Note,
    /// Something to mend.
    Finding,
    /// The backend cannot be used.
    Unreachable,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Note => "note",
            Self::Finding => "finding",
            Self::Unreachable => "unreachable",
        }
    }
}

/// One check of one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub subject: &'static str,
    /// How it came out.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do about it, literally.
    pub fix: Option<String>,
}

impl Check {
    /// As it should be.
    #[must_use]
    pub fn fine(subject: &'static str, found: impl Into<String>) -> Self {
        Self { subject, state: State::Fine, found: found.into(), fix: None }
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(subject: &'static str, found: impl Into<String>) -> Self {
        Self { subject, state: State::Note, found: found.into(), fix: None }
    }

    /// Something to mend, and how.
    #[must_use]
    pub fn finding(
        subject: &'static str,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { subject, state: State::Finding, found: found.into(), fix: Some(fix.into()) }
    }

    fn unreachable(backend: Backend, error: BackendError) -> Self {
        let failure = Failure::from(error);
        let section = backend.section();
        Self::unusable(
            "reachable",
            failure.hint(format!("`bss config show {section}` tells where its settings are from.")),
        )
    }

    fn unusable(subject: &'static str, failure: Failure) -> Self {
        let mut found = failure.message;
        for cause in failure.causes {
            found.push_str(": ");
            found.push_str(&cause);
        }
        let fix = (!failure.hints.is_empty()).then(|| failure.hints.join(" "));
        Self { subject, state: State::Unreachable, found, fix }
    }
}

/// Judges how far a server's clock is from ours.
#[must_use]
pub fn clock(theirs: EventTime, ours: EventTime, allowed: std::time::Duration) -> Check {
    let micros = theirs.micros_since(ours);
    let millis = micros / 1000;
    let side = if micros < 0 { "behind" } else { "ahead of" };
    let found = format!("{} ms {side} this machine", millis.abs());
    // Events are judged by our clock and stored by theirs: half the allowance is for the events.
    if u128::from(micros.unsigned_abs()) * 2 > allowed.as_micros() {
        let fix = "Synchronise both clocks (chronyc tracking, timedatectl).";
        return Check::finding("clock", found, fix);
    }
    Check::fine("clock", found)
}

/// Runs the command.
///
/// # Errors
/// Only if the result cannot be written: what is wrong with a backend is the result.
pub async fn run(_args: DoctorArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let (timescale, kafka, redis) = tokio::join!(
        checks(context, Backend::Timescale),
        checks(context, Backend::Kafka),
        checks(context, Backend::Redis),
    );
    let of = [(Backend::Timescale, timescale), (Backend::Kafka, kafka), (Backend::Redis, redis)];
    let mut report = Report::new("")
        .column("backend", "BACKEND")
        .column("check", "CHECK")
        .column("state", "STATE")
        .column("found", "FOUND")
        .column("fix", "FIX");
    let mut worst = State::Fine;
    for (backend, checks) in of {
        for check in checks {
            worst = worst.max(check.state);
            report.push(vec![
                backend.section().into(),
                check.subject.into(),
                check.state.word().into(),
                check.found.into(),
                Cell::text_or_null(check.fix),
            ]);
        }
    }
    context.ui.report(&report.meta("state", worst.word()))?;
    Ok(match worst {
        State::Fine | State::Note => ExitStatus::Done,
        State::Finding => ExitStatus::Found,
        State::Unreachable => ExitStatus::Unreachable,
    })
}

/// The checks of one backend; a secret that cannot be had makes it unusable like a dead server.
async fn checks(context: &Context, backend: Backend) -> Vec<Check> {
    let mut resolved: Resolved = context.resolved.clone();
    match credentials::fetch(&mut resolved, backend).await {
        Ok(warnings) => warnings.iter().for_each(|w| context.ui.warning(w)),
        Err(failure) => return vec![Check::unusable("secret", failure)],
    }
    let settings = &resolved.settings;
    let skew = settings.general.max_skew;
    match backend {
        Backend::Timescale => timescale::checks(settings, context.clock.as_ref()).await,
        Backend::Kafka => kafka::checks(settings, context.now()).await,
        Backend::Redis => match backends::redis::facts(&settings.redis).await {
            Ok(facts) => redis::judge(&facts, &settings.redis, context.now(), skew),
            Err(error) => vec![Check::unreachable(backend, error)],
        },
    }
}
