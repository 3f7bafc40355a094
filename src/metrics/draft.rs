//! The fields of one row, unchecked: texts as they stand in a line of CSV or a JSON object.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text};
use crate::domain::payment::Currency;
use crate::domain::{EventTime, Money, Reason, Reject, cloud_event};
use crate::metrics::kind::{Form, Given, Kind, MOST};

/// The fields of a row of some kind.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    kind: Kind,
    values: [Option<Cow<'a, str>>; MOST],
}

impl<'a> Draft<'a> {
    /// No field yet.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, values: Default::default() }
    }

    /// Gives a field by its column's position.
    pub fn set(&mut self, column: usize, text: Cow<'a, str>) {
        self.values[column] = Some(text);
    }

    /// The text of the field at a column's position.
    #[must_use]
    pub fn get(&self, column: usize) -> Option<&Cow<'a, str>> {
        self.values[column].as_ref()
    }

    /// Gives a field by its name, for a command line.
    ///
    /// # Panics
    /// The kind has no such field.
    #[must_use]
    pub fn with(mut self, field: &str, text: Option<impl Into<Cow<'a, str>>>) -> Self {
        let at = self.kind.position(field).expect("a field of the kind");
        self.values[at] = text.map(Into::into);
        self
    }

    /// Reads the fields of a JSON object, plain or as the data of a structured CloudEvent, whose id
    /// and time stand in for absent ones.
    ///
    /// # Errors
    /// The fault of the record's form or envelope, or a field of the wrong type.
    pub fn from_json(kind: Kind, bytes: &'a [u8]) -> Result<Self, Reject> {
        let text = fields::document(bytes)?;
        let plain = Self::plain(kind, text);
        if plain.as_ref().is_ok_and(Self::is_whole) {
            return plain;
        }
        let Some(inside) = cloud_event::unwrap(text) else { return plain };
        let inside = inside?;
        let mut draft = Self::plain(kind, inside.data)?;
        for (field, value) in [("timestamp", inside.time), ("eventId", inside.id)] {
            let at = kind.position(field).unwrap_or_default();
            if draft.values[at].as_ref().is_none_or(|t| t.is_empty()) {
                draft.values[at] = value;
            }
        }
        Ok(draft)
    }

    fn is_whole(&self) -> bool {
        let columns = self.kind.columns().iter().zip(&self.values);
        let mut needed = columns.filter(|(c, _)| c.given == Given::Always && c.form != Form::Time);
        needed.all(|(_, value)| value.is_some())
    }

    fn plain(kind: Kind, text: &'a str) -> Result<Self, Reject> {
        let money = kind.columns().iter().find(|c| c.form == Form::Money);
        let fault = |e: &serde_json::Error| match money {
            Some(column) => fields::amount_fault(text, column.field, e),
            None => fields::json_fault(text, e),
        };
        let mut json = serde_json::Deserializer::from_str(text);
        let mut draft = Self::new(kind);
        let read = Fields { draft: &mut draft }.deserialize(&mut json).map_err(|e| fault(&e))?;
        json.end().map_err(|e| fault(&e))?;
        read?;
        Ok(draft)
    }

    /// Takes a field's text out, unchecked.
    pub fn take(&mut self, field: &'static str) -> Option<Cow<'a, str>> {
        self.values[self.kind.position(field)?].take()
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// It is absent, too long or holds U+0000.
    pub fn text(&mut self, field: &'static str) -> Result<Cow<'a, str>, Reject> {
        fields::required(self.take(field), field)
    }

    /// A text that may be there.
    ///
    /// # Errors
    /// It is too long or holds U+0000.
    pub fn maybe(&mut self, field: &'static str) -> Result<Option<Cow<'a, str>>, Reject> {
        fields::optional(self.take(field), field)
    }

    /// An amount that must be there.
    ///
    /// # Errors
    /// It is absent or no amount.
    pub fn money(&mut self, field: &'static str) -> Result<Money, Reject> {
        let text = self.text(field)?;
        text.trim().parse::<Money>().map_err(|fault| Reject { field, ..fault })
    }

    /// A whole number from 0 to 2^63 - 1 that must be there.
    ///
    /// # Errors
    /// It is absent or no such number.
    pub fn count(&mut self, field: &'static str) -> Result<u64, Reject> {
        fields::count(&self.text(field)?, field)
    }

    /// A finite number that may be there.
    ///
    /// # Errors
    /// It is none.
    pub fn real(&mut self, field: &'static str) -> Result<Option<f64>, Reject> {
        let Some(text) = self.maybe(field)? else { return Ok(None) };
        let shown: String = text.chars().take(32).collect();
        let Ok(number) = text.trim().parse::<f64>() else {
            let detail = format!("`{shown}` is not a number");
            return Err(Reject::new(Reason::WrongType, field, detail));
        };
        if !number.is_finite() {
            let detail = format!("`{shown}` is not a finite number");
            return Err(Reject::new(Reason::NotANumber, field, detail));
        }
        Ok(Some(number))
    }

    /// A JSON object that may be there.
    ///
    /// # Errors
    /// It is none, larger than a text may be a hundred times over, or holds U+0000.
    pub fn json(&mut self, field: &'static str) -> Result<Option<Cow<'a, str>>, Reject> {
        const MOST_BYTES: usize = 16 << 10;
        let Some(text) = self.take(field).filter(|t| !t.trim().is_empty()) else {
            return Ok(None);
        };
        let bad = |detail: String| Reject::new(Reason::BadText, field, detail);
        if text.len() > MOST_BYTES {
            return Err(bad(format!("{} bytes; at most {MOST_BYTES} are accepted", text.len())));
        }
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)
            .map_err(|e| Reject::new(Reason::WrongType, field, format!("no JSON object: {e}")))?;
        if text.contains("\\u0000")
            && serde_json::Value::Object(object).to_string().contains("\\u0000")
        {
            return Err(bad("contains U+0000".to_owned()));
        }
        Ok(Some(text))
    }

    /// The currency; `default` if there is none.
    ///
    /// # Errors
    /// It is not three letters A to Z.
    pub fn currency(&mut self, default: Currency) -> Result<Currency, Reject> {
        match self.maybe("currency")? {
            Some(code) => Currency::new(&code),
            None => Ok(default),
        }
    }

    /// The event time; `record_time` if there is none.
    ///
    /// # Errors
    /// It is neither RFC 3339 nor epoch milliseconds, or there is neither.
    pub fn time(&mut self, record_time: Option<EventTime>) -> Result<EventTime, Reject> {
        fields::time(self.maybe("timestamp")?, record_time, "timestamp")
    }

    /// Which version of the row it is; 1 if it does not say.
    ///
    /// # Errors
    /// It is no whole number from 1 to 2^31 - 1.
    pub fn revision(&mut self) -> Result<i32, Reject> {
        let Some(text) = self.maybe("revision")? else { return Ok(1) };
        text.trim().parse::<i32>().ok().filter(|n| *n >= 1).ok_or_else(|| {
            let shown: String = text.chars().take(32).collect();
            let detail = format!("`{shown}` is no whole number from 1 on");
            Reject::new(Reason::WrongType, "revision", detail)
        })
    }
}

/// Reads an object into a draft. What serde cannot say (which field is of the wrong type) is the
/// inner result.
struct Fields<'d, 'a> {
    draft: &'d mut Draft<'a>,
}

impl<'a> DeserializeSeed<'a> for Fields<'_, 'a> {
    type Value = Result<(), Reject>;

    fn deserialize<D: Deserializer<'a>>(self, d: D) -> Result<Self::Value, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Fields<'_, 'a> {
    type Value = Result<(), Reject>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let columns = self.draft.kind.columns();
        let mut fault = Ok(());
        while let Some(Text(name)) = map.next_key::<Text<'a>>()? {
            let own = |c: &crate::metrics::kind::Column| {
                c.given != Given::Never && (c.field == name || c.others.contains(&&*name))
            };
            let Some(at) = columns.iter().position(own) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw: &'a RawValue = map.next_value()?;
            match value(raw, columns[at].form, columns[at].field) {
                Ok(Some(text)) => self.draft.values[at] = Some(text),
                Ok(None) => {}
                Err(reject) => fault = fault.and(Err(reject)),
            }
        }
        Ok(fault)
    }
}

fn value<'a>(
    raw: &'a RawValue,
    form: Form,
    field: &'static str,
) -> Result<Option<Cow<'a, str>>, Reject> {
    let text = raw.get();
    let wrong = |expected: &str| {
        let shown: String = text.chars().take(32).collect();
        Reject::new(Reason::WrongType, field, format!("`{shown}` is not {expected}"))
    };
    match form {
        _ if text == "null" => Ok(None),
        Form::Json if text.starts_with('{') => Ok(Some(Cow::Borrowed(text))),
        Form::Json => Err(wrong("a JSON object")),
        Form::Text => serde_json::from_str::<Text<'a>>(text)
            .map(|t| Some(t.0))
            .map_err(|_| wrong("a text or a whole number")),
        _ => fields::digits(Some(raw), field),
    }
}
