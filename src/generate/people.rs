//! Who buys: each customer's habits follow from the seed and the customer's number alone.

use crate::generate::catalog::CATEGORIES;
use crate::generate::random::{Random, power_of_e, whole};

/// What the sequence of a customer is drawn for.
const CUSTOMER: u64 = 1;

/// A region, its currency, and how many units of that are about a euro.
struct Place {
    region: &'static str,
    location: &'static str,
    currency: &'static str,
    rate: f64,
}

const fn place(
    region: &'static str,
    location: &'static str,
    currency: &'static str,
    rate: f64,
) -> Place {
    Place { region, location, currency, rate }
}

const PLACES: [(u64, Place); 8] = [
    (30, place("EU-CENTRAL", "DE", "EUR", 1.0)),
    (18, place("EU-WEST", "FR", "EUR", 1.0)),
    (16, place("UK", "GB", "GBP", 0.85)),
    (12, place("US-EAST", "US", "USD", 1.1)),
    (8, place("US-WEST", "US", "USD", 1.1)),
    (8, place("POLAND", "PL", "PLN", 4.3)),
    (5, place("NORDICS", "SE", "SEK", 11.0)),
    (3, place("ALPS", "CH", "CHF", 0.95)),
];

const METHODS: [(u64, &str); 4] =
    [(62, "CARD"), (20, "PAYPAL"), (10, "BANK_TRANSFER"), (8, "APPLE_PAY")];
const DEVICES: [(u64, &str); 3] = [(58, "mobile"), (36, "desktop"), (6, "tablet")];

/// The tiers, lowest first.
pub const TIERS: [&str; 4] = ["STANDARD", "SILVER", "GOLD", "PLATINUM"];
const TIER_SHARES: [(u64, usize); 4] = [(70, 0), (20, 1), (8, 2), (2, 3)];

/// A customer.
#[derive(Clone, Debug)]
pub struct Customer {
    /// `customerId`.
    pub id: String,
    /// Where the orders go.
    pub region: &'static str,
    /// The country of the payments.
    pub location: &'static str,
    /// The currency of all but a few orders.
    pub currency: &'static str,
    /// How many of `currency` are about a euro.
    pub rate: f64,
    /// The middle of the logarithms of the orders' amounts in euros.
    pub middle: f64,
    /// Their deviation.
    pub deviation: f64,
    /// How it pays.
    pub method: &'static str,
    /// How many cards or accounts it pays with.
    pub instruments: i64,
    /// What it likes, as an index into the categories.
    pub favourite: usize,
    /// Where it browses.
    pub device: &'static str,
    /// The tier it starts with, as an index into [`TIERS`].
    pub tier: usize,
}

impl Customer {
    /// The customer of a number.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        let mut random = Random::of(seed, CUSTOMER, number);
        let home = random.weighted(&PLACES);
        // Half of the customers spend 25 to 90 euros an order in the middle.
        let middle = 3.9 + 0.75 * random.normal();
        Self {
            id: format!("C{:06}", number + 1),
            region: home.region,
            location: home.location,
            currency: home.currency,
            rate: home.rate,
            middle,
            deviation: 0.2 + 0.2 * random.unit(),
            method: *random.weighted(&METHODS),
            instruments: *random.weighted(&[(70, 1), (25, 2), (5, 3)]),
            favourite: usize::try_from(random.below(CATEGORIES.len() as u64)).unwrap_or(0),
            device: *random.weighted(&DEVICES),
            tier: *random.weighted(&TIER_SHARES),
        }
    }

    /// The amount of an order in cents of `rate` to the euro, log-normal; `times` the usual.
    pub fn amount(&self, random: &mut Random, rate: f64, times: f64) -> i64 {
        let euros = power_of_e(self.middle + self.deviation * random.normal());
        whole(euros * rate * times * 100.0).clamp(100, 10_000_000)
    }

    /// What one of its payments is made with: a token, never a number of a card.
    pub fn instrument(&self, random: &mut Random) -> String {
        format!("{}-{}", self.id, random.between(1, self.instruments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_its_seed_and_number() {
        let text = |seed, number| format!("{:?}", Customer::new(seed, number));
        assert_eq!(text(1, 5), text(1, 5));
        assert_ne!(text(1, 5), text(2, 5));
        let all: Vec<Customer> = (0..2000).map(|n| Customer::new(1, n)).collect();
        let euros = all.iter().filter(|c| c.currency == "EUR").count();
        assert!((850..1070).contains(&euros), "{euros}");
        let mut random = Random::new(1);
        let mut amounts: Vec<i64> = all.iter().map(|c| c.amount(&mut random, 1.0, 1.0)).collect();
        amounts.sort_unstable();
        let (low, middle, high) = (amounts[200], amounts[1000], amounts[1800]);
        assert!((4_500..5_400).contains(&middle), "{middle}");
        assert!(high - middle > middle - low, "skewed to the right: {low} {middle} {high}");
    }
}
