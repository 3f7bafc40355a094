//! The row of a product in the catalogue: what it costs, how far its price may move, and how much
//! of it is asked for as a rule.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text, digits, missing, optional, required};
use crate::domain::payment::Currency;
use crate::domain::reject::{Reason, Reject};
use crate::domain::{EventTime, Money};

/// One valid row of the catalogue; a tombstone takes the product from sale.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// The product.
    pub product_id: Box<str>,
    /// What kind of thing it is.
    pub category: Option<Box<str>>,
    /// Its price as a rule; more than zero.
    pub base_price: Money,
    /// It never costs less; at most the base price, more than zero.
    pub floor: Option<Money>,
    /// It never costs more; at least the base price.
    pub ceiling: Option<Money>,
    /// The currency of the three.
    pub currency: Currency,
    /// Demand in 15 minutes of an average hour, in units ordered with views as a part of one
    /// (`pricing.view_weight`); zero or more.
    pub expected_demand: Option<f64>,
    /// Since when the row is true.
    pub time: EventTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    product_id: Option<Text<'a>>,
    #[serde(borrow)]
    category: Option<Text<'a>>,
    #[serde(borrow)]
    base_price: Option<&'a RawValue>,
    #[serde(borrow)]
    floor: Option<&'a RawValue>,
    #[serde(borrow)]
    ceiling: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow)]
    expected_demand: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

/// More than this is no demand of a quarter of an hour.
const MAX_DEMAND: f64 = 1e12;

impl Product {
    /// Reads a JSON row, plain or as the data of a structured CloudEvent; fields that are not named
    /// here are let be, `null` and an empty text are as good as absent. `default_currency` stands in
    /// for an absent one; the envelope's time, then `record_time` (the Kafka timestamp) for an
    /// absent `timestamp`.
    ///
    /// # Errors
    /// The first fault: the record's form or envelope, then by field; [`Reason::OutOfRange`] for a
    /// price of zero, a floor above and a ceiling below the base price.
    pub fn from_json(
        bytes: &[u8],
        default_currency: Currency,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        fields::event(
            bytes,
            fields::json_fault,
            |w: &Wire<'_>| w.product_id.is_some() && w.base_price.is_some(),
            |wire, envelope_time| Self::check(wire, default_currency, envelope_time, record_time),
        )
    }

    fn check(
        wire: Wire<'_>,
        default_currency: Currency,
        envelope_time: Option<Cow<'_, str>>,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        let product_id = required(wire.product_id.map(|t| t.0), "productId")?;
        let base_price =
            price(wire.base_price, "basePrice")?.ok_or_else(|| missing("basePrice"))?;
        let floor = price(wire.floor, "floor")?;
        if let Some(floor) = floor.filter(|floor| *floor > base_price) {
            let detail = format!("{floor} is above the base price of {base_price}");
            return Err(Reject::new(Reason::OutOfRange, "floor", detail));
        }
        let ceiling = price(wire.ceiling, "ceiling")?;
        if let Some(ceiling) = ceiling.filter(|ceiling| *ceiling < base_price) {
            let detail = format!("{ceiling} is below the base price of {base_price}");
            return Err(Reject::new(Reason::OutOfRange, "ceiling", detail));
        }
        let currency = match optional(wire.currency.map(|t| t.0), "currency")? {
            Some(code) => Currency::new(&code)?,
            None => default_currency,
        };
        let own = optional(digits(wire.timestamp, "timestamp")?.or(envelope_time), "timestamp")?;
        let time = fields::time(own, record_time, "timestamp")?;
        Ok(Self {
            product_id: product_id.into(),
            category: optional(wire.category.map(|t| t.0), "category")?.map(Into::into),
            base_price,
            floor,
            ceiling,
            currency,
            expected_demand: demand(wire.expected_demand)?,
            time,
        })
    }
}

/// A field's number, if it has one.
fn number<'a>(
    raw: Option<&'a RawValue>,
    field: &'static str,
) -> Result<Option<Cow<'a, str>>, Reject> {
    optional(digits(raw, field)?, field)
}

/// A price: more than zero.
fn price(raw: Option<&RawValue>, field: &'static str) -> Result<Option<Money>, Reject> {
    let Some(text) = number(raw, field)? else { return Ok(None) };
    let money = Money::non_negative(&text).map_err(|reject| Reject { field, ..reject })?;
    if money.decimal().is_zero() {
        return Err(Reject::new(Reason::OutOfRange, field, "a price of zero"));
    }
    Ok(Some(money))
}

fn demand(raw: Option<&RawValue>) -> Result<Option<f64>, Reject> {
    const FIELD: &str = "expectedDemand";
    let Some(text) = number(raw, FIELD)? else { return Ok(None) };
    let fault = |reason, why: &str| {
        let shown: String = text.chars().take(32).collect();
        Err(Reject::new(reason, FIELD, format!("`{shown}` {why}")))
    };
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_nan() => fault(Reason::NotANumber, "is not a number"),
        Ok(value) if value < 0.0 => fault(Reason::Negative, "is below zero"),
        Ok(value) if value > MAX_DEMAND => fault(Reason::TooLarge, "is more than 10^12"),
        // Minus zero is zero.
        Ok(value) => Ok(Some(value + 0.0)),
        Err(_) => fault(Reason::BadAmount, "is not a decimal number"),
    }
}

