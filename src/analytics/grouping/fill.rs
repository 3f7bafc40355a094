//! Buckets without rows. Done here and not by the server, as one edition cannot.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::analytics::grouping::{Line, Measure, Number, Shape, Width};
use crate::domain::EventTime;

/// What stands in a bucket without rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Nothing.
    Null,
    /// 0 for counts and sums; what has no value without rows, such as a mean, stays unknown.
    Zero,
    /// What stood in the last bucket that had a value.
    Locf,
    /// The straight line between the values before and after.
    Interpolate,
}

/// The most lines that are made.
pub const MOST: usize = 1_000_000;

/// Adds the buckets of `[since, until)` that a series has no line for; a series is what has the same
/// keys. Lines come and go in the order of buckets, then keys. Before a series' first value and after
/// its last there is nothing to carry on from and nothing to draw a line to.
///
/// # Errors
/// How many lines there would be, if more than [`MOST`]; or a bucket outside the calendar.
pub fn fill(
    lines: Vec<Line>,
    measures: &[Measure],
    (how, width): (Fill, Width),
    (since, until): (EventTime, EventTime),
    zone: &TimeZone,
) -> Result<Vec<Line>, String> {
    let outside = || format!("there are no buckets from {since} to {until}");
    let number = |time: EventTime| width.number(time, zone).ok_or_else(outside);
    let (first, last) = (number(since)?, number(until.plus_micros(-1))?);
    let buckets = usize::try_from(last - first + 1).map_err(|_| outside())?;
    // A question by no field has one series, even where there is no row.
    let mut series: BTreeMap<Vec<(bool, Option<String>)>, Vec<Option<Line>>> = BTreeMap::new();
    let named = lines.iter().any(|line| !line.keys.is_empty());
    let places = lines.iter().map(|l| &l.keys).collect::<std::collections::BTreeSet<_>>().len();
    if buckets.saturating_mul(places.max(1)) > MOST {
        return Err(format!("{buckets} buckets of {places} series are more than {MOST} lines"));
    }
    if !named {
        series.insert(Vec::new(), vec![None; buckets]);
    }
    for line in lines {
        let Some(start) = line.bucket else { continue };
        let at = usize::try_from(number(start)? - first).map_err(|_| outside())?;
        // Unknown keys come last, as in the lines.
        let key = line.keys.iter().map(|k| (k.is_none(), k.clone())).collect();
        let own = series.entry(key).or_insert_with(|| vec![None; buckets]);
        *own.get_mut(at).ok_or_else(outside)? = Some(line);
    }
    let mut starts = Vec::with_capacity(buckets);
    for at in first..=last {
        starts.push(width.start(at, zone).ok_or_else(outside)?);
    }
    let mut filled: Vec<Vec<Line>> = Vec::with_capacity(series.len());
    for (key, own) in series {
        let keys: Vec<Option<String>> = key.into_iter().map(|(_, k)| k).collect();
        filled.push(one(own, &keys, measures, how, &starts));
    }
    let mut all: Vec<Line> = Vec::with_capacity(buckets * filled.len());
    let mut each: Vec<_> = filled.into_iter().map(Vec::into_iter).collect();
    for _ in 0..buckets {
        all.extend(each.iter_mut().filter_map(Iterator::next));
    }
    Ok(all)
}

/// One series, whole.
fn one(
    own: Vec<Option<Line>>,
    keys: &[Option<String>],
    measures: &[Measure],
    how: Fill,
    starts: &[EventTime],
) -> Vec<Line> {
    let had: Vec<bool> = own.iter().map(Option::is_some).collect();
    let mut lines: Vec<Line> = own
        .into_iter()
        .zip(starts)
        .map(|(line, start)| {
            line.unwrap_or_else(|| Line {
                bucket: Some(*start),
                keys: keys.to_vec(),
                values: vec![None; measures.len()],
            })
        })
        .collect();
    for (at, measure) in measures.iter().enumerate() {
        match how {
            Fill::Null => {}
            Fill::Zero => {
                for (line, _) in lines.iter_mut().zip(&had).filter(|(_, had)| !**had) {
                    line.values[at] = measure.is_additive().then(|| zero(measure));
                }
            }
            Fill::Locf => {
                let mut last = None;
                for line in &mut lines {
                    last = line.values[at].or(last);
                    line.values[at] = last;
                }
            }
            Fill::Interpolate => draw(&mut lines, at, starts),
        }
    }
    lines
}

