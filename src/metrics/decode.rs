//! One line of a file to one row, or the reason why not.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::domain::fields::MAX_RECORD_BYTES;
use crate::domain::payment::{Currency, PaymentDraft};
use crate::domain::{EventTime, Money, Reason, Reject};
use crate::metrics::draft::Draft;
use crate::metrics::kind::{Form, Given, Kind};
use crate::metrics::sample::Sample;

/// What decides whether and how a line becomes a row.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Stands in for an absent currency.
    pub currency: Currency,
    /// Whether amounts with more than four decimals are rounded half to even.
    pub round: bool,
    /// The latest accepted time: now and the allowed skew.
    pub latest: EventTime,
    /// The retention floor: rows below it would be dropped at once.
    pub floor: Option<EventTime>,
}

/// A row that passed every check, and whether an amount of it was rounded.
#[derive(Clone, Debug)]
pub struct Accepted<'a> {
    /// The row.
    pub sample: Sample<'a>,
    /// Whether `--round` changed an amount of it.
    pub rounded: bool,
}

/// Which column of a CSV file holds which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    kind: Kind,
    header: Vec<String>,
    delimiter: u8,
    /// For each column of the file the position of the field it holds, in [`Kind::columns`].
    fields: Vec<Option<usize>>,
}

impl Mapping {
    /// Reads a header row: camelCase or `snake_case` names in any order.
    ///
    /// # Errors
    /// What is wrong with the header, for a person.
    pub fn from_header(kind: Kind, line: &[u8], delimiter: u8) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "the header is not UTF-8".to_owned())?;
        let mut header = Vec::new();
        split(text, delimiter, |_, field| header.push(field.trim().to_owned()))
            .map_err(|r| format!("the header cannot be split into columns: {}", r.detail))?;
        let columns = kind.columns();
        let mut fields: Vec<Option<usize>> = Vec::new();
        for name in &header {
            let field = columns.iter().position(|c| c.given != Given::Never && c.is_called(name));
            if let Some(f) = field.filter(|f| fields.contains(&Some(*f))) {
                return Err(format!("the header names {} twice", columns[f].field));
            }
            fields.push(field);
        }
        let needed = columns.iter().enumerate().filter(|(_, c)| c.given == Given::Always);
        let missing: Vec<&str> = needed
            .filter(|(at, _)| !fields.contains(&Some(*at)))
            .map(|(_, column)| column.field)
            .collect();
        if missing.is_empty() {
            return Ok(Self { kind, header, delimiter, fields });
        }
        Err(format!("the header lacks {}; it has {}", missing.join(", "), header.join(", ")))
    }

    /// The columns that are read over.
    #[must_use]
    pub fn ignored(&self) -> Vec<&str> {
        let columns = self.header.iter().zip(&self.fields);
        columns.filter(|(_, f)| f.is_none()).map(|(h, _)| h.as_str()).collect()
    }

    /// The column of a field: its number from 1 and its name in the header.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<(usize, &str)> {
        let columns = self.kind.columns();
        let own = |f: &Option<usize>| f.is_some_and(|f| columns[f].field == field);
        let at = self.fields.iter().position(own)?;
        Some((at + 1, &self.header[at]))
    }

    /// A text that two mappings share only if they read lines alike.
    #[must_use]
    pub fn identity(&self) -> String {
        let columns = self.kind.columns();
        let fields: Vec<&str> =
            self.fields.iter().map(|f| f.map_or("-", |f| columns[f].field)).collect();
        format!("csv {} {}", self.delimiter, fields.join(" "))
    }

    fn draft<'a>(&self, line: &'a str) -> Result<Draft<'a>, Reject> {
        let mut draft = Draft::new(self.kind);
        let mut count = 0;
        split(line, self.delimiter, |at, field| {
            count = at + 1;
            if let Some(Some(column)) = self.fields.get(at) {
                draft.set(*column, field);
            }
        })?;
        if count == self.fields.len() {
            return Ok(draft);
        }
        let detail = format!("{count} columns; the header has {}", self.fields.len());
        Err(Reject::new(Reason::BrokenCsv, "", detail))
    }
}

