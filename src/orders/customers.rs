//! What the table of customers said of one customer, and when.

use crate::domain::compact::{self, Reader};
use crate::domain::{CustomerChange, EventTime, heap};

/// The most versions that are kept; the oldest go first.
pub(super) const MAX_VERSIONS: usize = 64;

/// What is known of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The tier.
    pub tier: Box<str>,
    /// The region, if one is known.
    pub region: Option<Box<str>>,
}

/// What holds of a customer from an instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerVersion {
    /// Since when.
    pub since: EventTime,
    /// What; `None`: there is no such customer any more.
    pub profile: Option<Profile>,
}

impl From<&CustomerChange<'_>> for CustomerVersion {
    fn from(change: &CustomerChange<'_>) -> Self {
        match change {
            CustomerChange::Row(row) => Self {
                since: row.time,
                profile: Some(Profile {
                    tier: (&*row.tier).into(),
                    region: row.region.as_deref().map(Into::into),
                }),
            },
            CustomerChange::Deleted { time } => Self { since: *time, profile: None },
        }
    }
}

impl CustomerVersion {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        compact::time(self.since, out);
        let profile = self.profile.as_ref();
        // A row has a tier, so that none is a deletion.
        compact::optional_text(profile.map(|p| &*p.tier), out);
        if let Some(profile) = profile {
            compact::optional_text(profile.region.as_deref(), out);
        }
    }

    pub(super) fn decode(from: &mut Reader<'_>) -> Result<Self, String> {
        let since = from.time()?;
        let profile = match from.optional_text()? {
            None => None,
            Some(tier) => {
                Some(Profile { tier: tier.into(), region: from.optional_text()?.map(Into::into) })
            }
        };
        Ok(Self { since, profile })
    }
}

/// The versions of one customer, in order of event time, each instant once. Bounded by
/// `OrderRules::history` behind the newest and by number (64).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerHistory(Vec<CustomerVersion>);

/// Version 1: the version byte, the number of versions, and each of them.
const FORM: u8 = 1;

