//! Which declared continuous aggregate gives the same answer as the rows.

use jiff::tz::TimeZone;

use crate::analytics::facts::in_whole_hours;
use crate::analytics::grouping::{Function, Measure, Question, Shape, Width};
use crate::domain::EventTime;
use crate::metrics::kind::Given;
use crate::timescale::spec::{ContinuousAggregate, Spec};
use crate::timescale::sql::ident;

/// An aggregate that answers a question.
#[derive(Clone, Debug)]
pub struct Served<'a> {
    /// Which one.
    pub aggregate: &'a ContinuousAggregate,
    /// The question's measures over it, in SQL.
    pub measures: Vec<String>,
}

/// The aggregate with the widest buckets and the fewest groups that has all that is asked for, its
/// buckets whole ones of the range and the question's. After `now` there is nothing, so a range that
/// ends later ends with a whole bucket too. The days of a zone are put together of hours in UTC where
/// its clocks differ by whole ones.
#[must_use]
pub fn served<'a>(
    spec: &'a Spec,
    question: &Question,
    zone: &TimeZone,
    now: EventTime,
) -> Option<Served<'a>> {
    let mut found: Option<Served<'a>> = None;
    for aggregate in &spec.aggregates {
        let Some(measures) = measures(spec, aggregate, question, zone, now) else { continue };
        let size = |a: &ContinuousAggregate| (-a.bucket.micros(), a.group_by.len());
        if found.as_ref().is_none_or(|best| size(aggregate) < size(best.aggregate)) {
            found = Some(Served { aggregate, measures });
        }
    }
    found
}

fn measures(
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    question: &Question,
    zone: &TimeZone,
    now: EventTime,
) -> Option<Vec<String>> {
    if aggregate.on != question.kind.hypertable() {
        return None;
    }
    let has = |column: &str| aggregate.group_by.iter().any(|g| g == column);
    let fields = question.by.iter().chain(question.conditions.iter().map(|c| &c.field));
    let mut columns = fields.map(|f| f.column().map(|c| c.name)).chain([Some("tenant")]);
    if !columns.all(|column| column.is_some_and(has)) {
        return None;
    }
    let width = Width::of(aggregate.bucket)?;
    let own_zone = !width.follows_zone() || spec.zone == question.zone;
    // Buckets in UTC make up those of another zone only where its clocks change by whole ones.
    let nests = match question.width {
        None => true,
        Some(asked) if asked.follows_zone() && !width.follows_zone() => {
            asked.is_made_of(width) && in_whole_hours(zone, (question.since, question.until), now)
        }
        Some(asked) => asked.is_made_of(width),
    };
    let begins = |time: EventTime| width.floor(time, zone) == Some(time);
    let whole = begins(question.since) && (question.until >= now || begins(question.until));
    if !own_zone || !nests || !whole {
        return None;
    }
    question.measures.iter().map(|m| over(aggregate, m)).collect()
}

