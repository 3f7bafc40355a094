//! How often a customer did what.

use crate::domain::heap;

/// Counts by type of activity. Joining two is associative and commutative.
///
/// A customer does few kinds of things in a window, and there are many windows: a sorted list takes
/// a fifth of what a map does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivitySums(Vec<(Box<str>, u64)>);

impl ActivitySums {
    /// One activity.
    #[must_use]
    pub fn one(activity_type: &str) -> Self {
        Self(vec![(activity_type.into(), 1)])
    }

    /// Takes `more` in.
    pub fn join(&mut self, more: &Self) {
        for (name, count) in &more.0 {
            self.add(name, *count);
        }
    }

    fn add(&mut self, name: &str, count: u64) {
        match self.0.binary_search_by(|own| (*own.0).cmp(name)) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, (name.into(), count));
            }
        }
    }

    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        heap::list(&self.0) + self.0.iter().map(|(name, _)| heap::text(name)).sum::<usize>()
    }

    /// All activities.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Counts by type, in the types' order.
    pub fn types(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (&**name, *count))
    }
}

/// Version 1: the version byte; then for each type the count (eight bytes, little-endian), the
/// name's length (two bytes) and the name.
const VERSION: u8 = 1;

impl ActivitySums {
    /// Appends the bytes that the changelog keeps.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        for (name, count) in &self.0 {
            out.extend_from_slice(&count.to_le_bytes());
            // Types are at most 256 bytes long, or the event was refused.
            let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&name.as_bytes()[..usize::from(length)]);
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = match bytes.split_first() {
            Some((&VERSION, rest)) => rest,
            Some((other, _)) => {
                return Err(format!(
                    "activity sums of version {other}; this program reads {VERSION}"
                ));
            }
            None => return Err("empty activity sums".to_owned()),
        };
        let short = || "activity sums that end too early".to_owned();
        let mut sums = Self::default();
        while !rest.is_empty() {
            let (count, after) = rest.split_first_chunk().ok_or_else(short)?;
            let (length, after) = after.split_first_chunk().ok_or_else(short)?;
            let length = usize::from(u16::from_le_bytes(*length));
            let (name, after) = after.split_at_checked(length).ok_or_else(short)?;
            let name = std::str::from_utf8(name).map_err(|e| e.to_string())?;
            sums.add(name, u64::from_le_bytes(*count));
            rest = after;
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_round_trip_and_joins_do_not_depend_on_order(
            types in prop::collection::vec("[A-Zäö_]{1,6}", 0..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let sum = |types: &[String]| {
                types.iter().fold(ActivitySums::default(), |mut sum, name| {
                    sum.join(&ActivitySums::one(name));
                    sum
                })
            };
            let whole = sum(&types);
            prop_assert_eq!(whole.count(), types.len() as u64);
            let at = if types.is_empty() { 0 } else { cut.index(types.len()) };
            let mut other = sum(&types[at..]);
            other.join(&sum(&types[..at]));
            prop_assert_eq!(&whole, &other);
            let mut bytes = Vec::new();
            whole.encode(&mut bytes);
            prop_assert_eq!(ActivitySums::decode(&bytes), Ok(whole));
            for end in 0..bytes.len() {
                // Cut anywhere: never a panic, and never more than was there.
                if let Ok(part) = ActivitySums::decode(&bytes[..end]) {
                    prop_assert!(part.count() <= types.len() as u64);
                }
            }
        }
    }

    #[test]
    fn newer_bytes_are_refused() {
        assert!(ActivitySums::decode(&[2]).is_err_and(|e| e.contains("version 2")));
        assert!(ActivitySums::decode(&[]).is_err());
    }
}
