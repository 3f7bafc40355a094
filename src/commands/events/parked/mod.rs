//! `bss events parked`: See and try again the events that a group's handler did not take

pub mod list;
pub mod replay;

use serde_json::value::RawValue;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::group::Parked;

/// See and try again the events that a group's handler did not take
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum ParkedLeaf {
    List(list::ListArgs),
    Replay(replay::ReplayArgs),
}

impl ParkedLeaf {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Replay(args) => replay::run(args, context).await,
        }
    }
}

/// The stored form of an event that is parked now; an empty line is one that cannot be read.
///
/// # Errors
/// Never in practice.
pub fn record(
    context: &Context,
    consumer: &str,
    line: &[u8],
    reason: String,
    tries: u32,
) -> Result<Vec<u8>, Failure> {
    let line = String::from_utf8_lossy(line).trim_end().to_owned();
    let parked = Parked {
        reason,
        tries,
        parked_at: context.now().to_string(),
        consumer: consumer.to_owned(),
        event: RawValue::from_string(line).ok(),
    };
    parked.record().map_err(|e| Failure::failed("could not park an event").because(&e))
}
