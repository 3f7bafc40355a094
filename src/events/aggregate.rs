//! What events are about: an aggregate, `type/id`.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Bytes of an aggregate's type and of its id, at most.
const LIMIT: usize = 200;

/// One aggregate: its type and its id, written `customer/c-1`. Ids are opaque; types are words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Aggregate {
    text: String,
    slash: usize,
}

impl Aggregate {
    /// The aggregate of a type and an id.
    ///
    /// # Errors
    /// As [`Aggregate::from_str`].
    pub fn new(kind: &str, id: &str) -> Result<Self, BadAggregate> {
        format!("{kind}/{id}").parse()
    }

    /// The type: `customer`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.text[..self.slash]
    }

    /// The id: `c-1`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.text[self.slash + 1..]
    }

    /// Both: `customer/c-1`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Aggregate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Why a text is no aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAggregate {
    /// No slash, or nothing on one of its sides.
    #[error("expected TYPE/ID, such as customer/c-1")]
    Form,
    /// A type of other letters.
    #[error("a type has lower-case letters, digits and hyphens, and starts with a letter")]
    Kind,
    /// Control characters in the id.
    #[error("an id has no control characters")]
    Id,
    /// Longer than the limit.
    #[error("a type and an id have at most 200 bytes each")]
    Length,
}

impl FromStr for Aggregate {
    type Err = BadAggregate;

    fn from_str(text: &str) -> Result<Self, BadAggregate> {
        let (kind, id) = text.split_once('/').ok_or(BadAggregate::Form)?;
        if kind.is_empty() || id.is_empty() {
            return Err(BadAggregate::Form);
        }
        if kind.len() > LIMIT || id.len() > LIMIT {
            return Err(BadAggregate::Length);
        }
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !kind.starts_with(|c: char| c.is_ascii_lowercase()) || !kind.bytes().all(letter) {
            return Err(BadAggregate::Kind);
        }
        if id.chars().any(char::is_control) {
            return Err(BadAggregate::Id);
        }
        Ok(Self { text: text.to_owned(), slash: kind.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_and_an_id_that_may_hold_anything_readable() {
        let of = |text: &str| text.parse::<Aggregate>();
        let customer = of("customer/a/b ü").unwrap();
        assert_eq!((customer.kind(), customer.id()), ("customer", "a/b ü"));
        for (text, why) in [
            ("customer", BadAggregate::Form),
            ("/c", BadAggregate::Form),
            ("customer/", BadAggregate::Form),
            ("Customer/c", BadAggregate::Kind),
            ("1/c", BadAggregate::Kind),
            ("customer/a\nb", BadAggregate::Id),
            (&format!("c/{}", "x".repeat(201)), BadAggregate::Length),
        ] {
            assert_eq!(of(text).unwrap_err(), why, "{text}");
        }
    }
}
