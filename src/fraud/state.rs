//! The bytes of a customer's state, as the changelog keeps them.
//!
//! Version 1: the version byte; a byte of flags; the latest time; the score if there is one; the
//! place if there is one; then histories, payments and declines, each with its count. Whole
//! numbers are LEB128 varints, times are differences to the latest time or to the entry before,
//! floats are their eight bytes, so that a restored state answers exactly as the live one.

use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::EventTime;
use crate::domain::payment::{Currency, MAX_TEXT_BYTES, PaymentStatus};
use crate::fraud::customer::{CustomerState, Place, Told};
use crate::fraud::declines::{Decline, Declines};
use crate::fraud::history::{Histories, History};
use crate::fraud::recent::{Entry, Recent};

/// The form this program writes.
const VERSION: u8 = 1;

const RAPID_SHIFT: u8 = 0;
const RISK_SHIFT: u8 = 2;
const CARD_TESTING: u8 = 1 << 4;
const HAS_RISK: u8 = 1 << 5;
const HAS_PLACE: u8 = 1 << 6;
const HAS_LATEST: u8 = 1 << 7;

/// Why bytes are not a customer's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateFault {
    /// Written in a form this program does not know.
    Version(u8),
    /// Ends too early.
    Truncated,
    /// Not what this program writes, in the named part.
    Corrupt(&'static str),
}

impl fmt::Display for StateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(found) => write!(
                f,
                "customer state is of format version {found}; this program reads {VERSION}"
            ),
            Self::Truncated => f.write_str("customer state ends too early"),
            Self::Corrupt(part) => write!(f, "customer state is damaged in its {part}"),
        }
    }
}

impl std::error::Error for StateFault {}

const fn told_bits(told: Told) -> u8 {
    match told {
        Told::Nothing => 0,
        Told::High => 1,
        Told::Critical => 2,
    }
}

const fn told_from(bits: u8) -> Result<Told, StateFault> {
    match bits & 3 {
        0 => Ok(Told::Nothing),
        1 => Ok(Told::High),
        2 => Ok(Told::Critical),
        _ => Err(StateFault::Corrupt("flags")),
    }
}

impl CustomerState {
    /// Appends the state's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut flags =
            told_bits(self.rapid_told) << RAPID_SHIFT | told_bits(self.risk_told) << RISK_SHIFT;
        for (set, flag) in [
            (self.card_testing_told, CARD_TESTING),
            (self.risk > 0.0, HAS_RISK),
            (self.place.is_some(), HAS_PLACE),
            (self.latest.is_some(), HAS_LATEST),
        ] {
            flags |= if set { flag } else { 0 };
        }
        let latest = self.last_seen();
        let before = |time: EventTime, out: &mut Vec<u8>| signed(latest.micros_since(time), out);
        out.extend_from_slice(&[VERSION, flags]);
        if self.latest.is_some() {
            signed(latest.micros(), out);
        }
        if self.risk > 0.0 {
            out.extend_from_slice(&self.risk.to_bits().to_le_bytes());
        }
        if let Some(place) = &self.place {
            before(place.time, out);
            text(place.name.as_bytes(), out);
        }
        count(self.histories.all().len(), out);
        for history in self.histories.all() {
            out.extend_from_slice(&history.currency.bytes());
            varint(history.payments.into(), out);
            for value in [history.weight, history.mean, history.m2] {
                out.extend_from_slice(&value.to_bits().to_le_bytes());
            }
            before(history.last_time, out);
        }
        self.encode_recent(latest, out);
        count(self.declines.all().len(), out);
        let mut previous = latest;
        for decline in self.declines.all() {
            signed(decline.time.micros_since(previous), out);
            previous = decline.time;
            out.extend_from_slice(&decline.payment.to_le_bytes());
            out.extend_from_slice(&decline.instrument.to_le_bytes());
        }
    }

    fn encode_recent(&self, latest: EventTime, out: &mut Vec<u8>) {
        count(self.recent.entries().len(), out);
        let mut previous = latest;
        let mut texts = self.recent.text_bytes();
        for entry in self.recent.entries() {
            signed(entry.time.micros_since(previous), out);
            previous = entry.time;
            let (own, rest) = texts.split_at(usize::from(entry.text_len));
            texts = rest;
            let status = status_bits(entry.status);
            out.push(status << 1 | u8::from(entry.counted));
            text(own, out);
            if own.is_empty() {
                out.extend_from_slice(&entry.hash.to_le_bytes());
            }
        }
    }

    /// Reads a state back.
    ///
    /// # Errors
    /// Another format version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateFault> {
        let mut from = Reader(bytes);
        let version = from.byte()?;
        if version != VERSION {
            return Err(StateFault::Version(version));
        }
        let flags = from.byte()?;
        let has = |flag: u8| flags & flag != 0;
        let latest = has(HAS_LATEST)
            .then(|| from.signed("latest time").map(EventTime::from_micros))
            .transpose()?;
        let end = latest.unwrap_or_default();
        let risk = if has(HAS_RISK) { from.float()? } else { 0.0 };
        let place = if has(HAS_PLACE) {
            let time = end.plus_micros(from.signed("place")?.saturating_neg());
            let name = std::str::from_utf8(from.text()?);
            Some(Place { time, name: name.map_err(|_| StateFault::Corrupt("place"))?.into() })
        } else {
            None
        };
        let histories = from.list("histories", |from| from.history(end))?;
        let recent = from.recent(end)?;
        let mut previous = end;
        let declines = from.list("declines", |from| {
            previous = previous.plus_micros(from.signed("declines")?);
            let (payment, instrument) = (from.word()?, from.word()?);
            Ok(Decline { time: previous, payment, instrument })
        })?;
        if !from.0.is_empty() {
            return Err(StateFault::Corrupt("end"));
        }
        Ok(Self {
            recent,
            histories: Histories::from_parts(histories),
            declines: Declines::from_parts(declines).ok_or(StateFault::Corrupt("declines"))?,
            place,
            latest,
            risk,
            rapid_told: told_from(flags >> RAPID_SHIFT)?,
            risk_told: told_from(flags >> RISK_SHIFT)?,
            card_testing_told: has(CARD_TESTING),
        })
    }
}

