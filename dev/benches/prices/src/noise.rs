//! How often a price moves by chance alone: Poisson demand around the expectation.

use bss::domain::payment::Currency;
use bss::domain::{EventTime, Product};
use bss::pricing::{Demand, PriceWindow, Pricing, PricingRules};

const HOUR: i64 = 3_600_000_000;
const MEANS: [f64; 7] = [0.2, 1.0, 5.0, 20.0, 50.0, 200.0, 1000.0];
const SEEDS: u64 = 4;
const WEEKS: i64 = 8;

pub fn table() {
    println!(
        "\nmoves a week by chance alone: Poisson demand in 15 minutes, {SEEDS} seeds x {WEEKS} weeks"
    );
    println!("| prior_demand | damping | {} |", MEANS.map(|mean| mean.to_string()).join(" | "));
    println!("|---|---|{}", "---|".repeat(MEANS.len()));
    for (prior_demand, damping) in
        [(0.0, 0), (0.0, 1), (20.0, 1), (50.0, 1), (100.0, 1), (200.0, 1), (200.0, 4)]
    {
        let rules =
            PricingRules { prior_demand, damping: damping * HOUR, ..PricingRules::default() };
        let moves = MEANS.map(|mean| {
            let all: u64 = (0..SEEDS).map(|seed| count(mean, seed, &rules)).sum();
            format!("{:.2}", all as f64 / (SEEDS as f64 * WEEKS as f64))
        });
        println!("| {prior_demand} | {damping} h | {} |", moves.join(" | "));
    }
}

fn count(mean: f64, seed: u64, rules: &PricingRules) -> u64 {
    let row = Product {
        product_id: "P".into(),
        category: None,
        base_price: "100.00".parse().expect("an amount"),
        floor: None,
        ceiling: None,
        currency: Currency::new("EUR").expect("a currency"),
        expected_demand: Some(mean),
        time: EventTime::from_micros(0),
    };
    let mut window = PriceWindow::of(EventTime::from_micros(0), rules);
    let mut pricing = Pricing::first_seen(window);
    let mut random = Random(seed);
    let mut moves = 0;
    for _ in 0..WEEKS * 672 {
        // An order, if of nothing, keeps a window from counting as silent.
        let demand = Demand { units: random.poisson(mean), orders: 1, views: 0 };
        let closed = pricing.close(&row, window, &demand, rules).expect("a new window");
        moves += u64::from(closed.recommendation.moved);
        window = window.next(rules);
    }
    moves
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Knuth's method, in parts small enough for `exp`.
    fn poisson(&mut self, mean: f64) -> u64 {
        let (mut count, mut left) = (0, mean);
        while left > 0.0 {
            let limit = (-left.min(50.0)).exp();
            left -= 50.0;
            let mut product = self.unit();
            while product > limit {
                count += 1;
                product *= self.unit();
            }
        }
        count
    }
}
