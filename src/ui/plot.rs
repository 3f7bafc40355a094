//! A result drawn instead of listed: one number column as sparklines over time, or as bars.

use std::fmt::Write as _;

use crate::ui::{Cell, Report, visible};

/// The most lines of a drawing; the largest stay.
const MOST: usize = 20;
/// The most characters of a label.
const LABEL: usize = 32;

/// One number column of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// The title of the result.
    pub title: String,
    /// The heading of the column.
    pub measure: String,
    /// The times, the earliest first; empty where the result is not over time.
    pub times: Vec<String>,
    /// What is drawn.
    pub series: Vec<Series>,
    /// How many further series there are.
    pub left_out: usize,
}

/// One line of a drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is of.
    pub label: String,
    /// One value for each time, or a single one.
    pub values: Vec<Option<f64>>,
}

impl Series {
    /// The known values.
    pub fn known(&self) -> impl Iterator<Item = f64> {
        self.values.iter().filter_map(|v| *v)
    }
}

impl Plot {
    /// Takes the column of that key or heading, or the first with numbers.
    ///
    /// # Errors
    /// There is no such column, or none with numbers.
    pub fn of(report: &Report, asked: Option<&str>) -> Result<Self, String> {
        let numeric = || report.columns.iter().enumerate().filter(|(_, c)| c.right);
        let keys = || numeric().map(|(_, c)| c.key.as_ref()).collect::<Vec<_>>().join(", ");
        let is_asked = |name: &str, asked: &str| name.eq_ignore_ascii_case(asked);
        let found = match asked {
            None => numeric().next(),
            Some(a) => numeric().find(|(_, c)| is_asked(&c.key, a) || is_asked(&c.heading, a)),
        };
        let Some((at, column)) = found else {
            return Err(match asked {
                Some(a) if numeric().next().is_some() => {
                    format!("there is no number `{a}` in this result; there are {}", keys())
                }
                _ => "there is no number in this result to draw".to_owned(),
            });
        };
        let over_time = !report.rows.is_empty() && report.rows.iter().all(|row| is_time(&row[0]));
        let first = usize::from(over_time);
        let label = |row: &[Cell]| {
            let texts = row.iter().zip(&report.columns).enumerate().skip(first);
            let texts = texts.filter(|(_, (_, c))| !c.right).map(|(_, (cell, _))| text(cell));
            texts.collect::<Vec<_>>().join(" ")
        };
        let mut times: Vec<String> = Vec::new();
        if over_time {
            times = report.rows.iter().map(|row| text(&row[0])).collect();
            times.sort_unstable();
            times.dedup();
        }
        let mut series: Vec<Series> = Vec::new();
        for row in &report.rows {
            let label = label(row);
            let own = match series.iter().position(|s| over_time && s.label == label) {
                Some(own) => own,
                None => {
                    series.push(Series { label, values: vec![None; times.len().max(1)] });
                    series.len() - 1
                }
            };
            let place =
                if over_time { times.binary_search(&text(&row[0])).unwrap_or(0) } else { 0 };
            series[own].values[place] = number(&row[at]);
        }
        let largest = |s: &Series| s.known().map(f64::abs).fold(0.0, f64::max);
        let left_out = series.len().saturating_sub(MOST);
        if left_out > 0 {
            series.sort_by(|a, b| largest(b).total_cmp(&largest(a)));
            series.truncate(MOST);
        }
        let measure = column.heading.clone().into_owned();
        Ok(Self { title: report.title.clone(), measure, times, series, left_out })
    }

