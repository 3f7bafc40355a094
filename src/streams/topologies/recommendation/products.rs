//! The stage keyed by product: views by window. When a window closes, the best products of this
//! task go on to the ranking of each category and of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{EventTime, Reason, Reject};
use crate::recommend::{TopProducts, TrendKey, ViewCount};
use crate::streams::aggregate::{Emission, Placed, WindowedAggregation};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, StoreValue};
use crate::streams::topologies::recommendation::trends::Trends;
use crate::streams::topologies::recommendation::{BY_CATEGORY, COUNTS};
use crate::streams::topology::{Gate, Outcome, Task};
use crate::streams::watermark::split_time;

impl StoreValue for ViewCount {
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

/// Writes a view for this stage: the start of the first window it counts in, and what it counts.
pub(super) fn write_counted(first: EventTime, count: &ViewCount, out: &mut Vec<u8>) {
    out.extend_from_slice(&first.micros().to_be_bytes());
    count.encode(out);
}

/// One view from the stage before.
struct Counted {
    product: String,
    time: EventTime,
    first: EventTime,
    count: ViewCount,
}

impl Counted {
    fn read(record: &SourceRecord<'_>) -> Result<Self, String> {
        let (first, count) = split_time(record.value.unwrap_or_default())?;
        let count = ViewCount::decode(count).map_err(|fault| fault.to_string())?;
        let time = record.timestamp.ok_or("no event time")?;
        let product = std::str::from_utf8(record.key.unwrap_or_default());
        let product = product.map_err(|_| "no key that is a text")?.to_owned();
        Ok(Self { product, time, first, count })
    }
}

pub(super) struct ProductsTask {
    trends: Trends,
    /// How many products trend.
    most: usize,
    windows: WindowedAggregation<String, ViewCount>,
    /// A buffer, empty between two calls.
    closed: Vec<Emission<String, ViewCount>>,
}

impl ProductsTask {
    pub fn new(trends: Trends, most: usize) -> Self {
        Self { trends, most, windows: trends.open_windows(ViewCount::join), closed: Vec::new() }
    }

    /// Hands on the best products of the windows that closed, one window after the other.
    fn tell(&mut self, out: &mut Outputs) {
        let mut closed = self.closed.drain(..).peekable();
        while let Some(start) = closed.peek().map(|emission| emission.span.start) {
            let mut tops: BTreeMap<TrendKey, TopProducts> = BTreeMap::new();
            while let Some(emission) = closed.next_if(|e| e.span.start == start) {
                let Some(count) = emission.value else { continue };
                let own = count.category().map(|name| TrendKey::Category(name.into()));
                for key in std::iter::once(TrendKey::All).chain(own) {
                    let top = tops.entry(key).or_insert_with(|| TopProducts::new(self.most));
                    top.add(&emission.key, count.views());
                }
            }
            for (key, top) in tops {
                let mut bytes = Vec::new();
                key.encode(&mut bytes);
                out.hand_on(BY_CATEGORY, start, &bytes, |value| top.encode(value));
            }
        }
    }
}

impl Task for ProductsTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        _gate: &mut Gate,
        _out: &mut Outputs,
    ) -> Outcome {
        let Counted { product, time, first, count } = match Counted::read(record) {
            Ok(counted) => counted,
            Err(fault) => {
                return Outcome::Rejected(Reject::new(Reason::Foreign, "value", fault));
            }
        };
        let mut outcome = Outcome::Processed;
        for start in self.trends.starts(time).filter(|start| *start >= first) {
            // Windows close in the order of their starts: that of the last one is the outcome.
            outcome = match self.windows.add(&product, start, &count, &mut self.closed) {
                Placed::Counted { .. } => Outcome::Processed,
                Placed::Late { lateness, .. } => Outcome::Late(self.trends.late(start, lateness)),
            };
        }
        outcome
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
        self.windows.take_changes(&mut |key, value| write(COUNTS, key, value));
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
