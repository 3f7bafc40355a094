//! What is measured in each bucket, as `sum:amount` or `p95:latencyP99`.

use rust_decimal::Decimal;

use crate::analytics::grouping::Field;
use crate::metrics::kind::{Column, Form, Kind};
use crate::timescale::sql::ident;

/// What is done with the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// How many there are.
    Count,
    /// How many different ones.
    Distinct,
    /// Their sum.
    Sum,
    /// Their mean: the sum over the count.
    Avg,
    /// The least.
    Min,
    /// The most.
    Max,
    /// The standard deviation of a sample.
    Stddev,
    /// The earliest.
    First,
    /// The latest.
    Last,
    /// The one that so many percent do not exceed, in tenths of a percent.
    Percentile(u16),
}

/// What a measure gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A count or another whole number.
    Count,
    /// An amount of money.
    Money,
    /// A decimal number.
    Decimal,
    /// A double.
    Real,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Digit for digit.
    Exact(Decimal),
    /// A finite double.
    Real(f64),
}

/// One measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// What is done.
    pub function: Function,
    /// With which column; `None`: the rows are counted.
    pub column: Option<&'static Column>,
}

impl Measure {
    /// Reads `count`, or `FUNCTION:FIELD` with count, distinct, sum, avg, min, max, stddev, first,
    /// last, median or p0 to p100 (p99.9).
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, String> {
        let (name, field) = match text.split_once(':') {
            Some((name, field)) => (name.trim(), Some(field.trim())),
            None => (text.trim(), None),
        };
        let function = function(name).ok_or_else(|| {
            format!(
                "`{name}` is not one of count, distinct, sum, avg, min, max, stddev, first, last, \
                 median, p0 to p100"
            )
        })?;
        let Some(field) = field else {
            return match function {
                Function::Count => Ok(Self { function, column: None }),
                _ => Err(format!("`{name}` of which field? Give it as {name}:FIELD")),
            };
        };
        let Field::Column(column) = Field::parse(kind, field)? else {
            return Err(format!("`{field}` is a text and cannot be measured"));
        };
        let is_number = matches!(column.form, Form::Money | Form::Score | Form::Count | Form::Real);
        if !is_number && !matches!(function, Function::Count | Function::Distinct) {
            return Err(format!("`{}` is no number: {name} has no meaning there", column.field));
        }
        Ok(Self { function, column: Some(column) })
    }

    /// What is shown where nothing is asked for.
    #[must_use]
    pub fn usual(kind: Kind) -> Vec<Self> {
        let texts: &[&str] = match kind {
            Kind::Customer => &["count", "avg:metricValue", "min:metricValue", "max:metricValue"],
            Kind::Order => &["count", "sum:totalAmount", "sum:itemsCount"],
            Kind::Payment => &["count", "sum:amount", "avg:fraudScore"],
            Kind::Revenue => &["sum:revenue", "sum:costs", "sum:profit", "sum:ordersCount"],
            Kind::System => &[
                "count",
                "avg:cpuUsage",
                "avg:memoryUsage",
                "avg:requestRate",
                "avg:errorRate",
                "p95:latencyP99",
            ],
        };
        texts.iter().filter_map(|text| Self::parse(kind, text).ok()).collect()
    }

    /// Its name in results: `sumAmount`, `p99_9LatencyP99`.
    #[must_use]
    pub fn name(&self) -> String {
        let function = self.function.name().replace('.', "_");
        let Some(column) = self.column else { return function };
        let mut letters = column.field.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        function.chars().chain(first).chain(letters).collect()
    }

    /// Its heading for people.
    #[must_use]
    pub fn heading(&self) -> String {
        let function = self.function.name().to_uppercase();
        self.column.map_or(function.clone(), |c| format!("{function} {}", c.heading))
    }

    /// What it gives.
    #[must_use]
    pub fn shape(&self) -> Shape {
        let Some(column) = self.column else { return Shape::Count };
        match (self.function, column.form) {
            (Function::Count | Function::Distinct, _) => Shape::Count,
            (_, Form::Real) => Shape::Real,
            (_, Form::Money) => Shape::Money,
            (Function::Avg | Function::Stddev, _) | (_, Form::Score) => Shape::Decimal,
            _ => Shape::Count,
        }
    }

    /// Whether a bucket without rows has it: nothing is counted and summed as 0, but has no mean.
    #[must_use]
    pub const fn is_additive(&self) -> bool {
        matches!(self.function, Function::Count | Function::Distinct | Function::Sum)
    }

