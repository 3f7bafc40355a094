//! The stage keyed by category: joins what the tasks of the stage before found best in a window to
//! its ranking, and tells it when the window closes.

use std::sync::Arc;

use crate::domain::{EventTime, Reason, Reject};
use crate::recommend::{TopProducts, TrendKey, TrendWindow, Written, write_trending};
use crate::streams::aggregate::{Emission, Placed, WindowKey, WindowedAggregation};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, StoreValue};
use crate::streams::topologies::recommendation::trends::Trends;
use crate::streams::topologies::recommendation::{TOPS, TRENDING};
use crate::streams::topology::{Gate, Outcome, Task};

impl StoreValue for TopProducts {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes).map_err(|fault| fault.to_string())
    }

    fn heap(&self) -> usize {
        Self::heap(self)
    }
}

impl WindowKey for TrendKey {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes).map_err(|fault| fault.to_string())
    }
}

pub(super) struct RankingsTask {
    trends: Trends,
    windows: WindowedAggregation<TrendKey, TopProducts>,
    // Buffers, empty between two calls.
    closed: Vec<Emission<TrendKey, TopProducts>>,
    written: Written,
}

impl RankingsTask {
    pub fn new(trends: Trends) -> Self {
        let windows = trends.open_windows(TopProducts::join);
        Self { trends, windows, closed: Vec::new(), written: Written::default() }
    }

    fn rank(&mut self, record: &SourceRecord<'_>) -> Result<Outcome, String> {
        let key = TrendKey::decode(record.key.unwrap_or_default()).map_err(|e| e.to_string())?;
        let value = record.value.unwrap_or_default();
        let top = TopProducts::decode(value).map_err(|e| e.to_string())?;
        let start = record.timestamp.ok_or("no event time")?;
        Ok(match self.windows.add(&key, start, &top, &mut self.closed) {
            Placed::Counted { .. } => Outcome::Processed,
            Placed::Late { lateness, .. } => Outcome::Late(self.trends.late(start, lateness)),
        })
    }

    fn tell(&mut self, out: &mut Outputs) {
        let written = &mut self.written;
        for emission in self.closed.drain(..) {
            let Some(top) = &emission.value else { continue };
            let span = self.trends.starting(emission.span.start);
            let window =
                TrendWindow { start: span.start, end: span.end, revision: emission.revision };
            write_trending(&emission.key, window, top, written);
            out.push(
                TRENDING,
                span.end,
                emission.key.name().as_bytes(),
                |id| id.extend_from_slice(&written.id),
                |value| value.extend_from_slice(&written.value),
            );
        }
    }
}

impl Task for RankingsTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        _gate: &mut Gate,
        _out: &mut Outputs,
    ) -> Outcome {
        let foreign = |fault| Outcome::Rejected(Reject::new(Reason::Foreign, "value", fault));
        self.rank(record).unwrap_or_else(foreign)
    }

    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs) {
        self.windows.close_up_to(stream_time, &mut self.closed);
        self.tell(out);
    }

    fn drain(&mut self, out: &mut Outputs) -> Option<EventTime> {
        self.windows.close_all(&mut self.closed);
        self.tell(out);
        self.windows.closed_to()
    }

    fn resume(&mut self, stream_time: EventTime) {
        self.windows.resume(stream_time);
    }

    fn waits_for_time(&self) -> bool {
        self.windows.open() > 0
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.windows.take_changes(&mut |key, value| write(TOPS, key, value));
    }

    fn restore(&mut self, _store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        self.windows.restore(key, value)
    }

    fn keys(&self) -> usize {
        self.windows.open()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.windows.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.windows.make_room();
    }
}
