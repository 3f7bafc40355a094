//! What a customer is interested in: a weight per category that halves in a half-life.
//!
//! A category's weight at time t is the sum over the customer's acts of `w 2^(-(t - t_i) / h)`,
//! kept as one number at the time of its latest act: exponential decay as in Cormode et al.,
//! "Forward decay" (ICDE 2009), whose sums do not depend on the order of arrival.

use crate::domain::{EventTime, heap};
use crate::recommend::bytes::{BytesFault, Reader, signed, text, varint};

/// The most categories that are kept; the one of the smallest weight goes first.
pub const MAX_CATEGORIES: usize = 16;

/// What is left of a weight after `elapsed` microseconds: `2^(-elapsed / half_life)`.
#[must_use]
pub fn decay(elapsed: i64, half_life: i64) -> f64 {
    (-(elapsed as f64) / half_life as f64).exp2()
}

#[derive(Clone, Debug, PartialEq)]
struct Interest {
    category: Box<str>,
    /// At `time`.
    weight: f64,
    time: EventTime,
}

impl Interest {
    fn at(&self, time: EventTime, half_life: i64) -> f64 {
        // An interest that is newer than the moment asked for counts in full.
        self.weight * decay(time.micros_since(self.time).max(0), half_life)
    }
}

/// A customer's interests, at most [`MAX_CATEGORIES`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile(Vec<Interest>);

impl Profile {
    /// About how many bytes it holds outside of itself.
    pub(super) fn heap(&self) -> usize {
        let texts = self.0.iter().map(|interest| heap::text(&interest.category));
        heap::list(&self.0) + texts.sum::<usize>()
    }

    /// Takes an act of `weight` on `category` at `time` in.
    pub fn add(&mut self, category: &str, weight: f64, time: EventTime, half_life: i64) {
        let found = self.0.iter_mut().find(|i| &*i.category == category);
        if let Some(own) = found {
            let ahead = time.micros_since(own.time);
            if ahead >= 0 {
                own.weight = own.weight.mul_add(decay(ahead, half_life), weight);
                own.time = time;
            } else {
                own.weight = weight.mul_add(decay(-ahead, half_life), own.weight);
            }
            return;
        }
        self.0.push(Interest { category: category.into(), weight, time });
        if self.0.len() > MAX_CATEGORIES {
            self.drop_least(half_life);
        }
    }

    fn drop_least(&mut self, half_life: i64) {
        let now = self.0.iter().map(|i| i.time).max().unwrap_or_default();
        let weight = |i: &Interest| i.at(now, half_life);
        let order = |a: &Interest, b: &Interest| {
            weight(a).total_cmp(&weight(b)).then(b.category.cmp(&a.category))
        };
        let least = self.0.iter().enumerate().min_by(|a, b| order(a.1, b.1)).map(|(at, _)| at);
        if let Some(at) = least {
            self.0.remove(at);
        }
    }

    /// The weight of `category` at `time`; 0 if it is not kept.
    #[must_use]
    pub fn weight(&self, category: &str, time: EventTime, half_life: i64) -> f64 {
        self.0.iter().find(|i| &*i.category == category).map_or(0.0, |i| i.at(time, half_life))
    }

    /// The share of `category` in all weights at `time`, from 0 to 1.
    #[must_use]
    pub fn share(&self, category: &str, time: EventTime, half_life: i64) -> f64 {
        self.shares(time, half_life).find(|(name, _)| *name == category).map_or(0.0, |own| own.1)
    }

    /// Every category with its share in all weights at `time`; the shares add up to 1.
    pub fn shares(&self, time: EventTime, half_life: i64) -> impl Iterator<Item = (&str, f64)> {
        let all: f64 = self.0.iter().map(|i| i.at(time, half_life)).sum();
        let weights = self.0.iter().filter(move |_| all > 0.0);
        weights.map(move |i| (&*i.category, i.at(time, half_life) / all))
    }

