//! Sums over metrics: by day or in all, by some of their dimensions, from a daily aggregate where that
//! gives the same answer, else from an hourly one, else from the rows.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::domain::EventTime;
use crate::timescale::interval::Interval;
use crate::timescale::sql::{bucket, ident, qualified};

/// What is summed, and the aggregates that have it.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The hypertable.
    pub hypertable: &'static str,
    /// The daily aggregate; its bucket is `day`.
    pub aggregate: &'static str,
    /// The hourly aggregate, if there is one: the same measures; its bucket is `hour`.
    pub hourly: Option<&'static str>,
    /// What each sum is called, what it is over rows, and over an aggregate.
    pub measures: &'static [(&'static str, &'static str, &'static str)],
}

/// Revenue by region and product category.
pub const REVENUE: Facts = Facts {
    hypertable: "revenue_metrics",
    aggregate: "revenue_breakdown_daily",
    hourly: Some("revenue_breakdown_hourly"),
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
    hourly: Some("order_status_hourly"),
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
    hourly: Some("payment_pattern_hourly"),
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
    // By customer there are nearly as many hours as rows.
    hourly: None,
    measures: &[("activities", "count(*)", "sum(activity_count)")],
};

/// From where an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The daily aggregate.
    Aggregate,
    /// The hourly aggregate, in UTC.
    Hourly,
    /// The rows.
    Rows,
}

impl Source {
    /// The daily aggregate gives the answer if its days are those of the question (`same_zone`) and
    /// the range begins and ends with one (`whole`); an hourly one if there is one and the range and
    /// its days consist of whole hours ([`in_whole_hours`]).
    #[must_use]
    pub const fn of(facts: &Facts, same_zone: bool, whole: bool, whole_hours: bool) -> Self {
        if same_zone && whole {
            Self::Aggregate
        } else if facts.hourly.is_some() && whole_hours {
            Self::Hourly
        } else {
            Self::Rows
        }
    }

    /// The word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Aggregate => "aggregate",
            Self::Hourly => "hourly-aggregate",
            Self::Rows => "rows",
        }
    }
}

