//! What dynamic pricing does with weekly sales of two chains, and with demand that is constant.
//!
//! ```text
//! prices FOLDER
//! ```
//! Each series (a store's brand, a retailer) is a product: its base price is the median of its
//! prices, its catalogue's expected demand the mean of its first eight weeks, its window a week.
//! Every recommendation is checked against its limits and against its own reasons.

mod life;
mod noise;
mod series;

use std::error::Error;
use std::path::Path;

use bss::pricing::PricingRules;
use life::{Sum, live};
use series::{Series, cheese, orange_juice};

const WEEK: i64 = 7 * 86_400_000_000;

/// Rules for windows of a week: demand smoothed with a half-life of so many weeks.
fn weekly(damping_weeks: i64) -> PricingRules {
    let rules = PricingRules {
        window: WEEK,
        damping: damping_weeks * WEEK,
        expectation_half_life: 13 * WEEK,
        silent_windows: 8,
        ..PricingRules::default()
    };
    rules.validated().expect("sound rules")
}

/// How demand reaches the rules.
#[derive(Clone, Copy)]
enum Shown {
    /// As it was sold, at the shop's own prices and promotions.
    AsSold,
    /// As it would have been at the base price, by the elasticity.
    AtBase,
    /// At the base price, and buyers answer to the recommended price by the elasticity.
    Answering,
    /// The mean of the series, each week.
    Constant,
    /// The same, and buyers answer.
    ConstantAnswering,
}

fn row(name: &str, series: &[Series], rules: &PricingRules, shown: Shown) {
    let mut sum = Sum::default();
    for one in series {
        live(one, rules, shown, &mut sum);
    }
    let per_year = |count: u64| 52.0 * count as f64 / sum.weeks as f64;
    let share = |count: u64, of: u64| 100.0 * count as f64 / of.max(1) as f64;
    println!(
        "| {name} | {} | {:.1} | {:.1} | {:.1} | {} | {:.0} % | {:.0} % | {} |",
        sum.weeks,
        per_year(sum.moves),
        per_year(sum.turns),
        per_year(sum.late_moves) * sum.weeks as f64 / sum.late_weeks.max(1) as f64,
        sum.furthest,
        share(sum.limited, sum.weeks),
        share(sum.rises_below_base, sum.rises),
        sum.broken,
    );
}

fn tables(name: &str, series: &[Series]) {
    println!("\n{name}: {} series", series.len());
    println!(
        "| demand, smoothing | weeks | moves a year | turns a year | moves a year after week 52 \
         | furthest from base | weeks at a limit | rises while the shop's own price was low \
         | limits or reasons broken |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    row("as sold, last week only", series, &weekly(0), Shown::AsSold);
    row("as sold, 4 weeks", series, &weekly(4), Shown::AsSold);
    row("at the base price, last week only", series, &weekly(0), Shown::AtBase);
    row("at the base price, 4 weeks", series, &weekly(4), Shown::AtBase);
    row("buyers answer, 4 weeks", series, &weekly(4), Shown::Answering);
    row("constant, last week only", series, &weekly(0), Shown::Constant);
    row("constant, 4 weeks", series, &weekly(4), Shown::Constant);
    row("constant, buyers answer, last week only", series, &weekly(0), Shown::ConstantAnswering);
    row("constant, buyers answer, 4 weeks", series, &weekly(4), Shown::ConstantAnswering);
}

/// What the elasticities say of prices that follow demand: profit beside that at the base price.
fn profit(series: &[Series]) {
    println!(
        "\norange juice, if the elasticities hold: profit at the recommended prices beside the"
    );
    println!("same weeks at the base price (demand at the base price; buyers answer; 4 weeks)");
    println!(
        "| brand | elasticity | profit % | best fixed price within 10 % | best of each week within 10 % |"
    );
    println!("|---|---|---|---|---|");
    for brand in 1..=11 {
        let of_brand: Vec<&Series> = series.iter().filter(|s| s.brand == brand).collect();
        let Some(first) = of_brand.first() else { continue };
        let mut sum = Sum::default();
        for one in &of_brand {
            live(one, &weekly(4), Shown::Answering, &mut sum);
        }
        let gain = |profit: f64| 100.0 * (profit / sum.profit_at_base - 1.0);
        let best = (-100..=100)
            .map(|thousandths| 1.0 + f64::from(thousandths) / 1000.0)
            .map(|part| of_brand.iter().map(|s| s.profit_at(part)).sum::<f64>())
            .fold(f64::NEG_INFINITY, f64::max);
        let each = of_brand.iter().map(|s| s.best_profit()).sum::<f64>();
        let [own, fixed, each] = [sum.profit, best, each].map(gain);
        println!("| {brand} | {:.2} | {own:+.2} | {fixed:+.2} | {each:+.2} |", first.elasticity);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("give the folder of the data")?;
    let folder = Path::new(&folder);
    let juice = orange_juice(&folder.join("orange_juice.csv.gz"))?;
    tables("orange juice", &juice);
    tables("cheese", &cheese(&folder.join("cheese.csv.gz"))?);
    profit(&juice);
    noise::table();
    Ok(())
}
