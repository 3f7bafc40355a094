//! A command's failure: message, causes, hints, exit code. The only place that prints an error.

use std::error::Error;
use std::io::Write;

use crate::backends::{BackendError, Kind};
use crate::cli::exit::ExitStatus;
use crate::ui::{NotShown, OutputForm, visible};

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

    /// A file that cannot be read; exit 1. `name` as the operator gave it.
    #[must_use]
    pub fn unreadable(name: &str, error: &std::io::Error) -> Self {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "Check the path: it is taken from the working directory; - is standard input."
            }
            std::io::ErrorKind::PermissionDenied => "Check who may read it: `ls -l` tells.",
            std::io::ErrorKind::IsADirectory => "Give a file in it.",
            _ => "Check the disk and the file; a gzip that is cut off ends like this too.",
        };
        Self::failed(format!("could not read {name}")).because(error).hint(hint)
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

    /// Prints the failure for people; see [`Self::print_as`].
    pub fn print(&self, out: &mut dyn Write) {
        self.print_as(OutputForm::Table, out);
    }

    /// Prints `error:`, `caused by:` and `hint:` lines, or for JSON and NDJSON one line with an
    /// object `error`. Control characters are made visible.
    pub fn print_as(&self, form: OutputForm, out: &mut dyn Write) {
        let text = match form {
            OutputForm::Json | OutputForm::Ndjson => self.json(),
            OutputForm::Table | OutputForm::Csv | OutputForm::Plot | OutputForm::Svg => {
                self.lines()
            }
        };
        // A closed standard error leaves nothing to tell.
        drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
    }

    fn json(&self) -> String {
        let error = serde_json::json!({"error": {
            "code": self.code,
            "message": self.message,
            "causes": self.causes,
            "hints": self.hints,
            "exitCode": self.status.code(),
        }});
        format!("{}\n", visible(&error.to_string()))
    }

    fn lines(&self) -> String {
        let mut text = format!("error: {}\n", one_line(&self.message));
        for cause in &self.causes {
            for line in cause.lines().filter(|l| !l.trim().is_empty()) {
                text.push_str(&format!("  caused by: {}\n", visible(line)));
            }
        }
        for hint in &self.hints {
            text.push_str(&format!("hint: {}\n", one_line(hint)));
        }
        text
    }
}

/// Text that cannot pretend to be a further line of the message.
fn one_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

impl From<BackendError> for Failure {
    fn from(error: BackendError) -> Self {
        let (status, code) = match error.kind {
            Kind::Unreachable => (ExitStatus::Unreachable, "unreachable"),
            Kind::Denied => (ExitStatus::Unreachable, "denied"),
            Kind::TimedOut => (ExitStatus::Unreachable, "timed-out"),
            Kind::Missing => (ExitStatus::Unreachable, "missing"),
            Kind::Unsupported => (ExitStatus::Unreachable, "unsupported"),
            Kind::Unfit => (ExitStatus::Config, "unfit"),
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

impl From<NotShown> for Failure {
    fn from(fault: NotShown) -> Self {
        match fault {
            NotShown::NotDrawn(why) => Self::usage(why).hint("Leave --plot out to see all of it."),
            NotShown::NotWritten(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::Kind;

    fn shown(failure: &Failure, form: OutputForm) -> String {
        let mut out = Vec::new();
        failure.print_as(form, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn message_causes_and_hints_each_on_their_lines() {
        let error = BackendError::new(Kind::Unreachable, "could not connect to Kafka at h:9092")
            .because(std::io::Error::other("refused\x1b[31m\nhint: forged"))
            .hint("Start it.\nerror: forged");
        let failure = Failure::from(error);
        assert_eq!(failure.status, ExitStatus::Unreachable);
        assert_eq!(
            shown(&failure, OutputForm::Table),
            "error: could not connect to Kafka at h:9092\n  \
             caused by: refused\\u{1b}[31m\n  caused by: hint: forged\n\
             hint: Start it. error: forged\n"
        );
        let json: serde_json::Value =
            serde_json::from_str(&shown(&failure, OutputForm::Json)).unwrap();
        assert_eq!(json["error"]["code"], "unreachable");
        assert_eq!(json["error"]["exitCode"], 4);
        assert_eq!(json["error"]["causes"][0], "refused\x1b[31m\nhint: forged");
    }

    #[test]
    fn a_cause_that_repeats_what_is_said_is_left_out() {
        let inner = std::io::Error::other("no route");
        let error = BackendError::new(Kind::Unreachable, "no route").because(inner);
        assert!(Failure::from(error).causes.is_empty());
    }
}
