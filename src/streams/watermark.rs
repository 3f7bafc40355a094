//! Watermarks: how far the event time of each upstream task has come, carried through repartition
//! topics among the records.
//!
//! A task behind a repartition topic has records of all upstream partitions mixed as they came.
//! Its stream time is the least watermark of them; an upstream partition not heard of holds time
//! back. A record that was not late at its own source partition can therefore not be late here:
//! the watermarks that precede it are not ahead of what its source had seen.

use crate::domain::EventTime;

/// The format of a watermark's bytes.
const FORMAT: u8 = 1;
const LENGTH: usize = 1 + 4 + 8;

/// The event time that one upstream task has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// The upstream partition.
    pub partition: u32,
    /// Its stream time.
    pub time: EventTime,
}

impl Watermark {
    /// The bytes in a repartition topic.
    #[must_use]
    pub fn encode(self) -> [u8; LENGTH] {
        let mut bytes = [FORMAT; LENGTH];
        bytes[1..5].copy_from_slice(&self.partition.to_be_bytes());
        bytes[5..].copy_from_slice(&self.time.micros().to_be_bytes());
        bytes
    }

    /// Reads the bytes.
    ///
    /// # Errors
    /// Bytes that are no watermark of this format.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        match bytes.split_first_chunk::<5>() {
            Some(([FORMAT, partition @ ..], time)) => {
                Ok(Self { partition: u32::from_be_bytes(*partition), time: time_of(time)? })
            }
            _ => Err(format!("no watermark of format {FORMAT}")),
        }
    }
}

/// Takes the event time off a record of a repartition topic.
///
/// # Errors
/// A value too short to hold one.
pub fn split_time(value: &[u8]) -> Result<(EventTime, &[u8]), String> {
    let (time, rest) =
        value.split_first_chunk::<8>().ok_or("a record without an event time before it")?;
    Ok((EventTime::from_micros(i64::from_be_bytes(*time)), rest))
}

fn time_of(bytes: &[u8]) -> Result<EventTime, String> {
    let bytes: [u8; 8] = bytes.try_into().map_err(|_| "a time of another length".to_owned())?;
    Ok(EventTime::from_micros(i64::from_be_bytes(bytes)))
}

/// The last watermark of each upstream partition of each repartition source of a stage, with
/// what changed since the last commit.
#[derive(Clone, Debug)]
pub struct Upstreams {
    partitions: u32,
    /// By source (as the stage numbers its repartition sources), then partition.
    times: Vec<Option<EventTime>>,
    changed: Vec<usize>,
}

impl Upstreams {
    /// Nothing heard yet of `sources` repartition topics of `partitions` upstream partitions each.
    #[must_use]
    pub fn new(sources: usize, partitions: u32) -> Self {
        let places = sources.saturating_mul(partitions as usize);
        Self { partitions, times: vec![None; places], changed: Vec::new() }
    }

    /// Takes a watermark in; one that is behind the last changes nothing.
    ///
    /// # Errors
    /// A partition that is not there.
    pub fn note(&mut self, source: usize, watermark: Watermark) -> Result<(), String> {
        let Watermark { partition, time } = watermark;
        let place = self.place(source, partition)?;
        if self.times[place].is_none_or(|before| time > before) {
            self.times[place] = Some(time);
            if !self.changed.contains(&place) {
                self.changed.push(place);
            }
        }
        Ok(())
    }

    /// The time up to which every upstream partition has come; `None` while one was not heard of.
    #[must_use]
    pub fn least(&self) -> Option<EventTime> {
        self.times.iter().copied().min().flatten()
    }

    fn place(&self, source: usize, partition: u32) -> Result<usize, String> {
        let place = source * self.partitions as usize + partition as usize;
        if partition >= self.partitions || place >= self.times.len() {
            return Err(format!(
                "a watermark of upstream partition {partition} of {}",
                self.partitions
            ));
        }
        Ok(place)
    }

    /// Hands each change since the last call to `write`.
    pub fn take_changes(&mut self, write: &mut dyn FnMut(&[u8], Option<&[u8]>)) {
        for place in std::mem::take(&mut self.changed) {
            // Places are far below 2^32: topics have at most some thousand partitions.
            let key = u32::try_from(place).unwrap_or(u32::MAX).to_be_bytes();
            if let Some(time) = self.times[place] {
                write(&key, Some(&time.micros().to_be_bytes()));
            }
        }
    }

    /// Takes one record of the changelog.
    ///
    /// # Errors
    /// Bytes that are none of ours.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        let place = <[u8; 4]>::try_from(key).map_err(|_| "no key of a watermark".to_owned())?;
        let place = u32::from_be_bytes(place) as usize;
        let places = self.times.len();
        let time = self.times.get_mut(place).ok_or_else(|| {
            format!("a watermark at {place} of {places}; was the partition count changed?")
        })?;
        *time = value.map(time_of).transpose()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn at(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    #[test]
    fn time_is_what_the_slowest_has_reached() {
        let mut upstreams = Upstreams::new(2, 2);
        assert_eq!(upstreams.least(), None);
        for (source, partition, time) in [(0, 0, 10), (0, 1, 30), (1, 0, 20)] {
            upstreams.note(source, Watermark { partition, time: at(time) }).unwrap();
            assert_eq!(upstreams.least(), None, "one was not heard of");
        }
        upstreams.note(1, Watermark { partition: 1, time: at(40) }).unwrap();
        assert_eq!(upstreams.least(), Some(at(10)));
        upstreams.note(0, Watermark { partition: 0, time: at(5) }).unwrap();
        assert_eq!(upstreams.least(), Some(at(10)), "it never moves back");
        assert!(upstreams.note(0, Watermark { partition: 2, time: at(5) }).is_err());
        assert!(upstreams.note(2, Watermark { partition: 0, time: at(5) }).is_err());
    }

    proptest! {
        #[test]
        fn comes_back_from_its_changelog(
            notes in prop::collection::vec((0_usize..2, 0_u32..3, any::<i64>(), any::<bool>()), 0..40)
        ) {
            let mut upstreams = Upstreams::new(2, 3);
            let mut changelog = std::collections::BTreeMap::new();
            for (source, partition, time, commit) in notes {
                upstreams.note(source, Watermark { partition, time: at(time) }).unwrap();
                if commit {
                    upstreams.take_changes(&mut |k, v| {
                        changelog.insert(k.to_vec(), v.map(<[u8]>::to_vec));
                    });
                    let mut other = Upstreams::new(2, 3);
                    for (key, value) in &changelog {
                        other.restore(key, value.as_deref()).unwrap();
                    }
                    prop_assert_eq!(&other.times, &upstreams.times);
                }
            }
        }

        #[test]
        fn watermarks_round_trip(partition: u32, time: i64) {
            let watermark = Watermark { partition, time: at(time) };
            prop_assert_eq!(Watermark::decode(&watermark.encode()), Ok(watermark));
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let _read = Watermark::decode(&bytes);
            let _split = split_time(&bytes);
            let mut upstreams = Upstreams::new(1, 1);
            let _restored = upstreams.restore(&bytes, Some(&bytes));
        }
    }
}
