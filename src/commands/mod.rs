//! One file a leaf command: read settings, fetch facts, ask a room, carry out, report.

pub mod fraud;
pub mod metrics;
pub mod setup;
pub mod streams;

use std::sync::Arc;

use crate::cli::environment::Environment;
use crate::cli::global::Global;
use crate::cli::{ExitStatus, Failure};
use crate::config::{Resolved, Settings};
use crate::domain::EventTime;
use crate::runtime::{Clock, Shutdown, SystemClock};
use crate::ui::Ui;

/// What each command is given.
pub struct Context {
    /// The settings and their origins.
    pub resolved: Resolved,
    /// The global options.
    pub global: Global,
    /// Where results and sentences go.
    pub ui: Ui,
    /// The wish to stop.
    pub shutdown: Shutdown,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The environment.
    pub environment: Environment,
}

impl Context {
    /// Bundles what a command needs.
    #[must_use]
    pub fn new(
        resolved: Resolved,
        global: Global,
        ui: Ui,
        shutdown: Shutdown,
        environment: Environment,
    ) -> Self {
        Self { resolved, global, ui, shutdown, clock: Arc::new(SystemClock), environment }
    }

    /// The typed settings.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.resolved.settings
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> EventTime {
        self.clock.now()
    }
}

/// The command groups.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Set up and check TimescaleDB, Kafka and Redis
    #[command(subcommand)]
    Setup(setup::Setup),
    /// Record, import and ingest metrics
    #[command(subcommand)]
    Metrics(metrics::Metrics),
    /// Run and inspect the stream topologies
    #[command(subcommand)]
    Streams(streams::Streams),
    /// Report suspicious payments and alerts
    #[command(subcommand)]
    Fraud(fraud::Fraud),
}

impl Command {
    /// Whether the command runs until it is stopped.
    #[must_use]
    pub const fn runs_long(&self) -> bool {
        matches!(
            self,
            Self::Streams(streams::Streams::Run(_)) | Self::Metrics(metrics::Metrics::Ingest(_))
        )
    }

    /// Runs a command that needs neither settings nor servers.
    #[must_use]
    pub fn without_settings(&self, _ui: &Ui) -> Option<Result<ExitStatus, Failure>> {
        None
    }

    /// Runs the command.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Setup(command) => command.run(context).await,
            Self::Metrics(command) => command.run(context).await,
            Self::Streams(command) => command.run(context).await,
            Self::Fraud(command) => command.run(context).await,
        }
    }
}
