//! One line of a file to one row, or the reason why not.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::domain::fields::MAX_RECORD_BYTES;
use crate::domain::payment::{Currency, PaymentDraft};
use crate::domain::time::zone_name;
use crate::domain::{EventTime, Money, Reason, Reject};
use crate::metrics::draft::Draft;
use crate::metrics::encoding::Encoding;
use crate::metrics::kind::{Form, Kind};
use crate::metrics::mapping::Mapping;
use crate::metrics::sample::Sample;
use crate::metrics::wishes::Wishes;

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

/// How the lines of a file are read.
#[derive(Clone, Debug)]
pub struct Decoder {
    lines: Lines,
    zone: Option<TimeZone>,
    encoding: Encoding,
}

#[derive(Clone, Debug)]
enum Lines {
    /// CSV by its header.
    Csv(Mapping),
    /// One JSON object a line; fields that are the same in each.
    Ndjson(Kind, Vec<(usize, String)>, String),
}

impl Decoder {
    /// Reads CSV.
    #[must_use]
    pub const fn csv(mapping: Mapping) -> Self {
        Self { lines: Lines::Csv(mapping), zone: None, encoding: Encoding::Utf8 }
    }

    /// Reads one JSON object a line. Of the wishes the constants count; there are no columns.
    #[must_use]
    pub fn ndjson(kind: Kind, wishes: &Wishes) -> Self {
        let lines = Lines::Ndjson(kind, wishes.constants.clone(), wishes.identity());
        Self { lines, zone: None, encoding: Encoding::Utf8 }
    }

    /// Reads times without an offset in `zone`.
    #[must_use]
    pub fn in_zone(mut self, zone: Option<TimeZone>) -> Self {
        self.zone = zone;
        self
    }