    /// Every category with its weight and the time that weight is of.
    pub(super) fn kept(&self) -> impl Iterator<Item = (&str, f64, EventTime)> {
        self.0.iter().map(|i| (&*i.category, i.weight, i.time))
    }

    /// How many categories are kept.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        varint(self.0.len() as u64, out);
        for interest in &self.0 {
            text(&interest.category, out);
            out.extend_from_slice(&interest.weight.to_bits().to_le_bytes());
            signed(interest.time.micros(), out);
        }
    }

    pub(super) fn decode(from: &mut Reader<'_>) -> Result<Self, BytesFault> {
        let count = from.count()?;
        if count > MAX_CATEGORIES {
            return Err(from.corrupt());
        }
        let mut interests = Vec::with_capacity(count);
        for _ in 0..count {
            let category = from.text()?.into();
            interests.push(Interest { category, weight: from.float()?, time: from.time()? });
        }
        Ok(Self(interests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HALF_LIFE: i64 = 7 * 86_400_000_000;

    proptest! {
        #[test]
        fn a_weight_is_the_decayed_sum_in_any_order(
            acts in prop::collection::vec((0..4_usize, 0..100_u32, 0..90_000_000_i64), 1..40),
            turn in any::<prop::sample::Index>(),
        ) {
            let mut acts: Vec<(String, f64, EventTime)> = acts
                .into_iter()
                .map(|(c, w, s)| {
                    (format!("c{c}"), f64::from(w), EventTime::from_micros(s * 1_000_000))
                })
                .collect();
            let now = EventTime::from_micros(100_000_000_000_000);
            let naive = |category: &str| -> f64 {
                let own = acts.iter().filter(|a| a.0 == category);
                own.map(|a| a.1 * 2_f64.powf(-(now.micros_since(a.2) as f64) / HALF_LIFE as f64))
                    .sum()
            };
            let expected: Vec<f64> = (0..4).map(|c| naive(&format!("c{c}"))).collect();
            let at = turn.index(acts.len());
            acts.rotate_left(at);
            let mut profile = Profile::default();
            for (category, weight, time) in &acts {
                profile.add(category, *weight, *time, HALF_LIFE);
            }
            let all: f64 = expected.iter().sum();
            for (c, sum) in expected.into_iter().enumerate() {
                let category = format!("c{c}");
                let found = profile.weight(&category, now, HALF_LIFE);
                prop_assert!((found - sum).abs() <= 1e-9 * (1.0 + sum), "{found} {sum}");
                let share = profile.share(&category, now, HALF_LIFE);
                prop_assert!((share * all - sum).abs() <= 1e-9 * (1.0 + sum));
            }
        }

        #[test]
        fn categories_are_bounded_and_the_smallest_goes(count in 1..60_u32) {
            let mut profile = Profile::default();
            let time = EventTime::from_micros(1_000_000_000_000_000);
            for c in 0..count {
                profile.add(&format!("c{c}"), f64::from(c + 1), time, HALF_LIFE);
            }
            prop_assert_eq!(profile.len(), MAX_CATEGORIES.min(count as usize));
            let largest = format!("c{}", count - 1);
            prop_assert_eq!(profile.weight(&largest, time, HALF_LIFE), f64::from(count));
        }
    }

    #[test]
    fn a_half_life_halves() {
        let mut profile = Profile::default();
        let start = EventTime::from_micros(0);
        profile.add("toys", 8.0, start, HALF_LIFE);
        assert_eq!(profile.weight("toys", start.plus_micros(HALF_LIFE), HALF_LIFE), 4.0);
        assert_eq!(profile.weight("toys", start.plus_micros(3 * HALF_LIFE), HALF_LIFE), 1.0);
        assert_eq!(profile.share("books", start, HALF_LIFE), 0.0);
        assert_eq!(Profile::default().share("books", start, HALF_LIFE), 0.0);
    }
}
