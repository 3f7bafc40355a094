//! Making a topology's state anew from its sources: where time stood, what is marked meanwhile,
//! and what is committed afterwards.
//!
//! The records up to the committed offsets go through a [`super::pipeline::Pipeline`] with the
//! partition count of now; what they tell was told before and is dropped. Two things must not
//! happen: a window that was never told must not close (time is held at the least that was
//! committed), and nobody may go on from offsets whose state is half made (the offsets are marked
//! until the state is whole).

use std::collections::BTreeMap;

use crate::domain::EventTime;
use crate::streams::checkpoint::{Behind, Checkpoint, Counts};
use crate::streams::partition;
use crate::streams::topology::{Description, Role};
use crate::streams::undo::NotedOffset;

/// What a group has committed, read as the basis of a rebuild.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild {
    description: Description,
    /// By source, then partition.
    committed: Vec<BTreeMap<i32, (i64, Checkpoint)>>,
    marked: bool,
}

impl Rebuild {
    /// Reads what is committed; what a rebuild that was cut off has noted behind a mark counts in
    /// the place of what is gone.
    ///
    /// # Errors
    /// Metadata that is not ours.
    pub fn of(description: &Description, offsets: &[NotedOffset]) -> Result<Self, String> {
        let mut committed = vec![BTreeMap::new(); description.sources.len()];
        let (mut marked, mut behind) = (false, Vec::new());
        for noted in offsets {
            let Some(source) = description.source_at(&noted.topic) else { continue };
            let mut checkpoint = Checkpoint::from_metadata(&noted.metadata)?;
            if let Some(noted_behind) = checkpoint.rebuilding.take() {
                marked = true;
                behind.extend(noted_behind.into_iter().map(|b| (noted.partition, b)));
            }
            committed[source].insert(noted.partition, (noted.offset, checkpoint));
        }
        for (partition, Behind { source, stream_time, counts }) in behind {
            let checkpoint = Checkpoint { stream_time, counts, ..Checkpoint::default() };
            let place: &mut BTreeMap<i32, (i64, Checkpoint)> =
                committed.get_mut(source).ok_or_else(|| format!("no source {source}"))?;
            place.insert(partition, (0, checkpoint));
        }
        Ok(Self { description: description.clone(), committed, marked })
    }

