//! The servers: the only rooms that import sqlx, rdkafka and redis; and [`keys`], a folder of this
//! machine.
//!
//! Each backend turns facts into values and carries decisions out. They know nothing of each
//! other, of the terminal or of the command line; a command composes them.

pub mod error;
pub mod kafka;
pub mod keys;
pub mod postgres;
pub mod redis;

pub use error::{BackendError, Kind, Result};