/// Splits a CSV record into its fields, quotes as in RFC 4180.
///
/// # Errors
/// [`Reason::BrokenCsv`]: a quote that is not closed, or text behind a closing one.
pub fn split<'a>(
    line: &'a str,
    delimiter: u8,
    mut field: impl FnMut(usize, Cow<'a, str>),
) -> Result<(), Reject> {
    let broken = |at: usize, why: &str| {
        Reject::new(Reason::BrokenCsv, "", format!("column {}: {why}", at + 1))
    };
    let bytes = line.as_bytes();
    let (mut start, mut number) = (0, 0);
    loop {
        let end = if bytes.get(start) == Some(&b'"') {
            let (text, end) =
                quoted(line, start).ok_or_else(|| broken(number, "a quote is not closed"))?;
            if bytes.get(end).is_some_and(|b| *b != delimiter) {
                return Err(broken(number, "text behind the closing quote"));
            }
            field(number, text);
            end
        } else {
            let rest = &bytes[start..];
            let end = rest.iter().position(|b| *b == delimiter).map_or(bytes.len(), |p| start + p);
            field(number, Cow::Borrowed(&line[start..end]));
            end
        };
        if end >= bytes.len() {
            return Ok(());
        }
        start = end + 1;
        number += 1;
    }
}

/// The content of the quoted field that begins at `start`, and where it ends.
fn quoted(line: &str, start: usize) -> Option<(Cow<'_, str>, usize)> {
    let bytes = line.as_bytes();
    let (mut at, mut doubled) = (start + 1, false);
    loop {
        at += bytes[at..].iter().position(|b| *b == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            break;
        }
        doubled = true;
        at += 2;
    }
    let inner = &line[start + 1..at];
    let text = if doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { inner.into() };
    Some((text, at + 1))
}

/// How the lines of a file are read.
#[derive(Clone, Debug)]
pub enum Decoder {
    /// CSV by its header.
    Csv(Mapping),
    /// One JSON object a line.
    Ndjson(Kind),
}

impl Decoder {
    /// What the rows are.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Csv(mapping) => mapping.kind,
            Self::Ndjson(kind) => *kind,
        }
    }

    /// Reads one line.
    ///
    /// # Errors
    /// The first fault.
    pub fn decode<'a>(&self, line: &'a [u8], rules: &Rules) -> Result<Accepted<'a>, Reject> {
        let (sample, rounded) = match self {
            Self::Ndjson(Kind::Payment) if !rules.round => {
                // The most frequent rows have a reader of their own.
                let payment = PaymentDraft::from_json(line)?.check(rules.currency, None)?;
                (Sample::Payment(payment), false)
            }
            Self::Ndjson(kind) => rules.check(*kind, Draft::from_json(*kind, line)?)?,
            Self::Csv(mapping) => {
                if line.len() >= MAX_RECORD_BYTES {
                    let detail = format!("at most {MAX_RECORD_BYTES} bytes are accepted");
                    return Err(Reject::new(Reason::Oversize, "", detail));
                }
                let text = std::str::from_utf8(line).map_err(|e| {
                    let detail = format!("byte {} is not UTF-8", e.valid_up_to());
                    Reject::new(Reason::NotUtf8, "", detail)
                })?;
                rules.check(mapping.kind, mapping.draft(text)?)?
            }
        };
        within(sample.time(), rules)?;
        Ok(Accepted { sample, rounded })
    }

    /// The event time of a line if it will be accepted for its time, without reading the rest.
    #[must_use]
    pub fn time(&self, line: &[u8], rules: &Rules) -> Option<EventTime> {
        #[derive(serde::Deserialize)]
        struct Time<'a> {
            #[serde(borrow)]
            timestamp: Option<&'a serde_json::value::RawValue>,
        }
        let text = std::str::from_utf8(line).ok()?;
        let time = match self {
            Self::Ndjson(_) => {
                let wire: Time<'_> = serde_json::from_str(text).ok()?;
                EventTime::from_event_text(wire.timestamp?.get().trim_matches('"')).ok()?
            }
            Self::Csv(mapping) => {
                let (number, _) = mapping.column("timestamp")?;
                let mut found = None;
                split(text, mapping.delimiter, |at, field| {
                    if at + 1 == number {
                        found = EventTime::from_event_text(&field).ok();
                    }
                })
                .ok()?;
                found?
            }
        };
        within(time, rules).is_ok().then_some(time)
    }

    /// A text that two decoders share only if they read lines alike.
    #[must_use]
    pub fn identity(&self) -> String {
        match self {
            Self::Csv(mapping) => mapping.identity(),
            Self::Ndjson(_) => "ndjson".to_owned(),
        }
    }

    /// The column of a field in a CSV file.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<(usize, &str)> {
        match self {
            Self::Csv(mapping) => mapping.column(field),
            Self::Ndjson(_) => None,
        }
    }
}

