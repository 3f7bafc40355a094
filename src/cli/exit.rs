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
    /// The configuration is wrong.
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

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