/// Version 1: the version byte; flags (category, floor, ceiling, demand); the time (eight bytes,
/// little-endian); the currency; the base price (`Decimal`'s sixteen bytes), then what the flags
/// name: prices as the base price, demand as a float; the category and the product's id, each with
/// its length in two bytes.
const VERSION: u8 = 1;
const CATEGORY: u8 = 1;
const FLOOR: u8 = 2;
const CEILING: u8 = 4;
const DEMAND: u8 = 8;

impl Product {
    /// Appends the row's bytes, for a table's store.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(self.category.is_some(), CATEGORY)
            | flag(self.floor.is_some(), FLOOR)
            | flag(self.ceiling.is_some(), CEILING)
            | flag(self.expected_demand.is_some(), DEMAND);
        out.extend_from_slice(&[VERSION, flags]);
        out.extend_from_slice(&self.time.micros().to_le_bytes());
        out.extend_from_slice(&self.currency.bytes());
        for money in [Some(self.base_price), self.floor, self.ceiling].into_iter().flatten() {
            out.extend_from_slice(&money.decimal().serialize());
        }
        if let Some(demand) = self.expected_demand {
            out.extend_from_slice(&demand.to_le_bytes());
        }
        for text in [self.category.as_deref(), Some(&*self.product_id)].into_iter().flatten() {
            // Texts are at most 256 bytes long, or the row was refused.
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let (flags, rest) = match bytes {
            [VERSION, flags, rest @ ..] => (*flags, rest),
            [VERSION] | [] => return Err(short()),
            [other, ..] => {
                let detail = format!("a product of version {other}; this program reads {VERSION}");
                return Err(detail);
            }
        };
        let mut rest = rest;
        let time = EventTime::from_micros(i64::from_le_bytes(take(&mut rest)?));
        let code = take::<3>(&mut rest)?;
        let code = std::str::from_utf8(&code).map_err(|e| e.to_string())?;
        let currency = Currency::new(code).map_err(|e| e.to_string())?;
        let base_price = money(&mut rest)?;
        let mut optional = |flag| (flags & flag != 0).then(|| money(&mut rest)).transpose();
        let (floor, ceiling) = (optional(FLOOR)?, optional(CEILING)?);
        let expected_demand = match flags & DEMAND {
            0 => None,
            _ => Some(f64::from_le_bytes(take(&mut rest)?)),
        };
        let category = (flags & CATEGORY != 0).then(|| text(&mut rest)).transpose()?;
        let product_id = text(&mut rest)?;
        if !rest.is_empty() {
            return Err("a product with bytes behind its end".to_owned());
        }
        Ok(Self {
            product_id,
            category,
            base_price,
            floor,
            ceiling,
            currency,
            expected_demand,
            time,
        })
    }
}

fn short() -> String {
    "a product that ends too early".to_owned()
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], String> {
    let (first, after) = rest.split_first_chunk().ok_or_else(short)?;
    *rest = after;
    Ok(*first)
}

fn money(rest: &mut &[u8]) -> Result<Money, String> {
    Money::from_decimal(Decimal::deserialize(take(rest)?)).map_err(|e| e.to_string())
}

