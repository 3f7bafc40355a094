//! The seeds of each test: first those that once failed, then as many as are asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A test that runs through seeds.
pub struct Seeds {
    /// The constant's name here, so that a failure can say where its seed is kept.
    name: &'static str,
    /// Seeds that once failed.
    kept: &'static [u64],
    /// It takes one of so many of the seeds asked for: what it costs is spread.
    share: u64,
}

/// One partition of customer-activity, its results when windows close.
pub const ACTIVITY: Seeds = Seeds { name: "ACTIVITY", kept: &[], share: 1 };
/// The same with a result at each change.
pub const ACTIVITY_UPDATES: Seeds = Seeds { name: "ACTIVITY_UPDATES", kept: &[], share: 1 };
/// One partition of fraud-detection.
pub const FRAUD: Seeds = Seeds { name: "FRAUD", kept: &[], share: 1 };
/// What is left of windows.
pub const LEFT_BEHIND: Seeds = Seeds { name: "LEFT_BEHIND", kept: &[], share: 10 };
/// Windows behind a repartition topic.
pub const STAGES: Seeds = Seeds { name: "STAGES", kept: &[], share: 1 };
/// order-enrichment through many lives.
pub const ORDERS: Seeds = Seeds { name: "ORDERS", kept: &[], share: 2 };
/// dynamic-pricing against a plain calculation.
pub const PRICES: Seeds = Seeds { name: "PRICES", kept: &[], share: 2 };
/// dynamic-pricing through many lives.
pub const PRICING: Seeds = Seeds { name: "PRICING", kept: &[], share: 2 };
/// The end of dynamic-pricing's input.
pub const PRICING_END: Seeds = Seeds { name: "PRICING_END", kept: &[], share: 50 };
/// Trends against a plain count.
pub const TRENDS: Seeds = Seeds { name: "TRENDS", kept: &[], share: 5 };
/// recommendation through many lives.
pub const RECOMMENDATION: Seeds = Seeds { name: "RECOMMENDATION", kept: &[], share: 5 };
/// customer-activity made anew for another partition count.
pub const REBUILT_ACTIVITY: Seeds = Seeds { name: "REBUILT_ACTIVITY", kept: &[643], share: 5 };
/// order-enrichment made anew. 643: an order that waited for ever, since nothing came after the
/// rebuild and the end of the input was reckoned from the least time of all partitions.
pub const REBUILT_ORDERS: Seeds = Seeds { name: "REBUILT_ORDERS", kept: &[643], share: 5 };

impl Seeds {
    /// How many seeds beside those that are kept.
    pub fn count(&self) -> u64 {
        let asked = std::env::var("BSS_TEST_LIVES").ok().and_then(|n| n.parse().ok());
        asked.unwrap_or(1000) / self.share
    }

    /// Runs the test with each seed, and says of one that fails how it is kept.
    pub fn each(&self, mut test: impl FnMut(u64)) {
        for seed in self.kept.iter().copied().chain(0..self.count()) {
            let result = catch_unwind(AssertUnwindSafe(|| test(seed)));
            assert!(
                result.is_ok(),
                "seed {seed} failed, see above; keep it: add {seed} to `kept` of {} in {}",
                self.name,
                file!()
            );
        }
    }
}
