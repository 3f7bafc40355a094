//! What a customer looked at in one go, and its form in the table of finished sessions.

use crate::domain::{EventTime, ProductView, heap};
use crate::recommend::bytes::{BytesFault, Reader, maybe, signed, text, varint};

/// A product in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionItem {
    /// `productId`.
    pub product: Box<str>,
    /// Its category, if told.
    pub category: Option<Box<str>>,
}

/// A session that goes on: each product once, at the place of its latest view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its name, if the events give one.
    pub(super) name: Option<Box<str>>,
    pub(super) start: EventTime,
    pub(super) end: EventTime,
    /// The latest view last.
    pub(super) items: Vec<SessionItem>,
}

impl OpenSession {
    /// About how many bytes it holds outside of itself.
    pub(super) fn heap(&self) -> usize {
        let texts = |item: &SessionItem| {
            heap::text(&item.product) + heap::optional_text(item.category.as_deref())
        };
        heap::optional_text(self.name.as_deref())
            + heap::list(&self.items)
            + self.items.iter().map(texts).sum::<usize>()
    }

    /// The session that begins with `view`.
    #[must_use]
    pub fn begin(view: &ProductView<'_>) -> Self {
        let mut session = Self {
            name: view.session_id.as_deref().map(Box::from),
            start: view.time,
            end: view.time,
            items: Vec::new(),
        };
        session.put(view, 1);
        session
    }

    /// Takes one more view in; of more than `most` products the earliest goes.
    pub fn put(&mut self, view: &ProductView<'_>, most: usize) {
        self.start = self.start.min(view.time);
        self.end = self.end.max(view.time);
        let category = view.category.as_deref();
        if let Some(at) = self.items.iter().position(|i| *i.product == *view.product_id) {
            self.items[at..].rotate_left(1);
            if let (Some(own), Some(category)) = (self.items.last_mut(), category)
                && own.category.as_deref() != Some(category)
            {
                own.category = Some(category.into());
            }
            return;
        }
        if self.items.len() >= most.max(1) {
            self.items.remove(0);
        }
        let category = category.map(Box::from);
        self.items.push(SessionItem { product: (&*view.product_id).into(), category });
    }

    /// What was looked at, the latest view last.
    #[must_use]
    pub fn items(&self) -> &[SessionItem] {
        &self.items
    }

    /// The first view and the last.
    #[must_use]
    pub const fn span(&self) -> (EventTime, EventTime) {
        (self.start, self.end)
    }

    /// What others learn from it; a single product tells nothing.
    #[must_use]
    pub fn finish(self) -> Option<FinishedSession> {
        (self.items.len() > 1).then_some(FinishedSession { end: self.end, items: self.items })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        maybe(self.name.as_deref(), out);
        signed(self.start.micros(), out);
        signed(self.end.micros_since(self.start), out);
        encode_items(&self.items, out);
    }

    pub(super) fn decode(from: &mut Reader<'_>) -> Result<Self, BytesFault> {
        let name = from.maybe()?.map(Box::from);
        let start = from.time()?;
        let end = start.plus_micros(from.signed()?);
        Ok(Self { name, start, end, items: decode_items(from)? })
    }
}

/// A session that is over: what the model learns from. It names no customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedSession {
    /// The last view.
    pub end: EventTime,
    /// Each product once, at the place of its latest view.
    pub items: Vec<SessionItem>,
}

/// Version 1: the version byte, the end, and the items, each a product and a category (texts with
/// their length; an empty category is none).
const VERSION: u8 = 1;

impl FinishedSession {
    /// Appends the value that the table of finished sessions keeps.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        signed(self.end.micros(), out);
        encode_items(&self.items, out);
    }

    /// Reads it back.
    ///
    /// # Errors
    /// Another format version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, BytesFault> {
        let mut from = Reader::new(bytes, "a finished session", VERSION)?;
        let session = Self { end: from.time()?, items: decode_items(&mut from)? };
        from.end()?;
        Ok(session)
    }
}

fn encode_items(items: &[SessionItem], out: &mut Vec<u8>) {
    varint(items.len() as u64, out);
    for item in items {
        text(&item.product, out);
        maybe(item.category.as_deref(), out);
    }
}

fn decode_items(from: &mut Reader<'_>) -> Result<Vec<SessionItem>, BytesFault> {
    let count = from.count()?;
    let mut items = Vec::with_capacity(count.min(1024));
    for _ in 0..count {
        let product = from.text()?.into();
        items.push(SessionItem { product, category: from.maybe()?.map(Box::from) });
    }
    Ok(items)
}

/// The key of a finished session in its table. Each writer goes round in slots of its own, so
/// that compaction itself bounds the table: a slot's newer session replaces the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableKey {
    /// The writer: its partition.
    pub writer: u32,
    /// Which of its slots.
    pub slot: u32,
}

impl TableKey {
    /// The key's bytes.
    #[must_use]
    pub fn encode(self) -> [u8; 8] {
        ((u64::from(self.writer) << 32) | u64::from(self.slot)).to_be_bytes()
    }

    /// Reads them back; `None` if it is not eight bytes.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (writer, slot) = bytes.split_first_chunk::<4>()?;
        let slot = slot.try_into().ok()?;
        Some(Self { writer: u32::from_be_bytes(*writer), slot: u32::from_be_bytes(slot) })
    }
}

/// Where a writer's next finished session goes: a task's own state, one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ring(u32);

impl Ring {
    /// The key of the next session of `writer`, who has `slots` slots (at least one).
    pub fn next(&mut self, writer: u32, slots: u32) -> TableKey {
        let slot = self.0 % slots.max(1);
        self.0 = (slot + 1) % slots.max(1);
        TableKey { writer, slot }
    }

    /// The slot of the next session.
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.0
    }

    /// Appends the changelog's bytes: a version byte and the next slot.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        varint(self.0.into(), out);
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another format version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, BytesFault> {
        let mut from = Reader::new(bytes, "a place in the table of sessions", VERSION)?;
        let next = u32::try_from(from.varint()?).map_err(|_| from.corrupt())?;
        from.end()?;
        Ok(Self(next))
    }
}
