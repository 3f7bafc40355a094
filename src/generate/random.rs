//! Chance, the same on every machine.
//!
//! Only the four basic operations on floats, which IEEE 754 fixes to the last bit: a library's
//! logarithm may differ between two machines, and with it every event after it.

/// Sebastiano Vigna's SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>), after Steele, Lea and
/// Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of `seed`.
    #[cfg(test)]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The sequence that belongs to `number` among those of `seed`, for instance a customer's.
    #[must_use]
    pub fn of(seed: u64, what: u64, number: u64) -> Self {
        let mut mixed = Self(seed);
        for part in [what, number] {
            mixed = Self(mixed.next() ^ part);
        }
        Self(mixed.next())
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A whole number from `first` to `last`.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        let width = last.saturating_sub(first).saturating_add(1).max(1).unsigned_abs();
        first.saturating_add_unsigned(self.below(width))
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        const STEP: f64 = 1.0 / 9_007_199_254_740_992.0;
        (self.next() >> 11) as f64 * STEP
    }

    /// Whether something happens whose share is `share`.
    pub fn happens(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of `items`, each as often as its weight says.
    pub fn weighted<'a, T>(&mut self, items: &'a [(u64, T)]) -> &'a T {
        let sum = items.iter().map(|(weight, _)| weight).sum();
        let mut at = self.below(sum);
        for (weight, item) in items {
            if at < *weight {
                return item;
            }
            at -= weight;
        }
        &items[0].1
    }

    /// Standard normal, by the sum of twelve (within 6 deviations, which is as far as anybody's
    /// payments go).
    pub fn normal(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            sum += self.unit();
        }
        sum
    }

    /// Exponential with mean 1: the time until the next of independent events.
    pub fn exponential(&mut self) -> f64 {
        -logarithm(1.0 - self.unit())
    }

    /// Of `count` points thrown at random into [0, 1), the first one.
    pub fn first_of(&mut self, count: f64) -> f64 {
        1.0 - power_of_e(-self.exponential() / count)
    }
}

/// e to the `x`, good to about nine digits: (1 + x/2^20) squared twenty times.
#[must_use]
pub fn power_of_e(x: f64) -> f64 {
    // The second-order term takes the error of the limit away.
    let small = x / 1_048_576.0;
    let mut power = 1.0 + small + small * small / 2.0;
    for _ in 0..20 {
        power *= power;
    }
    power
}

/// The natural logarithm of a positive `x`: exponent and mantissa apart, then the series of
/// artanh.
#[must_use]
pub fn logarithm(x: f64) -> f64 {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    const ONE: u64 = 0x3ff0_0000_0000_0000;
    let bits = x.to_bits();
    let exponent = ((bits & EXPONENT) >> 52) as f64 - 1023.0;
    let mantissa = f64::from_bits((bits & !EXPONENT) | ONE);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let (mut term, mut sum, mut odd) = (s, 0.0, 1.0);
    for _ in 0..16 {
        sum += term / odd;
        term *= square;
        odd += 2.0;
    }
    2.0 * sum + exponent * std::f64::consts::LN_2
}

/// The nearest whole number, 0 for what is none.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates")]
pub fn whole(x: f64) -> i64 {
    (x + 0.5).floor() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_splitmix64() {
        let mut random = Random::new(1_234_567);
        for expected in [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
        ] {
            assert_eq!(random.next(), expected);
        }
    }

    #[test]
    fn logarithm_and_power_are_close() {
        for x in [1e-9, 0.01, 0.5, 0.999, 1.0, 1.5, 2.0, 10.0, 12_345.6] {
            assert!((logarithm(x) - x.ln()).abs() < 1e-12 * x.ln().abs().max(1.0), "{x}");
        }
        for x in [-20.0, -1.0, -0.001, 0.0, 0.5, 3.0, 9.0] {
            assert!((power_of_e(x) / x.exp() - 1.0).abs() < 1e-8, "{x}");
        }
    }

    #[test]
    fn chances_have_their_means() {
        let mut random = Random::new(7);
        let n = 20_000;
        let mut mean = |draw: &mut dyn FnMut(&mut Random) -> f64| {
            (0..n).map(|_| draw(&mut random)).sum::<f64>() / f64::from(n)
        };
        assert!((mean(&mut |r| r.unit()) - 0.5).abs() < 0.01);
        assert!((mean(&mut |r| r.exponential()) - 1.0).abs() < 0.03);
        assert!(mean(&mut |r| r.normal()).abs() < 0.03);
        assert!((mean(&mut |r| r.normal().abs().min(9.0)) - 0.798).abs() < 0.02);
        assert!((mean(&mut |r| r.first_of(4.0)) - 0.2).abs() < 0.01);
        assert!(
            (mean(&mut |r| if *r.weighted(&[(1, 0.0), (3, 1.0)]) > 0.5 { 1.0 } else { 0.0 })
                - 0.75)
                .abs()
                < 0.02
        );
        let ends = (0..n)
            .map(|_| random.between(-1, 1))
            .fold([0, 0], |[low, high], v| [low + i32::from(v == -1), high + i32::from(v == 1)]);
        assert!(ends.iter().all(|count| (6_000..7_300).contains(count)), "{ends:?}");
    }
}