const fn status_bits(status: PaymentStatus) -> u8 {
    match status {
        PaymentStatus::Pending => 0,
        PaymentStatus::Authorized => 1,
        PaymentStatus::Completed => 2,
        PaymentStatus::Failed => 3,
        PaymentStatus::Declined => 4,
        PaymentStatus::Refunded => 5,
        PaymentStatus::Cancelled => 6,
    }
}

fn status_from(bits: u8) -> Result<PaymentStatus, StateFault> {
    let found = PaymentStatus::ALL.into_iter().find(|status| status_bits(*status) == bits);
    found.ok_or(StateFault::Corrupt("payments"))
}

/// Appends a LEB128 varint.
fn varint(mut value: u64, out: &mut Vec<u8>) {
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
fn signed(value: i64, out: &mut Vec<u8>) {
    varint((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned(), out);
}

fn count(value: usize, out: &mut Vec<u8>) {
    varint(value as u64, out);
}

fn text(bytes: &[u8], out: &mut Vec<u8>) {
    count(bytes.len(), out);
    out.extend_from_slice(bytes);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], StateFault> {
        let (own, rest) = self.0.split_at_checked(length).ok_or(StateFault::Truncated)?;
        self.0 = rest;
        Ok(own)
    }

    fn byte(&mut self) -> Result<u8, StateFault> {
        Ok(self.take(1)?[0])
    }

    fn word(&mut self) -> Result<u64, StateFault> {
        let bytes = self.take(8)?.try_into().map_err(|_| StateFault::Truncated)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn float(&mut self) -> Result<f64, StateFault> {
        self.word().map(f64::from_bits)
    }

    fn varint(&mut self, part: &'static str) -> Result<u64, StateFault> {
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

    fn signed(&mut self, part: &'static str) -> Result<i64, StateFault> {
        let value = self.varint(part)?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn text(&mut self) -> Result<&'a [u8], StateFault> {
        match usize::try_from(self.varint("texts")?) {
            Ok(length) if length <= MAX_TEXT_BYTES => self.take(length),
            _ => Err(StateFault::Corrupt("texts")),
        }
    }

    fn list<T>(
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

    fn history(&mut self, end: EventTime) -> Result<History, StateFault> {
        let letters = std::str::from_utf8(self.take(3)?).ok();
        let currency = letters.and_then(|code| Currency::new(code).ok());
        Ok(History {
            currency: currency.ok_or(StateFault::Corrupt("histories"))?,
            payments: u32::try_from(self.varint("histories")?)
                .map_err(|_| StateFault::Corrupt("histories"))?,
            weight: self.float()?,
            mean: self.float()?,
            m2: self.float()?,
            last_time: end.plus_micros(self.signed("histories")?.saturating_neg()),
        })
    }

    fn recent(&mut self, end: EventTime) -> Result<Recent, StateFault> {
        let mut previous = end;
        let mut texts = Vec::new();
        let entries = self.list("payments", |from| {
            previous = previous.plus_micros(from.signed("payments")?);
            let bits = from.byte()?;
            let id = from.text()?;
            texts.extend_from_slice(id);
            let hash = if id.is_empty() { from.word()? } else { xxh3_64(id) };
            Ok(Entry {
                hash,
                time: previous,
                text_len: u16::try_from(id.len()).unwrap_or_default(),
                status: status_from(bits >> 1)?,
                counted: bits & 1 == 1,
            })
        })?;
        Recent::from_parts(entries, texts).ok_or(StateFault::Corrupt("payments"))
    }
}