    /// Whether nothing is committed: there is nothing to rebuild.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.committed.iter().all(BTreeMap::is_empty)
    }

    /// Whether a rebuild was cut off.
    #[must_use]
    pub const fn is_marked(&self) -> bool {
        self.marked
    }

    /// How many partitions the state was built for.
    #[must_use]
    pub fn partitions(&self) -> i32 {
        let last = self.committed.iter().filter_map(|s| s.keys().next_back()).max();
        last.map_or(0, |last| last.saturating_add(1))
    }

    /// The offset up to which a source's partition was read.
    #[must_use]
    pub fn committed(&self, source: usize, partition: i32) -> Option<i64> {
        self.committed[source].get(&partition).map(|(offset, _)| *offset)
    }

    /// How many records a stage has counted, whatever they came to; `None` behind a repartition
    /// topic, where records from outside are not told from those handed on.
    #[must_use]
    pub fn counted(&self, stage: usize) -> Option<u64> {
        if self.description.is_downstream(stage) {
            return None;
        }
        let first = self.description.first_source(stage)?;
        Some(self.committed[first].values().map(|(_, c)| c.counts.total()).sum())
    }

    /// By source: where time is held. At a source of events the least time of all partitions that
    /// let something in; behind a repartition topic the least of all, and unknown where one has
    /// closed nothing yet.
    #[must_use]
    pub fn ceilings(&self) -> Vec<Option<EventTime>> {
        let sources = self.description.sources.iter().zip(&self.committed);
        let time = |(_, checkpoint): &(i64, Checkpoint)| checkpoint.stream_time;
        sources
            .map(|(source, committed)| match source.role {
                Role::Table => None,
                Role::Events => committed.values().filter_map(time).min(),
                Role::Repartition => {
                    let all = 0..self.partitions();
                    all.map(|p| committed.get(&p).and_then(time)).min().flatten()
                }
            })
            .collect()
    }

    /// The time that the partition furthest ahead had reached, where that is past a ceiling: what
    /// closes in between was told for some keys and is told again, with the same ids.
    #[must_use]
    pub fn told_again(&self) -> Option<(Option<EventTime>, EventTime)> {
        let ceilings = self.ceilings();
        let times = self.committed.iter().zip(ceilings).filter_map(|(committed, ceiling)| {
            let furthest = committed.values().filter_map(|(_, c)| c.stream_time).max()?;
            (Some(furthest) > ceiling).then_some((ceiling, furthest))
        });
        times.reduce(|(from, to), (other, end)| (from.min(other), to.max(end)))
    }

    /// The same offsets, marked so that nobody goes on from them; repartition sources are left out,
    /// since their offsets go with their topics.
    #[must_use]
    pub fn marked(&self) -> Vec<NotedOffset> {
        let outside = |at: usize| self.description.sources[at].role != Role::Repartition;
        let carrier = (0..self.committed.len()).find(|at| outside(*at));
        let mut marked = Vec::new();
        for source in (0..self.committed.len()).filter(|at| outside(*at)) {
            for (number, (offset, checkpoint)) in &self.committed[source] {
                let behind = if carrier == Some(source) { self.behind(*number) } else { vec![] };
                let checkpoint = Checkpoint { rebuilding: Some(behind), ..checkpoint.clone() };
                marked.push(self.noted(source, *number, *offset, checkpoint.to_metadata()));
            }
        }
        marked
    }

    fn behind(&self, partition: i32) -> Vec<Behind> {
        let of = |source: usize| {
            let (_, c) = self.committed[source].get(&partition)?;
            Some(Behind { source, stream_time: c.stream_time, counts: c.counts })
        };
        let sources = self.description.sources.iter().enumerate();
        let inside = sources.filter(|(_, s)| s.role == Role::Repartition);
        inside.filter_map(|(source, _)| of(source)).collect()
    }

    fn noted(&self, source: usize, partition: i32, offset: i64, metadata: String) -> NotedOffset {
        let topic = self.description.sources[source].topic.clone();
        NotedOffset { topic, partition, offset, metadata }
    }

    /// What is committed when the state is whole, for `partitions` partitions: sources go on where
    /// they were, new partitions begin at their `first` offset (by source and partition), and a
    /// repartition topic is empty. The counts of a partition stay with it; its time is the
    /// ceiling.
    #[must_use]
    pub fn afterwards(
        &self,
        partitions: i32,
        first: &dyn Fn(usize, i32) -> i64,
        writer: &str,
    ) -> Vec<NotedOffset> {
        let ceilings = self.ceilings();
        let mut all = Vec::new();
        for (at, source) in self.description.sources.iter().enumerate() {
            for number in 0..partitions {
                let old = self.committed[at].get(&number);
                let offset = match source.role {
                    Role::Repartition => 0,
                    _ => old.map_or_else(|| first(at, number), |(offset, _)| *offset),
                };
                let metadata = if self.description.has_checkpoint(at) {
                    let counts = old.map_or_else(Counts::default, |(_, c)| c.counts);
                    let (stream_time, writer) = (ceilings[at], writer.to_owned());
                    Checkpoint { stream_time, counts, writer, ..Checkpoint::default() }
                        .to_metadata()
                } else {
                    String::new()
                };
                all.push(self.noted(at, number, offset, metadata));
            }
        }
        all
    }
}

/// How far each partition of the sources has come while they are fed anew.
///
/// A record was late or not by the time of its own partition. Keys are spread otherwise now, so
/// while partitions are read together time is held at the slowest that has more to come: nothing
/// is late any more that was not then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    ceilings: Vec<Option<EventTime>>,
    /// By source and partition, those with more to come.
    open: BTreeMap<(usize, i32), EventTime>,
    /// Where time is held.
    held: Vec<Option<EventTime>>,
}

impl Pace {
    /// Before the first record of `lanes`, the source partitions that have any.
    #[must_use]
    pub fn new(rebuild: &Rebuild, lanes: impl Iterator<Item = (usize, i32)>) -> Self {
        // The epoch: no event is that old, so nothing closes by it.
        let open = lanes.map(|lane| (lane, EventTime::default())).collect();
        let mut pace = Self { ceilings: rebuild.ceilings(), open, held: Vec::new() };
        pace.held = pace.now();
        pace
    }

