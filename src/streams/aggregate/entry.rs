//! One entry of the changelog of windows, without the types of the aggregation.

use crate::domain::EventTime;
use crate::streams::aggregate::WindowKey;
use crate::streams::store::StoreValue;

pub(super) const WINDOW: u8 = b'w';
pub(super) const POINT: u8 = b'p';
/// What goes before a key's own bytes: the kind, and the start or time.
pub(super) const PREFIX: usize = 9;

/// An open window; revision 0 says that there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Pane<A> {
    pub end: EventTime,
    pub revision: u32,
    pub value: A,
}

impl<A: StoreValue> StoreValue for Pane<A> {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.end.micros().to_be_bytes());
        out.extend_from_slice(&self.revision.to_be_bytes());
        self.value.encode(out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let short = "a window that ends too early";
        let (end, rest) = bytes.split_first_chunk().ok_or(short)?;
        let (revision, rest) = rest.split_first_chunk().ok_or(short)?;
        let revision = u32::from_be_bytes(*revision);
        if revision == 0 {
            return Err("a window of revision 0".to_owned());
        }
        Ok(Self {
            end: EventTime::from_micros(i64::from_be_bytes(*end)),
            revision,
            value: A::decode(rest)?,
        })
    }

    fn heap(&self) -> usize {
        self.value.heap()
    }
}

/// A contribution that sliding windows to come may need.
#[derive(Clone, Debug)]
pub(super) struct Point<A>(pub Option<A>);

impl<A> Default for Point<A> {
    fn default() -> Self {
        Self(None)
    }
}

impl<A: StoreValue> StoreValue for Point<A> {
    fn encode(&self, out: &mut Vec<u8>) {
        if let Some(value) = &self.0 {
            value.encode(out);
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        A::decode(bytes).map(|value| Self(Some(value)))
    }

    fn heap(&self) -> usize {
        self.0.as_ref().map_or(0, A::heap)
    }
}

/// The name of a window or a point in the changelog.
pub(super) fn name<K: WindowKey>(kind: u8, key: &K, at: EventTime) -> Vec<u8> {
    let mut name = Vec::with_capacity(64);
    name.push(kind);
    name.extend_from_slice(&at.micros().to_be_bytes());
    key.encode(&mut name);
    name
}

/// Gives a name another start or time.
pub(super) fn begin(name: &mut [u8], at: EventTime) {
    name[1..PREFIX].copy_from_slice(&at.micros().to_be_bytes());
}

/// The start or time in a name.
pub(super) fn start(name: &[u8]) -> EventTime {
    let bytes = name.get(1..).and_then(|rest| rest.split_first_chunk());
    EventTime::from_micros(bytes.map_or(0, |(micros, _)| i64::from_be_bytes(*micros)))
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The key's own bytes.
    pub key: &'a [u8],
    /// The window's start, or the point's time.
    pub at: EventTime,
    /// The window's end and revision; `None` for a point.
    pub window: Option<(EventTime, u32)>,
    /// The aggregate's bytes.
    pub value: &'a [u8],
}

/// The key's own bytes in an entry's key.
///
/// # Errors
/// Bytes that no aggregation wrote.
pub fn own_key(key: &[u8]) -> Result<&[u8], String> {
    key.get(PREFIX..).ok_or_else(|| "a key that ends too early".to_owned())
}

/// Reads an entry.
///
/// # Errors
/// Bytes that no aggregation wrote.
pub fn read<'a>(key: &'a [u8], value: &'a [u8]) -> Result<Entry<'a>, String> {
    let (kind, rest) = key.split_first().ok_or("an empty key")?;
    let (at, own) = rest.split_first_chunk().ok_or("a key that ends too early")?;
    let at = EventTime::from_micros(i64::from_be_bytes(*at));
    match *kind {
        POINT => Ok(Entry { key: own, at, window: None, value }),
        WINDOW => {
            let short = "a window that ends too early";
            let (end, rest) = value.split_first_chunk().ok_or(short)?;
            let (revision, value) = rest.split_first_chunk().ok_or(short)?;
            let end = EventTime::from_micros(i64::from_be_bytes(*end));
            let window = Some((end, u32::from_be_bytes(*revision)));
            Ok(Entry { key: own, at, window, value })
        }
        other => Err(format!("an entry of kind {other}; written by a newer program?")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::aggregate::{Emit, WindowedAggregation};
    use crate::streams::store::StoreValue;
    use crate::streams::time::Grace;
    use crate::streams::window::Window;

    #[derive(Clone, Debug, Default)]
    struct One(u8);

    impl StoreValue for One {
        fn encode(&self, out: &mut Vec<u8>) {
            out.push(self.0);
        }
        fn decode(bytes: &[u8]) -> Result<Self, String> {
            bytes.first().map(|b| Self(*b)).ok_or_else(|| "empty".to_owned())
        }

        fn heap(&self) -> usize {
            0
        }
    }

    #[test]
    fn reads_what_an_aggregation_writes() {
        for (window, points) in
            [(Window::tumbling(10).unwrap(), 0), (Window::sliding(10).unwrap(), 1)]
        {
            let grace = Grace::from_micros(5);
            let mut windows: WindowedAggregation<String, One> =
                WindowedAggregation::new(window, grace, Emit::Final, |into, more| into.0 += more.0);
            windows.add(&"c1".to_owned(), EventTime::from_micros(23), &One(7), &mut Vec::new());
            let mut found = Vec::new();
            windows.take_changes(&mut |key, value| {
                let entry = read(key, value.unwrap()).unwrap();
                assert_eq!((entry.key, own_key(key)), (&b"c1"[..], Ok(&b"c1"[..])));
                assert_eq!(entry.value, [7]);
                found.push((entry.at, entry.window));
            });
            assert_eq!(found.iter().filter(|(_, window)| window.is_none()).count(), points);
            for (at, (end, _)) in found.iter().filter_map(|(at, w)| Some((*at, (*w)?))) {
                assert_eq!(end.micros_since(at) / 10, 1, "{at} {end}");
            }
        }
        assert!(read(b"", b"").is_err() && read(b"w123", b"").is_err() && own_key(b"w1").is_err());
        assert!(read(b"x12345678k", b"").is_err_and(|e| e.contains("kind 120")));
        assert!(read(b"w12345678k", b"short").is_err());
    }
}
