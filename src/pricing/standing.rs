//! The state of one product's price, and how windows move it.
//!
//! With demand `d` of a window and expectation `e`, both in units, and a share `k` kept from window
//! to window: `D = k D + d`, `E = k E + e`, `factor = (D + p) / (E + p)` with the prior demand `p`.
//! That is the mean of the level of a count by the Gamma-Poisson filter with discount `k` (Harvey
//! and Fernandes, 1989, "Time series models for count or qualitative observations"), started from a
//! level of one. With `k = 0` and `p = 0` it is `d / e`. The price asked for is
//! `base x (1 + (factor - 1) x sensitivity)`.
//!
//! The state is never rounded: many small rises add up to a cent, and a price that stands is
//! compared with the price asked for, not with a rounded one.

use rust_decimal::Decimal;

use crate::domain::payment::Currency;
use crate::domain::{EventTime, Money, Product};
use crate::pricing::bytes::{end, number, take, versioned, weight};
use crate::pricing::expectation::{Expectation, Expected, hour_of};
use crate::pricing::recommendation::bounded;
use crate::pricing::{Demand, PriceWindow, PricingRules, Recommendation, Rule};

/// The largest factor; far beyond every limit.
const MAX_FACTOR: f64 = 1e6;

/// Where a product's price stands: all that changes with each window.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The end of the last window that was counted.
    pub(super) through: EventTime,
    /// Smoothed demand.
    pub(super) demand: f64,
    /// Smoothed expectation.
    pub(super) usual: f64,
    /// Windows in a row without an event, at most `pricing.silent_windows`.
    pub(super) silent: u32,
    /// The running hour, since the epoch, and its demand.
    pub(super) hour: i64,
    pub(super) hour_demand: f64,
    /// The last window's demand and expectation, for the reasons of a later revision.
    pub(super) last: Demand,
    pub(super) expected: Option<Expected>,
    /// What was given out last.
    pub(super) told: Option<(Money, Currency)>,
    /// How many were given out for the last window.
    pub(super) revision: u32,
}

/// All that is kept of one product: one entry of each a product of the catalogue that was ever
/// asked for. The two parts are kept apart because the larger changes at most once an hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Pricing {
    /// Where the price stands.
    pub standing: Standing,
    /// What was learnt.
    pub expectation: Expectation,
}

/// What the end of a window came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// The price that stands, and why.
    pub recommendation: Recommendation,
    /// Whether the expectation has changed.
    pub learnt: bool,
}

impl Pricing {
    /// A product that is first asked for in `window`, which is to be closed next.
    #[must_use]
    pub fn first_seen(window: PriceWindow) -> Self {
        let standing = Standing {
            through: window.start,
            demand: 0.0,
            usual: 0.0,
            silent: 0,
            hour: hour_of(window.start),
            hour_demand: 0.0,
            last: Demand::default(),
            expected: None,
            told: None,
            revision: 0,
        };
        Self { standing, expectation: Expectation::new(window.end) }
    }

    /// Counts the demand of a window that is over, and prices the product. Windows that were left
    /// out before it count as silent, without a recommendation of their own; at most
    /// `pricing.silent_windows` are gone through. `None` for a window that was counted before:
    /// what is known of its demand has been acted on.
    pub fn close(
        &mut self,
        row: &Product,
        window: PriceWindow,
        demand: &Demand,
        rules: &PricingRules,
    ) -> Option<Closed> {
        if window.end <= self.standing.through {
            return None;
        }
        let mut learnt = false;
        while self.standing.through < window.start && !self.standing.is_resting(rules) {
            let missed = PriceWindow::from(self.standing.through, rules);
            learnt |= self.count(row, missed, &Demand::default(), rules);
        }
        learnt |= self.count(row, window, demand, rules);
        let rule = if self.standing.is_resting(rules) { Rule::Silence } else { Rule::Demand };
        let recommendation = self.standing.judge(row, rule, rules);
        Some(Closed { recommendation, learnt })
    }