    /// The drawing for a terminal of so many columns.
    #[must_use]
    pub fn text(&self, columns: usize) -> String {
        let mut out = format!("{}\n", visible(&self.title));
        if self.series.is_empty() {
            return out + "(none)\n";
        }
        let labels: Vec<String> = self.series.iter().map(|s| short(&s.label)).collect();
        let wide = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
        let room = columns.saturating_sub(wide + 2);
        if let (Some(first), Some(last)) = (self.times.first(), self.times.last()) {
            let _ok = writeln!(out, "{}, {first} to {last}", self.measure).is_ok();
        } else {
            let _ok = writeln!(out, "{}", self.measure).is_ok();
        }
        let most = self.series.iter().flat_map(Series::known).map(f64::abs).fold(0.0, f64::max);
        for (series, label) in self.series.iter().zip(&labels) {
            let drawn = if self.times.is_empty() {
                bar(series, most, room.saturating_sub(16))
            } else {
                spark(series, room.saturating_sub(52).max(10))
            };
            let line = format!("{label:wide$}  {drawn}");
            let _ok = writeln!(out, "{}", line.trim_end()).is_ok();
        }
        if self.left_out > 0 {
            let _ok = writeln!(out, "and {} more, all smaller", self.left_out).is_ok();
        }
        out
    }
}

fn is_time(cell: &Cell) -> bool {
    let is_date = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() == 10
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && text.bytes().filter(u8::is_ascii_digit).count() == 8
    };
    match cell {
        Cell::Time(_) => true,
        Cell::Text(text) => is_date(text),
        _ => false,
    }
}

fn text(cell: &Cell) -> String {
    if *cell == Cell::Null { "-".to_owned() } else { cell.plain() }
}

#[expect(clippy::cast_precision_loss, reason = "a drawing")]
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(i) => Some(*i as f64),
        Cell::Number(text) | Cell::Text(text) => text.parse().ok(),
        Cell::Money(money) => money.to_string().parse().ok(),
        _ => None,
    }
    .filter(|n: &f64| n.is_finite())
}

/// A label without control characters, cut to what fits.
fn short(label: &str) -> String {
    let label = visible(label).replace('\n', "\\n");
    if label.chars().count() <= LABEL {
        return label;
    }
    label.chars().take(LABEL - 1).chain(['\u{2026}']).collect()
}

/// A number to read beside a drawing, in ten characters: a million is 1M.
pub(super) fn figure(value: f64) -> String {
    let scaled = [(1e15, 'P'), (1e12, 'T'), (1e9, 'G'), (1e6, 'M')];
    if let Some((by, unit)) = scaled.into_iter().find(|(by, _)| value.abs() >= *by) {
        let scaled = value / by;
        return if scaled.abs() < 1e3 {
            format!("{scaled:.2}{unit}")
        } else {
            format!("{value:.1e}")
        };
    }
    if value == value.trunc() { format!("{value}") } else { format!("{value:.2}") }
}

/// Eighths of a character, as many as the value's share of `most`; a minus for what is below zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a width")]
#[expect(clippy::cast_precision_loss, reason = "a drawing")]
fn bar(series: &Series, most: f64, room: usize) -> String {
    let Some(value) = series.values.first().copied().flatten() else { return "-".to_owned() };
    let share = if most > 0.0 { value.abs() / most } else { 0.0 };
    let eighths = (share * (room.max(8) * 8) as f64).round() as usize;
    let full = "\u{2588}".repeat(eighths / 8);
    let rest = match eighths % 8 {
        0 => String::new(),
        n => char::from_u32(0x2590 - n as u32).map_or_else(String::new, |c| c.to_string()),
    };
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{full}{rest} {}", figure(value))
}

