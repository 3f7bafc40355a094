//! A town whose topics have grown: its state made anew of what was read, as `bss streams rebuild`
//! does it.

use std::sync::Arc;

use bss::generate::random::Random;
use bss::streams::output::Outputs;
use bss::streams::pipeline::Pipeline;
use bss::streams::rebuild::{Pace, Rebuild};
use bss::streams::record::SourceRecord;
use bss::streams::topology::Role;
use bss::streams::undo::NotedOffset;

use crate::broker::Lane;
use crate::town::{Input, Town};

impl Town {
    /// The topics have grown to `partitions`: the state is made anew of what was read, as
    /// `bss streams rebuild` does, whatever the order between partitions; `more` comes afterwards.
    pub fn rebuilt(self, partitions: u32, more: &[Input], random: &mut Random) -> Self {
        let offsets = self.noted();
        let rebuild = Rebuild::of(&self.setting.description, &offsets).expect("our own");
        // Cut off and begun again: the marks hold everything.
        let again = Rebuild::of(&self.setting.description, &rebuild.marked()).expect("our own");
        let topology = Arc::clone(&self.setting.topology);
        let mut pipeline = Pipeline::new(&*topology, self.setting.limits, partitions);
        let mut dropped = Outputs::new();
        for role in [Role::Table, Role::Events] {
            self.refeed(role, &again, &mut pipeline, &mut dropped, random);
        }
        pipeline.hold_time_at(again.ceilings());
        pipeline.settle(self.setting.now, &mut dropped).expect("no panic");
        let (limits, now) = (self.setting.limits, self.setting.now);
        let mut grown = Self::new(Arc::clone(&topology), limits, now, partitions, &[]);
        let roles = &self.setting.description.sources;
        for lane in self.broker.lanes().filter(|lane| roles[lane.0].role != Role::Repartition) {
            self.broker.log(lane).for_each(|logged| grown.broker.publish(lane, logged.clone()));
        }
        grown.publish(more);
        pipeline.into_changes(&mut |number, store, key, value| {
            grown.broker.of(number).change(store, key.to_vec(), value.map(<[u8]>::to_vec));
        });
        for noted in again.afterwards(i32::try_from(partitions).expect("few"), &|_, _| 0, "town") {
            let sources = &self.setting.description.sources;
            let source = sources.iter().position(|s| s.topic == noted.topic).expect("a source");
            let number = u32::try_from(noted.partition).expect("few");
            let committed = grown.broker.of(number);
            committed.offsets.insert(source, usize::try_from(noted.offset).expect("short"));
            committed.metadata.insert(source, noted.metadata);
        }
        grown.broker.outputs = self.broker.outputs;
        grown
    }

    fn noted(&self) -> Vec<NotedOffset> {
        let mut all = Vec::new();
        for (number, committed) in &self.broker.committed {
            // A commit is one of all sources.
            let sources = self.setting.description.sources.iter().enumerate();
            for (source, described) in sources.filter(|_| !committed.metadata.is_empty()) {
                all.push(NotedOffset {
                    topic: described.topic.clone(),
                    partition: i32::try_from(*number).expect("few"),
                    offset: i64::try_from(committed.offset(source)).expect("short"),
                    metadata: committed.metadata.get(&source).cloned().unwrap_or_default(),
                });
            }
        }
        all
    }

    fn refeed(
        &self,
        role: Role,
        rebuild: &Rebuild,
        pipeline: &mut Pipeline<'_>,
        out: &mut Outputs,
        random: &mut Random,
    ) {
        let own = |(source, _): &Lane| self.setting.description.sources[*source].role == role;
        let read = |(source, number): &Lane| self.broker.committed[number].offset(*source);
        let mut lanes: Vec<(Lane, usize)> =
            self.broker.lanes().filter(own).map(|place| (place, 0)).collect();
        let lane = |(source, number): Lane| (source, i32::try_from(number).expect("few"));
        lanes.retain(|(place, _)| read(place) > 0);
        let mut pace = Pace::new(rebuild, lanes.iter().map(|(place, _)| lane(*place)));
        pipeline.hold_time_at(pace.now());
        loop {
            for (place, next) in &lanes {
                if *next >= read(place) {
                    pace.ended(lane(*place));
                }
            }
            lanes.retain(|(place, next)| *next < read(place));
            if lanes.is_empty() {
                return;
            }
            let at = usize::try_from(random.below(lanes.len() as u64)).expect("few");
            let (place, next) = &mut lanes[at];
            let logged = self.broker.record(*place, *next);
            let record = SourceRecord {
                source: place.0,
                partition: -1,
                offset: 0,
                key: logged.key.as_deref(),
                value: logged.value.as_deref(),
                timestamp: logged.timestamp,
            };
            pipeline.comes_from(pace.reached(lane(*place)));
            pipeline.take(&record, self.setting.now, out).expect("no panic");
            *next += 1;
            pace.admitted(lane(*place), pipeline.admitted());
            if random.below(3) == 0
                && let Some(held) = pace.moved()
            {
                pipeline.hold_time_at(held);
            }
        }
    }
}