    /// Counts one window; whether something was learnt.
    fn count(
        &mut self,
        row: &Product,
        window: PriceWindow,
        demand: &Demand,
        rules: &PricingRules,
    ) -> bool {
        let Self { standing, expectation } = self;
        let (hour, mut learnt) = (hour_of(window.start), false);
        if hour != standing.hour {
            learnt = expectation.learn(standing.hour, standing.hour_demand, rules);
            (standing.hour, standing.hour_demand) = (hour, 0.0);
        }
        let expected = expectation.expected(hour, row.expected_demand, rules);
        let weighed = demand.weigh(rules);
        standing.hour_demand += weighed;
        standing.smooth(weighed, expected, rules);
        standing.silent = match demand.is_silent() {
            true => standing.silent.saturating_add(1).min(rules.silent_windows),
            false => 0,
        };
        if standing.is_resting(rules) {
            (standing.demand, standing.usual) = (0.0, 0.0);
        }
        (standing.through, standing.revision) = (window.end, 0);
        (standing.last, standing.expected) = (*demand, expected);
        learnt
    }

    /// Prices the product anew after its row has changed; the demand is that of the last window.
    pub fn reprice(&mut self, row: &Product, rules: &PricingRules) -> Recommendation {
        self.standing.reprice(row, rules)
    }
}

impl Standing {
    fn smooth(&mut self, demand: f64, expected: Option<Expected>, rules: &PricingRules) {
        let kept = rules.kept_by_window();
        self.demand *= kept;
        self.usual *= kept;
        if let Some(expected) = expected {
            self.demand += demand;
            self.usual += expected.demand;
        }
    }

    /// See [`Pricing::reprice`]; what was learnt has no part in it.
    pub fn reprice(&mut self, row: &Product, rules: &PricingRules) -> Recommendation {
        self.judge(row, Rule::Catalog, rules)
    }

    /// Whether it has been silent for so long that the base price holds; a product at rest needs
    /// no call for windows without an event.
    #[must_use]
    pub const fn is_resting(&self, rules: &PricingRules) -> bool {
        self.silent >= rules.silent_windows
    }

    /// The end of the last window that was counted.
    #[must_use]
    pub const fn through(&self) -> EventTime {
        self.through
    }

    /// The last window, and the revision of its next result, if a recommendation stands that a
    /// product taken from sale has to withdraw.
    #[must_use]
    pub fn withdrawal(&self, rules: &PricingRules) -> Option<(PriceWindow, u32)> {
        let next = self.revision.saturating_add(1);
        self.told.map(|_| (PriceWindow::until(self.through, rules), next))
    }

    /// Smoothed demand over smoothed expectation, each with the prior demand.
    fn factor(&self, rules: &PricingRules) -> f64 {
        let usual = self.usual + rules.prior_demand;
        match self.demand + rules.prior_demand {
            demand if usual > 0.0 => (demand / usual).min(MAX_FACTOR),
            demand if demand > 0.0 => MAX_FACTOR,
            _ => 1.0,
        }
    }

    /// The price that stands by now.
    fn judge(&mut self, row: &Product, rule: Rule, rules: &PricingRules) -> Recommendation {
        let factor = self.factor(rules);
        let change = billionths((factor - 1.0) * rules.sensitivity);
        let bounded = bounded(row, change, rules);
        let previous = match self.told {
            Some((price, currency)) => (currency == row.currency).then_some(price),
            None => Some(row.base_price),
        };
        let moved = previous.is_none_or(|stands| {
            let price = stands.decimal();
            let off = (bounded.ideal - price).abs();
            // Between two prices that can be paid it is the nearer one, with the hysteresis of a step
            // on both sides of the middle: a price of few cents must be able to move.
            let half = bounded.step * (Decimal::new(5, 1) + rules.hysteresis);
            // A row with fewer decimals than the one before makes the price that stands unpayable.
            let payable = price.normalize().scale() <= bounded.step.scale();
            let forbidden = !payable || price < bounded.lowest || price > bounded.highest;
            stands != bounded.price
                && (forbidden
                    || rule == Rule::Silence
                    || (off > rules.hysteresis * price && off >= half))
        });
        if moved {
            self.told = Some((bounded.price, row.currency));
            self.revision = self.revision.saturating_add(1);
        }
        Recommendation {
            window: PriceWindow::until(self.through, rules),
            rule,
            moved,
            revision: self.revision,
            price: if moved { bounded.price } else { previous.unwrap_or(bounded.price) },
            previous,
            base: row.base_price,
            floor: row.floor,
            ceiling: row.ceiling,
            currency: row.currency,
            demand: self.last,
            weighed: self.last.weigh(rules),
            expected: self.expected.map(|expected| expected.demand),
            learnt: self.expected.map_or(0.0, |expected| expected.learnt),
            factor,
            change,
            unrounded: bounded.ideal,
            limits: bounded.limits,
        }
    }
}

