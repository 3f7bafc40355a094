//! Compares the outputs of two runs: recorded ones and those produced now.
//!
//! Over topic, key, id and value (as JSON values), in order per key; the order between keys does
//! not matter. Each output is known by hashes (32 bytes, about twice that while they are sorted);
//! what it says is kept once, packed. 300,000 outputs of 400 bytes on each side took 110 MB, the
//! topology's state included: a million need about 350 MB. Start with [`Comparison`].

mod align;
mod archive;
#[cfg(test)]
mod tests;
pub mod value;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use align::Mark;
use archive::{Archive, Place};
use value::Field;

/// One output.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Output {
    /// The topic.
    pub topic: String,
    /// The key; bytes that are not UTF-8 are replaced.
    pub key: Option<String>,
    /// The CloudEvents id; empty counts as none.
    pub id: Option<String>,
    /// The value, see [`value::json`].
    pub value: Box<RawValue>,
}

/// How an output differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Recorded, not produced now.
    Missing,
    /// Produced now, not recorded.
    Extra,
    /// Same topic and id, or the same place in the order of the key, and another content.
    Changed,
}

impl Kind {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
        }
    }
}

/// A difference with both sides.
#[derive(Clone, Debug)]
pub struct Difference {
    /// How it differs.
    pub kind: Kind,
    /// The recorded output, unless it is extra.
    pub recorded: Option<Output>,
    /// The produced output, unless it is missing.
    pub produced: Option<Output>,
}

impl Difference {
    /// The parts that differ, if both sides are there.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let (Some(a), Some(b)) = (&self.recorded, &self.produced) else { return Vec::new() };
        let mut fields = Vec::new();
        for (path, a, b) in [("key", &a.key, &b.key), ("id", &a.id, &b.id)] {
            if a != b {
                let json =
                    |t: &Option<String>| t.as_ref().map(|t| serde_json::json!(t).to_string());
                let (recorded, produced) = (json(a), json(b));
                fields.push(Field { path: path.to_owned(), recorded, produced });
            }
        }
        fields.extend(value::fields(a.value.get(), b.value.get()));
        fields
    }
}

/// How a topic compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Outputs recorded.
    pub recorded: u64,
    /// Outputs produced now.
    pub produced: u64,
    /// Recorded, not produced.
    pub missing: u64,
    /// Produced, not recorded.
    pub extra: u64,
    /// Produced with another content.
    pub changed: u64,
}

impl Tally {
    /// Outputs that are equal on both sides.
    #[must_use]
    pub const fn equal(&self) -> u64 {
        self.recorded.saturating_sub(self.missing + self.changed)
    }

    /// All differences.
    #[must_use]
    pub const fn differences(&self) -> u64 {
        self.missing + self.extra + self.changed
    }

    /// Adds another.
    pub const fn add(&mut self, other: &Self) {
        self.recorded += other.recorded;
        self.produced += other.produced;
        self.missing += other.missing;
        self.extra += other.extra;
        self.changed += other.changed;
    }
}

/// One output by its hashes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Topic and key.
    group: u64,
    mark: Mark,
    topic: u32,
    /// Its number among its side's outputs.
    number: u32,
}

/// Gathers two sides.
#[derive(Debug, Default)]
pub struct Comparison {
    topics: Vec<String>,
    recorded: Vec<Entry>,
    produced: Vec<Entry>,
    places: HashMap<u64, Place>,
    archive: Archive,
    buffer: Vec<u8>,
}

impl Comparison {
    /// Takes a recorded output; those of one key in their order.
    pub fn recorded(&mut self, output: &Output) {
        let number = self.recorded.len();
        let entry = self.entry(output, number);
        self.recorded.push(entry);
    }

    /// Takes an output produced now; those of one key in their order.
    pub fn produced(&mut self, output: &Output) {
        let number = self.produced.len();
        let entry = self.entry(output, number);
        self.produced.push(entry);
    }

    fn entry(&mut self, output: &Output, number: usize) -> Entry {
        let topic = self.topic(&output.topic);
        let hash = |buffer: &mut Vec<u8>, kind: u8, before: u64, text: Option<&str>| {
            buffer.clear();
            buffer.extend_from_slice(&before.to_le_bytes());
            buffer.push(kind + u8::from(text.is_some()));
            buffer.extend_from_slice(text.unwrap_or_default().as_bytes());
            xxh3_64(buffer)
        };
        let buffer = &mut self.buffer;
        let group = hash(buffer, 0, topic.into(), output.key.as_deref());
        let id = output.id.as_deref().filter(|id| !id.is_empty());
        let named = hash(buffer, 2, topic.into(), id);
        buffer.clear();
        buffer.extend_from_slice(&group.to_le_bytes());
        buffer.extend_from_slice(&named.to_le_bytes());
        value::canonical(&output.value, buffer);
        let mark = Mark { content: xxh3_64(buffer), id: id.map_or(0, |_| named.max(1)) };
        if !self.places.contains_key(&mark.content) {
            let place = self.archive.keep(output);
            self.places.insert(mark.content, place);
        }
        Entry { group, mark, topic, number: u32::try_from(number).unwrap_or(u32::MAX) }
    }