/// A measure over the buckets of an aggregate, if it has what is needed.
fn over(aggregate: &ContinuousAggregate, measure: &Measure) -> Option<String> {
    let find = |sql: String| {
        let plain = |text: &str| text.replace([' ', '"'], "").to_lowercase();
        aggregate.measure.iter().find(|m| plain(&m.sql) == sql).map(|m| ident(&m.name))
    };
    let column = measure.column.map_or("*", |c| c.name);
    // Of a column that every row has, each row counts.
    let always = measure.column.is_none_or(|c| c.given == Given::Always || c.name == "profit");
    let count = || {
        let own = find(format!("count({column})"));
        own.or_else(|| find("count(*)".to_owned()).filter(|_| always))
    };
    let value = match measure.function {
        Function::Count => format!("sum({})", count()?),
        Function::Sum => format!("sum({})", find(format!("sum({column})"))?),
        Function::Min => format!("min({})", find(format!("min({column})"))?),
        Function::Max => format!("max({})", find(format!("max({column})"))?),
        Function::Avg => {
            let mean =
                format!("sum({}) / nullif(sum({}), 0)", find(format!("sum({column})"))?, count()?);
            if measure.shape() == Shape::Real { mean } else { format!("round({mean}, 4)") }
        }
        Function::Distinct
        | Function::Stddev
        | Function::First
        | Function::Last
        | Function::Percentile(_) => return None,
    };
    let cast = if measure.shape() == Shape::Real { "float8" } else { "numeric" };
    Some(format!("({value})::{cast}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analytics::grouping::Condition;
    use crate::analytics::grouping::question::tests::asked;
    use crate::metrics::kind::Kind;
    use crate::timescale::spec::DECLARED;

    fn spec() -> Spec {
        let mut spec: Spec = toml::from_str(DECLARED).unwrap();
        spec.zone = "UTC".to_owned();
        spec
    }

    fn name(question: &Question) -> Option<String> {
        let now = EventTime::from_event_text("2026-04-01T10:00:00Z").unwrap();
        let zone = TimeZone::get(&question.zone).unwrap();
        served(&spec(), question, &zone, now).map(|s| s.aggregate.name.clone())
    }

    #[test]
    fn the_smallest_aggregate_that_has_all() {
        let of = |width: Option<&str>, by: &[&str], measures: &[&str]| {
            name(&asked(Kind::Payment, width, by, measures))
        };
        assert_eq!(
            of(Some("1d"), &["status"], &["sum:amount"]).as_deref(),
            Some("payment_status_daily")
        );
        let pattern = of(Some("1mo"), &["paymentMethod"], &["count", "avg:fraudScore"]);
        assert_eq!(pattern.as_deref(), Some("payment_pattern_daily"));
        let all = of(None, &[], &["sum:amount", "avg:amount"]);
        assert_eq!(all.as_deref(), Some("payment_status_daily"));
        let hours = of(Some("6h"), &["status"], &["count"]);
        assert_eq!(hours.as_deref(), Some("payment_pattern_hourly"));
        for (width, by, measure) in [
            (Some("30m"), "status", "count"),
            (Some("1d"), "customerId", "count"),
            (Some("1d"), "status", "max:amount"),
            (Some("1d"), "status", "p95:amount"),
        ] {
            assert_eq!(of(width, &[by], &[measure]), None, "{width:?} {by} {measure}");
        }
    }

    #[test]
    fn only_whole_buckets_of_the_same_zone() {
        let question = asked(Kind::Revenue, Some("1d"), &[], &["sum:revenue"]);
        assert_eq!(name(&question).as_deref(), Some("revenue_daily"));
        let zoned = Question { zone: "Europe/Berlin".to_owned(), ..question.clone() };
        assert_eq!(name(&zoned).as_deref(), Some("revenue_breakdown_hourly"), "of UTC hours");
        for zone in ["Asia/Kolkata", "Asia/Kathmandu"] {
            let other = Question { zone: zone.to_owned(), ..question.clone() };
            assert_eq!(name(&other), None, "{zone}");
        }
        let months = asked(Kind::Revenue, Some("1mo"), &["region"], &["sum:revenue"]);
        let months = Question { zone: "America/Chicago".to_owned(), ..months };
        assert_eq!(name(&months).as_deref(), Some("revenue_breakdown_hourly"));
        let none = asked(Kind::Customer, Some("1d"), &["customerId"], &["count"]);
        let none = Question { zone: "Europe/Berlin".to_owned(), ..none };
        assert_eq!(name(&none), None, "there is none by hour");
        // A range of whole hours that is not one of whole days is that of the hourly one.
        for (shift, aggregate) in [(60, Some("revenue_breakdown_hourly")), (30, None)] {
            let micros = shift * 60_000_000;
            let begun = Question { since: question.since.plus_micros(micros), ..question.clone() };
            assert_eq!(name(&begun).as_deref(), aggregate);
            let ended = Question { until: question.until.plus_micros(micros), ..question.clone() };
            assert_eq!(name(&ended).as_deref(), aggregate);
        }
        let open = EventTime::from_event_text("2026-04-01T10:00:00Z").unwrap();
        assert!(name(&Question { until: open, ..question.clone() }).is_some());
        let other = Condition::parse(Kind::Revenue, "ordersCount>1").unwrap();
        assert_eq!(name(&Question { conditions: vec![other], ..question }), None);
    }
}
