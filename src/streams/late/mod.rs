//! Corrects closed windows with the late records that were meant for them.
//!
//! Closed windows are not kept. The source topic still holds the events, so the windows are
//! counted anew: twice over the same records, once without and once with the chosen late records
//! ([`recount`]). Where the two differ, a window is affected; what the second count says of it is
//! compared with what was told ([`correction`]) and told again as the next revision. [`reach`]
//! says which late records can be replayed at all, [`name`] by what a result is known.

pub mod correction;
pub mod name;
pub mod reach;
pub mod recount;

use crate::domain::EventTime;
use crate::streams::topology::Topology;
use crate::streams::window::WindowSpan;

/// What correcting the results of a topology asks of it.
pub trait Corrections: Send + Sync {
    /// The same topology with a grace so long that nothing is late ([`Grace::ENDLESS`]) and each
    /// result told once.
    ///
    /// [`Grace::ENDLESS`]: crate::streams::time::Grace::ENDLESS
    fn patient(&self) -> Box<dyn Topology>;

    /// The stage that tells the results of `span` on `sink`, and the stream time at which it has
    /// told the last one; `None` if the sink carries no results of windows. `measure` is what a
    /// measurement taken from a result is called.
    fn closing(
        &self,
        sink: usize,
        measure: Option<&str>,
        span: WindowSpan,
    ) -> Option<(usize, EventTime)>;

    /// How far before a window's start records can bear on it, in microseconds. A guess that is too
    /// short is found out by the results.
    fn lookback(&self) -> i64;

    /// Whether a count without the late records must give just what was told. It need not where a
    /// record can be late for one window and count in another: then it may give more.
    fn recounts_exactly(&self) -> bool;

    /// Whether its windows overlap by their kind, so that both stand; sessions do not.
    fn overlap(&self) -> bool {
        false
    }

    /// Whether `counted` is what was `told` with more in it: what may differ where a count without
    /// the late records need not be exact.
    fn is_more(&self, counted: &[u8], told: &[u8]) -> bool {
        correction::is_at_least(counted, told)
    }

    /// The value that withdraws a recorded result; `None` where the sink knows none.
    fn withdrawn(&self, sink: usize, recorded: &[u8], revision: u32) -> Option<Vec<u8>>;
}
