//! Plain HTTP/1.1: answers of a process about itself, and questions to other processes.
//!
//! The one place that knows hyper. What an answer says is decided by the caller.

mod client;
mod server;

pub use client::get;
pub use server::Server;

/// An answer to `GET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// JSON with a status code.
    #[must_use]
    pub const fn json(status: u16, body: String) -> Self {
        Self { status, content_type: "application/json", body }
    }

    /// A line of text with a status code.
    #[must_use]
    pub fn text(status: u16, line: &str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8", body: format!("{line}\n") }
    }
}
