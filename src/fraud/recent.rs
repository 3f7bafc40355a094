//! The payments of a customer's last hour, compact.

use crate::domain::payment::PaymentStatus;
use crate::domain::{EventTime, heap};

/// The most entries that are kept; the oldest go first.
pub(super) const MAX_ENTRIES: usize = 256;

/// One event of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// XXH3 of the payment's id.
    pub(super) hash: u64,
    /// When it happened.
    pub(super) time: EventTime,
    /// Bytes of the id in the texts, 0 once it is forgotten.
    pub(super) text_len: u16,
    /// What it had come to.
    pub(super) status: PaymentStatus,
    /// Whether the payment counted with this event.
    pub(super) counted: bool,
}

/// The entries in order of time, in order of arrival where times are equal; the ids of the
/// younger ones as text, one after the other in the same order.
///
/// Once forgotten, an id's entry lies before all entries that still have theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent {
    entries: Vec<Entry>,
    texts: Vec<u8>,
    /// The first entry with a text.
    first_text: usize,
}

/// How many counted payments lie in two windows that end together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) rapid: u32,
    pub(super) velocity: u32,
}

impl Recent {
    /// About how many bytes it holds outside of itself.
    pub(super) const fn heap(&self) -> usize {
        heap::list(&self.entries) + heap::list(&self.texts)
    }

