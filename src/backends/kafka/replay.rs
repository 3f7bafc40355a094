//! Writes corrections of closed windows, and for each late record a marker beside it, in one
//! transaction; and reads how far a topology is.

use rdkafka::producer::BaseRecord;

use crate::backends::error::Result;
use crate::backends::kafka::headers;
use crate::backends::kafka::once::{Once, Words};
use crate::backends::kafka::runner::status;
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::runtime::Fault;
use crate::streams::late::correction::Plan;
use crate::streams::late::reach::Progress;
use crate::streams::letters::{REPLAYED, REPLAYED_AT};
use crate::streams::topology::Description;

const WORDS: Words = Words {
    noun: "replay",
    done: "replayed",
    look: "See what is open with `bss streams late list --state open`.",
    fewer: "Replay fewer records at once: choose by --window, --key or --until.",
    marker: (REPLAYED, REPLAYED_AT),
};

/// Bytes of a batch: every topic takes a window's result.
const BATCH: u64 = 1_000_000;

/// A producer that holds the application's right to replay.
pub struct Replayer(Once);

impl Replayer {
    /// Takes the place of whoever replayed for this application before: what is finished is
    /// finished, what was open is aborted.
    ///
    /// # Errors
    /// As the client says.
    pub fn take_over(kafka: &Kafka, id: &str) -> Result<Self> {
        Once::take_over(kafka, id, BATCH, &WORDS).map(Self)
    }

    /// Writes the corrections and marks the late records in topic `late` as replayed at `at`: all
    /// of it or nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if another replay took over, [`Kind::Stopped`] once `stop` says so; then
    /// and after every other failure but an unknown outcome nothing was written.
    ///
    /// [`Kind::Conflict`]: crate::backends::Kind::Conflict
    /// [`Kind::Stopped`]: crate::backends::Kind::Stopped
    pub fn write(
        &self,
        description: &Description,
        plan: &Plan,
        at: EventTime,
        fault: &Fault,
        stop: &dyn Fn() -> bool,
    ) -> Result<()> {
        let late = &description.sinks[description.late_sink()].topic;
        self.0.write(fault, stop, &|open| {
            for each in &plan.corrections {
                let sink = &description.sinks[each.name.sink];
                let headers = headers::cloud(sink, &each.name.id(each.revision), each.time);
                let record = BaseRecord::to(&sink.topic).headers(headers);
                open.send(record.key(&*each.name.key).payload(&*each.value))?;
                fault.hit("replay-after-write");
            }
            plan.replayed.iter().try_for_each(|letter| open.mark(late, *letter, at))
        })
    }
}

/// How far a topology has come, as committed.
///
/// # Errors
/// As the client says.
pub fn progress(kafka: &Kafka, description: &Description) -> Result<Progress> {
    let standing = status::standing(kafka, description)?;
    let mut progress = Progress::default();
    for found in &standing.partitions {
        let number = u32::try_from(found.partition).unwrap_or_default();
        progress.partitions = progress.partitions.max(number + 1);
        let sources = description.sources.iter().enumerate();
        for (source, stage) in
            sources.filter(|(_, s)| s.topic == found.topic).map(|(at, s)| (at, s.stage))
        {
            progress
                .committed
                .extend(found.committed.map(|next| ((source, found.partition), next)));
            if let Some(time) = found.stream_time {
                // A stage with several sources is as far as the one that is behind.
                let known = progress.times.entry((stage, found.partition)).or_insert(time);
                *known = time.min(*known);
            }
        }
    }
    Ok(progress)
}
