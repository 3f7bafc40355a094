//! A question about the metrics of a kind, and its SQL.

use crate::analytics::grouping::condition;
use crate::analytics::grouping::served::Served;
use crate::analytics::grouping::{Condition, Field, Measure, Number, Width};
use crate::domain::EventTime;
use crate::metrics::kind::{Form, Kind};
use crate::timescale::sql::{bucket, ident, qualified};

/// What is asked of one kind's metrics.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which kind.
    pub kind: Kind,
    /// Whose rows.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// The width of a bucket; `None`: the whole range is one.
    pub width: Option<Width>,
    /// The zone of buckets of a day and more.
    pub zone: String,
    /// By which fields.
    pub by: Vec<Field>,
    /// What is measured.
    pub measures: Vec<Measure>,
    /// Of which rows.
    pub conditions: Vec<Condition>,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The first instant of the bucket, if there are several.
    pub bucket: Option<EventTime>,
    /// The fields; `None` is unknown.
    pub keys: Vec<Option<String>>,
    /// The measures; `None` where there is nothing to measure.
    pub values: Vec<Option<Number>>,
}

impl Question {
    /// Adds the fields across which nothing is added up: the currency of money, the name of a
    /// customer's measurements. One that a condition fixes is not needed.
    pub fn keep_apart(&mut self) {
        let measured =
            |form: Form| self.measures.iter().any(|m| m.column.is_some_and(|c| c.form == form));
        let apart = match self.kind {
            Kind::Customer if measured(Form::Real) => "metricName",
            Kind::Order | Kind::Payment | Kind::Revenue if measured(Form::Money) => "currency",
            _ => return,
        };
        let Ok(apart) = Field::parse(self.kind, apart) else { return };
        let fixing = |c: &&Condition| c.field == apart && c.comparison == "=";
        let fixed = self.conditions.iter().filter(fixing).count() == 1;
        if !fixed && !self.by.contains(&apart) {
            self.by.push(apart);
        }
    }

    /// The SQL: `$1` the tenant, `$2` and `$3` the range, then the values of the conditions, last the
    /// limit. The columns are the bucket (if there are several), the fields, the measures.
    #[must_use]
    pub fn sql(&self, served: Option<&Served<'_>>) -> String {
        let time =
            served.map_or_else(|| "\"time\"".to_owned(), |s| ident(&s.aggregate.bucket_column));
        let from = served.map_or(self.kind.hypertable(), |s| &s.aggregate.name);
        let zone = Some(self.zone.as_str()).filter(|z| *z != "UTC");
        let of_width =
            |width: Width| bucket(width.interval(), &time, zone.filter(|_| width.follows_zone()));
        let start = self.width.map(of_width);
        let keys: Vec<String> = self.by.iter().map(Field::sql).collect();
        let measures: Vec<String> = match served {
            Some(served) => served.measures.clone(),
            None => self.measures.iter().map(Measure::sql).collect(),
        };
        let groups: Vec<&String> = start.iter().chain(&keys).collect();
        let columns: Vec<&str> =
            groups.iter().copied().chain(&measures).map(String::as_str).collect();
        let mut sql = format!(
            "SELECT {} FROM {} WHERE tenant = $1 AND {time} >= $2 AND {time} < $3{}",
            columns.join(", "),
            qualified(from),
            condition::all(&self.conditions, 4)
        );
        if groups.is_empty() {
            // Without groups there would be a line also where there is nothing.
            sql.push_str(" HAVING count(*) > 0");
        } else {
            let numbers: Vec<String> = (1..=groups.len()).map(|n| n.to_string()).collect();
            sql.push_str(&format!(" GROUP BY {}", numbers.join(", ")));
            // Every server sorts texts alike by their bytes only.
            let texts = keys.iter().map(|key| format!("{key} COLLATE \"C\" NULLS LAST"));
            let order: Vec<String> = start.iter().cloned().chain(texts).collect();
            sql.push_str(&format!(" ORDER BY {}", order.join(", ")));
        }
        let values = condition::values(&self.conditions).count();
        sql.push_str(&format!(" LIMIT ${}", values + 4));
        sql
    }

    /// The values of the conditions, in the order of their parameters.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        condition::values(&self.conditions)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A question as the command line would ask it.
    pub fn asked(kind: Kind, width: Option<&str>, by: &[&str], measures: &[&str]) -> Question {
        let mut question = Question {
            kind,
            tenant: "t".to_owned(),
            since: EventTime::from_event_text("2026-03-01T00:00:00Z").unwrap(),
            until: EventTime::from_event_text("2026-03-08T00:00:00Z").unwrap(),
            width: width.map(|w| Width::parse(w).unwrap()),
            zone: "UTC".to_owned(),
            by: by.iter().map(|b| Field::parse(kind, b).unwrap()).collect(),
            measures: measures.iter().map(|m| Measure::parse(kind, m).unwrap()).collect(),
            conditions: Vec::new(),
        };
        question.keep_apart();
        question
    }

    #[test]
    fn a_question_over_rows() {
        let mut question = asked(Kind::Payment, Some("1d"), &["status"], &["count", "sum:amount"]);
        question.zone = "Europe/Berlin".to_owned();
        question.conditions = vec![Condition::parse(Kind::Payment, "amount>=10").unwrap()];
        assert_eq!(
            question.sql(None),
            "SELECT time_bucket(INTERVAL '1 day', \"time\", 'Europe/Berlin'), \"status\", \"currency\", \
             count(*)::numeric, (sum(\"amount\"))::numeric FROM bss.\"payment_metrics\" \
             WHERE tenant = $1 AND \"time\" >= $2 AND \"time\" < $3 AND \"amount\" >= $4::text::numeric \
             GROUP BY 1, 2, 3 ORDER BY time_bucket(INTERVAL '1 day', \"time\", 'Europe/Berlin'), \
             \"status\" COLLATE \"C\" NULLS LAST, \"currency\" COLLATE \"C\" NULLS LAST LIMIT $5"
        );
        // Hours are of UTC whatever the zone.
        question.width = Some(Width::parse("1h").unwrap());
        assert!(question.sql(None).contains("time_bucket(INTERVAL '1 hour', \"time\"),"));
    }

    #[test]
    fn money_stays_by_currency_and_measurements_by_name() {
        let names = |q: &Question| q.by.iter().map(Field::name).collect::<Vec<_>>().join(" ");
        assert_eq!(names(&asked(Kind::Revenue, None, &[], &["sum:revenue"])), "currency");
        assert_eq!(names(&asked(Kind::Revenue, None, &[], &["sum:orders"])), "");
        assert_eq!(names(&asked(Kind::Customer, None, &[], &["avg:value"])), "metricName");
        assert_eq!(names(&asked(Kind::Customer, None, &["customerId"], &["count"])), "customerId");
        let mut fixed = asked(Kind::Payment, None, &[], &["count"]);
        fixed.measures = vec![Measure::parse(Kind::Payment, "sum:amount").unwrap()];
        let of = |text| Condition::parse(Kind::Payment, text).unwrap();
        fixed.conditions = vec![of("currency=EUR")];
        fixed.keep_apart();
        assert_eq!(names(&fixed), "");
        fixed.conditions.push(of("currency=USD"));
        fixed.keep_apart();
        assert_eq!(names(&fixed), "currency");
    }
}
