//! `bss events relay`

mod carrier;
mod exposed;
mod rows;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;

use carrier::Carrier;
use exposed::Figures;

use super::{form, open};
use crate::backends::BackendError;
use crate::backends::kafka::relay::Names;
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::exposed::listen;
use crate::events::Aggregate;
use crate::ui::Report;

/// Publish events to Kafka as they are stored, each once and in order
///
/// Events of customers go to <topic_prefix>.events.customer, and so for each type of aggregate, keyed by
/// aggregate; tier and region of customers to the table <topic_prefix>.customer.info. How far each
/// shard is, is committed in the same transaction, so that a relay that was killed goes on with the
/// next event. Where the store no longer holds what was published last (it lost its end, or is
/// another one), the relay stops with exit 6 and says what Kafka has and the store has not. With
/// `streams.http` set, the process answers /metrics (Prometheus), /healthz and /readyz there.
#[derive(Debug, clap::Args)]
pub struct RelayArgs {
    /// Types of aggregate to publish, such as customer; all if none is named. The first start decides
    #[arg(value_name = "TYPE")]
    types: Vec<String>,
    /// Publish what the store holds now, and end
    #[arg(long)]
    drain: bool,
    /// Go on over events that were trimmed before they were published
    #[arg(long)]
    accept_gap: bool,
}

/// Why it does not go on.
enum Halt {
    /// It may go on from the last commit.
    Passing(BackendError),
    /// It does not.
    Final(Failure),
}

impl From<BackendError> for Halt {
    fn from(error: BackendError) -> Self {
        if error.transient { Self::Passing(error) } else { Self::Final(error.into()) }
    }
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Final(failure)
    }
}

/// The names that Kafka knows the store's relay by.
#[must_use]
pub fn names(context: &Context) -> Names {
    let settings = context.settings();
    Names {
        application: settings.general.application.clone(),
        prefix: settings.kafka.topic_prefix.clone(),
        namespace: settings.events.namespace.clone(),
    }
}

/// Runs the command.
///
/// # Errors
/// A server unreachable, a topic missing: exit 4; another relay: exit 5; a store that is not the one
/// that was published: exit 6.
pub async fn run(args: RelayArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut types = BTreeSet::new();
    for kind in args.types {
        Aggregate::new(&kind, "id")
            .map_err(|e| Failure::usage(format!("`{kind}` is no type of aggregate")).because(&e))?;
        types.insert(kind);
    }
    let listener = listen(context).await?;
    let store = open(context, Access::Write).await?;
    let figures = Arc::new(Figures::default());
    if let Some((server, _)) = listener {
        exposed::serve(server, Arc::clone(&figures), context.settings().streams.stalled_after);
    }
    let place = store.place();
    let upcasters = form::upcasters(context)?;
    let told = Arc::clone(&figures);
    let mut carrier =
        Carrier::new(store, types, args.drain, args.accept_gap, told, context, upcasters);
    let ended = carrier.run().await;
    let mut report = Report::new(format!("Published from the event store in {place}"))
        .number("shard", "SHARD")
        .number("position", "POSITION")
        .number("published", "PUBLISHED")
        .meta("rows", figures.rows());
    for (shard, position, published) in figures.shards() {
        report.push(vec![u64::from(shard).into(), position.into(), published.into()]);
    }
    ended?;
    context.ui.report(&report)?;
    context.ui.status(if context.shutdown.asked() { "Stopped." } else { "At the store's end." });
    Ok(ExitStatus::Done)
}
