//! Whose session, and which.

/// A customer, and the session the events name. Without a name the gap alone makes sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionKey {
    /// The customer.
    pub customer: String,
    /// The session's name.
    pub session: Option<String>,
}

impl SessionKey {
    /// Appends the key's bytes: the customer, then a zero byte and the session's name if there is
    /// one. Texts of events have no U+0000 in them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.customer.as_bytes());
        if let Some(session) = &self.session {
            out.push(0);
            out.extend_from_slice(session.as_bytes());
        }
    }

    /// Reads the bytes back.
    ///
    /// # Errors
    /// Bytes that are not UTF-8.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
        let mut parts = text.splitn(2, '\0');
        let customer = parts.next().unwrap_or_default().to_owned();
        Ok(Self { customer, session: parts.next().map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_round_trip_and_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for customer in ["a", "ab", "a/b"] {
            for session in [None, Some("b"), Some("")] {
                let key = SessionKey {
                    customer: customer.to_owned(),
                    session: session.map(str::to_owned),
                };
                let mut bytes = Vec::new();
                key.encode(&mut bytes);
                assert_eq!(SessionKey::decode(&bytes), Ok(key));
                assert!(seen.insert(bytes));
            }
        }
    }
}
