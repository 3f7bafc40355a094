//! Windows behind a repartition topic: whatever the order in which partitions are read, crash and
//! commit, the final windows are the same, and nothing is late that was not late at its source.

use std::sync::Arc;

use bss::domain::EventTime;
use bss::generate::random::Random;
use bss::streams::aggregate::{Emission, Emit, WindowedAggregation};
use bss::streams::driver::Place;
use bss::streams::output::Outputs;
use bss::streams::record::SourceRecord;
use bss::streams::store::{Memory, StoreValue};
use bss::streams::time::Grace;
use bss::streams::topology::{
    Description, Gate, Lateness, Outcome, Sinks, Source, Stage, StoreDescription, Task, Topology,
};
use bss::streams::window::Window;

use crate::disturbances::{Disturbances, Tally};
use crate::seeds::STAGES;
use crate::town::{Input, Town, piped};
use crate::world::Seen;
use crate::{MINUTE, at, limits};

const COUNTED: usize = 0;
const REGIONS: usize = 1;
const WINDOWS: usize = 0;

/// Counts orders by region in windows of a minute; they come keyed by customer.
struct Regions(Description);

impl Regions {
    fn new() -> Self {
        let sinks = Sinks::of("test", "regions");
        let group = "test-regions".to_owned();
        Self(Description {
            name: "regions",
            version: 1,
            summary: "",
            stages: vec![
                Stage { name: "orders", lateness_limit: None },
                Stage { name: "regions", lateness_limit: None },
            ],
            sources: vec![
                Source::events("orders".to_owned(), "customerId"),
                Source::repartition(1, "by-region".to_owned(), "region"),
            ],
            stores: vec![
                StoreDescription::new(&group, 1, "windows", "open windows"),
                StoreDescription::watermarks(&group, 1),
            ],
            sinks: vec![
                sinks.sink("counted".to_owned(), "region", "counted", ""),
                sinks.repartition(0, "by-region".to_owned(), "region", ""),
                sinks.aside("late".to_owned(), ""),
                sinks.aside("dlq".to_owned(), ""),
            ],
            group,
        })
    }
}

const fn window() -> Window {
    Window::Tumbling { size: MINUTE }
}

const GRACE: Grace = Grace::from_micros(MINUTE);

impl Topology for Regions {
    fn describe(&self) -> &Description {
        &self.0
    }

    fn configuration(&self) -> String {
        String::new()
    }

    fn task(&self, stage: usize, _place: Place) -> Box<dyn Task> {
        match stage {
            0 => Box::new(Orders { newest: None }),
            _ => Box::new(Counts {
                windows: WindowedAggregation::new(window(), GRACE, Emit::Final, |a, b| a.0 += b.0),
                closed: Vec::new(),
            }),
        }
    }
}

/// Values are `region second`.
struct Orders {
    newest: Option<EventTime>,
}

impl Task for Orders {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let text = String::from_utf8_lossy(record.value.unwrap_or_default());
        let (region, second) = text.split_once(' ').expect("two words");
        let time = at(second.parse().expect("a number"));
        if let Err(outcome) = gate.admit(time) {
            return outcome;
        }
        let reached = gate.stream_time.get().expect("just admitted");
        let span = window().of(time).next().expect("one window");
        let closes_at = window().closes_at(span, GRACE);
        if closes_at <= reached {
            let micros = reached.micros_since(time);
            return Outcome::Late(Lateness { micros, window: Some(("tumbling", span)) });
        }
        self.newest = self.newest.max(Some(closes_at));
        out.hand_on(REGIONS, time, region.as_bytes(), |_| ());
        Outcome::Processed
    }

    fn advance(&mut self, _stream_time: EventTime, _out: &mut Outputs) {}

    fn drain(&mut self, _out: &mut Outputs) -> Option<EventTime> {
        self.newest
    }

    fn resume(&mut self, _stream_time: EventTime) {}

    fn waits_for_time(&self) -> bool {
        false
    }

    fn take_changes(&mut self, _write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {}

    fn restore(&mut self, _: usize, _: &[u8], _: Option<&[u8]>) -> Result<(), String> {
        Err("no store".to_owned())
    }

    fn keys(&self) -> usize {
        0
    }

    fn keep_within(&mut self, _memory: &Arc<Memory>) {}

    fn make_room(&mut self) {}
}

#[derive(Clone, Default)]
struct Count(u64);

impl StoreValue for Count {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_be_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        bytes.try_into().map(|b| Self(u64::from_be_bytes(b))).map_err(|_| "length".to_owned())
    }

    fn heap(&self) -> usize {
        0
    }
}

struct Counts {
    windows: WindowedAggregation<String, Count>,
    closed: Vec<Emission<String, Count>>,
}

