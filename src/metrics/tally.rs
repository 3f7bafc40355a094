//! The sum that must come out: in = stored + duplicate + corrected + conflicting + rejected +
//! future + expired + left out.

use std::collections::BTreeMap;

use crate::domain::Reason;

/// What has become of the records read so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records read.
    pub read: u64,
    /// Rows written.
    pub stored: u64,
    /// Rows that were there already, with the same content.
    pub duplicate: u64,
    /// Of these, rows of batches that the ledger already had.
    pub passed_over: u64,
    /// Of these, rows of an event that counts already with another time.
    pub repeated: u64,
    /// Rows whose key is there with another revision: the highest one stays.
    pub corrected: u64,
    /// Rows whose key is there with other content.
    pub conflicting: u64,
    /// Records with a fault.
    pub rejected: u64,
    /// Records further ahead of now than the allowed skew.
    pub future: u64,
    /// Records below the retention floor.
    pub expired: u64,
    /// Records that were not wanted.
    pub left_out: u64,
    /// Rows whose amount was rounded.
    pub rounded: u64,
    /// Rows before the refresh window of an aggregate, in batches that changed something.
    pub outside: u64,
    /// How often each reason set a record aside.
    pub reasons: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Counts one record that was set aside.
    pub fn aside(&mut self, reason: Reason) {
        match reason {
            Reason::Future => self.future += 1,
            Reason::Expired => self.expired += 1,
            Reason::Conflicting => self.conflicting += 1,
            _ => self.rejected += 1,
        }
        *self.reasons.entry(reason.code()).or_default() += 1;
    }

    /// Records that were set aside, for whatever reason.
    #[must_use]
    pub const fn set_aside(&self) -> u64 {
        self.conflicting + self.rejected + self.future + self.expired
    }

    /// Whether every record read is accounted for.
    #[must_use]
    pub const fn balances(&self) -> bool {
        let there = self.stored + self.duplicate + self.corrected;
        self.read == there + self.set_aside() + self.left_out
    }

    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.stored += other.stored;
        self.duplicate += other.duplicate;
        self.passed_over += other.passed_over;
        self.repeated += other.repeated;
        self.corrected += other.corrected;
        self.conflicting += other.conflicting;
        self.rejected += other.rejected;
        self.future += other.future;
        self.expired += other.expired;
        self.left_out += other.left_out;
        self.rounded += other.rounded;
        self.outside += other.outside;
        for (reason, count) in &other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_lands_in_its_own_count() {
        let mut tally = Tally { read: 6, stored: 1, duplicate: 1, ..Tally::default() };
        for reason in [Reason::Future, Reason::Expired, Reason::Conflicting] {
            tally.aside(reason);
        }
        assert!(!tally.balances());
        tally.aside(Reason::Scale);
        assert!(tally.balances());
        assert_eq!((tally.rejected, tally.set_aside()), (1, 4));
        let mut sum = tally.clone();
        sum.add(&tally);
        assert!(sum.balances());
        assert_eq!(sum.reasons["scale"], 2);
    }
}
