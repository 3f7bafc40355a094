//! JSON written straight into a buffer, for records that are written once per event.

use crate::domain::payment::Score;
use crate::domain::{EventTime, Money};

/// Appends `text` as a JSON string.
pub(crate) fn text(text: &str, out: &mut Vec<u8>) {
    let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\';
    if text.bytes().all(plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        value(text, out);
    }
}

/// Appends any value as JSON.
pub(crate) fn value(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("texts, numbers and lists of them have a JSON form");
}

/// Appends `,"name":` ; `name` needs no escaping.
pub(crate) fn key(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends `,"name":"text"`.
pub(crate) fn text_field(name: &str, content: &str, out: &mut Vec<u8>) {
    key(name, out);
    text(content, out);
}

/// Appends `,"name":"text"` if there is one.
pub(crate) fn optional_field(name: &str, content: Option<&str>, out: &mut Vec<u8>) {
    if let Some(content) = content {
        text_field(name, content, out);
    }
}

/// Appends `,"name":"12.34"`.
pub(crate) fn money_field(name: &str, amount: Money, out: &mut Vec<u8>) {
    key(name, out);
    out.push(b'"');
    amount.write_text(out);
    out.push(b'"');
}

/// Appends `,"name":"2026-01-01T00:00:00Z"`.
pub(crate) fn time_field(name: &str, time: EventTime, out: &mut Vec<u8>) {
    key(name, out);
    out.push(b'"');
    time.write_rfc3339(out);
    out.push(b'"');
}

/// Appends `,"name":12.345`.
pub(crate) fn score_field(name: &str, score: Score, out: &mut Vec<u8>) {
    thousandths_field(name, score.thousandths().into(), out);
}

/// Appends `,"name":123`.
pub(crate) fn number_field(name: &str, number: impl itoa::Integer, out: &mut Vec<u8>) {
    key(name, out);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends `,"name":12.345` from thousandths, without zeros at the end.
pub(crate) fn thousandths_field(name: &str, thousandths: i64, out: &mut Vec<u8>) {
    key(name, out);
    thousandths_text(thousandths, out);
}

/// Appends `12.345` from thousandths, without zeros at the end.
pub(crate) fn thousandths_text(thousandths: i64, out: &mut Vec<u8>) {
    if thousandths < 0 {
        out.push(b'-');
    }
    let size = thousandths.unsigned_abs();
    out.extend_from_slice(itoa::Buffer::new().format(size / 1000).as_bytes());
    let mut rest = size % 1000;
    if rest == 0 {
        return;
    }
    let mut length = 3;
    while rest.is_multiple_of(10) {
        rest /= 10;
        length -= 1;
    }
    let mut text = *b".000";
    for place in text[1..=length].iter_mut().rev() {
        *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.extend_from_slice(&text[..=length]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_read_back_as_they_were(content in any::<String>()) {
            let mut out = Vec::new();
            text(&content, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), content);
        }
    }

    #[test]
    fn every_score_is_written_as_it_is_shown() {
        for thousandths in 0..=100_000 {
            let score = Score::from_thousandths(thousandths);
            let mut out = Vec::new();
            score_field("s", score, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!(",\"s\":{score}"));
        }
    }
}