    fn topic(&mut self, name: &str) -> u32 {
        let at = self.topics.iter().position(|t| t == name).unwrap_or_else(|| {
            self.topics.push(name.to_owned());
            self.topics.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// Compares what was taken.
    #[must_use]
    pub fn verdict(mut self) -> Verdict {
        // Both sides by key, in the order they were taken.
        for side in [&mut self.recorded, &mut self.produced] {
            side.sort_unstable_by_key(|e| (e.group, e.number));
        }
        let (mut a, mut b) = (self.recorded.as_slice(), self.produced.as_slice());
        let mut found = Vec::new();
        while let Some(group) = [a.first(), b.first()].into_iter().flatten().map(|e| e.group).min()
        {
            let (ours, theirs);
            (ours, a) = a.split_at(a.iter().take_while(|e| e.group == group).count());
            (theirs, b) = b.split_at(b.iter().take_while(|e| e.group == group).count());
            compare_key(ours, theirs, &mut found);
        }
        let found = join_by_id(found);
        let mut tallies = vec![Tally::default(); self.topics.len()];
        let mut tally = |topic: u32, count: fn(&mut Tally) -> &mut u64| {
            let at = usize::try_from(topic).unwrap_or(usize::MAX);
            tallies.get_mut(at).map(count).into_iter().for_each(|n| *n += 1);
        };
        self.recorded.iter().for_each(|e| tally(e.topic, |t| &mut t.recorded));
        self.produced.iter().for_each(|e| tally(e.topic, |t| &mut t.produced));
        for pair in &found {
            tally(
                pair.topic(),
                match pair.kind() {
                    Kind::Missing => |t| &mut t.missing,
                    Kind::Extra => |t| &mut t.extra,
                    Kind::Changed => |t| &mut t.changed,
                },
            );
        }
        Verdict {
            topics: self.topics.into_iter().zip(tallies).collect(),
            found,
            places: self.places,
            archive: self.archive,
        }
    }
}

/// Two entries that differ; one of them may be absent.
#[derive(Clone, Copy, Debug)]
struct Found {
    recorded: Option<Entry>,
    produced: Option<Entry>,
    /// When the key was first heard of, recorded and produced, and the place within it.
    order: (u32, u32, usize),
}

impl Found {
    fn topic(&self) -> u32 {
        self.recorded.or(self.produced).map_or(0, |e| e.topic)
    }

    const fn kind(&self) -> Kind {
        match (&self.recorded, &self.produced) {
            (Some(_), Some(_)) => Kind::Changed,
            (Some(_), None) => Kind::Missing,
            _ => Kind::Extra,
        }
    }
}

fn compare_key(recorded: &[Entry], produced: &[Entry], found: &mut Vec<Found>) {
    let marks = |side: &[Entry]| side.iter().map(|e| e.mark).collect::<Vec<_>>();
    let first = |side: &[Entry]| side.first().map_or(u32::MAX, |e| e.number);
    let order = (first(recorded), first(produced));
    let pairs = align::differences(&marks(recorded), &marks(produced));
    found.extend(pairs.into_iter().enumerate().map(|(at, (a, b))| Found {
        recorded: a.map(|a| recorded[a]),
        produced: b.map(|b| produced[b]),
        order: (order.0, order.1, at),
    }));
}

/// Makes one of a missing and an extra output of the same topic and id: its key has changed.
fn join_by_id(mut found: Vec<Found>) -> Vec<Found> {
    let mut extra: HashMap<u64, usize> = HashMap::new();
    for (at, pair) in found.iter().enumerate() {
        if let (None, Some(entry)) = (pair.recorded, pair.produced)
            && entry.mark.id != 0
        {
            extra.entry(entry.mark.id).or_insert(at);
        }
    }
    let mut joined = vec![false; found.len()];
    for at in 0..found.len() {
        let (Some(entry), None) = (found[at].recorded, found[at].produced) else { continue };
        // Within one key an equal id on both sides is a move and stays what it is.
        let other = extra.get(&entry.mark.id).copied();
        let other = other.filter(|o| found[*o].produced.is_some_and(|e| e.group != entry.group));
        if let Some(other) = other.filter(|_| entry.mark.id != 0) {
            extra.remove(&entry.mark.id);
            found[at].produced = found[other].produced;
            joined[other] = true;
        }
    }
    let mut joined = joined.into_iter();
    found.retain(|_| !joined.next().unwrap_or(false));
    found.sort_unstable_by_key(|f| (f.topic(), f.order));
    found
}

/// What came out.
#[derive(Debug)]
pub struct Verdict {
    topics: Vec<(String, Tally)>,
    found: Vec<Found>,
    places: HashMap<u64, Place>,
    archive: Archive,
}

impl Verdict {
    /// Each topic, in the order they were heard of.
    #[must_use]
    pub fn topics(&self) -> &[(String, Tally)] {
        &self.topics
    }

    /// All topics together.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut sum = Tally::default();
        self.topics.iter().for_each(|(_, tally)| sum.add(tally));
        sum
    }

    /// The differences by topic, then by the key that was heard of first, then in its order.
    pub fn differences(&self) -> impl Iterator<Item = Difference> + '_ {
        self.found.iter().map(|found| {
            let content =
                |entry: Option<Entry>| self.archive.get(*self.places.get(&entry?.mark.content)?);
            Difference {
                kind: found.kind(),
                recorded: content(found.recorded),
                produced: content(found.produced),
            }
        })
    }
}
