//! Sealing of personal fields: encrypted with a key of their subject before an event is stored, so
//! that whoever forgets the key has erased them in the store, its snapshots, archives, exports and
//! copies at once, and every byte of the chain stays as it is.
//!
//! A sealed field is the text `sealed:1:` and, in base64, a fingerprint of the key (8 bytes), a nonce
//! (24) and the XChaCha20-Poly1305 ciphertext of the field's JSON with its tag, bound to the
//! aggregate. The nonce is made of key, event, field and content, so that the same append is the same
//! bytes, and idempotent, each time; only equal contents of one field of one event have equal nonces.
//!
//! Pure: keys come in as values; `backends::keys` keeps them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use super::Aggregate;
use super::tree::{Fields, Tree};

/// What a sealed text begins with; the number is that of the form.
const MARK: &str = "sealed:1:";
const FINGERPRINT: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;

/// The key of a subject.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Tells keys apart without telling them.
pub type Fingerprint = [u8; FINGERPRINT];

impl Key {
    /// A key of 32 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = self.digest("fingerprint", &[]);
        std::array::from_fn(|i| digest[i])
    }

    /// SHA-256 of the key, a purpose and parts, each with its length.
    fn digest(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.0);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.digest("seal", &[]).into())
    }

    /// Seals a field's JSON.
    ///
    /// # Errors
    /// Never in practice: only for more than 256 GiB.
    pub fn seal(&self, of: &Aggregate, event: &str, field: &str, json: &str) -> Result<Tree, Kept> {
        let parts = [of.as_str(), event, field, json].map(str::as_bytes);
        let digest = self.digest("nonce", &parts);
        let nonce: [u8; NONCE] = std::array::from_fn(|i| digest[i]);
        let payload = Payload { msg: json.as_bytes(), aad: of.as_str().as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Kept::Damaged)?;
        let bytes = [&self.fingerprint()[..], &nonce, &sealed].concat();
        Ok(Tree::text(&format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// Opens a sealed field.
    ///
    /// # Errors
    /// [`Kept`].
    pub fn open(&self, of: &Aggregate, sealed: &Sealed) -> Result<Tree, Kept> {
        if sealed.fingerprint != self.fingerprint() {
            return Err(Kept::OtherKey);
        }
        let payload = Payload { msg: &sealed.bytes, aad: of.as_str().as_bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(sealed.nonce), payload);
        let opened = opened.map_err(|_| Kept::Damaged)?;
        let json = std::str::from_utf8(&opened).map_err(|_| Kept::Damaged)?;
        Tree::read(json).map_err(|_| Kept::Damaged)
    }
}

/// Why a sealed field stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// It was sealed with another key.
    #[error("it was sealed with another key")]
    OtherKey,
    /// It is not what was sealed, or of another aggregate.
    #[error("it is damaged, or was sealed for another aggregate")]
    Damaged,
}

/// A sealed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Of the key.
    pub fingerprint: Fingerprint,
    nonce: [u8; NONCE],
    bytes: Vec<u8>,
}

impl Sealed {
    /// Reads a value; `None` if it is not sealed.
    #[must_use]
    pub fn read(value: &Tree) -> Option<Self> {
        let Tree::Leaf(json) = value else { return None };
        let text = json.strip_prefix('"')?.strip_suffix('"')?.strip_prefix(MARK)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (fingerprint, rest) = bytes.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let bytes = (rest.len() >= TAG).then(|| rest.to_vec())?;
        Some(Self { fingerprint: *fingerprint, nonce: *nonce, bytes })
    }
}

/// Which fields are personal, by type of aggregate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Personal(Vec<(String, String)>);