/// Eight heights from the least to the most; where there are more times than room, the highest of
/// those that share a place. A blank is a time without a value.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "one of eight heights")]
fn spark(series: &Series, room: usize) -> String {
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in series.known() {
        (least, most) = (least.min(value), most.max(value));
    }
    let places = series.values.len().min(room).max(1);
    let mut heights: Vec<Option<f64>> = vec![None; places];
    for (at, value) in series.values.iter().enumerate() {
        let place = &mut heights[at * places / series.values.len()];
        *place = [*place, *value].into_iter().flatten().reduce(f64::max);
    }
    let drawn: String = heights
        .into_iter()
        .map(|height| match height {
            None => ' ',
            Some(_) if most <= least => '\u{2584}',
            Some(height) => {
                let level = ((height - least) / (most - least) * 7.0).round() as u32;
                char::from_u32(0x2581 + level.min(7)).unwrap_or(' ')
            }
        })
        .collect();
    let last = series.values.iter().rev().find_map(|v| *v);
    match last {
        None => drawn,
        Some(last) => {
            format!(
                "{drawn}  least {}  most {}  last {}",
                figure(least),
                figure(most),
                figure(last)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn daily() -> Report {
        let mut report = Report::new("Revenue")
            .column("day", "DAY")
            .column("currency", "CURRENCY")
            .number("revenue", "REVENUE")
            .number("orders", "ORDERS");
        for (day, currency, revenue, orders) in [
            ("2026-03-03", "EUR", "40.00", 4),
            ("2026-03-02", "EUR", "10.50", 3),
            ("2026-03-01", "EUR", "25.25", 2),
            ("2026-03-01", "IDR", "150000.00", 1),
        ] {
            let cells = vec![day.into(), currency.into(), revenue.into(), Cell::Integer(orders)];
            report.push(cells);
        }
        report
    }

    #[test]
    fn days_become_sparklines_each_on_its_own_scale() {
        let drawn = Plot::of(&daily(), None).unwrap().text(80);
        assert_eq!(
            drawn,
            "Revenue\nREVENUE, 2026-03-01 to 2026-03-03\n\
             EUR  \u{2585}\u{2581}\u{2588}  least 10.50  most 40  last 40\n\
             IDR  \u{2584}    least 150000  most 150000  last 150000\n"
        );
        let orders = Plot::of(&daily(), Some("orders")).unwrap();
        assert_eq!(orders.series[0].values, [Some(2.0), Some(3.0), Some(4.0)]);
        let refused = Plot::of(&daily(), Some("day")).unwrap_err();
        assert!(refused.contains("there are revenue, orders"), "{refused}");
    }

    #[test]
    fn names_become_bars_from_zero() {
        let mut report =
            Report::new("By region").column("region", "REGION").number("revenue", "REVENUE");
        for (region, revenue) in [("EU", "800"), ("US", "-200"), ("\u{1b}[31mx", "0")] {
            report.push(vec![region.into(), Cell::Number(revenue.to_owned())]);
        }
        report.push(vec!["none".into(), Cell::Null]);
        let drawn = Plot::of(&report, None).unwrap().text(60);
        let lines: Vec<&str> = drawn.lines().skip(2).collect();
        assert!(lines[0].starts_with("EU") && lines[0].ends_with("\u{2588} 800"), "{drawn}");
        assert!(lines[1].contains("-\u{2588}") && lines[1].ends_with(" -200"), "{drawn}");
        assert!(lines[2].starts_with("\\u{1b}[31mx") && lines[2].ends_with(" 0"), "{drawn}");
        assert!(lines[3].ends_with('-'), "{drawn}");
        let full = |line: &str| line.matches('\u{2588}').count();
        assert_eq!(full(lines[0]) / 4, full(lines[1]), "{drawn}");
        assert!(Plot::of(&Report::new("").column("a", "A"), None).is_err());
    }

    #[test]
    fn the_largest_stay_and_the_rest_is_told() {
        let mut report = Report::new("").column("name", "NAME").number("n", "N");
        (0..50_i64).for_each(|n| report.push(vec![format!("n{n}").into(), Cell::Integer(n)]));
        let plot = Plot::of(&report, None).unwrap();
        assert_eq!((plot.series[0].label.as_str(), plot.series.len()), ("n49", MOST));
        assert!(plot.text(80).ends_with("and 30 more, all smaller\n"));
    }

    proptest! {
        #[test]
        fn no_result_makes_a_line_longer_than_the_terminal(
            values in proptest::collection::vec(proptest::option::of(-1e12_f64..1e12), 1..400),
            columns in 80_usize..200,
        ) {
            let mut report = Report::new("t").column("day", "DAY").number("n", "N");
            for (n, value) in values.iter().enumerate() {
                let time = crate::domain::EventTime::from_millis(i64::try_from(n).unwrap() * 86_400_000);
                let cell = value.map_or(Cell::Null, |v| Cell::Number(format!("{v:.2}")));
                report.push(vec![time.into(), cell]);
            }
            let plot = Plot::of(&report, None).unwrap();
            for line in plot.text(columns).lines() {
                prop_assert!(line.chars().count() <= columns, "{line}");
            }
        }
    }
}