/// A change as a decimal of nine places, so that all that follows is exact.
fn billionths(change: f64) -> Decimal {
    #[expect(clippy::cast_possible_truncation, reason = "clamped far within the type")]
    let billionths = (change * 1e9).round().clamp(-1e18, 1e18) as i64;
    Decimal::new(billionths, 9)
}

/// Version 1: the version byte; the end of the last window; smoothed demand and expectation; silent
/// windows (four bytes); the running hour and its demand; the last window's units, orders and
/// views; a byte of flags; revision (four bytes); by the flags the last expectation and its learnt
/// part, and the price given out (`Decimal`'s sixteen bytes) with its currency. Numbers are
/// little-endian, of eight bytes where nothing else is said.
const VERSION: u8 = 1;
const NAME: &str = "a standing price";
const EXPECTED: u8 = 1;
const TOLD: u8 = 2;

impl Standing {
    /// Appends the bytes that the changelog keeps: at most 113.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(&self.through.micros().to_le_bytes());
        out.extend_from_slice(&self.demand.to_le_bytes());
        out.extend_from_slice(&self.usual.to_le_bytes());
        out.extend_from_slice(&self.silent.to_le_bytes());
        out.extend_from_slice(&self.hour.to_le_bytes());
        out.extend_from_slice(&self.hour_demand.to_le_bytes());
        for count in [self.last.units, self.last.orders, self.last.views] {
            out.extend_from_slice(&count.to_le_bytes());
        }
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        out.push(flag(self.expected.is_some(), EXPECTED) | flag(self.told.is_some(), TOLD));
        out.extend_from_slice(&self.revision.to_le_bytes());
        if let Some(expected) = self.expected {
            out.extend_from_slice(&expected.demand.to_le_bytes());
            out.extend_from_slice(&expected.learnt.to_le_bytes());
        }
        if let Some((price, currency)) = self.told {
            out.extend_from_slice(&price.decimal().serialize());
            out.extend_from_slice(&currency.bytes());
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let rest = &mut versioned(bytes, VERSION, NAME)?;
        let through = EventTime::from_micros(i64::from_le_bytes(take(rest, NAME)?));
        let (demand, usual) = (weight(rest, NAME)?, weight(rest, NAME)?);
        let silent = u32::from_le_bytes(take(rest, NAME)?);
        let hour = i64::from_le_bytes(take(rest, NAME)?);
        let hour_demand = weight(rest, NAME)?;
        let (units, orders) = (number(rest, NAME)?, number(rest, NAME)?);
        let last = Demand { units, orders, views: number(rest, NAME)? };
        let [flags] = take(rest, NAME)?;
        let revision = u32::from_le_bytes(take(rest, NAME)?);
        let expected = match flags & EXPECTED {
            0 => None,
            _ => Some(Expected { demand: weight(rest, NAME)?, learnt: weight(rest, NAME)? }),
        };
        let told = match flags & TOLD {
            0 => None,
            _ => Some(told(rest)?),
        };
        end(rest, NAME)?;
        Ok(Self {
            through,
            demand,
            usual,
            silent,
            hour,
            hour_demand,
            last,
            expected,
            told,
            revision,
        })
    }
}

fn told(rest: &mut &[u8]) -> Result<(Money, Currency), String> {
    let price = Decimal::deserialize(take(rest, NAME)?);
    let price = Money::from_decimal(price).map_err(|e| e.to_string())?;
    let code = take::<3>(rest, NAME)?;
    let code = std::str::from_utf8(&code).map_err(|e| e.to_string())?;
    Ok((price, Currency::new(code).map_err(|e| e.to_string())?))
}
