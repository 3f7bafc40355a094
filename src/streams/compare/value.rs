//! Values as they are compared: key order and the spelling of numbers do not matter, digits do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

/// How deep a value is looked into; what lies deeper is compared as its text.
const DEPTH: usize = 100;

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// A record's value as JSON text: bytes that are no JSON become a JSON text, no value is null.
#[must_use]
pub fn json(value: Option<&[u8]>) -> Box<RawValue> {
    let Some(bytes) = value else { return RawValue::NULL.to_owned() };
    match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(raw) => raw.to_owned(),
        Err(_) => serde_json::value::to_raw_value(&String::from_utf8_lossy(bytes))
            .unwrap_or_else(|_| RawValue::NULL.to_owned()),
    }
}

/// Appends the one spelling of a value: sorted keys, no spaces, numbers as digits and exponent.
pub fn canonical(value: &RawValue, out: &mut Vec<u8>) {
    write(value.get(), 0, out);
}

fn write(text: &str, depth: usize, out: &mut Vec<u8>) {
    let text = text.trim();
    match text.as_bytes().first() {
        Some(b'{') if depth < DEPTH => {
            let Some(object) = object(text) else { return out.extend_from_slice(text.as_bytes()) };
            out.push(b'{');
            for (key, value) in object {
                out.extend_from_slice(format!("{key:?}:").as_bytes());
                write(value.get(), depth + 1, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        Some(b'[') if depth < DEPTH => {
            let Some(array) = array(text) else { return out.extend_from_slice(text.as_bytes()) };
            out.push(b'[');
            for value in array {
                write(value.get(), depth + 1, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Some(b'"') => match serde_json::from_str::<String>(text) {
            Ok(content) => out.extend_from_slice(format!("{content:?}").as_bytes()),
            Err(_) => out.extend_from_slice(text.as_bytes()),
        },
        Some(b'-' | b'0'..=b'9') => number(text, out),
        _ => out.extend_from_slice(text.as_bytes()),
    }
}

fn object(text: &str) -> Option<Object<'_>> {
    serde_json::from_str(text).ok()
}

fn array(text: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(text).ok()
}

/// A JSON number without what is only spelling: `1.50`, `15e-1` and `1.5` are `15e-1`.
fn number(text: &str, out: &mut Vec<u8>) {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{decimals}");
    let digits = digits.trim_start_matches('0');
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return out.push(b'0');
    }
    if negative {
        out.push(b'-');
    }
    out.extend_from_slice(kept.as_bytes());
    let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let shift = places(digits.len() - kept.len()) - places(decimals.len());
    let exponent = match exponent.parse::<i64>() {
        Ok(exponent) => exponent.saturating_add(shift).to_string(),
        // An exponent of twenty digits is compared as it is written.
        Err(_) => format!("{exponent}{shift:+}"),
    };
    out.extend_from_slice(format!("e{exponent}").as_bytes());
}

/// A part of a value that is not the same on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Where it is, as a JSON pointer (RFC 6901): `/amount`, `/window/start`, empty for the whole
    /// value; or `key` or `id` of the record.
    pub path: String,
    /// Recorded, as JSON text; `None` if it is not there.
    pub recorded: Option<String>,
    /// Produced now.
    pub produced: Option<String>,
}

/// The parts in which two values differ, in the order of their names.
#[must_use]
pub fn fields(recorded: &str, produced: &str) -> Vec<Field> {
    let mut found = Vec::new();
    differ(String::new(), Some(recorded), Some(produced), 0, &mut found);
    found
}

fn same(a: &str, b: &str) -> bool {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    write(a, 0, &mut x);
    write(b, 0, &mut y);
    x == y
}

fn differ(
    path: String,
    recorded: Option<&str>,
    produced: Option<&str>,
    depth: usize,
    found: &mut Vec<Field>,
) {
    if let (Some(a), Some(b)) = (recorded, produced) {
        if same(a, b) {
            return;
        }
        if depth < DEPTH
            && let (Some(a), Some(b)) = (object(a), object(b))
        {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                let part = |o: &Object<'_>| o.get(key).map(|v| v.get().to_owned());
                let (a, b) = (part(&a), part(&b));
                differ(path, a.as_deref(), b.as_deref(), depth + 1, found);
            }
            return;
        }
        if depth < DEPTH
            && let (Some(a), Some(b)) = (array(a), array(b))
        {
            for at in 0..a.len().max(b.len()) {
                let (a, b) = (a.get(at).map(|v| v.get()), b.get(at).map(|v| v.get()));
                differ(format!("{path}/{at}"), a, b, depth + 1, found);
            }
            return;
        }
    }
    let own = |text: Option<&str>| text.map(str::to_owned);
    found.push(Field { path, recorded: own(recorded), produced: own(produced) });
}
