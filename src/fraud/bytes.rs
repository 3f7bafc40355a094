//! Numbers and texts as compact bytes: whole numbers are LEB128 varints, signed ones zigzag.

use std::fmt;

use crate::domain::payment::MAX_TEXT_BYTES;

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

/// Appends a LEB128 varint.
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends a signed number, small magnitudes short (zigzag).
pub(super) fn signed(value: i64, out: &mut Vec<u8>) {
    varint((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned(), out);
}

pub(super) fn count(value: usize, out: &mut Vec<u8>) {
    varint(value as u64, out);
}

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
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(StateFault::Corrupt(part))
    }

    pub(super) fn signed(&mut self, part: &'static str) -> Result<i64, StateFault> {
        let value = self.varint(part)?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
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
