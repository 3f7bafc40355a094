//! A result: columns, rows, and facts about them; rendered as a table, JSON, NDJSON or CSV.

use std::io::Write;

use serde_json::{Map, Value};

use crate::domain::{EventTime, Money};
use crate::ui::{OutputForm, visible};

/// One column: its JSON key (a promise) and its heading for people.
#[derive(Clone, Debug)]
pub struct Column {
    /// The JSON and CSV key, camelCase.
    pub key: &'static str,
    /// The heading of the table.
    pub heading: &'static str,
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
}

impl Cell {
    /// Text, or null.
    #[must_use]
    pub fn text_or_null(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |t| Self::Text(t.into()))
    }

    fn json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(t) => Value::from(t.as_str()),
            Self::Integer(i) => Value::from(*i),
            Self::Number(digits) => {
                serde_json::from_str(digits).unwrap_or_else(|_| Value::from(digits.as_str()))
            }
            Self::Money(m) => Value::from(m.to_string()),
            Self::Time(t) => Value::from(t.to_string()),
            Self::Bool(b) => Value::from(*b),
            Self::List(items) => Value::from(items.clone()),
            Self::Json(v) => v.clone(),
        }
    }

    fn plain(&self) -> String {
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
        }
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
    pub fn column(mut self, key: &'static str, heading: &'static str) -> Self {
        self.columns.push(Column { key, heading, right: false });
        self
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn number(mut self, key: &'static str, heading: &'static str) -> Self {
        self.columns.push(Column { key, heading, right: true });
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
            OutputForm::Table => self.table(color, out),
            OutputForm::Json => {
                let rows: Vec<Value> = self.rows.iter().map(|r| self.object(r)).collect();
                let document = serde_json::json!({ "meta": self.meta, "rows": rows });
                serde_json::to_writer_pretty(&mut *out, &document)?;
                out.push(b'\n');
                Ok(())
            }
            OutputForm::Ndjson => {
                for row in &self.rows {
                    serde_json::to_writer(&mut *out, &self.object(row))?;
                    out.push(b'\n');
                }
                Ok(())
            }
            OutputForm::Csv => {
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(self.columns.iter().map(|c| c.key))?;
                for row in &self.rows {
                    csv.write_record(row.iter().map(Cell::plain))?;
                }
                csv.flush()
            }
        }
    }

    fn object(&self, row: &[Cell]) -> Value {
        let cells = self.columns.iter().zip(row);
        Value::Object(cells.map(|(c, v)| (c.key.to_owned(), v.json())).collect())
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
        table.set_header(self.columns.iter().map(|c| Shown::new(c.heading)));
        for row in &self.rows {
            table.add_row(row.iter().zip(&self.columns).map(|(cell, column)| {
                let text = if *cell == Cell::Null { "-".to_owned() } else { cell.plain() };
                let text = visible(&text).replace('\n', "\\n");
                let alignment =
                    if column.right { CellAlignment::Right } else { CellAlignment::Left };
                Shown::new(text).set_alignment(alignment)
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
