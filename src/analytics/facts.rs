//! Sums over metrics: by day or in all, by some of their dimensions, from a daily aggregate where that
//! gives the same answer, else from the rows.

use rust_decimal::Decimal;

use crate::domain::EventTime;
use crate::timescale::interval::Interval;
use crate::timescale::sql::{bucket, ident, qualified};

/// What is summed, and the daily aggregate that has it.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The hypertable.
    pub hypertable: &'static str,
    /// The daily aggregate; its bucket is `day`.
    pub aggregate: &'static str,
    /// What each sum is called, what it is over rows, and over the aggregate.
    pub measures: &'static [(&'static str, &'static str, &'static str)],
}

/// Revenue by region and product category.
pub const REVENUE: Facts = Facts {
    hypertable: "revenue_metrics",
    aggregate: "revenue_breakdown_daily",
    measures: &[
        ("revenue", "sum(revenue)", "sum(total_revenue)"),
        ("costs", "sum(costs)", "sum(total_costs)"),
        ("profit", "sum(profit)", "sum(total_profit)"),
        ("orders", "sum(orders_count)", "sum(total_orders)"),
    ],
};

/// Orders by status and region.
pub const ORDERS: Facts = Facts {
    hypertable: "order_metrics",
    aggregate: "order_status_daily",
    measures: &[
        ("orders", "count(*)", "sum(order_count)"),
        ("amount", "sum(total_amount)", "sum(total_amount)"),
        ("items", "sum(items_count)", "sum(total_items)"),
    ],
};

/// Payments by method and status, with their scores.
pub const PAYMENTS: Facts = Facts {
    hypertable: "payment_metrics",
    aggregate: "payment_pattern_daily",
    measures: &[
        ("payments", "count(*)", "sum(payment_count)"),
        ("amount", "sum(amount)", "sum(total_amount)"),
        ("scores", "sum(fraud_score)", "sum(fraud_score_sum)"),
        ("scored", "count(fraud_score)", "sum(fraud_score_count)"),
    ],
};

/// The activity of customers.
pub const CUSTOMERS: Facts = Facts {
    hypertable: "customer_metrics",
    aggregate: "customer_activity_daily",
    measures: &[("activities", "count(*)", "sum(activity_count)")],
};

/// From where an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The daily aggregate.
    Aggregate,
    /// The rows.
    Rows,
}

impl Source {
    /// The daily aggregate gives the answer if its days are those of the question (`same_zone`) and
    /// the range begins and ends with one (`whole`).
    #[must_use]
    pub const fn of(same_zone: bool, whole: bool) -> Self {
        if same_zone && whole { Self::Aggregate } else { Self::Rows }
    }

    /// The word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Aggregate => "aggregate",
            Self::Rows => "rows",
        }
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// About what.
    pub facts: Facts,
    /// From where it is answered.
    pub source: Source,
    /// Whose rows.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// By day, in this zone; in all without.
    pub daily: Option<String>,
    /// By which dimensions.
    pub by: Vec<&'static str>,
    /// Only where a dimension has a value.
    pub only: Vec<(&'static str, String)>,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The day's first instant, if it was asked for by day.
    pub day: Option<EventTime>,
    /// The dimensions; `None` is unknown.
    pub keys: Vec<Option<String>>,
    /// The measures; `None` where there is nothing to sum.
    pub values: Vec<Option<Decimal>>,
}

impl Fact {
    /// A measure by its position; zero if there is nothing to sum.
    #[must_use]
    pub fn value(&self, at: usize) -> Decimal {
        self.values[at].unwrap_or_default()
    }

    /// A dimension by its position, as a text.
    #[must_use]
    pub fn key(&self, at: usize) -> &str {
        self.keys[at].as_deref().unwrap_or("UNKNOWN")
    }
}

impl Question {
    /// The SQL: `$1` the tenant, `$2` and `$3` the range, then the values of `only`. The columns are
    /// the day (if asked for), the dimensions, the measures.
    #[must_use]
    pub fn sql(&self) -> String {
        let rows = self.source == Source::Rows;
        let (from, time) =
            if rows { (self.facts.hypertable, "time") } else { (self.facts.aggregate, "day") };
        let mut columns = Vec::new();
        if let Some(zone) = &self.daily {
            let zone = Some(zone.as_str()).filter(|z| *z != "UTC");
            columns.push(if rows {
                bucket(Interval::days(1), "\"time\"", zone)
            } else {
                ident("day")
            });
        }
        columns.extend(self.by.iter().map(|c| ident(c)));
        let groups: Vec<String> = (1..=columns.len()).map(|n| n.to_string()).collect();
        let measures = self.facts.measures.iter();
        columns.extend(measures.map(|(_, of_rows, of_days)| {
            format!("({})::numeric", if rows { of_rows } else { of_days })
        }));
        let mut sql = format!(
            "SELECT {} FROM {} WHERE tenant = $1 AND {} >= $2 AND {} < $3",
            columns.join(", "),
            qualified(from),
            ident(time),
            ident(time)
        );
        for (at, (column, _)) in self.only.iter().enumerate() {
            sql.push_str(&format!(" AND {} = ${}", ident(column), at + 4));
        }
        if groups.is_empty() {
            // Without groups there would be a line also where there is nothing.
            sql.push_str(" HAVING count(*) > 0");
        } else {
            sql.push_str(&format!(" GROUP BY {}", groups.join(", ")));
        }
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(source: Source, daily: Option<&str>, by: &[&'static str]) -> Question {
        Question {
            facts: ORDERS,
            source,
            tenant: "t".to_owned(),
            since: EventTime::default(),
            until: EventTime::from_millis(1),
            daily: daily.map(str::to_owned),
            by: by.to_vec(),
            only: vec![("currency", "EUR".to_owned())],
        }
    }

    #[test]
    fn the_same_question_of_rows_and_of_days() {
        let rows = question(Source::Rows, Some("Europe/Berlin"), &["status"]).sql();
        assert_eq!(
            rows,
            "SELECT time_bucket(INTERVAL '1 day', \"time\", 'Europe/Berlin'), \"status\", \
             (count(*))::numeric, (sum(total_amount))::numeric, (sum(items_count))::numeric \
             FROM bss.\"order_metrics\" WHERE tenant = $1 AND \"time\" >= $2 AND \"time\" < $3 \
             AND \"currency\" = $4 GROUP BY 1, 2"
        );
        let days = question(Source::Aggregate, None, &[]).sql();
        assert_eq!(
            days,
            "SELECT (sum(order_count))::numeric, (sum(total_amount))::numeric, \
             (sum(total_items))::numeric FROM bss.\"order_status_daily\" WHERE tenant = $1 \
             AND \"day\" >= $2 AND \"day\" < $3 AND \"currency\" = $4 HAVING count(*) > 0"
        );
    }

    #[test]
    fn an_aggregate_answers_only_for_its_own_whole_days() {
        assert_eq!(Source::of(true, true), Source::Aggregate);
        for (zone, whole) in [(false, true), (true, false), (false, false)] {
            assert_eq!(Source::of(zone, whole), Source::Rows);
        }
    }
}