fn text(rest: &mut &[u8]) -> Result<Box<str>, String> {
    let length = usize::from(u16::from_le_bytes(take(rest)?));
    let (text, after) = rest.split_at_checked(length).ok_or_else(short)?;
    *rest = after;
    Ok(std::str::from_utf8(text).map_err(|e| e.to_string())?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"{"productId":"P1","category":"beauty","basePrice":"73.90","floor":"59.12",
        "ceiling":96.07,"currency":"USD","expectedDemand":0.41,"timestamp":"2026-06-01T06:43:53.920Z"}"#;

    fn eur() -> Currency {
        Currency::new("EUR").unwrap()
    }

    fn read(json: &str) -> Result<Product, Reject> {
        Product::from_json(json.as_bytes(), eur(), None)
    }

    #[test]
    fn reads_a_row() {
        let row = read(GOOD).unwrap();
        assert_eq!((&*row.product_id, row.category.as_deref()), ("P1", Some("beauty")));
        let prices = [Some(row.base_price), row.floor, row.ceiling].map(|p| p.unwrap().to_string());
        assert_eq!(prices, ["73.90", "59.12", "96.07"]);
        assert_eq!((row.currency.code(), row.expected_demand), ("USD", Some(0.41)));
        assert_eq!(row.time.to_string(), "2026-06-01T06:43:53.920Z");
    }

    #[test]
    fn what_may_be_absent_may_be_null_or_empty_too() {
        let time = EventTime::from_millis(1_767_225_600_000);
        let least = Product::from_json(br#"{"productId":7,"basePrice":1}"#, eur(), Some(time));
        let least = least.unwrap();
        assert_eq!((least.floor, least.ceiling, least.expected_demand), (None, None, None));
        assert_eq!((least.currency, least.time, &*least.product_id), (eur(), time, "7"));
        let nulls = r#"{"productId":"7","basePrice":"1.00","floor":null,"ceiling":"","category":"",
            "currency":null,"expectedDemand":null,"timestamp":null,"more":[{}]}"#;
        assert_eq!(Product::from_json(nulls.as_bytes(), eur(), Some(time)), Ok(least));
    }

    #[test]
    fn each_fault_has_its_reason_and_field() {
        for (from, to, reason, field) in [
            ("\"P1\"", "\"\"", Reason::MissingField, "productId"),
            ("\"P1\"", "\"a\\u0000\"", Reason::BadText, "productId"),
            ("\"73.90\"", "null", Reason::MissingField, "basePrice"),
            ("\"73.90\"", "0.00", Reason::OutOfRange, "basePrice"),
            ("\"73.90\"", "-1", Reason::Negative, "basePrice"),
            ("\"73.90\"", "\"NaN\"", Reason::NotANumber, "basePrice"),
            ("\"73.90\"", "1e15", Reason::TooLarge, "basePrice"),
            ("\"73.90\"", "73.90001", Reason::Scale, "basePrice"),
            ("\"73.90\"", "{}", Reason::WrongType, "basePrice"),
            ("\"59.12\"", "73.91", Reason::OutOfRange, "floor"),
            ("\"59.12\"", "0", Reason::OutOfRange, "floor"),
            ("96.07", "73.89", Reason::OutOfRange, "ceiling"),
            ("96.07", "\"lots\"", Reason::BadAmount, "ceiling"),
            ("0.41", "-0.1", Reason::Negative, "expectedDemand"),
            ("0.41", "\"NaN\"", Reason::NotANumber, "expectedDemand"),
            ("0.41", "1e400", Reason::TooLarge, "expectedDemand"),
            ("0.41", "\"some\"", Reason::BadAmount, "expectedDemand"),
            ("USD", "dollar", Reason::BadCurrency, "currency"),
            ("\"2026-06-01T06:43:53.920Z\"", "1767225600", Reason::ImplausibleTime, "timestamp"),
            ("\"2026-06-01T06:43:53.920Z\"", "null", Reason::MissingField, "timestamp"),
        ] {
            let reject = read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert_eq!((reject.reason, reject.field), (reason, field), "{to}: {reject}");
        }
        for (json, reason) in [
            ("", Reason::Empty),
            ("null", Reason::JsonNull),
            ("[]", Reason::WrongType),
            ("{", Reason::BrokenJson),
        ] {
            assert_eq!(read(json).unwrap_err().reason, reason, "{json}");
        }
    }

    #[test]
    fn a_structured_cloud_event_is_its_data() {
        let envelope = format!(
            r#"{{"specversion":"1.0","id":"7","source":"shop","type":"p","time":"2026-01-02T00:00:00Z","data":{GOOD}}}"#
        );
        assert_eq!(read(&envelope), read(GOOD));
        let timeless = envelope.replace(r#","timestamp":"2026-06-01T06:43:53.920Z""#, "");
        assert_eq!(read(&timeless).unwrap().time.to_string(), "2026-01-02T00:00:00Z");
    }

    proptest! {
        #[test]
        fn bytes_round_trip(
            cents in 1_i64..1_000_000_000_000,
            floor in prop::option::of(1_i64..100),
            ceiling in prop::option::of(100_i64..300),
            expected_demand in prop::option::of(0.0..1e12),
            category in prop::option::of("[a-zäö]{1,9}"),
            id in "\\PC{1,40}",
        ) {
            let money = |percent: i64| Money::from_decimal(Decimal::new(cents * percent, 4)).unwrap();
            let row = Product {
                product_id: id.into(),
                category: category.map(Into::into),
                base_price: money(100),
                floor: floor.map(money),
                ceiling: ceiling.map(money),
                currency: eur(),
                expected_demand,
                time: EventTime::from_micros(cents),
            };
            let mut bytes = Vec::new();
            row.encode(&mut bytes);
            prop_assert_eq!(Product::decode(&bytes), Ok(row));
            for end in 0..bytes.len() {
                prop_assert!(Product::decode(&bytes[..end]).is_err(), "cut at {}", end);
            }
        }

        #[test]
        fn damaged_bytes_and_texts_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..90)) {
            let _ = Product::from_json(&bytes, eur(), None).is_ok();
            let damaged = [&[VERSION][..], &bytes].concat();
            if let Ok(row) = Product::decode(&damaged) {
                let mut again = Vec::new();
                row.encode(&mut again);
                prop_assert!(Product::decode(&again).is_ok());
            }
        }
    }
}
