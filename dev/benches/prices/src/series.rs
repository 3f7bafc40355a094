//! The two data sets as series of weeks.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::Path;

use bss::domain::{EventTime, Money, Product};
use flate2::read::GzDecoder;
use rust_decimal::Decimal;

/// Own-price elasticities by least squares on logs with a fixed effect of the store, of the data
/// set's own baselines; brands 1 to 11.
const ELASTICITIES: [f64; 11] =
    [-2.88, -1.95, -3.65, -4.13, -3.46, -1.87, -3.71, -2.15, -3.66, -3.44, -1.39];
const CHEESE: f64 = -2.79;
/// Ounces of a carton.
const CARTON: f64 = 64.0;
/// Weeks that the catalogue's expectation is taken from.
const FIRST: usize = 8;

/// A week: units, the shop's own price, the cost of one if it is known.
#[derive(Clone, Copy)]
pub struct Week {
    pub number: i64,
    pub units: f64,
    pub price: f64,
    pub cost: f64,
}

pub struct Series {
    pub brand: usize,
    pub elasticity: f64,
    pub weeks: Vec<Week>,
    pub row: Product,
}

impl Series {
    fn new(brand: usize, elasticity: f64, mut weeks: Vec<Week>) -> Result<Self, Box<dyn Error>> {
        weeks.sort_by_key(|week| week.number);
        let mut prices: Vec<f64> = weeks.iter().map(|week| week.price).collect();
        prices.sort_by(f64::total_cmp);
        let cents = (prices[prices.len() / 2] * 100.0).round() as i64;
        let first = &weeks[..weeks.len().min(FIRST)];
        let expected = first.iter().map(|week| week.units).sum::<f64>() / first.len() as f64;
        let base_price = Money::from_decimal(Decimal::new(cents, 2))?;
        let row = Product {
            product_id: format!("brand {brand}").into(),
            category: None,
            base_price,
            floor: None,
            ceiling: None,
            currency: bss::domain::payment::Currency::new("USD")?,
            // In 15 minutes, of a week's.
            expected_demand: Some(expected / 672.0),
            time: EventTime::from_micros(0),
        };
        Ok(Self { brand, elasticity, weeks, row })
    }

    /// A week for each from the first to the last; one that is not in the data is as the one before.
    pub fn without_gaps(&self) -> Vec<Week> {
        let mut all: Vec<Week> = Vec::new();
        for week in &self.weeks {
            while let Some(last) = all.last().filter(|last| last.number + 1 < week.number) {
                all.push(Week { number: last.number + 1, ..*last });
            }
            all.push(*week);
        }
        all
    }

    /// The highest profit of all weeks if each had its own price within 10 % of the base price.
    pub fn best_profit(&self) -> f64 {
        let price = self.row.base_price.to_f64();
        let best = |week: &Week| {
            let profit = |part: f64| part.powf(self.elasticity) * (price * part - week.cost);
            // One peak: at cost x e / (1 + e).
            let peak = week.cost * self.elasticity / (1.0 + self.elasticity) / price;
            self.at_base(week) * profit(peak.clamp(0.9, 1.1))
        };
        self.weeks.iter().map(best).sum()
    }

    /// Units of a week at the base price.
    pub fn at_base(&self, week: &Week) -> f64 {
        week.units * (week.price / self.row.base_price.to_f64()).powf(-self.elasticity)
    }

    /// The profit of all weeks at a part of the base price.
    pub fn profit_at(&self, part: f64) -> f64 {
        let price = self.row.base_price.to_f64() * part;
        let profit =
            |week: &Week| self.at_base(week) * part.powf(self.elasticity) * (price - week.cost);
        self.weeks.iter().map(profit).sum()
    }
}

fn rows(path: &Path) -> Result<csv::Reader<GzDecoder<File>>, Box<dyn Error>> {
    let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(csv::Reader::from_reader(GzDecoder::new(file)))
}

/// store, week, brand, units, price_per_oz, deal, feat, margin_pct
pub fn orange_juice(path: &Path) -> Result<Vec<Series>, Box<dyn Error>> {
    let mut series: BTreeMap<(u32, usize), Vec<Week>> = BTreeMap::new();
    for row in rows(path)?.into_records() {
        let row = row?;
        let number = |at: usize| row[at].parse::<f64>();
        let price = number(4)? * CARTON;
        let week = Week {
            number: row[1].parse()?,
            units: number(3)?,
            price,
            cost: price * (1.0 - number(7)? / 100.0),
        };
        series.entry((row[0].parse()?, row[2].parse()?)).or_default().push(week);
    }
    let elasticity = |brand: usize| ELASTICITIES.get(brand - 1).copied().ok_or("an unknown brand");
    series.into_iter().map(|((_, brand), w)| Series::new(brand, elasticity(brand)?, w)).collect()
}

/// retailer, week, units, price, display
pub fn cheese(path: &Path) -> Result<Vec<Series>, Box<dyn Error>> {
    let mut series: BTreeMap<String, Vec<Week>> = BTreeMap::new();
    for row in rows(path)?.into_records() {
        let row = row?;
        let week = Week {
            number: row[1].parse()?,
            units: row[2].parse()?,
            price: row[3].parse()?,
            cost: 0.0,
        };
        series.entry(row[0].to_owned()).or_default().push(week);
    }
    series.into_values().map(|weeks| Series::new(0, CHEESE, weeks)).collect()
}