    /// Refuses characters that the encoding, of which the lines were, does not mean.
    #[must_use]
    pub const fn of(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// What the rows are.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match &self.lines {
            Lines::Csv(mapping) => mapping.kind(),
            Lines::Ndjson(kind, ..) => *kind,
        }
    }

    /// The columns of a CSV file.
    #[must_use]
    pub const fn mapping(&self) -> Option<&Mapping> {
        match &self.lines {
            Lines::Csv(mapping) => Some(mapping),
            Lines::Ndjson(..) => None,
        }
    }

    /// The name of the metric if each row has the same: rows of one line are then told apart by it.
    #[must_use]
    pub fn metric_name(&self) -> Option<&str> {
        let at = (self.kind() == Kind::Customer).then(|| self.kind().position("metricName"))??;
        match &self.lines {
            Lines::Csv(mapping) => mapping.constant("metricName"),
            Lines::Ndjson(_, constants, _) => {
                constants.iter().find(|(f, _)| *f == at).map(|(_, value)| value.as_str())
            }
        }
    }

    /// Whether a line is not wanted.
    ///
    /// # Errors
    /// A line that cannot be split, or a value that cannot be compared.
    pub fn leaves_out(&self, line: &[u8]) -> Result<bool, Reject> {
        match &self.lines {
            Lines::Csv(mapping) => mapping.leaves_out(text(line)?),
            Lines::Ndjson(..) => Ok(false),
        }
    }

    /// Reads one line.
    ///
    /// # Errors
    /// The first fault.
    pub fn decode<'a>(&self, line: &'a [u8], rules: &Rules) -> Result<Accepted<'a>, Reject> {
        if self.encoding.is_foreign(line) {
            let detail = "a control character from 0x80 to 0x9f: the file has another encoding";
            return Err(Reject::new(Reason::BadText, "", detail));
        }
        let (sample, rounded) = match &self.lines {
            Lines::Ndjson(Kind::Payment, constants, _)
                if !rules.round && constants.is_empty() && self.zone.is_none() =>
            {
                // The most frequent rows have a reader of their own.
                let payment = PaymentDraft::from_json(line)?.check(rules.currency, None)?;
                (Sample::Payment(payment), false)
            }
            Lines::Ndjson(kind, constants, _) => {
                let mut draft = Draft::from_json(*kind, line)?;
                for (field, value) in constants {
                    draft.set(*field, value.clone().into());
                }
                rules.check(*kind, self.placed(draft)?)?
            }
            Lines::Csv(mapping) => {
                if line.len() >= MAX_RECORD_BYTES {
                    let detail = format!("at most {MAX_RECORD_BYTES} bytes are accepted");
                    return Err(Reject::new(Reason::Oversize, "", detail));
                }
                rules.check(mapping.kind(), self.placed(mapping.draft(text(line)?)?)?)?
            }
        };
        within(sample.time(), rules)?;
        Ok(Accepted { sample, rounded })
    }

    /// A draft whose time has an offset.
    fn placed<'a>(&self, mut draft: Draft<'a>) -> Result<Draft<'a>, Reject> {
        let (Some(zone), Some(at)) = (&self.zone, self.kind().position("timestamp")) else {
            return Ok(draft);
        };
        if let Some(text) = draft.get(at).filter(|t| !t.is_empty()) {
            let time = EventTime::from_local_text(text, zone)?;
            draft.set(at, time.to_string().into());
        }
        Ok(draft)
    }

    /// The event time of a line if it will be accepted for its time, without reading the rest.
    #[must_use]
    pub fn time(&self, line: &[u8], rules: &Rules) -> Option<EventTime> {
        #[derive(serde::Deserialize)]
        struct Time<'a> {
            #[serde(borrow)]
            timestamp: Option<&'a serde_json::value::RawValue>,
        }
        let line = std::str::from_utf8(line).ok()?;
        let text = match &self.lines {
            Lines::Ndjson(kind, constants, _) => {
                let at = kind.position("timestamp")?;
                match constants.iter().find(|(f, _)| *f == at) {
                    Some((_, value)) => value.as_str().into(),
                    None => {
                        let wire: Time<'_> = serde_json::from_str(line).ok()?;
                        wire.timestamp?.get().trim_matches('"').into()
                    }
                }
            }
            Lines::Csv(mapping) => mapping.time(line)?,
        };
        let time = match &self.zone {
            Some(zone) => EventTime::from_local_text(&text, zone),
            None => EventTime::from_event_text(&text),
        };
        time.ok().filter(|time| within(*time, rules).is_ok())
    }

    /// A text that two decoders share only if they read lines alike.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut text = match &self.lines {
            Lines::Csv(mapping) => mapping.identity(),
            Lines::Ndjson(_, _, wishes) if wishes.is_empty() => "ndjson".to_owned(),
            Lines::Ndjson(_, _, wishes) => format!("ndjson {wishes}"),
        };
        if let Some(zone) = &self.zone {
            text.push_str(&format!(" in {}", zone_name(zone)));
        }
        text
    }

    /// The column of a field in a CSV file.
    #[must_use]
    pub fn column(&self, field: &str) -> Option<(usize, Cow<'_, str>)> {
        self.mapping()?.column(field)
    }
}

