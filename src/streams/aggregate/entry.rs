//! One entry of the changelog of windows, without the types of the aggregation.

use crate::domain::EventTime;
use crate::streams::aggregate::changes::{POINT, WINDOW};

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
    key.get(9..).ok_or_else(|| "a key that ends too early".to_owned())
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
