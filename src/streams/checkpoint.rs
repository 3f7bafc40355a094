//! What is committed with a partition's offset, in the offset's metadata: stream time, the
//! counts since the group began, and who wrote it. It moves in the same transaction as the
//! outputs, so the counts are exact.

use crate::domain::EventTime;

/// How many records came to what. `total()` is what was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Processed; their outputs are written.
    pub processed: u64,
    /// Redelivered; no output.
    pub duplicate: u64,
    /// Late for all their windows; in the late topic.
    pub late: u64,
    /// Ahead of the clock; in the dead letters.
    pub future: u64,
    /// Broken; in the dead letters.
    pub rejected: u64,
    /// Outputs written.
    pub outputs: u64,
    /// Deleted by retention before they were read, and passed over as the operator asked; never
    /// read, so not part of [`Self::total`].
    pub skipped: u64,
}

impl Counts {
    /// All records read.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.processed + self.duplicate + self.late + self.future + self.rejected
    }

    /// Records that were set aside.
    #[must_use]
    pub const fn set_aside(&self) -> u64 {
        self.late + self.future + self.rejected
    }

    /// Each count with its letter in the text form.
    const fn places(&mut self) -> [(char, &mut u64); 7] {
        [
            ('p', &mut self.processed),
            ('d', &mut self.duplicate),
            ('l', &mut self.late),
            ('f', &mut self.future),
            ('r', &mut self.rejected),
            ('o', &mut self.outputs),
            ('s', &mut self.skipped),
        ]
    }

    /// Adds another count.
    pub const fn add(&mut self, other: &Self) {
        self.processed += other.processed;
        self.duplicate += other.duplicate;
        self.late += other.late;
        self.future += other.future;
        self.rejected += other.rejected;
        self.outputs += other.outputs;
        self.skipped += other.skipped;
    }
}

/// The state of a partition's task that is not in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The largest event time seen.
    pub stream_time: Option<EventTime>,
    /// What the records came to.
    pub counts: Counts,
    /// The transactional id that committed it.
    pub writer: String,
    /// Everything was closed at the end of the input (`--drain`), and nothing came since.
    pub closed: bool,
    /// The state is being made anew (`bss streams rebuild`): nobody may go on from here. Beside the
    /// first source's offset, what was committed behind it in the same partition: the offsets of
    /// repartition topics go when these are deleted.
    pub rebuilding: Option<Vec<Behind>>,
}

/// What was committed with a repartition source's offset in the same partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// The source, by position in the description.
    pub source: usize,
    /// The stage's time.
    pub stream_time: Option<EventTime>,
    /// The stage's counts.
    pub counts: Counts,
}

impl Behind {
    /// `<source>,<micros or ->,<counts...>`.
    fn to_text(self) -> String {
        let time = self.stream_time.map_or_else(|| "-".to_owned(), |t| t.micros().to_string());
        let mut text = format!("{},{time}", self.source);
        let mut counts = self.counts;
        counts.places().into_iter().for_each(|(_, count)| text.push_str(&format!(",{count}")));
        text
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let source = parts.next()?.parse().ok()?;
        let stream_time = match parts.next()? {
            "-" => None,
            micros => Some(EventTime::from_micros(micros.parse().ok()?)),
        };
        let mut counts = Counts::default();
        for (_, count) in counts.places() {
            *count = parts.next()?.parse().ok()?;
        }
        parts.next().is_none().then_some(Self { source, stream_time, counts })
    }
}

/// The version of the text form.
const VERSION: &str = "bss1";

impl Checkpoint {
    /// The text form: `bss1 p=.. d=.. l=.. f=.. r=.. o=.. s=.. t=<micros> [c=1] [b=1 [n=..]..]
    /// w=<writer>`.
    #[must_use]
    pub fn to_metadata(&self) -> String {
        let mut counts = self.counts;
        let mut text = String::from(VERSION);
        for (key, value) in counts.places().into_iter().filter(|(_, value)| **value > 0) {
            text.push_str(&format!(" {key}={value}"));
        }
        if let Some(time) = self.stream_time {
            text.push_str(&format!(" t={}", time.micros()));
        }
        if self.closed {
            text.push_str(" c=1");
        }
        if let Some(behind) = &self.rebuilding {
            text.push_str(" b=1");
            behind.iter().for_each(|b| text.push_str(&format!(" n={}", b.to_text())));
        }
        text.push_str(&format!(" w={}", self.writer));
        text
    }

    /// Reads the text form; an empty text (an offset set by another tool) is a fresh checkpoint.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_metadata(text: &str) -> Result<Self, String> {
        let mut checkpoint = Self::default();
        let Some(rest) = text.strip_prefix(VERSION) else {
            return if text.is_empty() {
                Ok(checkpoint)
            } else {
                Err(format!("not ours: `{text}`"))
            };
        };
        for part in rest.split_ascii_whitespace() {
            let (key, value) =
                part.split_once('=').ok_or_else(|| format!("`{part}` has no value"))?;
            match key {
                "w" => value.clone_into(&mut checkpoint.writer),
                "t" => {
                    let micros = value.parse().map_err(|_| format!("`{part}` is no number"))?;
                    checkpoint.stream_time = Some(EventTime::from_micros(micros));
                }
                "c" => checkpoint.closed = value == "1",
                "b" => checkpoint.rebuilding = Some(Vec::new()),
                "n" => {
                    let behind = Behind::from_text(value)
                        .ok_or_else(|| format!("`{part}` is no position behind"))?;
                    checkpoint.rebuilding.get_or_insert_default().push(behind);
                }
                _ => {
                    let mut places = checkpoint.counts.places().into_iter();
                    let (_, place) = places
                        .find(|(letter, _)| key.len() == 1 && key.starts_with(*letter))
                        .ok_or_else(|| {
                            format!("`{part}` is not known; written by a newer program?")
                        })?;
                    *place = value.parse().map_err(|_| format!("`{part}` is no number"))?;
                }
            }
        }
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn metadata_round_trips(
            p: u32,
            d: u32,
            l: u32,
            t: Option<i64>,
            closed: bool,
            behinds: Option<Vec<(u8, Option<i64>)>>,
        ) {
            let counts = Counts { processed: p.into(), duplicate: d.into(), late: l.into(), ..Counts::default() };
            let behind = |(source, t): (u8, Option<i64>)| Behind {
                source: source.into(),
                stream_time: t.map(EventTime::from_micros),
                counts,
            };
            let checkpoint = Checkpoint {
                stream_time: t.map(EventTime::from_micros),
                counts,
                writer: "bss-fraud-detection-host-0".to_owned(),
                closed,
                rebuilding: behinds.map(|all| all.into_iter().map(behind).collect()),
            };
            prop_assert_eq!(Checkpoint::from_metadata(&checkpoint.to_metadata()), Ok(checkpoint));
        }
    }

    #[test]
    fn foreign_metadata_is_refused_and_none_is_fresh() {
        assert_eq!(Checkpoint::from_metadata(""), Ok(Checkpoint::default()));
        assert!(Checkpoint::from_metadata("something").is_err());
        assert!(Checkpoint::from_metadata("bss1 z=1").is_err());
        assert!(Checkpoint::from_metadata("bss1 p=x").is_err());
        assert!(Checkpoint::from_metadata("bss1 pp=1").is_err());
        for broken in ["", "1", "1,x", "1,-,0,0,0,0,0,0", "1,-,0,0,0,0,0,0,0,0"] {
            assert!(
                Checkpoint::from_metadata(&format!("bss1 b=1 n={broken}")).is_err(),
                "{broken}"
            );
        }
    }
}
