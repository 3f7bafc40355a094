//! Up to where a partition's state beside Kafka is good, and whether it may still be used.
//!
//! State on disk is a mirror of the changelogs up to one offset in each. Everything after it is
//! read again, so a mirror that is ahead of its mark does no harm; one that misses a record does.

use crate::domain::EventTime;

/// The format of a mark's bytes.
const FORMAT: u8 = 1;
const HEAD: usize = 1 + 8 + 8 + 8;

/// What the mirror of one partition is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Names the topology's version, stores, partition count and formats; see [`layout`].
    pub layout: u64,
    /// At this wall-clock time every record from `offsets` on was still to be read: deletions
    /// among them stay in the changelog for its delete.retention.ms from then on.
    pub since: EventTime,
    /// No record before `offsets` was written later than this, by the wall clock.
    pub written: EventTime,
    /// By store: the first offset of its changelog that the mirror does not hold.
    pub offsets: Vec<i64>,
}

/// What the brokers say of a changelog's partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// The first offset that is kept.
    pub first: i64,
    /// The end, open transactions included.
    pub end: i64,
    /// The first record written a second or more after [`Mark::written`]; `None` if there is none.
    pub after: Option<i64>,
}

/// A number for everything that must be equal for a mirror to be read.
#[must_use]
pub fn layout<'a>(version: u32, partitions: u32, changelogs: impl Iterator<Item = &'a str>) -> u64 {
    let mut text = format!("{} {version} {partitions}", crate::streams::changelog::FORMAT);
    for changelog in changelogs {
        text.push('\n');
        text.push_str(changelog);
    }
    xxhash_rust::xxh3::xxh3_64(text.as_bytes())
}

impl Mark {
    /// The bytes on disk.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + 8 * self.offsets.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.layout.to_be_bytes());
        bytes.extend_from_slice(&self.since.micros().to_be_bytes());
        bytes.extend_from_slice(&self.written.micros().to_be_bytes());
        for offset in &self.offsets {
            bytes.extend_from_slice(&offset.to_be_bytes());
        }
        bytes
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// Bytes of another format or length.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let Some((head, offsets)) = bytes.split_first_chunk::<HEAD>() else {
            return Err("the mark is cut off".to_owned());
        };
        if head[0] != FORMAT {
            return Err(format!("format {}, this program knows {FORMAT}", head[0]));
        }
        let (words, rest) = head[1..].as_chunks::<8>();
        let (offsets, cut) = offsets.as_chunks::<8>();
        let ([layout, since, written], true) = (words, rest.is_empty() && cut.is_empty()) else {
            return Err("the mark has another length".to_owned());
        };
        Ok(Self {
            layout: u64::from_be_bytes(*layout),
            since: EventTime::from_micros(i64::from_be_bytes(*since)),
            written: EventTime::from_micros(i64::from_be_bytes(*written)),
            offsets: offsets.iter().map(|bytes| i64::from_be_bytes(*bytes)).collect(),
        })
    }

    /// Whether the mirror is of the same stores.
    ///
    /// # Errors
    /// That it is not.
    pub fn fits(&self, layout: u64, stores: usize) -> Result<(), String> {
        if self.layout != layout || self.offsets.len() != stores {
            return Err("it is of another version of the topology".to_owned());
        }
        Ok(())
    }

    /// Whether reading on from the offsets gives the state: the log holds all that came since.
    /// `logs` by store; `keeps_deletions`: the changelogs' delete.retention.ms in microseconds.
    ///
    /// # Errors
    /// Why not.
    pub fn holds(
        &self,
        now: EventTime,
        keeps_deletions: i64,
        logs: &[LogBounds],
    ) -> Result<(), String> {
        // A tenth less: the brokers' clocks are not ours, and the restore takes a while too.
        let limit = keeps_deletions - keeps_deletions / 10;
        let age = now.micros_since(self.since);
        if age > limit {
            return Err(format!(
                "it is {} min old and deletions may be gone after {} min",
                age / 60_000_000,
                limit / 60_000_000
            ));
        }
        for (offset, log) in self.offsets.iter().zip(logs) {
            if *offset > log.end {
                return Err(format!("it is at offset {offset}, the changelog ends at {}", log.end));
            }
            if *offset < log.first {
                return Err(format!(
                    "it is at offset {offset}, the changelog begins at {}",
                    log.first
                ));
            }
            if log.after.is_some_and(|after| after < *offset) {
                return Err("the changelog was made anew since".to_owned());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000_000;
    const DAY: i64 = 24 * 60 * MINUTE;

    fn at(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    fn mark(offset: i64) -> Mark {
        Mark { layout: 7, since: at(0), written: at(0), offsets: vec![offset] }
    }

    fn log(first: i64, end: i64, after: Option<i64>) -> [LogBounds; 1] {
        [LogBounds { first, end, after }]
    }

    #[test]
    fn is_used_only_where_the_log_holds_all_that_came_since() {
        let holds = |now: i64, log: [LogBounds; 1]| mark(100).holds(at(now), DAY, &log);
        assert_eq!(holds(MINUTE, log(0, 100, None)), Ok(()));
        assert_eq!(holds(MINUTE, log(100, 150, Some(100))), Ok(()));
        assert_eq!(holds(DAY / 10 * 9, log(0, 150, Some(120))), Ok(()));
        for (now, log, cause) in [
            (DAY / 10 * 9 + MINUTE, log(0, 100, None), "deletions"),
            (MINUTE, log(0, 99, None), "ends at 99"),
            (MINUTE, log(101, 150, None), "begins at 101"),
            (MINUTE, log(0, 150, Some(0)), "made anew"),
        ] {
            let told = holds(now, log).unwrap_err();
            assert!(told.contains(cause), "{told}");
        }
    }

    #[test]
    fn another_version_count_or_store_is_another_layout() {
        let of = |version, partitions, stores: &[&str]| {
            layout(version, partitions, stores.iter().copied())
        };
        let own = of(1, 12, &["a", "b"]);
        assert_eq!(own, of(1, 12, &["a", "b"]));
        for other in
            [of(2, 12, &["a", "b"]), of(1, 6, &["a", "b"]), of(1, 12, &["b", "a"]), of(1, 12, &[])]
        {
            assert_ne!(own, other);
        }
        assert!(mark(1).fits(7, 1).is_ok());
        assert!(mark(1).fits(8, 1).is_err());
        assert!(mark(1).fits(7, 2).is_err());
    }

    proptest! {
        #[test]
        fn round_trips(layout: u64, since: i64, written: i64, offsets: Vec<i64>) {
            let mark = Mark { layout, since: at(since), written: at(written), offsets };
            prop_assert_eq!(Mark::decode(&mark.encode()), Ok(mark));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            if let Ok(mark) = Mark::decode(&bytes) {
                prop_assert_eq!(mark.encode(), bytes);
            }
        }
    }
}