impl CustomerHistory {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        let profiles = self.0.iter().filter_map(|version| version.profile.as_ref());
        let texts =
            profiles.map(|p| heap::text(&p.tier) + heap::optional_text(p.region.as_deref()));
        heap::list(&self.0) + texts.sum::<usize>()
    }

    /// Takes a version in, at its place in time; `history` as in `OrderRules`. Of two of one
    /// instant the later to come holds. Says whether anything changed: the same again, or what is
    /// older than all that is kept, changes nothing.
    pub fn put(&mut self, version: CustomerVersion, history: i64) -> bool {
        let versions = &mut self.0;
        let at = versions.partition_point(|other| other.since < version.since);
        if let Some(same) = versions.get_mut(at).filter(|other| other.since == version.since) {
            let changed = *same != version;
            *same = version;
            return changed;
        }
        let horizon = versions.last().map(|newest| newest.since.plus_micros(-history));
        let covered = |next: &CustomerVersion| horizon.is_some_and(|h| next.since <= h);
        if at == 0 && (versions.len() == MAX_VERSIONS || versions.first().is_some_and(covered)) {
            return false;
        }
        versions.insert(at, version);
        self.trim(history);
        true
    }

    /// Keeps what answers for the horizon and after it.
    fn trim(&mut self, history: i64) {
        let Some(newest) = self.0.last() else { return };
        let horizon = newest.since.plus_micros(-history);
        let before = self.0.partition_point(|version| version.since <= horizon);
        let surplus = self.0.len().saturating_sub(MAX_VERSIONS);
        self.0.drain(..before.saturating_sub(1).max(surplus));
    }

    /// The newest version at or before `time`; for a time before all that are kept the oldest.
    /// `None` if no row was ever seen.
    #[must_use]
    pub fn as_of(&self, time: EventTime) -> Option<&CustomerVersion> {
        let behind = self.0.partition_point(|version| version.since <= time);
        self.0.get(behind.saturating_sub(1))
    }

    /// The versions, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[CustomerVersion] {
        &self.0
    }

    /// Whether the customer was deleted longer ago than `history` (as in `OrderRules`): then it can
    /// be forgotten, or deleted ones would pile up.
    #[must_use]
    pub fn is_spent(&self, stream_time: EventTime, history: i64) -> bool {
        match self.0.as_slice() {
            [.., last] if last.profile.is_none() => stream_time.micros_since(last.since) > history,
            _ => false,
        }
    }

    /// Appends the bytes that the changelog keeps.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(FORM);
        compact::count(self.0.len(), out);
        self.0.iter().for_each(|version| version.encode(out));
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut from = Reader::of_version(bytes, FORM, "customer history")?;
        let versions = from.list(CustomerVersion::decode)?;
        from.end()?;
        if versions.len() > MAX_VERSIONS || !versions.is_sorted_by(|a, b| a.since < b.since) {
            return Err(from.damaged("its versions"));
        }
        Ok(Self(versions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::tests::given::{at, deleted, tier};
    use proptest::prelude::*;

    const DAY: i64 = 24 * 3_600_000_000;

    fn history(versions: impl IntoIterator<Item = CustomerVersion>, keep: i64) -> CustomerHistory {
        let mut history = CustomerHistory::default();
        for version in versions {
            history.put(version, keep);
        }
        history
    }

    #[test]
    fn an_order_takes_the_row_that_held_at_its_time() {
        let history = history([tier(20, "GOLD"), tier(10, "SILVER"), deleted(30)], DAY);
        let of = |second| history.as_of(at(second)).unwrap();
        for (second, since) in [(0, 10), (10, 10), (19, 10), (20, 20), (29, 20), (30, 30), (99, 30)]
        {
            assert_eq!(of(second).since, at(since), "{second}");
        }
        assert_eq!(of(99).profile, None);
        assert_eq!(CustomerHistory::default().as_of(at(0)), None);
    }

    #[test]
    fn what_is_behind_the_horizon_goes_but_what_answers_for_it() {
        let keep = 10_000_000;
        let mut history = history([tier(0, "A"), tier(5, "B"), tier(12, "C")], keep);
        assert_eq!(history.versions().len(), 3, "A answers for the horizon of 2");
        assert!(history.put(tier(16, "D"), keep));
        assert_eq!(history.as_of(at(0)), Some(&tier(5, "B")));
        assert!(!history.put(tier(4, "E"), keep), "older than what answers for the horizon");
        assert!(history.put(tier(6, "F"), keep), "it answers for the horizon now");
        assert_eq!(history.as_of(at(0)), Some(&tier(6, "F")));
    }

    #[test]
    fn the_same_row_again_changes_nothing() {
        let mut history = history([tier(0, "A"), tier(5, "B")], DAY);
        assert!(!history.put(tier(0, "A"), DAY) && !history.put(tier(5, "B"), DAY));
        assert!(history.put(deleted(5), DAY), "another of the same instant holds");
        assert_eq!(history.as_of(at(7)), Some(&deleted(5)));
    }

    #[test]
    fn a_deleted_customer_can_be_forgotten_after_the_history() {
        let history = history([tier(0, "A"), deleted(5)], DAY);
        assert!(!history.is_spent(at(86_405), DAY) && history.is_spent(at(86_406), DAY));
        let alive = self::history([tier(0, "A")], DAY);
        assert!(
            !alive.is_spent(at(900_000), DAY) && !CustomerHistory::default().is_spent(at(0), 0)
        );
    }

    proptest! {
        #[test]
        fn equals_a_plain_list_in_any_order_of_arrival(
            seconds in prop::collection::vec(0..300_i64, 0..120),
            keep in 0..200_i64,
            asked in 0..400_i64,
        ) {
            let version = |second: i64| match second % 7 {
                0 => deleted(second),
                n => tier(second, &format!("T{n}")),
            };
            let kept = history(seconds.iter().map(|s| version(*s)), keep * 1_000_000);
            let mut sorted: Vec<i64> = seconds.clone();
            sorted.sort_unstable();
            sorted.dedup();
            let newest = sorted.last().copied().unwrap_or_default();
            let horizon = newest - keep;
            let plain: Vec<i64> = sorted
                .iter()
                .enumerate()
                .filter(|(n, _)| sorted.get(n + 1).is_none_or(|next| *next > horizon))
                .map(|(_, second)| *second)
                .collect();
            let plain = &plain[plain.len().saturating_sub(MAX_VERSIONS)..];
            let expected: Vec<CustomerVersion> = plain.iter().map(|s| version(*s)).collect();
            prop_assert_eq!(kept.versions(), expected.as_slice());
            let answer = plain.iter().rev().find(|s| **s <= asked).or(plain.first());
            prop_assert_eq!(kept.as_of(at(asked)).cloned(), answer.map(|s| version(*s)));
            let mut bytes = Vec::new();
            kept.encode(&mut bytes);
            prop_assert_eq!(CustomerHistory::decode(&bytes), Ok(kept));
            for cut in 0..bytes.len() {
                prop_assert!(CustomerHistory::decode(&bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn bytes_of_another_form_or_order_are_refused() {
        assert!(CustomerHistory::decode(&[2, 0]).is_err_and(|e| e.contains("version 2")));
        let mut bytes = vec![FORM, 2];
        tier(5, "A").encode(&mut bytes);
        tier(5, "B").encode(&mut bytes);
        assert!(CustomerHistory::decode(&bytes).is_err_and(|e| e.contains("versions")));
    }
}
