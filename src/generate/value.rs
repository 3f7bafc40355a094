//! The values of the events: JSON, key by key.
//!
//! Every text in them is made here and holds neither quotes nor control characters, so nothing
//! has to be escaped; the tests read them with a parser. `timestamp` is always the last key.

use crate::domain::EventTime;

/// A JSON object while it is written.
#[derive(Debug)]
pub struct Object(Vec<u8>);

impl Object {
    /// An object without keys.
    #[must_use]
    pub fn new() -> Self {
        let mut bytes = Vec::with_capacity(320);
        bytes.push(b'{');
        Self(bytes)
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn quoted(&mut self, text: &str) {
        self.0.push(b'"');
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(b'"');
    }

    /// A text.
    #[must_use]
    pub fn text(mut self, key: &str, text: &str) -> Self {
        self.key(key);
        self.quoted(text);
        self
    }

    /// A text, or nothing at all.
    #[must_use]
    pub fn maybe(self, key: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(key, text),
            None => self,
        }
    }

    /// A text or null.
    #[must_use]
    pub fn or_null(mut self, key: &str, text: Option<&str>) -> Self {
        if text.is_some() {
            return self.maybe(key, text);
        }
        self.key(key);
        self.0.extend_from_slice(b"null");
        self
    }

    /// A whole number.
    #[must_use]
    pub fn number(mut self, key: &str, number: i64) -> Self {
        self.key(key);
        self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self
    }

    /// Yes or no.
    #[must_use]
    pub fn truth(mut self, key: &str, truth: bool) -> Self {
        self.key(key);
        self.0.extend_from_slice(if truth { b"true" } else { b"false" });
        self
    }

    /// Money as decimal text, from cents.
    #[must_use]
    pub fn money(mut self, key: &str, cents: i64) -> Self {
        self.key(key);
        self.quoted(&format!("{}.{:02}", cents / 100, cents % 100));
        self
    }

    /// A number with two decimals, from its hundredths.
    #[must_use]
    pub fn decimal(mut self, key: &str, hundredths: i64) -> Self {
        self.key(key);
        let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// A list of texts.
    #[must_use]
    pub fn list(mut self, key: &str, items: &[&str]) -> Self {
        self.key(key);
        self.0.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.0.push(b',');
            }
            self.quoted(item);
        }
        self.0.push(b']');
        self
    }

    /// An object in it.
    #[must_use]
    pub fn object(mut self, key: &str, inner: Self) -> Self {
        self.key(key);
        self.0.extend_from_slice(&inner.0);
        self.0.push(b'}');
        self
    }

    /// The last key, `timestamp`, and the end.
    #[must_use]
    pub fn at(mut self, time: EventTime) -> Vec<u8> {
        self.key("timestamp");
        self.0.push(b'"');
        time.write_rfc3339(&mut self.0);
        self.0.extend_from_slice(b"\"}");
        self.0
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}
