//! How far behind a topology is, in records and in time.

use crate::backends::error::Result;
use crate::backends::kafka::peek::{Found, Peeker, Span};
use crate::backends::kafka::runner::status::{PartitionStanding, Standing};
use crate::config::settings::Kafka;
use crate::domain::EventTime;

/// How far behind one partition of one source is.
#[derive(Clone, Debug)]
pub struct PartitionLag {
    /// Where it stands.
    pub standing: PartitionStanding,
    /// Offsets between the committed one and the end for a reader of committed records; 0 if
    /// there are only markers of transactions.
    pub records: u64,
    /// The time of the last record before the end that is still to be read.
    pub last: Option<LastTime>,
    /// The Kafka timestamp of the oldest record that is still to be read.
    pub oldest_unread: Option<EventTime>,
    /// The Kafka timestamp of the record at the stable end, if an open transaction is there.
    pub open_since: Option<EventTime>,
}

/// The time of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTime {
    /// The time.
    pub time: EventTime,
    /// Whether the record says so itself; else it is Kafka's timestamp.
    pub own: bool,
}

impl PartitionLag {
    /// How far stream time is behind the last record before the end, in microseconds: 0 once all
    /// is read, `None` while stream time is unknown.
    #[must_use]
    pub fn event_lag(&self) -> Option<i64> {
        if self.records == 0 {
            return Some(0);
        }
        let stream_time = self.standing.stream_time?;
        Some(self.last?.time.micros_since(stream_time).max(0))
    }

    /// Records of open transactions, their markers included.
    #[must_use]
    pub fn open(&self) -> u64 {
        u64::try_from(self.standing.high - self.standing.end).unwrap_or(0)
    }
}

/// Looks at the records that decide the lags of `standing`.
///
/// # Errors
/// As the client says.
pub fn lags(kafka: &Kafka, standing: &Standing) -> Result<Vec<PartitionLag>> {
    let unread: Vec<Span> = spans(standing, |p| {
        let from = p.committed.unwrap_or(p.first).max(p.first);
        (from, p.end)
    });
    let open: Vec<Span> = spans(standing, |p| (p.end, p.high));
    let (mut oldest, mut last, mut held) = (Found::new(), Found::new(), Found::new());
    if !unread.is_empty() {
        let peeker = Peeker::open(kafka, true)?;
        oldest = peeker.first(&unread)?;
        last = peeker.last(&unread)?;
    }
    if !open.is_empty() {
        held = Peeker::open(kafka, false)?.first(&open)?;
    }
    let lag = |p: &PartitionStanding| {
        let at = (p.topic.clone(), p.partition);
        let last = last.get(&at);
        let own = last.and_then(|seen| seen.event_time);
        PartitionLag {
            // Only markers of transactions are no records that somebody waits for.
            records: if last.is_some() { p.lag() } else { 0 },
            last: own.or_else(|| last?.time).map(|time| LastTime { time, own: own.is_some() }),
            oldest_unread: oldest.get(&at).and_then(|seen| seen.time),
            open_since: held.get(&at).and_then(|seen| seen.time),
            standing: p.clone(),
        }
    };
    Ok(standing.partitions.iter().map(lag).collect())
}

/// The spans of all partitions that are not empty.
fn spans(standing: &Standing, ends: impl Fn(&PartitionStanding) -> (i64, i64)) -> Vec<Span> {
    let span = |p: &PartitionStanding| {
        let (from, to) = ends(p);
        Span { topic: p.topic.clone(), partition: p.partition, from, to }
    };
    standing.partitions.iter().map(span).filter(|s| s.from < s.to).collect()
}