    /// The time that a lane has reached, if anything of it was let in.
    #[must_use]
    pub fn reached(&self, lane: (usize, i32)) -> Option<EventTime> {
        self.open.get(&lane).copied().filter(|time| *time > EventTime::default())
    }

    /// Notes that a record of a lane was let in with `time`, if it was.
    pub fn admitted(&mut self, lane: (usize, i32), time: Option<EventTime>) {
        if let (Some(time), Some(reached)) = (time, self.open.get_mut(&lane)) {
            *reached = time.max(*reached);
        }
    }

    /// Notes that nothing more comes of a lane.
    pub fn ended(&mut self, lane: (usize, i32)) {
        self.open.remove(&lane);
    }

    /// Where time is held now, by source; `None` if that has not changed since it was last asked.
    pub fn moved(&mut self) -> Option<Vec<Option<EventTime>>> {
        let now = self.now();
        (now != self.held).then(|| {
            self.held.clone_from(&now);
            now
        })
    }

    /// Where time is held now, by source: at the slowest lane, at most at the ceiling.
    #[must_use]
    pub fn now(&self) -> Vec<Option<EventTime>> {
        let slowest = |source: usize| {
            self.open.range((source, i32::MIN)..=(source, i32::MAX)).map(|(_, time)| *time).min()
        };
        let ceilings = self.ceilings.iter().enumerate();
        ceilings
            .map(|(source, ceiling)| match slowest(source) {
                Some(slowest) => Some(ceiling.map_or(slowest, |ceiling| slowest.min(ceiling))),
                None => *ceiling,
            })
            .collect()
    }
}