/// Whether a time may be stored.
///
/// # Errors
/// [`Reason::Future`] and [`Reason::Expired`].
pub fn within(time: EventTime, rules: &Rules) -> Result<(), Reject> {
    if time > rules.latest {
        let detail = format!("{time} is later than {}, now and the allowed skew", rules.latest);
        return Err(Reject::new(Reason::Future, "timestamp", detail));
    }
    if let Some(floor) = rules.floor.filter(|f| time < *f) {
        let detail = format!("{time} is below the retention floor {floor}");
        return Err(Reject::new(Reason::Expired, "timestamp", detail));
    }
    Ok(())
}

impl Rules {
    /// Checks a draft, its amounts rounded first if that is asked for. Says whether one was.
    fn check<'a>(&self, kind: Kind, mut draft: Draft<'a>) -> Result<(Sample<'a>, bool), Reject> {
        let mut rounded = false;
        if self.round {
            let columns = kind.columns().iter().enumerate();
            for (at, _) in columns.filter(|(_, c)| c.form == Form::Money) {
                rounded |= round(&mut draft, at)?;
            }
        }
        Ok((Sample::check(kind, draft, self.currency, None)?, rounded))
    }
}

fn round(draft: &mut Draft<'_>, column: usize) -> Result<bool, Reject> {
    let Some(text) = draft.get(column) else { return Ok(false) };
    let Ok(value) = text.trim().parse::<Decimal>() else { return Ok(false) };
    if value.normalize().scale() <= 4 {
        return Ok(false);
    }
    draft.set(column, Cow::Owned(Money::rounded(value)?.to_string()));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PaymentEvent;

    fn rules() -> Rules {
        Rules {
            currency: Currency::new("EUR").unwrap(),
            round: false,
            latest: EventTime::from_event_text("2026-06-01T00:00:00Z").unwrap(),
            floor: Some(EventTime::from_event_text("2020-01-01T00:00:00Z").unwrap()),
        }
    }

    fn payment(sample: Sample<'_>) -> PaymentEvent<'_> {
        let Sample::Payment(payment) = sample else { panic!("no payment") };
        payment
    }

    fn csv(header: &str) -> Decoder {
        Decoder::Csv(Mapping::from_header(Kind::Payment, header.as_bytes(), b',').unwrap())
    }

    const HEADER: &str = "time,payment_id,customerId,amount,status,method,note,currency";
    const LINE: &str = "2026-01-01T00:00:00Z,p1,c1,12.30,COMPLETED,CARD,x,USD";

    #[test]
    fn both_spellings_in_any_order() {
        let decoder = csv(HEADER);
        let p = payment(decoder.decode(LINE.as_bytes(), &rules()).unwrap().sample);
        assert_eq!((p.payment_id.as_ref(), p.currency.code()), ("p1", "USD"));
        assert_eq!(p.payment_method.as_deref(), Some("CARD"));
        assert!(matches!(p.payment_id, Cow::Borrowed(_)));
        let Decoder::Csv(mapping) = &decoder else { panic!() };
        assert_eq!(mapping.ignored(), ["note"]);
        assert_eq!(decoder.column("amount"), Some((4, "amount")));
        assert_eq!(decoder.column("paymentId"), Some((2, "payment_id")));
    }

    #[test]
    fn csv_and_ndjson_of_one_payment_are_equal() {
        let json = br#"{"paymentId":"p1","customerId":"c1","amount":12.30,"status":"COMPLETED",
            "paymentMethod":"CARD","currency":"USD","timestamp":"2026-01-01T00:00:00Z"}"#;
        let a = payment(csv(HEADER).decode(LINE.as_bytes(), &rules()).unwrap().sample);
        let b = payment(Decoder::Ndjson(Kind::Payment).decode(json, &rules()).unwrap().sample);
        assert_eq!(a, b);
    }

    #[test]
    fn quotes_are_read() {
        let line = LINE.replace("c1", "\"c,\"\"1\"\"\"").replace("12.30", "\"12.30\"");
        let p = payment(csv(HEADER).decode(line.as_bytes(), &rules()).unwrap().sample);
        assert_eq!(p.customer_id, "c,\"1\"");
    }

    #[test]
    fn each_fault_has_its_reason_and_field() {
        let cases: [(&str, &str, Reason, &str); 14] = [
            ("12.30", "abc", Reason::BadAmount, "amount"),
            ("12.30", "NaN", Reason::NotANumber, "amount"),
            ("12.30", "-1", Reason::Negative, "amount"),
            ("12.30", "1.23456", Reason::Scale, "amount"),
            ("12.30", "", Reason::MissingField, "amount"),
            ("COMPLETED", "DONE", Reason::UnknownStatus, "status"),
            ("2026-01-01T00:00:00Z", "1767225600", Reason::ImplausibleTime, "timestamp"),
            ("2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z", Reason::Future, "timestamp"),
            ("2026-01-01T00:00:00Z", "2019-12-31T23:59:59Z", Reason::Expired, "timestamp"),
            ("USD", "usd", Reason::BadCurrency, "currency"),
            ("p1", "a\u{0}b", Reason::BadText, "paymentId"),
            (",USD", "", Reason::BrokenCsv, ""),
            ("USD", "USD,more", Reason::BrokenCsv, ""),
            ("p1", "\"p1", Reason::BrokenCsv, ""),
        ];
        for (from, to, reason, field) in cases {
            let line = LINE.replace(from, to);
            let reject = csv(HEADER).decode(line.as_bytes(), &rules()).unwrap_err();
            assert_eq!((reject.reason, reject.field), (reason, field), "{line}");
        }
        let bytes = [LINE.as_bytes(), &[0xff]].concat();
        assert_eq!(csv(HEADER).decode(&bytes, &rules()).unwrap_err().reason, Reason::NotUtf8);
    }

    #[test]
    fn rounding_is_half_to_even_and_only_when_asked() {
        let round = Rules { round: true, ..rules() };
        for (from, to, changed) in
            [("1.00005", "1.00", true), ("1.00015", "1.0002", true), ("1.5", "1.50", false)]
        {
            let line = LINE.replace("12.30", from);
            let accepted = csv(HEADER).decode(line.as_bytes(), &round).unwrap();
            assert_eq!(payment(accepted.sample).amount.to_string(), to);
            assert_eq!(accepted.rounded, changed);
        }
    }

    #[test]
    fn a_header_must_name_what_is_needed_once() {
        let error = Mapping::from_header(Kind::Payment, b"payment_id,amount", b',').unwrap_err();
        assert!(error.contains("lacks timestamp, customerId, status"), "{error}");
        let twice = "paymentId,payment_id,customerId,amount,status,time";
        let error = Mapping::from_header(Kind::Payment, twice.as_bytes(), b',').unwrap_err();
        assert!(error.contains("paymentId twice"), "{error}");
    }
}
