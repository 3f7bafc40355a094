//! One record of CSV into its fields, quotes as in RFC 4180.

use std::borrow::Cow;

use crate::domain::{Reason, Reject};

/// Hands each field of `line` to `field`, with its number from 0.
///
/// # Errors
/// [`Reason::BrokenCsv`] for a quote that is not closed or has text behind it.
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
