//! Every exit code of the program.

use std::process::{ExitCode, Termination};

/// How a command ended. The numbers are a promise; the man page repeats them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitStatus {
    /// Done; also "nothing to do", a plan printed, and the graceful stop of a long run.
    Done = 0,
    /// The operation failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration is wrong, or what is set up does not fit together.
    Config = 3,
    /// A backend is unreachable, timed out, refused access, or is not what is needed.
    Unreachable = 4,
    /// A conflict: another instance, a moved offset, a held lock.
    Conflict = 5,
    /// A check found differences or findings.
    Found = 6,
    /// Partly done; what was set aside is listed.
    Partly = 7,
    /// A bug in this program.
    Bug = 70,
    /// Ended by SIGINT.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl ExitStatus {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Every code with its meaning, as help, man page and README give it.
pub const MEANINGS: [(ExitStatus, &str); 11] = [
    (ExitStatus::Done, "done; also nothing to do, a plan printed, a long run stopped gracefully"),
    (ExitStatus::Failed, "the operation failed"),
    (ExitStatus::Usage, "the command line is wrong, or a confirmation was not given"),
    (ExitStatus::Config, "the configuration is wrong, or topics do not fit together"),
    (
        ExitStatus::Unreachable,
        "a server is unreachable, timed out, refused access or lacks a feature",
    ),
    (ExitStatus::Conflict, "a conflict: another instance, a held lock, a moved offset"),
    (ExitStatus::Found, "a check found differences or findings"),
    (ExitStatus::Partly, "partly done; what was set aside is listed"),
    (ExitStatus::Bug, "internal error, a bug"),
    (ExitStatus::Interrupted, "ended by SIGINT"),
    (ExitStatus::Terminated, "ended by SIGTERM"),
];

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
