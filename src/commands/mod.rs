//! One file a leaf command: read settings, fetch facts, ask a room, carry out, report.

//!
//! A group's file lists its leaves and dispatches; [`Context`] gives a command what it needs.

pub mod analytics;
pub mod completions;
pub mod config;
pub mod customers;
pub mod doctor;
pub mod events;
pub mod fraud;
pub mod man;
pub mod metrics;
pub mod setup;
pub mod streams;
pub mod target;

use std::sync::Arc;

use crate::cli::confirm::{Confirmed, Decision, Guard};
use crate::cli::environment::Environment;
use crate::cli::global::Global;
use crate::cli::{ExitStatus, Failure};
use crate::config::{Backend, Resolved, Settings};
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

    /// Asks before something is deleted, reset or changed for good. `what` continues "This will"
    /// and "refused to"; `effect` says what is gone afterwards. See [`crate::cli::confirm`].
    ///
    /// # Errors
    /// Exit 2 if the operator does not agree or cannot be asked; 130 or 143 if interrupted.
    pub async fn confirm(
        &self,
        targets: &[Backend],
        what: &str,
        effect: &str,
    ) -> Result<Confirmed, Failure> {
        let guard = Guard::new(&self.resolved, targets);
        let word = match guard.decide(what, self.global.yes.as_deref(), self.ui.asks()) {
            Decision::Agreed(confirmed) => {
                for line in guard.notice(what, effect) {
                    self.ui.status(line);
                }
                return Ok(confirmed);
            }
            Decision::Refused(failure) => return Err(failure),
            Decision::Ask(word) => word,
        };
        let mut notice = guard.notice(what, effect);
        notice.push(format!("Type {word} to go on: "));
        let question = notice.join("\n");
        tokio::select! {
            typed = self.ui.ask(&question) => guard.answered(what, &word, &typed?),
            () = self.shutdown.wait() => Err(Failure::new(self.shutdown.status(), "interrupted")),
        }
    }
}

