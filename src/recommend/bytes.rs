//! Compact bytes of state: varints, texts and times, read with their bounds checked.

use std::fmt;

use crate::domain::EventTime;

/// Why bytes are not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BytesFault {
    /// Written in a form this program does not know: what, the form found and the one read.
    Version(&'static str, u8, u8),
    /// What ends too early.
    Truncated(&'static str),
    /// What holds something this program does not write.
    Corrupt(&'static str),
}

impl fmt::Display for BytesFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(what, found, read) => {
                write!(f, "{what} of format version {found}; this program reads {read}")
            }
            Self::Truncated(what) => write!(f, "{what} that ends too early"),
            Self::Corrupt(what) => write!(f, "{what} that is damaged"),
        }
    }
}

impl std::error::Error for BytesFault {}

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

/// Appends a text with its length.
pub(super) fn text(content: &str, out: &mut Vec<u8>) {
    varint(content.len() as u64, out);
    out.extend_from_slice(content.as_bytes());
}

/// Appends a text that may be absent; an empty one is (events have no empty texts).
pub(super) fn maybe(content: Option<&str>, out: &mut Vec<u8>) {
    text(content.unwrap_or_default(), out);
}

/// Reads what was written, in the same order.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Reads `what`, whose first byte must be `version`.
    pub(super) fn new(
        bytes: &'a [u8],
        what: &'static str,
        version: u8,
    ) -> Result<Self, BytesFault> {
        match bytes.split_first() {
            Some((found, rest)) if *found == version => Ok(Self { rest, what }),
            Some((found, _)) => Err(BytesFault::Version(what, *found, version)),
            None => Err(BytesFault::Truncated(what)),
        }
    }

    pub(super) const fn corrupt(&self) -> BytesFault {
        BytesFault::Corrupt(self.what)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], BytesFault> {
        let fault = BytesFault::Truncated(self.what);
        let (own, rest) = self.rest.split_at_checked(length).ok_or(fault)?;
        self.rest = rest;
        Ok(own)
    }

    pub(super) fn varint(&mut self) -> Result<u64, BytesFault> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.corrupt())
    }

    pub(super) fn signed(&mut self) -> Result<i64, BytesFault> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(super) fn time(&mut self) -> Result<EventTime, BytesFault> {
        self.signed().map(EventTime::from_micros)
    }

    /// A finite number of eight bytes.
    pub(super) fn float(&mut self) -> Result<f64, BytesFault> {
        let bytes = self.take(8)?.try_into().map_err(|_| self.corrupt())?;
        let value = f64::from_bits(u64::from_le_bytes(bytes));
        if value.is_finite() { Ok(value) } else { Err(self.corrupt()) }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, BytesFault> {
        let length = usize::try_from(self.varint()?).map_err(|_| self.corrupt())?;
        std::str::from_utf8(self.take(length)?).map_err(|_| self.corrupt())
    }

    pub(super) fn maybe(&mut self) -> Result<Option<&'a str>, BytesFault> {
        Ok(Some(self.text()?).filter(|t| !t.is_empty()))
    }

    /// A count of things that take a byte each at least: a larger one must not reserve memory.
    pub(super) fn count(&mut self) -> Result<usize, BytesFault> {
        match usize::try_from(self.varint()?) {
            Ok(count) if count <= self.rest.len() => Ok(count),
            _ => Err(BytesFault::Truncated(self.what)),
        }
    }

    /// Nothing may be left.
    pub(super) const fn end(&self) -> Result<(), BytesFault> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.corrupt()) }
    }
}