/// Whether a record with `key` lies where Kafka's own clients would have put it, now (`count`
/// partitions) or when the topic had fewer.
#[must_use]
pub fn is_placed(key: &[u8], found: i32, count: u32) -> bool {
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    (1..=count).any(|count| partition::of_key(key, count) == found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::topology::{Source, Stage};

    fn description() -> Description {
        let stage = |name| Stage { name, lateness_limit: None };
        Description {
            name: "t",
            version: 1,
            summary: "",
            group: "app-t".to_owned(),
            stages: vec![stage("one"), stage("two")],
            sources: vec![
                Source::events("events".to_owned(), "id"),
                Source::table(0, "rows".to_owned(), "id"),
                Source::repartition(1, "between".to_owned(), "region"),
            ],
            stores: Vec::new(),
            sinks: Vec::new(),
        }
    }

    fn noted(topic: &str, partition: i32, offset: i64, time: Option<i64>) -> NotedOffset {
        let checkpoint = Checkpoint {
            stream_time: time.map(EventTime::from_micros),
            counts: Counts { processed: 3, ..Counts::default() },
            writer: "w".to_owned(),
            closed: true,
            rebuilding: None,
        };
        let metadata = if topic == "rows" { String::new() } else { checkpoint.to_metadata() };
        NotedOffset { topic: topic.to_owned(), partition, offset, metadata }
    }

    fn all(inside: [Option<i64>; 2]) -> Vec<NotedOffset> {
        let [a, b] = inside;
        vec![
            noted("events", 0, 10, Some(50)),
            noted("events", 1, 20, None),
            noted("events", 2, 30, Some(40)),
            noted("rows", 0, 5, None),
            noted("between", 0, 7, a),
            noted("between", 1, 8, b),
            noted("between", 2, 9, Some(30)),
        ]
    }

    const fn at(micros: i64) -> Option<EventTime> {
        Some(EventTime::from_micros(micros))
    }

    #[test]
    fn time_is_held_at_the_least_that_was_committed() {
        let of = |inside| Rebuild::of(&description(), &all(inside)).unwrap();
        let rebuild = of([Some(35), Some(30)]);
        assert_eq!(rebuild.ceilings(), [at(40), None, at(30)]);
        assert_eq!(rebuild.told_again(), Some((at(30), EventTime::from_micros(50))));
        assert_eq!(of([Some(35), None]).ceilings(), [at(40), None, None]);
        let mut fewer = all([Some(35), Some(30)]);
        fewer.retain(|o| o.topic != "between" || o.partition != 1);
        let fewer = Rebuild::of(&description(), &fewer).unwrap();
        assert_eq!(fewer.ceilings(), [at(40), None, None], "one has committed nothing");
        assert_eq!(rebuild.counted(0), Some(9));
        assert_eq!(rebuild.counted(1), None);
        let even = [noted("events", 0, 1, Some(5)), noted("events", 1, 1, Some(5))];
        assert_eq!(Rebuild::of(&description(), &even).unwrap().told_again(), None);
        assert!(Rebuild::of(&description(), &[]).unwrap().is_empty());
    }

    /// Whatever is gone of the repartition topics' offsets when it was cut off, the marks hold it.
    #[test]
    fn a_mark_keeps_what_goes_with_the_topics() {
        let before = Rebuild::of(&description(), &all([Some(35), None])).unwrap();
        let marked = before.marked();
        assert!(marked.iter().all(|o| o.topic != "between"));
        assert!(marked.iter().all(|o| o.metadata.contains(" b=1")), "{marked:?}");
        let again = Rebuild::of(&description(), &marked).unwrap();
        assert!(again.is_marked() && !before.is_marked());
        assert_eq!(again.ceilings(), before.ceilings());
        assert_eq!(again.marked(), marked);
        let first = |_, _| 4;
        assert_eq!(again.afterwards(4, &first, "r"), before.afterwards(4, &first, "r"));
    }

    #[test]
    fn what_is_committed_afterwards() {
        let rebuild = Rebuild::of(&description(), &all([Some(35), Some(30)])).unwrap();
        let after = rebuild.afterwards(
            4,
            &|source, partition| i64::from(partition) * 100 + i64::try_from(source).unwrap(),
            "r",
        );
        let shown: Vec<String> = after
            .iter()
            .map(|o| format!("{}/{} {} {}", o.topic, o.partition, o.offset, o.metadata))
            .collect();
        assert_eq!(
            shown,
            [
                "events/0 10 bss1 p=3 t=40 w=r",
                "events/1 20 bss1 p=3 t=40 w=r",
                "events/2 30 bss1 p=3 t=40 w=r",
                "events/3 300 bss1 t=40 w=r",
                "rows/0 5 ",
                "rows/1 101 ",
                "rows/2 201 ",
                "rows/3 301 ",
                "between/0 0 bss1 p=3 t=30 w=r",
                "between/1 0 bss1 p=3 t=30 w=r",
                "between/2 0 bss1 p=3 t=30 w=r",
                "between/3 0 bss1 t=30 w=r",
            ]
        );
        let next = Rebuild::of(&description(), &after).unwrap();
        assert_eq!(next.ceilings(), rebuild.ceilings(), "a second one finds the same time");
        assert_eq!(next.partitions(), 4);
    }

    #[test]
    fn time_is_held_at_the_slowest_lane_and_at_most_at_the_ceiling() {
        let rebuild = Rebuild::of(&description(), &all([Some(35), Some(30)])).unwrap();
        let mut pace = Pace::new(&rebuild, [(0, 0), (0, 2)].into_iter());
        assert_eq!(pace.now(), [at(0), None, at(30)]);
        assert_eq!(pace.moved(), None);
        pace.admitted((0, 0), at(50));
        pace.admitted((0, 0), None);
        assert_eq!(pace.moved(), None, "the other has not begun");
        pace.admitted((0, 2), at(20));
        pace.admitted((0, 2), at(10));
        assert_eq!(pace.moved().unwrap()[0], at(20));
        pace.ended((0, 2));
        assert_eq!(pace.moved().unwrap()[0], at(40), "the ceiling");
        pace.ended((0, 0));
        assert_eq!(pace.now(), rebuild.ceilings());
    }

    #[test]
    fn a_record_is_placed_by_some_count_up_to_now() {
        let key = b"21";
        for count in 1..=6_u32 {
            let found = i32::try_from(partition::of_key(key, count)).unwrap();
            assert!(is_placed(key, found, 6));
        }
        assert!(!is_placed(key, 6, 6), "no such partition");
        assert!(!is_placed(key, -1, 6));
    }
}
