//! `bss setup`: Set up and check TimescaleDB, Kafka and Redis

pub mod all;
pub mod kafka;
pub mod redis;
pub mod timescale;
pub mod wait;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Set up and check TimescaleDB, Kafka and Redis
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Setup {
    Timescale(timescale::TimescaleArgs),
    Kafka(kafka::KafkaArgs),
    Redis(redis::RedisArgs),
    All(all::AllArgs),
}

impl Setup {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Timescale(args) => timescale::run(args, context).await,
            Self::Kafka(args) => kafka::run(args, context).await,
            Self::Redis(args) => redis::run(args, context).await,
            Self::All(args) => all::run(args, context).await,
        }
    }
}
