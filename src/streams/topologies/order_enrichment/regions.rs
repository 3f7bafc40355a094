//! The stage keyed by region: windows of orders, and of revenue by category and currency.

use std::sync::Arc;

use crate::domain::EventTime;
use crate::domain::{Reason, Reject};
use crate::orders::{
    CountedOrder, OrderRules, RegionSums, RevenueKey, RevenueSums, WindowResult, write_region,
    write_region_id, write_revenue, write_revenue_id,
};
use crate::streams::aggregate::{Emission, Emit, Placed, WindowKey, WindowedAggregation};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, StoreValue};
use crate::streams::time::Grace;
use crate::streams::topologies::order_enrichment::{REGION_TREND, REVENUE, REVENUE_METRICS, TREND};
use crate::streams::topology::{Gate, Lateness, Outcome, Task};
use crate::streams::window::Window;

impl StoreValue for RegionSums {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }

    fn heap(&self) -> usize {
        Self::heap(self)
    }
}

impl StoreValue for RevenueSums {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }

    fn heap(&self) -> usize {
        0
    }
}

impl WindowKey for RevenueKey {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }
}

pub(super) struct RegionsTask {
    trend: WindowedAggregation<String, RegionSums>,
    revenue: WindowedAggregation<RevenueKey, RevenueSums>,
    // Buffers, empty between two calls.
    regions: Vec<Emission<String, RegionSums>>,
    revenues: Vec<Emission<RevenueKey, RevenueSums>>,
}

impl RegionsTask {
    pub fn new(rules: &OrderRules, window: Window) -> Self {
        let grace = Grace::from_micros(rules.grace);
        let emit = if rules.updates { Emit::Updates } else { Emit::Final };
        Self {
            trend: WindowedAggregation::new(window, grace, emit, RegionSums::join),
            revenue: WindowedAggregation::new(window, grace, emit, RevenueSums::join),
            regions: Vec::new(),
            revenues: Vec::new(),
        }
    }

    /// Writes what was emitted.
    fn tell(&mut self, out: &mut Outputs) {
        for emission in self.regions.drain(..) {
            let Some(sums) = &emission.value else { continue };
            let result = result(&emission, sums);
            let region = &emission.key;
            out.push(
                REGION_TREND,
                emission.span.end,
                region.as_bytes(),
                |id| write_region_id(region, &result, id),
                |value| write_region(region, &result, value),
            );
        }
        for emission in self.revenues.drain(..) {
            let Some(sums) = &emission.value else { continue };
            let result = result(&emission, sums);
            let key = &emission.key;
            out.push(
                REVENUE_METRICS,
                emission.span.start,
                key.region.as_deref().unwrap_or(crate::orders::UNKNOWN).as_bytes(),
                |id| write_revenue_id(key, &result, id),
                |value| write_revenue(key, &result, value),
            );
        }
    }
}

const fn result<'a, K, A>(emission: &Emission<K, A>, sums: &'a A) -> WindowResult<&'a A> {
    WindowResult {
        start: emission.span.start,
        end: emission.span.end,
        revision: emission.revision,
        sums,
    }
}

impl Task for RegionsTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        _gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let foreign =
            |fault: String| Outcome::Rejected(Reject::new(Reason::Foreign, "value", fault));
        let counted = match CountedOrder::decode(record.value.unwrap_or_default()) {
            Ok(counted) => counted,
            Err(fault) => return foreign(fault),
        };
        let Some(time) = record.timestamp else { return foreign("no event time".to_owned()) };
        let mut late = None;
        let mut note = |placed| {
            if let Placed::Late { span, lateness } = placed {
                late = Some(Lateness { micros: lateness, window: Some(("tumbling", span)) });
            }
        };
        if counted.counted.as_order {
            let region = counted.region_name().to_owned();
            let sums = RegionSums::one(&counted);
            note(self.trend.add(&region, time, &sums, &mut self.regions));
        }
        if counted.counted.as_revenue {
            let (key, sums) = (counted.revenue_key(), RevenueSums::one(&counted));
            note(self.revenue.add(&key, time, &sums, &mut self.revenues));
        }
        self.tell(out);
        // Only after a drain: what is late is told where it comes from.
        late.map_or(Outcome::Processed, Outcome::Late)
    }

    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs) {
        self.trend.close_up_to(stream_time, &mut self.regions);
        self.revenue.close_up_to(stream_time, &mut self.revenues);
        self.tell(out);
    }

    fn drain(&mut self, out: &mut Outputs) -> Option<EventTime> {
        self.trend.close_all(&mut self.regions);
        self.revenue.close_all(&mut self.revenues);
        self.tell(out);
        let reached = self.trend.closed_to().max(self.revenue.closed_to());
        if let Some(time) = reached {
            // One time for both, before and after a restart.
            self.advance(time, out);
        }
        reached
    }

    fn resume(&mut self, stream_time: EventTime) {
        self.trend.resume(stream_time);
        self.revenue.resume(stream_time);
    }

    fn waits_for_time(&self) -> bool {
        self.trend.open() + self.revenue.open() > 0
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.trend.take_changes(&mut |key, value| write(TREND, key, value));
        self.revenue.take_changes(&mut |key, value| write(REVENUE, key, value));
    }

    fn restore(&mut self, store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        match store {
            TREND => self.trend.restore(key, value),
            _ => self.revenue.restore(key, value),
        }
    }

    fn keys(&self) -> usize {
        self.trend.open() + self.revenue.open()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.trend.keep_within(memory);
        self.revenue.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.trend.make_room();
        self.revenue.make_room();
    }
}