impl Counts {
    fn tell(&mut self, out: &mut Outputs) {
        for closed in self.closed.drain(..) {
            let count = closed.value.map_or(0, |c| c.0);
            let id = format!("{} {}", closed.key, closed.span.start);
            out.push(
                COUNTED,
                closed.span.end,
                closed.key.as_bytes(),
                |b| b.extend_from_slice(id.as_bytes()),
                |b| b.extend_from_slice(count.to_string().as_bytes()),
            );
        }
    }
}

impl Task for Counts {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        _gate: &mut Gate,
        _out: &mut Outputs,
    ) -> Outcome {
        let region = String::from_utf8_lossy(record.key.unwrap_or_default()).into_owned();
        let time = record.timestamp.expect("handed on with its time");
        match self.windows.add(&region, time, &Count(1), &mut self.closed) {
            bss::streams::aggregate::Placed::Counted { .. } => Outcome::Processed,
            bss::streams::aggregate::Placed::Late { span, lateness } => {
                Outcome::Late(Lateness { micros: lateness, window: Some(("tumbling", span)) })
            }
        }
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
        self.windows.take_changes(&mut |key, value| write(WINDOWS, key, value));
    }

    fn restore(&mut self, _: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
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

/// Orders over some minutes, partitions of unequal length, some out of order and some late.
fn inputs(random: &mut Random) -> Vec<Input> {
    let mut second = 0_i64;
    (0..random.below(150) + 20)
        .map(|_| {
            second += i64::try_from(random.below(9)).expect("small");
            let back = match random.below(12) {
                0 => 200,
                1..=4 => i64::try_from(random.below(90)).expect("small"),
                _ => 0,
            };
            let customer = format!("c{}", random.below(6) * random.below(2));
            let value = format!("r{} {}", random.below(3), second - back);
            let (key, value) = (customer.into_bytes(), Some(value.into_bytes()));
            Input { source: 0, key, value, timestamp: None }
        })
        .collect()
}

pub fn sorted(mut outputs: Vec<Seen>) -> Vec<Seen> {
    outputs.sort_by(|a, b| {
        let own = |o: &Seen| (o.topic.clone(), o.id.clone(), o.value.clone());
        let key = |o: &Seen| (own(o), o.key.clone(), o.headers.clone());
        key(a).cmp(&key(b))
    });
    outputs
}

/// Live, in a catch-up that reads one partition after the other, and through lives with crashes:
/// the same windows, the same late records, and none late behind the repartition topic.
#[test]
fn a_catch_up_equals_live_whatever_happens() {
    let topology: Arc<dyn Topology> = Arc::new(Regions::new());
    let now = at(100_000);
    let mut tally = Tally::default();
    STAGES.each(|seed| {
        let mut random = Random::of(seed, 0, 0);
        let inputs = inputs(&mut random);
        let partitions = u32::try_from(random.below(4)).expect("few") + 1;
        let (live, counts) = piped(&*topology, limits(), now, partitions, &inputs);
        let mut catch_up: Vec<Input> = Vec::new();
        for partition in 0..partitions {
            let own = inputs.iter();
            let own =
                own.filter(|i| bss::streams::partition::of_key(&i.key, partitions) == partition);
            catch_up.extend(own.cloned());
        }
        let (caught_up, caught_up_counts) = piped(&*topology, limits(), now, partitions, &catch_up);
        assert_eq!(sorted(caught_up), sorted(live.clone()), "seed {seed}: catch-up");
        assert_eq!(caught_up_counts, counts, "seed {seed}: catch-up");
        let mut town = Town::new(Arc::clone(&topology), limits(), now, partitions, &inputs);
        let crashes = random.below(8);
        tally.add(&town.live(&mut random, Disturbances::of(seed, 0, crashes)));
        assert_eq!(sorted(town.outputs()), sorted(live.clone()), "seed {seed}: lives");
        assert_eq!(town.counts(), counts, "seed {seed}: lives");
        let counted: u64 = live
            .iter()
            .filter(|o| o.topic == "counted")
            .map(|o| o.value.parse::<u64>().expect("a count"))
            .sum();
        assert_eq!(counted + counts.late, inputs.len() as u64, "seed {seed}: in = counted + late");
        let late = live.iter().filter(|o| o.topic == "late");
        let at_source = late.filter(|o| o.headers.contains(&("bss_topic", "orders".to_owned())));
        assert_eq!(at_source.count() as u64, counts.late, "seed {seed}: late at the source only");
        let left = usize::try_from(partitions * partitions).expect("few");
        assert!(town.stored() <= left, "seed {seed}: only watermarks are left");
    });
    tally.assert_complete(STAGES.count(), true);
}
