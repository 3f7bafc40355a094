//! The numbers of dynamic pricing.

use std::fmt;

use rust_decimal::Decimal;

/// Microseconds of an hour.
pub const HOUR: i64 = 3_600_000_000;
/// Microseconds of a week.
pub const WEEK: i64 = 168 * HOUR;
/// The span that `expectedDemand` of the catalogue speaks of, in microseconds.
const CATALOG_SPAN: i64 = 15 * 60_000_000;

/// How demand is counted and turned into prices.
#[derive(Clone, Debug, PartialEq)]
pub struct PricingRules {
    /// Length of a window, in microseconds: a part of an hour, or whole hours that divide a week.
    pub window: i64,
    /// How far out of order an event may come, in microseconds.
    pub grace: i64,
    /// Which part of demand's excess over expectation moves the price: 0.1 makes 10 % more of
    /// the base price out of twice the demand.
    pub sensitivity: f64,
    /// The furthest a price moves from the base price, as a part of it.
    pub max_change: Decimal,
    /// A price stands until it is off by more than this part of it.
    pub hysteresis: Decimal,
    /// What a view counts for, in units ordered.
    pub view_weight: f64,
    /// Half-life of demand in the smoothing over windows, in microseconds; 0: the last window only.
    pub damping: i64,
    /// Units of demand as expected that are mixed in, so that a few units more or less than few
    /// do not move a price.
    pub prior_demand: f64,
    /// Half-life of what was learnt of an hour of the week, in microseconds.
    pub expectation_half_life: i64,
    /// The catalogue's expected demand counts like so many windows that were watched.
    pub catalog_windows: f64,
    /// After so many windows without an event, the base price holds.
    pub silent_windows: u32,
    /// The most units of one order that count.
    pub max_order_units: u32,
    /// How long an order is remembered as counted, behind its customer's newest, in microseconds.
    pub order_memory: i64,
    /// Statuses of orders that are no demand.
    pub ignored_statuses: Vec<String>,
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricingFault {
    /// The setting, as in the configuration file.
    pub setting: &'static str,
    /// What is wrong with it: found and expected.
    pub detail: String,
}

impl fmt::Display for PricingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.detail)
    }
}

impl std::error::Error for PricingFault {}

impl Default for PricingRules {
    fn default() -> Self {
        Self {
            window: 15 * 60_000_000,
            grace: 600_000_000,
            sensitivity: 0.1,
            max_change: Decimal::new(10, 2),
            hysteresis: Decimal::new(1, 2),
            view_weight: 0.05,
            damping: HOUR,
            prior_demand: 200.0,
            expectation_half_life: 4 * WEEK,
            catalog_windows: 8.0,
            silent_windows: 96,
            max_order_units: 100,
            order_memory: WEEK,
            ignored_statuses: [
                "CANCELLED",
                "DECLINED",
                "FAILED",
                "REFUNDED",
                "REJECTED",
                "RETURNED",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}

impl PricingRules {
    /// Gives the rules back if their numbers make sense.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn validated(self) -> Result<Self, PricingFault> {
        let fault = |setting, detail: String| Err(PricingFault { setting, detail });
        let divides = |whole: i64| self.window > 0 && whole % self.window == 0;
        let whole_hours = self.window % HOUR == 0;
        if !(divides(HOUR) || whole_hours && divides(WEEK)) {
            let detail = "must be a part of an hour, or whole hours that divide a week";
            return fault("pricing.window", detail.to_owned());
        }
        if self.grace < 0 {
            return fault("streams.grace", "must not be negative".to_owned());
        }
        if self.damping < 0 {
            return fault("pricing.damping", "must not be negative".to_owned());
        }
        for (setting, span) in [
            ("pricing.expectation_half_life", self.expectation_half_life),
            ("pricing.order_memory", self.order_memory),
        ] {
            if span <= 0 {
                return fault(setting, "must be longer than nothing".to_owned());
            }
        }
        for (setting, value, least, most) in [
            ("pricing.sensitivity", self.sensitivity, 0.0, 10.0),
            ("pricing.view_weight", self.view_weight, 0.0, 1.0),
            ("pricing.prior_demand", self.prior_demand, 0.0, 1e6),
            ("pricing.catalog_windows", self.catalog_windows, 0.0, 1e6),
        ] {
            if !(least..=most).contains(&value) {
                return fault(setting, format!("{value} is not within {least} to {most}"));
            }
        }
        for (setting, part) in
            [("pricing.max_change", self.max_change), ("pricing.hysteresis", self.hysteresis)]
        {
            if part.is_sign_negative() || part >= Decimal::ONE {
                return fault(setting, format!("{part} is not within 0 to less than 1"));
            }
        }
        for (setting, count) in [
            ("pricing.silent_windows", self.silent_windows),
            ("pricing.max_order_units", self.max_order_units),
        ] {
            if count == 0 {
                return fault(setting, "must be 1 or more".to_owned());
            }
        }
        // Missed windows are gone through one by one.
        if self.silent_windows > MAX_SILENT_WINDOWS {
            let detail = format!("{} is more than {MAX_SILENT_WINDOWS}", self.silent_windows);
            return fault("pricing.silent_windows", detail);
        }
        Ok(self)
    }

    /// Reads a part of a price, such as `0.10`; whether it makes sense is for
    /// [`Self::validated`].
    ///
    /// # Errors
    /// A text that is no decimal number, by `setting`.
    pub fn part_from(setting: &'static str, text: &str) -> Result<Decimal, PricingFault> {
        text.trim().parse().map_err(|_| PricingFault {
            setting,
            detail: format!("`{text}` is not a decimal number"),
        })
    }

    /// Whether an order of this status is demand.
    #[must_use]
    pub fn counts(&self, status: &str) -> bool {
        !self.ignored_statuses.iter().any(|ignored| ignored == status)
    }

    /// What is kept of smoothed demand from one window to the next, below one.
    pub(super) fn kept_by_window(&self) -> f64 {
        if self.damping == 0 { 0.0 } else { halvings(self.window, self.damping) }
    }

    /// What is kept of what was learnt from one week to the next, below one.
    pub(super) fn kept_by_week(&self) -> f64 {
        halvings(WEEK, self.expectation_half_life)
    }

    /// Windows that begin in an hour in which windows begin.
    pub(super) fn windows_an_hour(&self) -> f64 {
        ratio(HOUR, self.window).max(1.0)
    }

    /// Demand in one window, of demand in the span that the catalogue speaks of.
    pub(super) fn of_window(&self, catalog_demand: f64) -> f64 {
        catalog_demand * ratio(self.window, CATALOG_SPAN)
    }
}

/// Ten weeks of quarters of an hour.
const MAX_SILENT_WINDOWS: u32 = 6720;

fn halvings(span: i64, half_life: i64) -> f64 {
    (-ratio(span, half_life)).exp2()
}

#[expect(clippy::cast_precision_loss, reason = "spans below 285 years are exact")]
fn ratio(of: i64, to: i64) -> f64 {
    of as f64 / to as f64
}
