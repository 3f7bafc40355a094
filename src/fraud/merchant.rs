//! A merchant's or terminal's history of confirmed fraud, as labels tell it.
//!
//! Counts per hour in which a label became known. A look-up *as of* a time sees the hours that have
//! ended by then and no other, so that it never sees a label from after that time; it may miss those
//! of the last hour. What labels do not say is unknown: where genuine payments are labelled too, the
//! share is theirs; where only frauds are, the prior stands for the genuine ones and the share grows
//! with the number of frauds.

use serde_json::{Value, json};

use crate::domain::{EventTime, heap};
use crate::fraud::bytes::{Reader, StateFault, count, signed};
use crate::fraud::labels::{LabelChange, Verdict};
use crate::fraud::weights::Weights;

/// An hour in microseconds.
const HOUR: i64 = 3_600_000_000;
/// How many hours are kept behind the newest: 60 days.
pub const RETENTION_HOURS: i64 = 60 * 24;
/// The form this program writes and reads.
const VERSION: u8 = 1;

/// What became known in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    /// Hours since the epoch.
    hour: i64,
    /// Payments found to be fraud; below zero if more were cleared.
    fraud: i32,
    /// Payments found to be genuine; below zero if more were convicted.
    genuine: i32,
}

/// What is known of a merchant's payments; at most [`RETENTION_HOURS`] numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MerchantHistory(Vec<Bucket>);

/// What a merchant's history says at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MerchantRisk {
    /// The share of confirmed fraud, 0 to 1: the mean of the shares over two windows, each
    /// `fraud / (fraud + genuine + prior)`.
    pub share: f64,
    /// How long ago the wave of fraud was first known that goes on up to the newest label, in
    /// microseconds.
    pub wave_age: Option<i64>,
    /// Whether such a wave is older than waves last (and not so long that it is no wave).
    pub past: bool,
}

impl MerchantHistory {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub const fn heap(&self) -> usize {
        heap::list(&self.0)
    }

    /// Takes a change in.
    pub fn learn(&mut self, change: LabelChange) {
        let (fraud, genuine) = match change.verdict {
            Verdict::Fraud => (1, 0),
            Verdict::Genuine => (0, 1),
            Verdict::Cleared => (-1, 1),
            Verdict::Convicted => (1, -1),
        };
        self.add(Bucket { hour: change.time.micros().div_euclid(HOUR), fraud, genuine });
        self.forget();
    }

    /// Joins another history of the same merchant, made of other labels, into this one. In any order
    /// and grouping the result is the same.
    pub fn join(&mut self, other: &Self) {
        for bucket in &other.0 {
            self.add(*bucket);
        }
        self.forget();
    }

    fn add(&mut self, new: Bucket) {
        match self.0.binary_search_by_key(&new.hour, |bucket| bucket.hour) {
            Ok(at) => {
                // Wrapping keeps the join associative; 2^31 labels an hour are out of reach.
                self.0[at].fraud = self.0[at].fraud.wrapping_add(new.fraud);
                self.0[at].genuine = self.0[at].genuine.wrapping_add(new.genuine);
            }
            Err(at) => self.0.insert(at, new),
        }
    }

    fn forget(&mut self) {
        let newest = self.0.last().map_or(0, |bucket| bucket.hour);
        let old = self.0.partition_point(|b| b.hour <= newest.saturating_sub(RETENTION_HOURS));
        self.0.drain(..old);
    }

    /// When the newest label became known, to the hour.
    #[must_use]
    pub fn latest(&self) -> Option<EventTime> {
        self.0.last().map(|bucket| EventTime::from_micros(bucket.hour.saturating_mul(HOUR)))
    }

    /// What is known at `time`.
    #[must_use]
    pub fn known(&self, time: EventTime, weights: &Weights) -> MerchantRisk {
        let now = time.micros().div_euclid(HOUR);
        let known = &self.0[..self.0.partition_point(|bucket| bucket.hour < now)];
        let share = |window: i64| {
            let start = now.saturating_sub(window / HOUR);
            let inside = &known[known.partition_point(|bucket| bucket.hour < start)..];
            let sum = |of: fn(&Bucket) -> i32| {
                inside.iter().map(|bucket| i64::from(of(bucket))).sum::<i64>().max(0) as f64
            };
            let fraud = sum(|bucket| bucket.fraud);
            fraud / (fraud + sum(|bucket| bucket.genuine) + weights.merchant_prior)
        };
        let share =
            f64::midpoint(share(weights.merchant_window), share(weights.merchant_long_window));
        let wave = known.iter().rev().take_while(|bucket| bucket.fraud > bucket.genuine);
        let (mut first, mut newest) = (None, None);
        for bucket in wave {
            first = Some(bucket.hour);
            newest = newest.or(first);
        }
        let hours = |from: i64, to: i64| to.saturating_sub(from).saturating_mul(HOUR);
        let wave_age = first.map(|first| hours(first, now));
        // Confirmed over twice as long as waves last, fraud is the merchant's own.
        let lasting = first
            .zip(newest)
            .is_some_and(|(first, newest)| hours(first, newest) > 2 * weights.merchant_wave);
        let past = !lasting && wave_age.is_some_and(|age| age > weights.merchant_wave);
        MerchantRisk { share, wave_age, past }
    }

    /// Appends the history's bytes: the version, the number of hours, then of each hour the distance
    /// to the one before and both counts.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        count(self.0.len(), out);
        let mut previous = 0;
        for bucket in &self.0 {
            signed(bucket.hour.wrapping_sub(previous), out);
            previous = bucket.hour;
            signed(bucket.fraud.into(), out);
            signed(bucket.genuine.into(), out);
        }
    }

    /// Reads a history back.
    ///
    /// # Errors
    /// Another format version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, StateFault> {
        let mut from = Reader(bytes);
        let version = from.byte()?;
        if version != VERSION {
            return Err(StateFault::Version { found: version, reads: VERSION });
        }
        let fault = || StateFault::Corrupt("hours");
        let mut previous = 0_i64;
        let buckets = from.list("hours", |from| {
            let hour = previous.wrapping_add(from.signed("hours")?);
            previous = hour;
            let mut number =
                || from.signed("hours").and_then(|n| i32::try_from(n).map_err(|_| fault()));
            Ok(Bucket { hour, fraud: number()?, genuine: number()? })
        })?;
        let own = Self(buckets);
        let span =
            own.0.first().zip(own.0.last()).map_or(0, |(a, b)| b.hour.saturating_sub(a.hour));
        let ordered = own.0.windows(2).all(|pair| pair[0].hour < pair[1].hour);
        if !from.0.is_empty() || !ordered || span >= RETENTION_HOURS {
            return Err(fault());
        }
        Ok(own)
    }

    /// Everything that is known, as people read it.
    #[must_use]
    pub fn readable(&self) -> Value {
        let hour = |bucket: &Bucket| {
            let time = EventTime::from_micros(bucket.hour.saturating_mul(HOUR));
            json!({"hour": time.to_string(), "fraud": bucket.fraud, "genuine": bucket.genuine})
        };
        json!({"labels": self.0.iter().map(hour).collect::<Vec<_>>()})
    }
}

impl MerchantRisk {
    /// The part's weight in the score of a payment.
    pub(super) fn weight(&self, weights: &Weights) -> f64 {
        let left = if self.past { weights.merchant_past } else { 1.0 };
        weights.merchant_weight * self.share * left
    }
}
