//! One series through the rules, week by week.

use bss::domain::EventTime;
use bss::pricing::{Demand, PriceWindow, Pricing, PricingRules, Recommendation, Rule};
use rust_decimal::Decimal;

use crate::series::Series;
use crate::{Shown, WEEK};

/// What came of it, summed over series.
#[derive(Default)]
pub struct Sum {
    pub weeks: u64,
    /// Recommendations given out.
    pub moves: u64,
    /// Those that go the other way than the one before.
    pub turns: u64,
    /// From the second year on.
    pub late_weeks: u64,
    pub late_moves: u64,
    /// The largest change of a base price.
    pub furthest: Decimal,
    /// Weeks in which demand asked for more than the limits allow.
    pub limited: u64,
    /// Rises, and those in weeks in which the shop itself sold below the base price.
    pub rises: u64,
    pub rises_below_base: u64,
    /// Recommendations beyond a limit, or other than their own reasons say.
    pub broken: u64,
    pub profit: f64,
    pub profit_at_base: f64,
}

pub fn live(series: &Series, rules: &PricingRules, shown: Shown, sum: &mut Sum) {
    let base = series.row.base_price.to_f64();
    let mean = series.weeks.iter().map(|w| w.units).sum::<f64>() / series.weeks.len() as f64;
    let start = |number: i64| EventTime::from_micros(number * WEEK);
    let first = PriceWindow::of(start(series.weeks[0].number), rules);
    let (mut pricing, mut price, mut rose) = (Pricing::first_seen(first), base, None);
    let weeks = match shown {
        Shown::Constant | Shown::ConstantAnswering => series.without_gaps(),
        _ => series.weeks.clone(),
    };
    for (at, week) in weeks.iter().enumerate() {
        let answer = (price / base).powf(series.elasticity);
        let units = match shown {
            Shown::AsSold => week.units,
            Shown::AtBase => series.at_base(week),
            Shown::Answering => series.at_base(week) * answer,
            Shown::Constant => mean,
            Shown::ConstantAnswering => mean * answer,
        };
        sum.profit += units * (price - week.cost);
        sum.profit_at_base += series.at_base(week) * (base - week.cost);
        let demand = Demand { units: units.round() as u64, orders: 1, views: 0 };
        let window = PriceWindow::of(start(week.number), rules);
        let Some(closed) = pricing.close(&series.row, window, &demand, rules) else { continue };
        let told = closed.recommendation;
        sum.weeks += 1;
        sum.late_weeks += u64::from(at >= 52);
        sum.limited += u64::from(told.limits.max_change);
        sum.broken += u64::from(!explained(&told, rules));
        let change = (told.price.decimal() / told.base.decimal() - Decimal::ONE).abs().round_dp(4);
        sum.furthest = sum.furthest.max(change);
        if told.moved {
            let now = told.price.to_f64();
            let rises = now > price;
            sum.moves += 1;
            sum.late_moves += u64::from(at >= 52);
            sum.turns += u64::from(rose.is_some_and(|rose| rose != rises));
            sum.rises += u64::from(rises);
            sum.rises_below_base += u64::from(rises && week.price < 0.98 * base);
            (price, rose) = (now, Some(rises));
        }
    }
}

/// Whether a price follows from the reasons told with it, computed anew from them.
fn explained(told: &Recommendation, rules: &PricingRules) -> bool {
    let base = told.base.decimal();
    let (low, high) =
        (base * (Decimal::ONE - rules.max_change), base * (Decimal::ONE + rules.max_change));
    let price = told.price.decimal();
    let asked = Decimal::try_from((told.factor - 1.0) * rules.sensitivity).unwrap_or(Decimal::MAX);
    let ideal = (base * (Decimal::ONE + told.change)).clamp(low, high);
    let cent = Decimal::new(1, 2);
    let follows = match told.previous {
        _ if told.moved => (price - ideal).abs() <= cent,
        Some(stands) => {
            let off = (ideal - stands.decimal()).abs();
            stands == told.price && (off <= rules.hysteresis * price || off < cent)
        }
        None => false,
    };
    (low..=high).contains(&price)
        && told.unrounded == ideal
        && (asked - told.change).abs() <= Decimal::new(1, 9)
        && told.limits.max_change == (told.change.abs() > rules.max_change)
        && (follows || told.rule == Rule::Silence)
}
