//! `bss metrics record system`

use super::store::{Given, store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::draft::Draft;
use crate::metrics::kind::Kind;

/// Record the gauges of a service
///
/// Stores them once however often the command is given: they are known by their event id and time.
/// At least one gauge is needed; one that is not given is unknown, not zero.
#[derive(Debug, clap::Args)]
pub struct SystemArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,
    /// When it happened: RFC 3339 or epoch milliseconds
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    timestamp: String,
    /// Percent of the processor
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true)]
    cpu: Option<String>,
    /// Percent of the memory
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true)]
    memory: Option<String>,
    /// Requests a second
    #[arg(long, value_name = "RATE", allow_hyphen_values = true)]
    requests: Option<String>,
    /// Percent of the requests that failed
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true)]
    errors: Option<String>,
    /// Latency of the 99th percentile, in milliseconds
    #[arg(long, value_name = "MS", allow_hyphen_values = true)]
    p99: Option<String>,
    /// What it is known by [default: a digest of all that is given]
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    /// Which version of the event it is: a higher one takes the place of the stored one
    #[arg(long, value_name = "N")]
    revision: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: SystemArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let what = format!("the gauges of service \"{}\"", args.service);
    let draft = Draft::new(Kind::System)
        .with("serviceName", Some(args.service))
        .with("timestamp", Some(args.timestamp))
        .with("cpuUsage", args.cpu)
        .with("memoryUsage", args.memory)
        .with("requestRate", args.requests)
        .with("errorRate", args.errors)
        .with("latencyP99", args.p99)
        .with("eventId", args.event_id)
        .with("revision", args.revision);
    let shown = &[
        "serviceName",
        "timestamp",
        "cpuUsage",
        "memoryUsage",
        "requestRate",
        "errorRate",
        "latencyP99",
    ];
    store(Given { kind: Kind::System, draft, what, shown }, context).await
}
