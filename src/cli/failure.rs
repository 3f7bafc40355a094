//! A command's failure: message, causes, hints, exit code. The only place that prints an error.

use std::error::Error;
use std::io::Write;

use crate::backends::{BackendError, Kind};
use crate::cli::exit::ExitStatus;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub status: ExitStatus,
    /// A stable word for scripts (`-o json` prints it): `unreachable`, `not-found`, ...
    pub code: &'static str,
    /// What was tried on which named object.
    pub message: String,
    /// The chain of causes, outermost first.
    pub causes: Vec<String>,
    /// Literal next steps.
    pub hints: Vec<String>,
}

impl Failure {
    /// A failure with its exit code.
    #[must_use]
    pub fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        let code = match status {
            ExitStatus::Done => "done",
            ExitStatus::Failed => "failed",
            ExitStatus::Usage => "usage",
            ExitStatus::Config => "configuration",
            ExitStatus::Unreachable => "unreachable",
            ExitStatus::Conflict => "conflict",
            ExitStatus::Found => "found",
            ExitStatus::Partly => "partly",
            ExitStatus::Bug => "bug",
            ExitStatus::Interrupted | ExitStatus::Terminated => "interrupted",
        };
        Self { status, code, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// Exit 1.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Failed, message)
    }

    /// Exit 2.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Usage, message)
    }

    /// Exit 3.
    #[must_use]
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Config, message)
    }

    /// Replaces the stable word.
    #[must_use]
    pub const fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// Adds a cause and its own causes; a link that repeats the one before is left out.
    #[must_use]
    pub fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(e) = next {
            let text = e.to_string();
            let known = self.causes.last().unwrap_or(&self.message);
            if !text.is_empty() && !known.contains(&text) {
                self.causes.push(text);
            }
            next = e.source();
        }
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints `error:`, `caused by:` and `hint:` lines; control characters are made visible.
    pub fn print(&self, out: &mut dyn Write) {
        let mut text = format!("error: {}\n", crate::ui::visible(&self.message));
        for cause in &self.causes {
            for line in cause.lines().filter(|l| !l.trim().is_empty()) {
                text.push_str(&format!("  caused by: {}\n", crate::ui::visible(line)));
            }
        }
        for hint in &self.hints {
            text.push_str(&format!("hint: {}\n", crate::ui::visible(hint)));
        }
        // A closed standard error leaves nothing to tell.
        drop(out.write_all(text.as_bytes()));
    }
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        let (status, code) = match error.kind {
            Kind::Unreachable => (ExitStatus::Unreachable, "unreachable"),
            Kind::Denied => (ExitStatus::Unreachable, "denied"),
            Kind::TimedOut => (ExitStatus::Unreachable, "timed-out"),
            Kind::Missing => (ExitStatus::Unreachable, "missing"),
            Kind::Unsupported => (ExitStatus::Unreachable, "unsupported"),
            Kind::Conflict => (ExitStatus::Conflict, "conflict"),
            Kind::Refused => (ExitStatus::Failed, "refused"),
            Kind::Local => (ExitStatus::Failed, "local"),
            Kind::Stopped => (ExitStatus::Interrupted, "interrupted"),
            Kind::Internal => (ExitStatus::Bug, "bug"),
        };
        let mut failure = Self::new(status, error.message.clone()).code(code);
        if let Some(source) = error.source() {
            failure = failure.because(source);
        }
        failure.hints.extend(error.hints);
        failure
    }
}

impl From<std::io::Error> for Failure {
    /// For output that could not be written; a closed pipe is not a failure and is handled in
    /// [`crate::ui`].
    fn from(error: std::io::Error) -> Self {
        Self::failed("could not write the result").because(&error)
    }
}
