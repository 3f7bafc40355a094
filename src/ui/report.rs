//! A result: columns, rows, and facts about them; rendered as a table, JSON, NDJSON or CSV.

use std::borrow::Cow;
use std::io::Write;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::domain::{EventTime, Money};
use crate::ui::{OutputForm, drives_terminal, visible};

/// One column: its JSON key (a promise) and its heading for people.
#[derive(Clone, Debug)]
pub struct Column {
    /// The JSON and CSV key, camelCase.
    pub key: Cow<'static, str>,
    /// The heading of the table.
    pub heading: Cow<'static, str>,
    /// Whether numbers line up at the right.
    pub right: bool,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// None: `-` in a table, `null` in JSON, empty in CSV.
    Null,
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with decimals given as its digits; a JSON number.
    Number(String),
    /// Money; text in JSON.
    Money(Money),
    /// An instant; RFC 3339 UTC.
    Time(EventTime),
    /// Yes or no.
    Bool(bool),
    /// Several texts.
    List(Vec<String>),
    /// Nested JSON.
    Json(Value),
    /// Nested JSON given as its text, so that its numbers stay digit for digit.
    Raw(String),
}

impl Cell {
    /// Text, or null.
    #[must_use]
    pub fn text_or_null(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |t| Self::Text(t.into()))
    }

    pub(super) fn plain(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(t) => t.clone(),
            Self::Integer(i) => i.to_string(),
            Self::Number(n) => n.clone(),
            Self::Money(m) => m.to_string(),
            Self::Time(t) => t.to_string(),
            Self::Bool(b) => if *b { "yes" } else { "no" }.to_owned(),
            Self::List(items) => items.join(" "),
            Self::Json(v) => v.to_string(),
            Self::Raw(text) => text.clone(),
        }
    }
}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Text(t) => serializer.serialize_str(t),
            Self::Integer(i) => serializer.serialize_i64(*i),
            Self::Number(text) | Self::Raw(text) => raw(text, serializer),
            Self::Money(m) => serializer.collect_str(m),
            Self::Time(t) => serializer.collect_str(t),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::List(items) => items.serialize(serializer),
            Self::Json(v) => v.serialize(serializer),
        }
    }
}

/// JSON text as it is: parsing it would round its numbers. What is no JSON becomes a text.
fn raw<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match RawValue::from_string(text.to_owned()) {
        Ok(value) => value.serialize(serializer),
        Err(_) => serializer.serialize_str(text),
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Number(value.to_string()), Self::Integer)
    }
}

impl From<EventTime> for Cell {
    fn from(time: EventTime) -> Self {
        Self::Time(time)
    }
}

impl From<Money> for Cell {
    fn from(money: Money) -> Self {
        Self::Money(money)
    }
}

/// A result.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// A line over the table; people only.
    pub title: String,
    /// Facts about the result: resolved range, zone, totals. `meta` in JSON; people see them only
    /// where the title or the notes say so.
    pub meta: Map<String, Value>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Report {
    /// An empty result with `title`.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a column of texts.
    #[must_use]
    pub fn column(
        mut self,
        key: impl Into<Cow<'static, str>>,
        heading: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.columns.push(Column { key: key.into(), heading: heading.into(), right: false });
        self
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn number(
        mut self,
        key: impl Into<Cow<'static, str>>,
        heading: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.columns.push(Column { key: key.into(), heading: heading.into(), right: true });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn meta(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.meta.insert(key.to_owned(), value.into());
        self
    }

    /// Adds a row; one cell for each column.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "one cell for each column");
        self.rows.push(row);
    }

    /// Writes the result in `form`.
    ///
    /// # Errors
    /// Only what `out` says.
    pub fn render(&self, form: OutputForm, color: bool, out: &mut Vec<u8>) -> std::io::Result<()> {
        match form {
            // Drawings are made of a whole result elsewhere.
            OutputForm::Table | OutputForm::Plot | OutputForm::Svg => self.table(color, out),
            OutputForm::Json => {
                let mut text = Vec::new();
                serde_json::to_writer_pretty(&mut text, &Document(self))?;
                text.push(b'\n');
                out.extend(escaped(text));
                Ok(())
            }
            OutputForm::Ndjson => {
                let mut text = Vec::new();
                for row in &self.rows {
                    serde_json::to_writer(&mut text, &Row(&self.columns, row))?;
                    text.push(b'\n');
                }
                out.extend(escaped(text));
                Ok(())
            }
            OutputForm::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(self.columns.iter().map(|c| c.key.as_ref()))?;
                for row in &self.rows {
                    csv.write_record(row.iter().map(Cell::plain))?;
                }
                csv.flush()
            }
        }
    }

    fn table(&self, color: bool, out: &mut Vec<u8>) -> std::io::Result<()> {
        use comfy_table::{Cell as Shown, CellAlignment, Table, presets};
        if !self.title.is_empty() {
            writeln!(out, "{}", visible(&self.title))?;
        }
        if self.rows.is_empty() {
            return writeln!(out, "(none)");
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        let aligned = |text: String, column: &Column| {
            let right = if column.right { CellAlignment::Right } else { CellAlignment::Left };
            Shown::new(text).set_alignment(right)
        };
        table.set_header(self.columns.iter().map(|c| aligned(c.heading.clone().into_owned(), c)));
        for row in &self.rows {
            table.add_row(row.iter().zip(&self.columns).map(|(cell, column)| {
                let text = if *cell == Cell::Null { "-".to_owned() } else { cell.plain() };
                aligned(visible(&text).replace('\n', "\\n"), column)
            }));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for (at, line) in table.to_string().lines().enumerate() {
            let line = line.trim_end();
            if color && at == 0 {
                writeln!(out, "\u{1b}[1m{line}\u{1b}[0m")?;
            } else {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }
}

/// `{"meta": ..., "rows": [...]}`
struct Document<'a>(&'a Report);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<Row<'_>> = self.0.rows.iter().map(|r| Row(&self.0.columns, r)).collect();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("meta", &self.0.meta)?;
        map.serialize_entry("rows", &rows)?;
        map.end()
    }
}

/// One row as an object, its keys in the order of the columns.
struct Row<'a>(&'a [Column], &'a [Cell]);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|c| &c.key).zip(self.1))
    }
}