/// A line's text.
fn text(line: &[u8]) -> Result<&str, Reject> {
    std::str::from_utf8(line).map_err(|e| {
        let detail = format!("byte {} is not UTF-8", e.valid_up_to());
        Reject::new(Reason::NotUtf8, "", detail)
    })
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
        let wishes = Wishes::none(Kind::Payment);
        let mapping = Mapping::from_header(Kind::Payment, header.as_bytes(), b',', &wishes);
        Decoder::csv(mapping.unwrap())
    }

    fn ndjson() -> Decoder {
        Decoder::ndjson(Kind::Payment, &Wishes::none(Kind::Payment))
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
        assert_eq!(decoder.mapping().unwrap().ignored(), ["note"]);
        assert_eq!(decoder.column("amount"), Some((4, "amount".into())));
        assert_eq!(decoder.column("paymentId"), Some((2, "payment_id".into())));
    }

    #[test]
    fn csv_and_ndjson_of_one_payment_are_equal() {
        let json = br#"{"paymentId":"p1","customerId":"c1","amount":12.30,"status":"COMPLETED",
            "paymentMethod":"CARD","currency":"USD","timestamp":"2026-01-01T00:00:00Z"}"#;
        let a = payment(csv(HEADER).decode(LINE.as_bytes(), &rules()).unwrap().sample);
        let b = payment(ndjson().decode(json, &rules()).unwrap().sample);
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
        let read = |header: &str| {
            let wishes = Wishes::none(Kind::Payment);
            let mapping = Mapping::from_header(Kind::Payment, header.as_bytes(), b',', &wishes);
            mapping.unwrap_err().to_string()
        };
        let error = read("payment_id,amount");
        assert!(error.contains("lacks timestamp, customerId, status"), "{error}");
        let error = read("paymentId,payment_id,customerId,amount,status,time");
        assert!(error.contains("paymentId twice"), "{error}");
    }

    #[test]
    fn times_without_an_offset_are_read_in_the_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let berlin = csv(HEADER).in_zone(Some(zone.clone()));
        let line = |time: &str| LINE.replace("2026-01-01T00:00:00Z", time);
        for (time, instant) in [
            ("2026-01-01 00:00:00", "2025-12-31T23:00:00Z"),
            ("2026-01-01", "2025-12-31T23:00:00Z"),
            ("2026-03-29T03:30:00.25", "2026-03-29T01:30:00.250Z"),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("1767225600000", "2026-01-01T00:00:00Z"),
        ] {
            let line = line(time);
            let sample = berlin.decode(line.as_bytes(), &rules()).unwrap().sample;
            assert_eq!(sample.time().to_string(), instant, "{time}");
            assert_eq!(berlin.time(line.as_bytes(), &rules()), Some(sample.time()), "{time}");
        }
        for (time, reason, part) in [
            ("2026-03-29T02:30:00", Reason::AmbiguousTime, "does not exist in Europe/Berlin"),
            (
                "2025-10-26T02:30:00",
                Reason::AmbiguousTime,
                "2025-10-26T00:30:00Z or 2025-10-26T01:30:00Z",
            ),
            ("2026-01-01T00:00[Asia/Tokyo]", Reason::BadTime, ""),
            ("noon", Reason::BadTime, ""),
            ("1767225600", Reason::ImplausibleTime, "seconds"),
            ("", Reason::MissingField, ""),
        ] {
            let reject = berlin.decode(line(time).as_bytes(), &rules()).unwrap_err();
            assert_eq!((reject.reason, reject.field), (reason, "timestamp"), "{time}");
            assert!(reject.detail.contains(part), "{reject}");
        }
        let json = br#"{"paymentId":"p1","customerId":"c1","amount":1,"status":"COMPLETED",
            "timestamp":"2026-01-01T00:00:00"}"#;
        let own = ndjson().in_zone(Some(zone));
        let time = own.decode(json, &rules()).unwrap().sample.time();
        assert_eq!(time.to_string(), "2025-12-31T23:00:00Z");
        assert_eq!(own.time(json, &rules()), Some(time));
        assert_ne!(own.identity(), ndjson().identity());
        assert_eq!(ndjson().decode(json, &rules()).unwrap_err().reason, Reason::BadTime);
    }

    #[test]
    fn a_constant_of_objects_goes_before_their_own() {
        let set = [("currency".to_owned(), "GBP".to_owned())];
        let wishes = Wishes::check(Kind::Payment, &[], &set, &[]).unwrap();
        let json = br#"{"paymentId":"p1","customerId":"c1","amount":1,"status":"COMPLETED",
            "currency":"EUR","timestamp":1767225600000}"#;
        let decoder = Decoder::ndjson(Kind::Payment, &wishes);
        let p = payment(decoder.decode(json, &rules()).unwrap().sample);
        assert_eq!(p.currency.code(), "GBP");
        assert_ne!(decoder.identity(), ndjson().identity());
    }

    #[test]
    fn what_an_encoding_does_not_mean_is_refused() {
        let line = LINE.replace("c1", "c\u{80}");
        let latin = csv(HEADER).of(Encoding::Latin1);
        assert_eq!(latin.decode(line.as_bytes(), &rules()).unwrap_err().reason, Reason::BadText);
        assert!(csv(HEADER).decode(line.as_bytes(), &rules()).is_ok());
        assert!(latin.decode(LINE.replace("c1", "£").as_bytes(), &rules()).is_ok());
    }
}
