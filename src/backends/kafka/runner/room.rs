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
