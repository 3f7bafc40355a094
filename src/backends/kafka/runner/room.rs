//! How `streams.memory` is shared out, and what happens when spilled state cannot be read back.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use crate::backends::error::{BackendError, Kind, Result};
use crate::config::settings::Streams;
use crate::streams::store::StateLost;

/// How many bytes may wait in a worker's consumer.
pub(super) fn of_a_queue(streams: &Streams) -> u64 {
    let each = streams.memory / 8 / u64::from(streams.workers.max(1));
    each.clamp(1 << 20, 8 << 20)
}

/// How many bytes the stores of `topologies` in one process may hold: what `streams.memory` leaves
/// beside the queues, and a quarter of it at least.
#[must_use]
pub fn of_stores(streams: &Streams, topologies: usize) -> u64 {
    let workers = u64::from(streams.workers.max(1)) * topologies as u64;
    let queues = of_a_queue(streams).saturating_mul(workers);
    streams.memory.saturating_sub(queues).max(streams.memory / 4)
}

/// Does a worker's work; state that was spilled below `place` and cannot be read ends it as a
/// matter of the disk.
pub(super) fn guarded(place: &Path, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let panic = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => return result,
        Err(panic) => panic,
    };
    let lost = panic.downcast::<StateLost>().unwrap_or_else(|panic| resume_unwind(panic));
    let what = format!("could not read back the state that was spilled to {}", place.display());
    Err(BackendError::new(Kind::Local, what).because(lost.0).hint(
        "Nothing committed is lost: once the disk is well, the next start restores it from Kafka.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(memory: u64, workers: u16) -> Streams {
        let resolved = crate::config::layers::resolve(&crate::config::layers::Sources::default());
        Streams { memory, workers, ..resolved.expect("the built-in settings").settings.streams }
    }

    #[test]
    fn queues_and_stores_share_the_memory() {
        let mib = |n: u64| n << 20;
        assert_eq!(of_stores(&streams(mib(256), 2), 5), mib(256 - 5 * 2 * 8));
        assert_eq!(of_stores(&streams(mib(256), 2), 1), mib(256 - 2 * 8));
        // However little there is, each queue has its least and the stores a quarter.
        assert_eq!(of_a_queue(&streams(mib(4), 4)), mib(1));
        assert_eq!(of_stores(&streams(mib(4), 4), 5), mib(1));
    }

    #[test]
    fn lost_state_is_a_matter_of_the_disk_and_other_panics_go_on() {
        let lost = || -> Result<()> { resume_unwind(Box::new(StateLost("a bad sector".into()))) };
        let error = guarded(Path::new("/state"), lost).unwrap_err();
        assert_eq!(error.kind, Kind::Local);
        assert!(error.to_string().contains("/state"), "{error}");
        assert_eq!(error.source.as_ref().map(ToString::to_string).as_deref(), Some("a bad sector"));
        let other = || guarded(Path::new("/state"), || resume_unwind(Box::new("another")));
        let panic = catch_unwind(AssertUnwindSafe(other)).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"another"));
        assert!(guarded(Path::new("/state"), || Ok(())).is_ok());
    }
}