    /// The entries, oldest first.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All entries with the id's hash.
    pub(super) fn of(&self, hash: u64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |e| e.hash == hash)
    }

    /// Counted payments in `(end - rapid, end]` and `(end - velocity, end]`.
    pub(super) fn counts(&self, end: EventTime, rapid: i64, velocity: i64) -> Counts {
        let longest = end.plus_micros(-rapid.max(velocity));
        let (rapid_start, velocity_start) = (end.plus_micros(-rapid), end.plus_micros(-velocity));
        let mut counts = Counts::default();
        for entry in self.entries.iter().rev().take_while(|e| e.time > longest) {
            if entry.counted && entry.time <= end {
                counts.rapid += u32::from(entry.time > rapid_start);
                counts.velocity += u32::from(entry.time > velocity_start);
            }
        }
        counts
    }

    /// The ids that are still kept as text, in order of time, with their entries.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&Entry, &str)> {
        let mut rest = self.texts.as_slice();
        self.entries[self.first_text..].iter().map(move |entry| {
            let (own, after) = rest.split_at(usize::from(entry.text_len));
            rest = after;
            (entry, std::str::from_utf8(own).unwrap_or_default())
        })
    }

    /// Takes an event in. Its id is kept as text unless it is older than `texts_from`.
    pub(super) fn insert(&mut self, mut entry: Entry, id: &str, texts_from: EventTime) {
        let keep_text = entry.time >= texts_from;
        entry.text_len = if keep_text { u16::try_from(id.len()).unwrap_or_default() } else { 0 };
        let after = self.entries.iter().rev().take_while(|e| e.time > entry.time).count();
        let mut at = self.entries.len() - after;
        if entry.text_len == 0 {
            // Forgotten already: it belongs before those that have their texts.
            at = at.min(self.first_text);
            self.entries.insert(at, entry);
            self.first_text += 1;
            return;
        }
        at = at.max(self.first_text);
        let behind: usize = self.entries[at..].iter().map(|e| usize::from(e.text_len)).sum();
        self.entries.insert(at, entry);
        self.texts.extend_from_slice(id.as_bytes());
        let start = self.texts.len() - id.len() - behind;
        self.texts[start..].rotate_right(id.len());
    }

    /// Forgets entries older than `keep_from` and those over the limit, and the texts of those
    /// older than `texts_from`.
    pub(super) fn forget(&mut self, keep_from: EventTime, texts_from: EventTime) {
        let old = self.entries.iter().take_while(|e| e.time < keep_from).count();
        let gone = old.max(self.entries.len().saturating_sub(MAX_ENTRIES));
        let silent = self.entries[gone..].iter().take_while(|e| e.time < texts_from).count();
        let last_silent = gone + silent;
        if last_silent > self.first_text {
            let silenced = &mut self.entries[self.first_text..last_silent];
            let bytes: usize = silenced.iter().map(|e| usize::from(e.text_len)).sum();
            silenced.iter_mut().for_each(|e| e.text_len = 0);
            self.texts.drain(..bytes);
            self.first_text = last_silent;
        }
        if gone > 0 {
            self.entries.drain(..gone);
            self.first_text -= gone;
        }
    }

    /// Bytes of the texts.
    pub(super) fn text_bytes(&self) -> &[u8] {
        &self.texts
    }

    /// Puts the parts together again; `None` if they do not fit each other.
    pub(super) fn from_parts(entries: Vec<Entry>, texts: Vec<u8>) -> Option<Self> {
        let first_text = entries.iter().take_while(|e| e.text_len == 0).count();
        let with_text = &entries[first_text..];
        let bytes: usize = with_text.iter().map(|e| usize::from(e.text_len)).sum();
        let fits = bytes == texts.len()
            && with_text.iter().all(|e| e.text_len > 0)
            && entries.is_sorted_by_key(|e| e.time);
        fits.then_some(Self { entries, texts, first_text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(time: i64) -> Entry {
        Entry {
            hash: 0,
            time: EventTime::from_micros(time),
            text_len: 0,
            status: PaymentStatus::Completed,
            counted: true,
        }
    }

    #[test]
    fn an_entry_is_small() {
        assert_eq!(size_of::<Entry>(), 24);
    }

    proptest! {
        #[test]
        fn texts_stay_with_their_entries(
            times in prop::collection::vec(0..60_i64, 0..60),
            texts in 1..20_i64,
            keep in 20..40_i64,
        ) {
            let mut recent = Recent::default();
            let mut all: Vec<(i64, String)> = Vec::new();
            let mut latest = i64::MIN / 2;
            for (n, time) in times.into_iter().enumerate() {
                let id = "x".repeat(n % 5 + 1) + &n.to_string();
                latest = latest.max(time);
                let from = |span: i64| EventTime::from_micros(latest - span);
                recent.insert(entry(time), &id, from(texts));
                recent.forget(from(keep), from(texts));
                all.push((time, id));
                all.retain(|(t, _)| *t >= latest - keep);
                all.sort_by_key(|(t, _)| *t);
                let kept: Vec<i64> = recent.entries().iter().map(|e| e.time.micros()).collect();
                prop_assert_eq!(kept, all.iter().map(|(t, _)| *t).collect::<Vec<_>>());
                let named: Vec<(i64, String)> =
                    recent.texts().map(|(e, id)| (e.time.micros(), id.to_owned())).collect();
                let young: Vec<(i64, String)> =
                    all.iter().filter(|(t, _)| *t >= latest - texts).cloned().collect();
                prop_assert_eq!(named, young);
                let parts = Recent::from_parts(recent.entries.clone(), recent.texts.clone());
                prop_assert_eq!(parts, Some(recent.clone()));
            }
        }
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let mut recent = Recent::default();
        let start = EventTime::from_micros(0);
        for n in 0..300 {
            recent.insert(entry(n), &n.to_string(), start);
            recent.forget(start, start);
        }
        assert_eq!(recent.entries().len(), MAX_ENTRIES);
        let (first, id) = recent.texts().next().unwrap();
        assert_eq!((first.time.micros(), id), (44, "44"));
        assert_eq!(recent.counts(EventTime::from_micros(299), 10, 100).rapid, 10);
        assert_eq!(recent.counts(EventTime::from_micros(299), 10, 100).velocity, 100);
        assert_eq!(recent.counts(EventTime::from_micros(50), 10, 100).rapid, 7);
    }
}
