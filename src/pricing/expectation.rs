//! What an hour of the week brings as a rule.
//!
//! Learnt is the demand in each of the 168 hours of a product's week, exponentially weighted by
//! week: of demand `d` in the same hour `k` weeks ago and a share `r` kept from week to week, the
//! mean per window is `sum(r^k d_k) / (c sum(r^k))`, with `c` windows an hour. The catalogue's
//! expected demand is mixed in as if it had been watched for some windows before the first week;
//! it is all there is in that week, and fades like all that is old. Windows without any event count
//! as zero and cost nothing: how many windows were watched follows from the time alone.
//!
//! A running hour is not learnt from before it is over, and the hour in which a product was first
//! seen not at all: it was chosen for having an event.

use crate::domain::{EventTime, heap};
use crate::pricing::PricingRules;
use crate::pricing::bytes::{end, take, versioned};
use crate::pricing::rules::HOUR;

/// Hours of a week.
pub(super) const HOURS: i64 = 168;
/// Less demand than this in an hour is forgotten.
const FORGOTTEN: f32 = 1e-6;

/// Demand by hour of the week of one product. Bounded: at most 168 hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The first hour that is learnt from, in hours since the epoch.
    pub(super) first: i64,
    /// The week since `first` that `hours` are weighted for.
    pub(super) week: i64,
    /// Hour of the week, counted from `first`, and its demand weighted; ascending.
    pub(super) hours: Vec<(u8, f32)>,
}

/// The hour of an instant, since the epoch.
pub(super) const fn hour_of(time: EventTime) -> i64 {
    time.micros().div_euclid(HOUR)
}

/// What is expected of one window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Expected {
    /// Demand in units.
    pub demand: f64,
    /// How much of it was learnt, from 0 (the catalogue's) to 1.
    pub learnt: f64,
}

impl Expectation {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub const fn heap(&self) -> usize {
        heap::list(&self.hours)
    }

    /// Nothing learnt yet of a product that was first seen in the window that ends at `end`.
    #[must_use]
    pub(super) fn new(end: EventTime) -> Self {
        let first = hour_of(end.plus_micros(HOUR - 1));
        Self { first, week: 0, hours: Vec::new() }
    }

    /// What a window in `hour` brings; `None` where neither the catalogue nor enough windows say.
    pub(super) fn expected(
        &self,
        hour: i64,
        catalog: Option<f64>,
        rules: &PricingRules,
    ) -> Option<Expected> {
        let since = hour.saturating_sub(self.first);
        let (weeks, slot) = (since.div_euclid(HOURS).max(0), slot(since));
        let kept = rules.kept_by_week();
        // c (r + r^2 + ... + r^weeks); a share that rounds to one is kept in full.
        let sum = match kept < 1.0 {
            true => kept * (1.0 - power(kept, weeks)) / (1.0 - kept),
            false => float(weeks),
        };
        let windows = rules.windows_an_hour() * sum;
        let learnt = self.demand(slot) * power(kept, weeks.saturating_sub(self.week));
        let Some(catalog) = catalog.map(|demand| rules.of_window(demand)) else {
            let enough = windows > 0.0 && windows >= rules.catalog_windows;
            return enough.then(|| Expected { demand: learnt / windows, learnt: 1.0 });
        };
        let before = rules.catalog_windows * power(kept, weeks);
        let all = before + windows;
        Some(match all > 0.0 {
            true => {
                Expected { demand: before.mul_add(catalog, learnt) / all, learnt: windows / all }
            }
            false => Expected { demand: catalog, learnt: 0.0 },
        })
    }

    fn demand(&self, slot: u8) -> f64 {
        let at = self.hours.binary_search_by_key(&slot, |(slot, _)| *slot);
        at.map_or(0.0, |at| self.hours[at].1.into())
    }

    /// Learns the demand of an hour that is over; hours come in order. Whether anything changed.
    pub(super) fn learn(&mut self, hour: i64, demand: f64, rules: &PricingRules) -> bool {
        let since = hour.saturating_sub(self.first);
        if since < 0 || demand <= 0.0 {
            return false;
        }
        let week = since.div_euclid(HOURS);
        if week > self.week {
            let kept = power(rules.kept_by_week(), week - self.week);
            for (_, demand) in &mut self.hours {
                *demand = single(f64::from(*demand) * kept);
            }
            self.hours.retain(|(_, demand)| *demand >= FORGOTTEN);
            self.week = week;
        }
        let slot = slot(since);
        match self.hours.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(at) => self.hours[at].1 = single(f64::from(self.hours[at].1) + demand),
            Err(at) => self.hours.insert(at, (slot, single(demand))),
        }
        true
    }
}

fn slot(since: i64) -> u8 {
    // 0 to 167.
    u8::try_from(since.rem_euclid(HOURS)).unwrap_or(0)
}

fn power(kept: f64, weeks: i64) -> f64 {
    kept.powi(i32::try_from(weeks).unwrap_or(i32::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "weeks of a lifetime are exact")]
const fn float(weeks: i64) -> f64 {
    weeks as f64
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to what the type holds")]
fn single(demand: f64) -> f32 {
    demand.clamp(0.0, f32::MAX.into()) as f32
}

/// Version 1: the version byte, the first hour and the week (eight bytes each), then for each hour
/// with demand its number and its demand as a float of four bytes.
const VERSION: u8 = 1;
const NAME: &str = "an expectation";

impl Expectation {
    /// Appends the bytes that the changelog keeps: at most 857.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.week.to_le_bytes());
        for (slot, demand) in &self.hours {
            out.push(*slot);
            out.extend_from_slice(&demand.to_le_bytes());
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = versioned(bytes, VERSION, NAME)?;
        let first = i64::from_le_bytes(take(&mut rest, NAME)?);
        let week = i64::from_le_bytes(take(&mut rest, NAME)?);
        let (entries, left) = rest.as_chunks::<5>();
        end(left, NAME)?;
        let read = |[slot, demand @ ..]: &[u8; 5]| (*slot, f32::from_le_bytes(*demand));
        let hours: Vec<(u8, f32)> = entries.iter().map(read).collect();
        let sound = |(slot, demand): &(u8, f32)| {
            i64::from(*slot) < HOURS && demand.is_finite() && *demand >= 0.0
        };
        if week < 0 || !hours.iter().all(sound) || !hours.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(format!("{NAME} that is damaged"));
        }
        Ok(Self { first, week, hours })
    }
}
