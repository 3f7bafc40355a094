//! Numbers and texts as compact bytes: whole numbers are LEB128 varints, signed ones zigzag.

use std::fmt;

use crate::domain::compact;
use crate::domain::payment::MAX_TEXT_BYTES;

pub(super) use crate::domain::compact::{count, number as varint, signed};

/// Why bytes are not a state of this room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateFault {
    /// Written in a form this program does not know.
    Version {
        /// The version found.
        found: u8,
        /// The newest version that is read.
        reads: u8,
    },
    /// Ends too early.
    Truncated,
    /// Not what this program writes, in the named part.
    Corrupt(&'static str),
}

impl fmt::Display for StateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found, reads } => {
                write!(f, "state is of format version {found}; this program reads up to {reads}")
            }
            Self::Truncated => f.write_str("state ends too early"),
            Self::Corrupt(part) => write!(f, "state is damaged in its {part}"),
        }
    }
}

impl std::error::Error for StateFault {}

pub(super) fn text(bytes: &[u8], out: &mut Vec<u8>) {
    count(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Reads what the functions above wrote.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], StateFault> {
        let (own, rest) = self.0.split_at_checked(length).ok_or(StateFault::Truncated)?;
        self.0 = rest;
        Ok(own)
    }

    pub(super) fn byte(&mut self) -> Result<u8, StateFault> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn word(&mut self) -> Result<u64, StateFault> {
        let bytes = self.take(8)?.try_into().map_err(|_| StateFault::Truncated)?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn float(&mut self) -> Result<f64, StateFault> {
        self.word().map(f64::from_bits)
    }

    pub(super) fn varint(&mut self, part: &'static str) -> Result<u64, StateFault> {
        compact::read_number(|| self.byte())?.ok_or(StateFault::Corrupt(part))
    }

    pub(super) fn signed(&mut self, part: &'static str) -> Result<i64, StateFault> {
        self.varint(part).map(compact::unsigned_to_signed)
    }

    pub(super) fn text(&mut self) -> Result<&'a [u8], StateFault> {
        match usize::try_from(self.varint("texts")?) {
            Ok(length) if length <= MAX_TEXT_BYTES => self.take(length),
            _ => Err(StateFault::Corrupt("texts")),
        }
    }

    pub(super) fn list<T>(
        &mut self,
        part: &'static str,
        mut one: impl FnMut(&mut Self) -> Result<T, StateFault>,
    ) -> Result<Vec<T>, StateFault> {
        let length = usize::try_from(self.varint(part)?).unwrap_or(usize::MAX);
        // Each item takes a byte at least: a length beyond that must not reserve memory.
        if length > self.0.len() {
            return Err(StateFault::Truncated);
        }
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(one(self)?);
        }
        Ok(items)
    }
}
