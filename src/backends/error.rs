//! What can go wrong with a server, classified once.

use std::error::Error;
use std::fmt;

/// The class of a backend's failure; it decides the exit code and whether a retry may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No connection, or it broke.
    Unreachable,
    /// Credentials or permissions were refused.
    Denied,
    /// No answer in time.
    TimedOut,
    /// A topic, table, database or extension is not there.
    Missing,
    /// The server's version or edition lacks what is needed.
    Unsupported,
    /// What was set up on a server does not fit together: partition counts that differ.
    Unfit,
    /// Another writer, instance or lock is in the way; a moved offset.
    Conflict,
    /// The server refused the data or statement.
    Refused,
    /// A local file or folder failed (full disk, permissions).
    Local,
    /// The caller asked to stop.
    Stopped,
    /// Something this program should have prevented.
    Internal,
}

/// A failure of a backend: what was tried on which object, why it failed, what to do next.
#[derive(Debug)]
pub struct BackendError {
    /// The class.
    pub kind: Kind,
    /// What was tried on which named object: `could not ... "name" at host:port`.
    pub message: String,
    /// What the server or library said.
    pub source: Option<Box<dyn Error + Send + Sync>>,
    /// Literal next steps.
    pub hints: Vec<String>,
    /// Whether the same call may succeed a moment later.
    pub transient: bool,
}

/// The result of a backend's operation.
pub type Result<T> = std::result::Result<T, BackendError>;

impl BackendError {
    /// A failure of class `kind` with what was tried.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let transient = matches!(kind, Kind::Unreachable | Kind::TimedOut);
        Self { kind, message: message.into(), source: None, hints: Vec::new(), transient }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds a next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Says whether a retry may help.
    #[must_use]
    pub const fn transient(mut self, transient: bool) -> Self {
        self.transient = transient;
        self
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for BackendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}