/// The command groups.
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Command {
    /// Set up and check TimescaleDB, Kafka and Redis
    #[command(subcommand)]
    Setup(setup::Setup),
    /// Record, import and ingest metrics
    #[command(subcommand)]
    Metrics(metrics::Metrics),
    /// Sum up revenue, orders, customers and services
    #[command(subcommand)]
    Analytics(analytics::Analytics),
    /// Run and inspect the stream topologies
    #[command(subcommand)]
    Streams(streams::Streams),
    /// Report suspicious payments and alerts
    #[command(subcommand)]
    Fraud(fraud::Fraud),
    /// Keep, read and prove the events of the event store
    #[command(subcommand)]
    Events(events::Events),
    /// Create and change customers, by events
    #[command(subcommand)]
    Customers(customers::Customers),
    Doctor(doctor::DoctorArgs),
    /// Show and check the configuration
    #[command(subcommand)]
    Config(config::Config),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// Whether the command runs until it is stopped.
    #[must_use]
    pub const fn runs_long(&self) -> bool {
        if let Self::Events(events::Events::Project(args)) = self {
            return args.runs_long();
        }
        matches!(
            self,
            Self::Streams(streams::Streams::Run(_))
                | Self::Metrics(metrics::Metrics::Ingest(_))
                | Self::Events(events::Events::Relay(_))
                | Self::Events(events::Events::Groups(events::groups::Groups::Run(_)))
        )
    }

    /// Whether the command answers SIGINT and SIGTERM itself (by finishing its step); any other
    /// command is dropped where it waits.
    #[must_use]
    pub const fn stops_itself(&self) -> bool {
        self.runs_long()
            || matches!(
                self,
                Self::Metrics(
                    metrics::Metrics::Import(_)
                        | metrics::Metrics::Export(_)
                        | metrics::Metrics::Refresh(_)
                        | metrics::Metrics::Policies(metrics::policies::Policies::Run(_))
                ) | Self::Events(
                    events::Events::Replay(_)
                        | events::Events::Export(_)
                        | events::Events::Import(_)
                        | events::Events::Archive(_)
                        | events::Events::Project(_)
                        | events::Events::Parked(events::parked::ParkedLeaf::Replay(_))
                ) | Self::Streams(streams::Streams::Dlq(streams::dlq::Dlq::Requeue(_)))
                    | Self::Streams(
                        streams::Streams::Generate(_)
                            | streams::Streams::Rebuild(_)
                            | streams::Streams::Pause(_)
                            | streams::Streams::Resume(_)
                    )
            )
    }

    /// Whether the command reports over a time range: elsewhere the options of one are refused,
    /// not ignored.
    #[must_use]
    pub const fn takes_range(&self) -> bool {
        matches!(
            self,
            Self::Fraud(
                fraud::Fraud::Anomalies(_)
                    | fraud::Fraud::Patterns(_)
                    | fraud::Fraud::Payments(_)
                    | fraud::Fraud::Score(_)
                    | fraud::Fraud::Evaluate(_)
                    | fraud::Fraud::Backtest(_)
                    | fraud::Fraud::Alerts(fraud::alerts::Alerts::List(_))
            ) | Self::Analytics(_)
                | Self::Events(events::Events::Replay(_) | events::Events::Export(_))
                | Self::Metrics(
                    metrics::Metrics::Query(_)
                        | metrics::Metrics::Export(_)
                        | metrics::Metrics::Refresh(_)
                        | metrics::Metrics::Anomalies(
                            metrics::anomalies::Anomalies::System(_)
                                | metrics::anomalies::Anomalies::Customer(_)
                        )
                )
                | Self::Streams(
                    streams::Streams::Late(_)
                        | streams::Streams::Dlq(
                            streams::dlq::Dlq::List(_) | streams::dlq::Dlq::Requeue(_)
                        )
                )
        )
    }

    /// Whether the command reads times in the zone of `--tz`, though it reports over no range.
    #[must_use]
    pub const fn takes_zone(&self) -> bool {
        matches!(
            self,
            Self::Metrics(metrics::Metrics::Import(_))
                | Self::Events(
                    events::Events::Append(_)
                        | events::Events::Archive(_)
                        | events::Events::State(_)
                        | events::Events::Diff(_)
                )
        )
    }

    /// The servers whose secrets the command needs.
    #[must_use]
    pub const fn backends(&self) -> &'static [Backend] {
        use Backend::{Kafka, Redis, Timescale};
        match self {
            Self::Setup(setup::Setup::All(_)) => &Backend::ALL,
            Self::Setup(setup::Setup::Kafka(_)) => &[Kafka],
            Self::Events(events::Events::Project(_)) => &[Redis, Timescale],
            Self::Events(events::Events::Relay(_)) => &[Redis, Kafka],
            Self::Events(events::Events::Import(args)) if args.reads_kafka() => &[Redis, Kafka],
            Self::Events(events::Events::Verify(args)) if args.reads_kafka() => &[Redis, Kafka],
            Self::Setup(setup::Setup::Redis(_)) | Self::Events(_) | Self::Customers(_) => &[Redis],
            Self::Metrics(metrics::Metrics::Ingest(_)) => &[Timescale, Kafka],
            Self::Fraud(fraud::Fraud::Evaluate(args)) if !args.reads_tables() => {
                if args.reads_kafka() { &[Kafka] } else { &[] }
            }
            Self::Fraud(fraud::Fraud::Backtest(args)) => {
                if args.reads_kafka() {
                    &[Kafka]
                } else {
                    &[]
                }
            }
            Self::Metrics(metrics::Metrics::Anomalies(metrics::anomalies::Anomalies::File(_))) => {
                &[]
            }
            Self::Setup(setup::Setup::Timescale(_))
            | Self::Metrics(_)
            | Self::Analytics(_)
            | Self::Fraud(_) => &[Timescale],
            Self::Streams(
                streams::Streams::Run(_)
                | streams::Streams::Status(_)
                | streams::Streams::Metadata(_)
                | streams::Streams::Metrics(_)
                | streams::Streams::Lag(_)
                | streams::Streams::Pause(_)
                | streams::Streams::Resume(_)
                | streams::Streams::Reset(_)
                | streams::Streams::Rebuild(_)
                | streams::Streams::State(_)
                | streams::Streams::Dlq(_)
                | streams::Streams::Late(_),
            ) => &[Kafka],
            Self::Streams(streams::Streams::Diff(args)) if args.reads_kafka() => &[Kafka],
            Self::Streams(streams::Streams::Generate(args)) if args.to_kafka() => &[Kafka],
            _ => &[],
        }
    }

    /// Runs a command that needs neither settings nor servers.
    #[must_use]
    pub fn without_settings(&self, ui: &Ui) -> Option<Result<ExitStatus, Failure>> {
        match self {
            Self::Completions(args) => Some(completions::run(args, ui)),
            Self::Man(args) => Some(man::run(args, ui)),
            _ => None,
        }
    }

    /// Runs the command.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Setup(command) => command.run(context).await,
            Self::Metrics(command) => command.run(context).await,
            Self::Analytics(command) => command.run(context).await,
            Self::Streams(command) => command.run(context).await,
            Self::Fraud(command) => command.run(context).await,
            Self::Events(command) => command.run(context).await,
            Self::Customers(command) => command.run(context).await,
            Self::Doctor(args) => doctor::run(args, context).await,
            Self::Config(command) => command.run(context).await,
            Self::Completions(args) => completions::run(&args, &context.ui),
            Self::Man(args) => man::run(&args, &context.ui),
        }
    }
}