/// Whether a range and its days in `zone` consist of whole hours of UTC: it begins with one, ends with
/// one or at `now`, after which there is nothing, and every offset of the zone and every change of it
/// in the range is of whole hours.
#[must_use]
pub fn in_whole_hours(
    zone: &TimeZone,
    (since, until): (EventTime, EventTime),
    now: EventTime,
) -> bool {
    let whole = |time: EventTime| time.hour() == time;
    let instant = |time: EventTime| Timestamp::from_microsecond(time.micros());
    let (Ok(first), Ok(last)) = (instant(since), instant(until)) else { return false };
    let mut changes = zone.following(first).take_while(|change| change.timestamp() < last);
    whole(since)
        && (until >= now || whole(until))
        && zone.to_offset(first).seconds() % 3600 == 0
        && changes.all(|change| {
            change.offset().seconds() % 3600 == 0 && change.timestamp().as_second() % 3600 == 0
        })
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
    /// Only the lines with the most of the first measure, at most so many. A column behind the others
    /// then says how many there are in all.
    pub most: Option<u32>,
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
        let (from, time) = match (self.source, self.facts.hourly) {
            (Source::Aggregate, _) => (self.facts.aggregate, "day"),
            (Source::Hourly, Some(hourly)) => (hourly, "hour"),
            (Source::Hourly, None) | (Source::Rows, _) => (self.facts.hypertable, "time"),
        };
        let rows = from == self.facts.hypertable;
        let mut columns = Vec::new();
        if let Some(zone) = &self.daily {
            let zone = Some(zone.as_str()).filter(|z| *z != "UTC");
            columns.push(if time == "day" {
                ident(time)
            } else {
                bucket(Interval::days(1), &ident(time), zone)
            });
        }
        columns.extend(self.by.iter().map(|c| ident(c)));
        let groups: Vec<String> = (1..=columns.len()).map(|n| n.to_string()).collect();
        let measures = self.facts.measures.iter();
        columns.extend(measures.map(|(_, of_rows, of_days)| {
            format!("({})::numeric", if rows { of_rows } else { of_days })
        }));
        let first_measure = groups.len() + 1;
        if self.most.is_some() {
            columns.push("count(*) OVER ()".to_owned());
        }
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
        if let Some(most) = self.most {
            // The texts by their bytes, as where lines are sorted here.
            let texts = self.by.iter().map(|c| format!(", {} COLLATE \"C\"", ident(c)));
            let texts: String = texts.collect();
            sql.push_str(&format!(" ORDER BY {first_measure} DESC{texts} LIMIT {most}"));
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
            most: None,
        }
    }

    #[test]
    fn the_most_are_chosen_by_the_server() {
        let asked = question(Source::Rows, None, &["status"]);
        let most = Question { most: Some(3), only: Vec::new(), ..asked }.sql();
        assert_eq!(
            most,
            "SELECT \"status\", (count(*))::numeric, (sum(total_amount))::numeric, \
             (sum(items_count))::numeric, count(*) OVER () FROM bss.\"order_metrics\" \
             WHERE tenant = $1 AND \"time\" >= $2 AND \"time\" < $3 GROUP BY 1 \
             ORDER BY 2 DESC, \"status\" COLLATE \"C\" LIMIT 3"
        );
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
    fn hours_are_put_together_to_the_days_of_a_zone() {
        let hours = question(Source::Hourly, Some("Europe/Berlin"), &["status"]).sql();
        assert_eq!(
            hours,
            "SELECT time_bucket(INTERVAL '1 day', \"hour\", 'Europe/Berlin'), \"status\", \
             (sum(order_count))::numeric, (sum(total_amount))::numeric, \
             (sum(total_items))::numeric FROM bss.\"order_status_hourly\" WHERE tenant = $1 \
             AND \"hour\" >= $2 AND \"hour\" < $3 AND \"currency\" = $4 GROUP BY 1, 2"
        );
    }

    #[test]
    fn an_aggregate_answers_only_for_its_own_whole_buckets() {
        use Source::{Aggregate, Hourly, Rows};
        assert_eq!(Source::of(&ORDERS, true, true, false), Aggregate);
        assert_eq!(Source::of(&CUSTOMERS, true, true, true), Aggregate);
        for (zone, whole) in [(false, true), (true, false), (false, false)] {
            assert_eq!(Source::of(&ORDERS, zone, whole, true), Hourly);
            assert_eq!(Source::of(&ORDERS, zone, whole, false), Rows);
            assert_eq!(Source::of(&CUSTOMERS, zone, whole, true), Rows);
        }
    }

    #[test]
    fn zones_of_whole_hours_are_told_from_others() {
        let time = |text: &str| {
            let instant: Timestamp = text.parse().unwrap();
            EventTime::from_micros(instant.as_microsecond())
        };
        let now = time("2026-06-01T08:20:00Z");
        let whole = |zone: &str, since: &str, until: &str| {
            let zone = TimeZone::get(zone).unwrap();
            in_whole_hours(&zone, (time(since), time(until)), now)
        };
        let year = ("2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z");
        for (zone, expected) in [
            ("UTC", true),
            ("Europe/Berlin", true),
            ("America/Chicago", true),
            ("Asia/Kolkata", false),
            ("Asia/Kathmandu", false),
            // Half an hour in summer only.
            ("Australia/Lord_Howe", false),
        ] {
            assert_eq!(whole(zone, year.0, year.1), expected, "{zone}");
        }
        assert!(whole("Australia/Lord_Howe", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"));
        // Changes a minute after midnight, as they once were.
        assert!(!whole("America/Goose_Bay", "2010-01-01T04:00:00Z", "2011-01-01T04:00:00Z"));
        assert!(!whole("UTC", "2026-01-01T00:00:01Z", "2026-02-01T00:00:00Z"));
        assert!(!whole("UTC", "2026-01-01T00:00:00Z", "2026-02-01T00:30:00Z"));
        assert!(whole("UTC", "2026-01-01T00:00:00Z", "2026-06-01T08:20:00Z"), "up to now");
    }
}