impl Personal {
    /// Reads `TYPE.FIELD`s.
    ///
    /// # Errors
    /// The first text that is none.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let one = |text: &String| {
            let (kind, field) = text.split_once('.')?;
            if field.is_empty() || field.contains('.') {
                // Only whole fields are sealed, whatever is in them.
                return None;
            }
            Aggregate::new(kind, "x").ok()?;
            Some((kind.to_owned(), field.to_owned()))
        };
        texts
            .iter()
            .map(|text| one(text).ok_or_else(|| text.clone()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The personal fields of an aggregate's events.
    pub fn of<'a>(&'a self, aggregate: &'a Aggregate) -> impl Iterator<Item = &'a str> {
        let mine = self.0.iter().filter(|(kind, _)| kind == aggregate.kind());
        mine.map(|(_, field)| field.as_str())
    }

    /// Those that some data has in the clear.
    #[must_use]
    pub fn clear(&self, aggregate: &Aggregate, data: &Fields) -> Vec<String> {
        let open = |value: &Tree| !value.is_null() && Sealed::read(value).is_none();
        let there = self.of(aggregate).filter(|field| data.get(*field).is_some_and(open));
        there.map(str::to_owned).collect()
    }
}

/// Opens whatever is sealed anywhere in a value; what `key` does not open stays as it is. How many
/// were left closed.
pub fn open(key: Option<&Key>, aggregate: &Aggregate, value: &mut Tree) -> usize {
    if let Some(sealed) = Sealed::read(value) {
        let Some(Ok(opened)) = key.map(|key| key.open(aggregate, &sealed)) else { return 1 };
        *value = opened;
        return 0;
    }
    match value {
        Tree::Object(fields) => fields.values_mut().map(|v| open(key, aggregate, v)).sum(),
        Tree::Leaf(_) => 0,
    }
}

/// The keys of whatever is sealed anywhere in a value, each once.
pub fn keys_of(value: &Tree, found: &mut Vec<Fingerprint>) {
    if let Some(sealed) = Sealed::read(value) {
        if !found.contains(&sealed.fingerprint) {
            found.push(sealed.fingerprint);
        }
    } else if let Tree::Object(fields) = value {
        fields.values().for_each(|value| keys_of(value, found));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one() -> Aggregate {
        "customer/c-1".parse().unwrap()
    }

    fn key(byte: u8) -> Key {
        Key::new([byte; 32])
    }

    #[test]
    fn a_field_is_sealed_the_same_each_time_and_opens_only_where_it_belongs() {
        let seal =
            |event: &str, field: &str, json: &str| key(1).seal(&one(), event, field, json).unwrap();
        let name = seal("e-1", "name", "\"Ada\"");
        assert_eq!(name, seal("e-1", "name", "\"Ada\""));
        for other in [
            seal("e-2", "name", "\"Ada\""),
            seal("e-1", "email", "\"Ada\""),
            seal("e-1", "name", "\"Adb\""),
        ] {
            assert_ne!(name, other);
        }
        let sealed = Sealed::read(&name).unwrap();
        assert!(!name.to_json().contains("Ada"));
        assert_eq!(key(1).open(&one(), &sealed), Ok(Tree::text("Ada")));
        assert_eq!(key(2).open(&one(), &sealed), Err(Kept::OtherKey));
        let two: Aggregate = "customer/c-2".parse().unwrap();
        assert_eq!(key(1).open(&two, &sealed), Err(Kept::Damaged));
        let mut cut = sealed.clone();
        cut.bytes.pop();
        assert_eq!(key(1).open(&one(), &cut), Err(Kept::Damaged));
        assert_eq!(format!("{:?}", key(1)), "Key(..)");
    }

    #[test]
    fn what_only_looks_sealed_is_not() {
        for text in ["", "sealed:1:", "sealed:1:AAAA", "sealed:2:AAAA", "Ada", "sealed:1:%%"] {
            assert_eq!(Sealed::read(&Tree::text(text)), None, "{text}");
        }
        assert_eq!(Sealed::read(&Tree::default()), None);
    }

    #[test]
    fn personal_fields_are_named_by_type() {
        let texts = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let personal =
            Personal::parse(&texts(&["customer.name", "customer.home", "order.note"])).unwrap();
        assert_eq!(personal.of(&one()).collect::<Vec<_>>(), ["name", "home"]);
        for bad in ["name", "Customer.name", "customer.", ".name", "customer.a.b"] {
            assert_eq!(Personal::parse(&texts(&[bad])), Err(bad.to_owned()));
        }
        let data = Tree::read(r#"{"name":null,"home":{"c":1},"note":"x"}"#).unwrap().into_fields();
        assert_eq!(personal.clear(&one(), &data), ["home"]);
    }

    proptest! {
        /// Whatever is sealed opens again, wherever an upcaster has moved it, and with the wrong key
        /// nothing does.
        #[test]
        fn what_is_sealed_opens_again(text in any::<String>(), number in any::<i64>(), event in "[a-z]{1,9}") {
            let whole = Tree::read(&serde_json::json!({"a": text, "b": {"c": number, "d": [text]}}).to_string()).unwrap();
            let mut fields = whole.clone().into_fields();
            for (name, value) in &mut fields {
                *value = key(7).seal(&one(), &event, name, &value.to_json()).unwrap();
            }
            let sealed = Tree::Object(Fields::from([("moved".to_owned(), Tree::Object(fields))]));
            let mut fingerprints = Vec::new();
            keys_of(&sealed, &mut fingerprints);
            prop_assert_eq!(&fingerprints, &[key(7).fingerprint()]);
            let mut opened = sealed.clone();
            prop_assert_eq!(open(Some(&key(7)), &one(), &mut opened), 0);
            prop_assert_eq!(&opened, &Tree::Object(Fields::from([("moved".to_owned(), whole)])));
            for wrong in [None, Some(&key(8))] {
                let mut closed = sealed.clone();
                prop_assert_eq!(open(wrong, &one(), &mut closed), 2);
                prop_assert_eq!(&closed, &sealed);
            }
        }
    }
}
