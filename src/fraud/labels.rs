//! What is known of a customer's payments: which were fraud, since when.

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::{EventTime, FraudLabel, heap};
use crate::fraud::bytes::StateFault;
use crate::fraud::customer::CustomerState;
use crate::fraud::weights::LABEL_RETENTION;

/// The most labels that are kept; the oldest genuine ones go first, then the oldest frauds.
pub(super) const MAX_LABELS: usize = 32;

/// One label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known {
    /// When it became known.
    pub(super) time: EventTime,
    /// XXH3 of the payment's id.
    pub(super) payment: u64,
    pub(super) fraud: bool,
}

/// What a label changes for the payment's merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// A payment is known to be fraud.
    Fraud,
    /// A payment is known to be genuine.
    Genuine,
    /// What was held to be fraud was genuine.
    Cleared,
    /// What was held to be genuine was fraud.
    Convicted,
}

/// A change to a merchant's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelChange {
    /// What changed.
    pub verdict: Verdict,
    /// When it became known.
    pub time: EventTime,
}

impl LabelChange {
    /// Bytes of the encoded form.
    pub const BYTES: usize = 9;

    /// The bytes that travel to the merchant's stage: a byte for the verdict, the time in
    /// microseconds, big-endian.
    #[must_use]
    pub fn encode(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0] = match self.verdict {
            Verdict::Fraud => 1,
            Verdict::Genuine => 2,
            Verdict::Cleared => 3,
            Verdict::Convicted => 4,
        };
        bytes[1..].copy_from_slice(&self.time.micros().to_be_bytes());
        bytes
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// Bytes that it did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateFault> {
        let fault = StateFault::Corrupt("label");
        let (first, time) = bytes.split_first().ok_or(StateFault::Truncated)?;
        let verdict = match first {
            1 => Verdict::Fraud,
            2 => Verdict::Genuine,
            3 => Verdict::Cleared,
            4 => Verdict::Convicted,
            _ => return Err(fault),
        };
        let time = i64::from_be_bytes(time.try_into().map_err(|_| fault)?);
        Ok(Self { verdict, time: EventTime::from_micros(time) })
    }
}

/// The labels in order of the time they became known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Labels(Vec<Known>);

impl Labels {
    /// About how many bytes it holds outside of itself.
    pub(super) const fn heap(&self) -> usize {
        heap::list(&self.0)
    }

    /// All of them, oldest first.
    pub(super) fn all(&self) -> &[Known] {
        &self.0
    }

    /// Puts them together again; `None` if they are not in order or too many.
    pub(super) fn from_parts(labels: Vec<Known>) -> Option<Self> {
        (labels.is_sorted_by_key(|l| l.time) && labels.len() <= MAX_LABELS).then_some(Self(labels))
    }

    /// When the newest became known.
    pub(super) fn latest(&self) -> Option<EventTime> {
        self.0.last().map(|label| label.time)
    }

    /// Payments known at `time` to be fraud, by labels younger than `window`.
    pub(super) fn frauds(&self, time: EventTime, window: i64) -> u32 {
        let known = &self.0[..self.0.partition_point(|label| label.time <= time)];
        let start = time.plus_micros(-window);
        let standing = |(at, label): &(usize, &Known)| {
            label.fraud
                && label.time > start
                && !known[at + 1..].iter().any(|later| later.payment == label.payment)
        };
        let frauds = known.iter().enumerate().filter(standing).count();
        u32::try_from(frauds).unwrap_or(u32::MAX)
    }

    /// Takes a label in; what it changes, if anything.
    fn learn(&mut self, new: Known) -> Option<Verdict> {
        let verdict = match (self.0.iter().rev().find(|k| k.payment == new.payment), new.fraud) {
            (None, true) => Verdict::Fraud,
            (None, false) => Verdict::Genuine,
            (Some(known), fraud) if known.fraud == fraud || known.time > new.time => return None,
            (Some(_), true) => Verdict::Convicted,
            (Some(_), false) => Verdict::Cleared,
        };
        // After its equals in time: the later word stands.
        let at = self.0.partition_point(|known| known.time <= new.time);
        self.0.insert(at, new);
        let oldest = self.latest().unwrap_or_default().plus_micros(-LABEL_RETENTION);
        self.0.retain(|known| known.time >= oldest);
        if self.0.len() > MAX_LABELS {
            let genuine = self.0.iter().position(|known| !known.fraud);
            self.0.remove(genuine.unwrap_or(0));
        }
        Some(verdict)
    }
}

impl CustomerState {
    /// Takes in what one payment of this customer turned out to be. What that changes for the
    /// payment's merchant goes to [`crate::fraud::MerchantHistory::learn`]; nothing if it was known
    /// already or a later word stands against it.
    ///
    /// A label repeated after 32 others of the same customer, or two months, counts as a new one.
    pub fn learn_label(&mut self, label: &FraudLabel<'_>) -> Option<LabelChange> {
        let payment = xxh3_64(label.payment_id.as_bytes());
        let known = Known { time: label.labelled_at, payment, fraud: label.fraud };
        let verdict = self.labels.learn(known)?;
        Some(LabelChange { verdict, time: label.labelled_at })
    }
}
