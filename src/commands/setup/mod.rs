//! `bss setup`: Set up and check TimescaleDB, Kafka and Redis

pub mod all;
pub mod kafka;
pub mod redis;
pub mod timescale;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Set up and check TimescaleDB, Kafka and Redis
#[derive(Debug, clap::Subcommand)]
pub enum Setup {
    /// Plan, apply or check hypertables, continuous aggregates and policies
    Timescale(timescale::TimescaleArgs),
    /// Plan, create or check topics
    Kafka(kafka::KafkaArgs),
    /// Check persistence and eviction settings
    Redis(redis::RedisArgs),
    /// Set up all three
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
