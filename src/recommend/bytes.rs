//! Compact bytes of state: varints, texts and times, read with their bounds checked.

use std::fmt;

use crate::domain::EventTime;
use crate::domain::compact;

pub(super) use crate::domain::compact::{number as varint, optional_text as maybe, signed, text};

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
        compact::read_number(|| Ok(self.take(1)?[0]))?.ok_or_else(|| self.corrupt())
    }

    pub(super) fn signed(&mut self) -> Result<i64, BytesFault> {
        self.varint().map(compact::unsigned_to_signed)
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
