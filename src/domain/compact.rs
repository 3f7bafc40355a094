//! Compact bytes of state and of what one stage hands to the next: LEB128 varints, zigzag for
//! signed numbers, texts with their length. Reading never trusts a length.

use crate::domain::EventTime;
use crate::domain::fields::MAX_TEXT_BYTES;

/// Appends a whole number, small ones short.
pub(crate) fn number(mut value: u64, out: &mut Vec<u8>) {
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

/// Appends a signed number, small magnitudes short.
pub(crate) fn signed(value: i64, out: &mut Vec<u8>) {
    number((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned(), out);
}

/// Appends how many items follow.
pub(crate) fn count(value: usize, out: &mut Vec<u8>) {
    number(value as u64, out);
}

/// Appends an instant.
pub(crate) fn time(value: EventTime, out: &mut Vec<u8>) {
    signed(value.micros(), out);
}

/// Appends a text of at most [`MAX_TEXT_BYTES`].
pub(crate) fn text(value: &str, out: &mut Vec<u8>) {
    count(value.len(), out);
    out.extend_from_slice(value.as_bytes());
}

/// Appends a text that may be absent. An empty one is: events have none.
pub(crate) fn optional_text(value: Option<&str>, out: &mut Vec<u8>) {
    text(value.unwrap_or_default(), out);
}

/// Reads a whole number byte by byte; `None` if it is longer than a number can be.
///
/// # Errors
/// As `byte` says.
pub(crate) fn read_number<E>(mut byte: impl FnMut() -> Result<u8, E>) -> Result<Option<u64>, E> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = byte()?;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            break;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// The signed number that [`signed`] wrote as this whole one.
pub(crate) const fn unsigned_to_signed(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Reads compact bytes from their beginning. Errors are for a person and name `what` it reads.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes`, which are `what`.
    pub(crate) const fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// A reader of bytes that begin with the number of their form.
    pub(crate) fn of_version(
        bytes: &'a [u8],
        version: u8,
        what: &'static str,
    ) -> Result<Self, String> {
        match bytes.split_first() {
            Some((found, rest)) if *found == version => Ok(Self::new(rest, what)),
            Some((found, _)) => {
                Err(format!("{what} of format version {found}; this program reads {version}"))
            }
            None => Err(format!("{what} without a byte")),
        }
    }

    /// What is wrong with them.
    pub(crate) fn damaged(&self, part: &str) -> String {
        format!("{} damaged in {part}", self.what)
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let short = || format!("{} that end too early", self.what);
        let (own, rest) = self.rest.split_at_checked(length).ok_or_else(short)?;
        self.rest = rest;
        Ok(own)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    /// The next bytes as an array.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| self.damaged("an array"))
    }

    /// A whole number.
    pub(crate) fn number(&mut self) -> Result<u64, String> {
        read_number(|| self.byte())?.ok_or_else(|| self.damaged("a number"))
    }

    /// A signed number.
    pub(crate) fn signed(&mut self) -> Result<i64, String> {
        self.number().map(unsigned_to_signed)
    }

    /// An instant.
    pub(crate) fn time(&mut self) -> Result<EventTime, String> {
        self.signed().map(EventTime::from_micros)
    }

    /// A text.
    pub(crate) fn text(&mut self) -> Result<&'a str, String> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if length > MAX_TEXT_BYTES {
            return Err(self.damaged("a text"));
        }
        std::str::from_utf8(self.take(length)?).map_err(|_| self.damaged("a text"))
    }

    /// A text that may be absent.
    pub(crate) fn optional_text(&mut self) -> Result<Option<&'a str>, String> {
        Ok(Some(self.text()?).filter(|text| !text.is_empty()))
    }

    /// So many items as were counted; each takes a byte at least.
    pub(crate) fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if length > self.rest.len() {
            return Err(format!("{} that end too early", self.what));
        }
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(one(self)?);
        }
        Ok(items)
    }

    /// Nothing may follow.
    pub(crate) fn end(&self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.damaged("their end")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            whole in any::<u64>(),
            negative in any::<i64>(),
            word in "\\PC{0,40}",
            list in prop::collection::vec(any::<u64>(), 0..20),
        ) {
            let mut out = vec![3];
            number(whole, &mut out);
            signed(negative, &mut out);
            text(&word, &mut out);
            optional_text(None, &mut out);
            count(list.len(), &mut out);
            list.iter().for_each(|n| number(*n, &mut out));
            let mut from = Reader::of_version(&out, 3, "numbers").unwrap();
            prop_assert_eq!(from.number(), Ok(whole));
            prop_assert_eq!(from.time(), Ok(EventTime::from_micros(negative)));
            prop_assert_eq!(from.text(), Ok(word.as_str()));
            prop_assert_eq!(from.optional_text(), Ok(None));
            prop_assert_eq!(from.list(Reader::number), Ok(list));
            prop_assert_eq!(from.end(), Ok(()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut from = Reader::new(&bytes, "bytes");
            while from.list(Reader::text).and_then(|_| from.signed()).is_ok() {}
            prop_assert!(from.rest.len() <= bytes.len());
        }
    }

    #[test]
    fn faults_say_what_is_wrong() {
        let version = Reader::of_version(&[2], 1, "sums").err().unwrap();
        assert_eq!(version, "sums of format version 2; this program reads 1");
        assert!(Reader::of_version(&[], 1, "sums").is_err());
        assert_eq!(
            Reader::new(&[0xff; 12], "sums").number(),
            Err("sums damaged in a number".into())
        );
        assert_eq!(Reader::new(&[0x80], "sums").number(), Err("sums that end too early".into()));
        assert_eq!(Reader::new(&[1], "sums").end(), Err("sums damaged in their end".into()));
        // A length that no memory has.
        let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert!(Reader::new(&huge, "sums").text().is_err());
        assert!(Reader::new(&huge, "sums").list(Reader::byte).is_err());
    }
}