    /// The SQL over rows.
    #[must_use]
    pub fn sql(&self) -> String {
        let Some(column) = self.column else { return "count(*)::numeric".to_owned() };
        let (of, shape) = (ident(column.name), self.shape());
        let value = match self.function {
            Function::Count => format!("count({of})"),
            Function::Distinct => format!("count(DISTINCT {of})"),
            Function::Sum => format!("sum({of})"),
            Function::Min => format!("min({of})"),
            Function::Max => format!("max({of})"),
            Function::First => format!("first({of}, \"time\") FILTER (WHERE {of} IS NOT NULL)"),
            Function::Last => format!("last({of}, \"time\") FILTER (WHERE {of} IS NOT NULL)"),
            Function::Avg if shape == Shape::Real => format!("avg({of})"),
            Function::Avg => format!("round(avg({of}), 4)"),
            Function::Stddev if shape == Shape::Real => format!("stddev_samp({of})"),
            Function::Stddev => format!("round(stddev_samp({of}), 4)"),
            Function::Percentile(tenths) => {
                // Between two amounts there is none: of decimals one that occurs is taken.
                let how = if shape == Shape::Real { "cont" } else { "disc" };
                let share = Decimal::new(i64::from(tenths), 3).normalize();
                format!("percentile_{how}({share}) WITHIN GROUP (ORDER BY {of})")
            }
        };
        let cast = if shape == Shape::Real { "float8" } else { "numeric" };
        format!("({value})::{cast}")
    }
}

impl Function {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Count => "count".to_owned(),
            Self::Distinct => "distinct".to_owned(),
            Self::Sum => "sum".to_owned(),
            Self::Avg => "avg".to_owned(),
            Self::Min => "min".to_owned(),
            Self::Max => "max".to_owned(),
            Self::Stddev => "stddev".to_owned(),
            Self::First => "first".to_owned(),
            Self::Last => "last".to_owned(),
            Self::Percentile(tenths) => {
                format!("p{}", Decimal::new(i64::from(tenths), 1).normalize())
            }
        }
    }
}

fn function(name: &str) -> Option<Function> {
    Some(match name {
        "count" => Function::Count,
        "distinct" => Function::Distinct,
        "sum" => Function::Sum,
        "avg" | "mean" => Function::Avg,
        "min" => Function::Min,
        "max" => Function::Max,
        "stddev" => Function::Stddev,
        "first" => Function::First,
        "last" => Function::Last,
        "median" => Function::Percentile(500),
        _ => {
            let digits =
                name.strip_prefix('p').filter(|d| d.starts_with(|c: char| c.is_ascii_digit()))?;
            let percent: Decimal = digits.parse().ok()?;
            let tenths = percent * Decimal::TEN;
            let whole = tenths.normalize().scale() == 0 && percent <= Decimal::ONE_HUNDRED;
            Function::Percentile(u16::try_from(tenths).ok().filter(|_| whole)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(kind: Kind, text: &str) -> Result<(String, String, Shape), String> {
        Measure::parse(kind, text).map(|m| (m.name(), m.sql(), m.shape()))
    }

    #[test]
    fn measures_are_exact_where_their_field_is() {
        for (kind, text, name, sql, shape) in [
            (Kind::Payment, "count", "count", "count(*)::numeric", Shape::Count),
            (Kind::Payment, "sum:amount", "sumAmount", "(sum(\"amount\"))::numeric", Shape::Money),
            (
                Kind::Payment,
                "median:score",
                "p50FraudScore",
                "(percentile_disc(0.5) WITHIN GROUP (ORDER BY \"fraud_score\"))::numeric",
                Shape::Decimal,
            ),
            (
                Kind::System,
                "p99.9:latency",
                "p99_9LatencyP99",
                "(percentile_cont(0.999) WITHIN GROUP (ORDER BY \"latency_p99\"))::float8",
                Shape::Real,
            ),
            (
                Kind::Order,
                "avg:items",
                "avgItemsCount",
                "(round(avg(\"items_count\"), 4))::numeric",
                Shape::Decimal,
            ),
            (
                Kind::Order,
                "distinct:customerId",
                "distinctCustomerId",
                "(count(DISTINCT \"customer_id\"))::numeric",
                Shape::Count,
            ),
        ] {
            assert_eq!(parsed(kind, text), Ok((name.into(), sql.into(), shape)), "{text}");
        }
    }

    #[test]
    fn a_measure_without_a_meaning_is_refused() {
        for (text, why) in [
            ("sum", "of which field"),
            ("sum:status", "is no number"),
            ("p101:amount", "is not one of"),
            ("p9.99:amount", "is not one of"),
            ("p:amount", "is not one of"),
            ("sum:nope", "no field `nope`"),
            ("", "is not one of"),
        ] {
            let refused = parsed(Kind::Payment, text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
        assert!(parsed(Kind::Order, "sum:tags.x").unwrap_err().contains("is a text"));
        for kind in Kind::ALL {
            assert!(Measure::usual(kind).len() >= 3, "{kind:?}");
        }
    }
}