fn zero(measure: &Measure) -> Number {
    match measure.shape() {
        Shape::Real => Number::Real(0.0),
        _ => Number::Exact(Decimal::ZERO),
    }
}

/// Draws the lines between the known values of a measure; decimals to four places.
fn draw(lines: &mut [Line], at: usize, starts: &[EventTime]) {
    let mut known: Option<(usize, Number)> = None;
    for here in 0..lines.len() {
        let Some(value) = lines[here].values[at] else { continue };
        if let Some((before, from)) = known {
            let whole = starts[here].micros_since(starts[before]);
            for between in before + 1..here {
                let part = starts[between].micros_since(starts[before]);
                lines[between].values[at] = Some(mix(from, value, part, whole));
            }
        }
        known = Some((here, value));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of a range of time")]
fn mix(from: Number, to: Number, part: i64, whole: i64) -> Number {
    match (from, to) {
        (Number::Exact(from), Number::Exact(to)) => {
            let share = Decimal::from(part) / Decimal::from(whole);
            Number::Exact((from + (to - from) * share).round_dp(4))
        }
        (Number::Real(from), Number::Real(to)) => {
            Number::Real(from + (to - from) * (part as f64 / whole as f64))
        }
        (from, _) => from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::kind::Kind;

    fn time(text: &str) -> EventTime {
        EventTime::from_event_text(text).unwrap()
    }

    fn measures() -> Vec<Measure> {
        ["count", "avg:cpuUsage"].map(|m| Measure::parse(Kind::System, m).unwrap()).to_vec()
    }

    fn line(at: &str, key: &str, count: i64, mean: f64) -> Line {
        Line {
            bucket: Some(time(at)),
            keys: vec![Some(key.to_owned())],
            values: vec![Some(Number::Exact(Decimal::from(count))), Some(Number::Real(mean))],
        }
    }

    fn filled(how: Fill) -> Vec<String> {
        let lines = vec![
            line("2026-01-01T01:00:00Z", "b", 7, 1.0),
            line("2026-01-01T02:00:00Z", "a", 1, 10.0),
            line("2026-01-01T04:00:00Z", "a", 5, 20.0),
        ];
        let range = (time("2026-01-01T01:00:00Z"), time("2026-01-01T05:00:00Z"));
        let width = Width::parse("1h").unwrap();
        let filled = fill(lines, &measures(), (how, width), range, &TimeZone::UTC).unwrap();
        let show = |value: &Option<Number>| match value {
            None => "-".to_owned(),
            Some(Number::Exact(d)) => d.normalize().to_string(),
            Some(Number::Real(f)) => f.to_string(),
        };
        let text = |l: &Line| {
            let at = l.bucket.unwrap().to_string()[11..13].to_owned();
            format!(
                "{at}{} {} {}",
                l.keys[0].as_deref().unwrap(),
                show(&l.values[0]),
                show(&l.values[1])
            )
        };
        filled.iter().map(text).filter(|t| t.contains('a')).collect()
    }

    #[test]
    fn the_four_ways() {
        assert_eq!(filled(Fill::Null), ["01a - -", "02a 1 10", "03a - -", "04a 5 20"]);
        assert_eq!(filled(Fill::Zero), ["01a 0 -", "02a 1 10", "03a 0 -", "04a 5 20"]);
        assert_eq!(filled(Fill::Locf), ["01a - -", "02a 1 10", "03a 1 10", "04a 5 20"]);
        assert_eq!(filled(Fill::Interpolate), ["01a - -", "02a 1 10", "03a 3 15", "04a 5 20"]);
    }

    #[test]
    fn a_question_by_no_field_is_one_series_and_days_follow_the_clocks() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let range = (time("2026-03-27T23:00:00Z"), time("2026-03-30T22:00:00Z"));
        let width = Width::Days(1);
        let filled = fill(Vec::new(), &measures(), (Fill::Zero, width), range, &berlin).unwrap();
        let starts: Vec<String> = filled.iter().map(|l| l.bucket.unwrap().to_string()).collect();
        assert_eq!(
            starts,
            ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]
        );
    }

    #[test]
    fn more_lines_than_anyone_reads_are_refused() {
        let range = (time("1990-01-01T00:00:00Z"), time("2026-01-01T00:00:00Z"));
        let width = Width::parse("1s").unwrap();
        let refused = fill(Vec::new(), &measures(), (Fill::Null, width), range, &TimeZone::UTC);
        assert!(refused.unwrap_err().contains("more than 1000000 lines"));
    }
}
