//! The bytes of a customer's state, as the changelog keeps them.
//!
//! Version 2: the version byte; a byte of flags; the latest time; the score if there is one; the
//! place if there is one; then histories, payments, declines and labels, each with its count.
//! Whole numbers are LEB128 varints, times are differences to the latest time or to the entry
//! before, floats are their eight bytes, so that a restored state answers exactly as the live one.
//!
//! Version 1 lacks the labels and, in a history, the usual amount (its mean stands in) and what
//! was unusual lately (nothing).

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::EventTime;
use crate::domain::payment::{Currency, PaymentStatus};
use crate::fraud::bytes::{Reader, StateFault, count, signed, text, varint};
use crate::fraud::customer::{CustomerState, Place, Told};
use crate::fraud::declines::{Decline, Declines};
use crate::fraud::history::{Histories, History};
use crate::fraud::labels::{Known, Labels};
use crate::fraud::recent::{Entry, Recent};

/// The form this program writes.
const VERSION: u8 = 2;
/// The oldest form it reads.
const OLDEST: u8 = 1;

const RAPID_SHIFT: u8 = 0;
const RISK_SHIFT: u8 = 2;
const CARD_TESTING: u8 = 1 << 4;
const HAS_RISK: u8 = 1 << 5;
const HAS_PLACE: u8 = 1 << 6;
const HAS_LATEST: u8 = 1 << 7;

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
        let latest = self.latest.unwrap_or_default();
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
            for value in [history.weight, history.mean, history.m2, history.usual, history.lately] {
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
        count(self.labels.all().len(), out);
        let mut previous = latest;
        for label in self.labels.all() {
            signed(label.time.micros_since(previous), out);
            previous = label.time;
            out.extend_from_slice(&label.payment.to_le_bytes());
            out.push(u8::from(label.fraud));
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
        if !(OLDEST..=VERSION).contains(&version) {
            return Err(StateFault::Version { found: version, reads: VERSION });
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
        let histories = from.list("histories", |from| from.history(end, version))?;
        let recent = from.recent(end)?;
        let mut previous = end;
        let declines = from.list("declines", |from| {
            previous = previous.plus_micros(from.signed("declines")?);
            let (payment, instrument) = (from.word()?, from.word()?);
            Ok(Decline { time: previous, payment, instrument })
        })?;
        let labels = if version >= 2 { from.labels(end)? } else { Labels::default() };
        if !from.0.is_empty() {
            return Err(StateFault::Corrupt("end"));
        }
        Ok(Self {
            recent,
            histories: Histories::from_parts(histories),
            declines: Declines::from_parts(declines).ok_or(StateFault::Corrupt("declines"))?,
            labels,
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

impl Reader<'_> {
    fn history(&mut self, end: EventTime, version: u8) -> Result<History, StateFault> {
        let letters = std::str::from_utf8(self.take(3)?).ok();
        let currency = letters.and_then(|code| Currency::new(code).ok());
        let currency = currency.ok_or(StateFault::Corrupt("histories"))?;
        let payments = u32::try_from(self.varint("histories")?)
            .map_err(|_| StateFault::Corrupt("histories"))?;
        let (weight, mean, m2) = (self.float()?, self.float()?, self.float()?);
        let (usual, lately) =
            if version >= 2 { (self.float()?, self.float()?) } else { (mean, 0.0) };
        let last_time = end.plus_micros(self.signed("histories")?.saturating_neg());
        Ok(History { currency, payments, weight, mean, m2, usual, lately, last_time })
    }

    fn labels(&mut self, end: EventTime) -> Result<Labels, StateFault> {
        let mut previous = end;
        let labels = self.list("labels", |from| {
            previous = previous.plus_micros(from.signed("labels")?);
            let payment = from.word()?;
            let fraud = match from.byte()? {
                0 => false,
                1 => true,
                _ => return Err(StateFault::Corrupt("labels")),
            };
            Ok(Known { time: previous, payment, fraud })
        })?;
        Labels::from_parts(labels).ok_or(StateFault::Corrupt("labels"))
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