/// JSON text whose strings hold no character that drives a terminal; the values stay the same.
/// (The serializer escapes those below space, but not DEL, the C1 ones and the bidirectional
/// ones, which can only stand inside strings.)
fn escaped(text: Vec<u8>) -> Vec<u8> {
    let Ok(text) = String::from_utf8(text) else { return Vec::new() };
    if text.is_ascii() && !text.contains('\u{7f}') {
        return text.into_bytes();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && drives_terminal(c) {
            // All of them lie in the basic plane: one escape each.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Report {
        let mut report = Report::new("two customers")
            .column("name", "NAME")
            .number("count", "COUNT")
            .number("share", "SHARE")
            .meta("total", 2);
        report.push(vec![
            "Zo\u{eb} \u{6771}\u{4eac}\u{1b}[31m\u{9b}31m\u{202e}\nx".into(),
            Cell::from(9_007_199_254_740_993_u64),
            Cell::Number("0.10".to_owned()),
        ]);
        report.push(vec!["b".into(), Cell::from(10_485_760_i64), Cell::Null]);
        report
    }

    fn rendered(report: &Report, form: OutputForm) -> String {
        let mut out = Vec::new();
        report.render(form, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_lines_up_wide_characters_and_shows_control_characters() {
        let lines = [
            "two customers",
            "NAME                                               COUNT  SHARE",
            "Zo\u{eb} \u{6771}\u{4eac}\\u{1b}[31m\\u{9b}31m\\u{202e}\\nx  9007199254740993   0.10",
            "b                                               10485760      -",
            "",
        ];
        assert_eq!(rendered(&sample(), OutputForm::Table), lines.join("\n"));
    }

    #[test]
    fn json_numbers_stay_digit_for_digit_and_strings_cannot_drive_a_terminal() {
        let text = rendered(&sample(), OutputForm::Json);
        assert!(text.contains("\"count\": 9007199254740993,\n"), "{text}");
        assert!(text.contains("\"share\": 0.10\n"), "{text}");
        assert!(text.contains("\"share\": null"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        let name = value["rows"][0]["name"].as_str().unwrap();
        assert!(name.contains("\u{1b}[31m\u{9b}31m\u{202e}\nx"), "{name:?}");
        assert_eq!(value["meta"]["total"], 2);
    }

    #[test]
    fn ndjson_is_one_object_a_line_in_the_order_of_the_columns() {
        let text = rendered(&sample(), OutputForm::Ndjson);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1], r#"{"name":"b","count":10485760,"share":null}"#);
    }

    #[test]
    fn csv_gives_the_data_as_it_is() {
        let text = rendered(&sample(), OutputForm::Csv);
        assert!(text.starts_with("name,count,share\n"), "{text}");
        assert!(text.contains(",9007199254740993,0.10\n"), "{text}");
        assert!(text.ends_with("b,10485760,\n"), "{text}");
    }

    #[test]
    fn nested_json_keeps_its_digits_and_broken_json_becomes_text() {
        let mut report = Report::new("").column("values", "VALUES").number("x", "X");
        report
            .push(vec![Cell::Raw(r#"{"ratio":0.10}"#.to_owned()), Cell::Number("1E+2".to_owned())]);
        report.push(vec![Cell::Raw("{".to_owned()), Cell::Number("NaN".to_owned())]);
        assert_eq!(
            rendered(&report, OutputForm::Ndjson),
            "{\"values\":{\"ratio\":0.10},\"x\":1E+2}\n{\"values\":\"{\",\"x\":\"NaN\"}\n"
        );
    }

    #[test]
    fn an_empty_result_says_so_in_each_form() {
        let report = Report::new("alerts").column("id", "ID");
        assert_eq!(rendered(&report, OutputForm::Table), "alerts\n(none)\n");
        assert_eq!(rendered(&report, OutputForm::Ndjson), "");
        assert_eq!(rendered(&report, OutputForm::Csv), "id\n");
        assert_eq!(rendered(&report, OutputForm::Json), "{\n  \"meta\": {},\n  \"rows\": []\n}\n");
    }
}
