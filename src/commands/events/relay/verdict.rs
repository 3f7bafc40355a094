//! What is said when the store is not the one that was published.

use super::Halt;
use crate::backends::Kind;
use crate::backends::redis::events::Store;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::copied;
use crate::events::relay::{State, Verdict, judge};
use crate::events::{Link, Position};

/// Compares a shard with what was published of it. Returns where to go on: the state's position and
/// link, or the store's floor over a gap that is accepted.
///
/// # Errors
/// Exit 6 for a store that is another one or lost its end, and for a gap that is not accepted.
pub async fn check(
    store: &mut Store,
    shard: u16,
    state: &State,
    accept_gap: bool,
    context: &Context,
) -> Result<(u64, Link), Halt> {
    let range = |from: u64, to: u64| format!("{shard}:{from} to {shard}:{to}");
    let standing = match store.standing(Position { shard, n: state.position.max(1) }).await {
        Err(error) if error.kind == Kind::Missing && state.position > 0 => {
            let all = range(1, state.position);
            let what = format!("the store lost events that Kafka has: {all} (it is empty)");
            return Err(lost(what).into());
        }
        standing => standing?,
    };
    match judge(state.position, state.link, &standing) {
        Verdict::Whole => Ok((state.position, state.link)),
        Verdict::Trimmed { from, to } if accept_gap => {
            let gone = range(from, to);
            context.ui.warning(format!("{gone}: trimmed before they were published; going on."));
            Ok(standing.floor)
        }
        Verdict::Trimmed { from, to } => Err(Failure::new(
            ExitStatus::Found,
            format!("events {} were trimmed before they were published", range(from, to)),
        )
        .code("gap")
        .hint("They are in the archive. To go on without them: bss events relay --accept-gap")
        .into()),
        Verdict::Lost { from, to } => Err(lost(format!(
            "the store lost events that Kafka has: {} (it ends at {shard}:{})",
            range(from, to),
            standing.head
        ))
        .into()),
        Verdict::Other { found } => {
            let found = found.map_or("none".to_owned(), |link| link.to_string());
            let told = format!(
                "at {shard}:{} Kafka has link {}, the store {found}",
                state.position, state.link
            );
            let ranges = copied::parted(store, shard, context).await?;
            Err(lost(format!(
                "the store has another history than Kafka: {}",
                ranges.map_or_else(|| range(state.position, state.position), |r| r.to_string())
            ))
            .because(&std::io::Error::other(told))
            .into())
        }
    }
}

fn lost(what: String) -> Failure {
    Failure::new(ExitStatus::Found, what)
        .code("lost")
        .hint("Stop whoever appends, and see what can be put back: bss events import --from-kafka --plan")
        .hint("Put it back: bss events import --from-kafka")
}
