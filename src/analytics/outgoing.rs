//! The rows of a kind on their way out: the statement that lets the server write them as `import`
//! reads them, and the counting of what it wrote.

use crate::analytics::grouping::{Condition, condition};
use crate::domain::EventTime;
use crate::metrics::kind::{Column, Form, Given, Kind};
use crate::timescale::sql::{ident, literal, qualified};

/// The form of what goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// CSV with a header row.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Which rows go out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Of which kind.
    pub kind: Kind,
    /// Whose rows.
    pub tenant: String,
    /// The first instant, if there is one.
    pub since: Option<EventTime>,
    /// The first instant after, if there is one.
    pub until: Option<EventTime>,
    /// Which of them.
    pub conditions: Vec<Condition>,
}

impl Outgoing {
    /// The `COPY` that writes them in the order of time and then of their keys, of one snapshot. What
    /// the program makes itself when it reads a row (profit, a payment's id of its event) stays out.
    #[must_use]
    pub fn copy(&self, form: Written) -> String {
        let columns = self.kind.columns();
        let shown: Vec<String> = columns
            .iter()
            .filter(|c| c.given != Given::Never)
            .map(|c| format!("{} AS {}", value(c), ident(c.field)))
            .collect();
        let keys: Vec<String> = columns
            .iter()
            .filter(|c| c.is_key && !matches!(c.name, "tenant" | "time"))
            .map(|c| format!("{} COLLATE \"C\"", ident(c.name)))
            .collect();
        let bound = |time: Option<EventTime>, how: &str| {
            let at = |t: EventTime| format!(" AND \"time\" {how} {}", literal(&t.to_string()));
            time.map_or_else(String::new, at)
        };
        let select = format!(
            "SELECT {} FROM {} WHERE tenant = {}{}{}{} ORDER BY \"time\", {}",
            shown.join(", "),
            qualified(self.kind.hypertable()),
            literal(&self.tenant),
            bound(self.since, ">="),
            bound(self.until, "<"),
            condition::literally(&self.conditions),
            keys.join(", ")
        );
        match form {
            Written::Csv => format!("COPY ({select}) TO STDOUT (FORMAT csv, HEADER true)"),
            // JSON holds neither of the two characters, so that nothing is ever quoted.
            Written::Ndjson => format!(
                "COPY (SELECT row_to_json(r) FROM ({select}) r) TO STDOUT \
                 (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
            ),
        }
    }
}

/// A column's value as `import` reads it: amounts as texts of at least two decimals.
fn value(column: &Column) -> String {
    let of = ident(column.name);
    match column.form {
        Form::Time => {
            format!("to_char({of} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
        }
        Form::Money => {
            format!(
                "(CASE WHEN min_scale({of}) < 2 THEN round({of}, 2) ELSE trim_scale({of}) END)::text"
            )
        }
        Form::Score => format!("trim_scale({of})::text"),
        Form::Text | Form::Count | Form::Real | Form::Json | Form::Revision => of,
    }
}

/// Counts the lines of what was written: in CSV a quoted field may hold line ends of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counter {
    quoted: bool,
    lines: u64,
}

impl Counter {
    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8], form: Written) {
        for byte in bytes {
            match byte {
                b'"' if form == Written::Csv => self.quoted = !self.quoted,
                b'\n' if !self.quoted => self.lines += 1,
                _ => {}
            }
        }
    }

    /// The rows so far, without the header.
    #[must_use]
    pub const fn rows(&self, form: Written) -> u64 {
        match form {
            Written::Csv => self.lines.saturating_sub(1),
            Written::Ndjson => self.lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_out_as_they_come_in() {
        let outgoing = Outgoing {
            kind: Kind::Customer,
            tenant: "o'k".to_owned(),
            since: Some(EventTime::from_millis(0)),
            until: None,
            conditions: vec![Condition::parse(Kind::Customer, "metricName=x'y").unwrap()],
        };
        let sql = outgoing.copy(Written::Ndjson);
        assert_eq!(
            sql,
            "COPY (SELECT row_to_json(r) FROM (SELECT to_char(\"time\" AT TIME ZONE 'UTC', \
             'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS \"timestamp\", \"customer_id\" AS \"customerId\", \
             \"metric_name\" AS \"metricName\", \"metric_value\" AS \"metricValue\", \
             \"labels\" AS \"labels\", \"event_id\" AS \"eventId\", \"revision\" AS \"revision\" \
             FROM bss.\"customer_metrics\" WHERE tenant = 'o''k' AND \"time\" >= '1970-01-01T00:00:00Z' \
             AND (\"metric_name\" = 'x''y'::text) ORDER BY \"time\", \"event_id\" COLLATE \"C\") r) \
             TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
        );
    }

    #[test]
    fn line_ends_in_quotes_are_no_rows() {
        let text = b"a,b\n1,\"x\n\"\"y\"\"\n\"\n2,z\n";
        for cut in 0..text.len() {
            let mut counter = Counter::default();
            counter.take(&text[..cut], Written::Csv);
            counter.take(&text[cut..], Written::Csv);
            assert_eq!(counter.rows(Written::Csv), 2, "{cut}");
        }
        let mut counter = Counter::default();
        counter.take(b"{\"a\":\"\\\"\"}\n{}\n", Written::Ndjson);
        assert_eq!(counter.rows(Written::Ndjson), 2);
    }
}
