//! Why a record is set aside.

use std::fmt;

/// The kind of fault, stable and countable; its text form is a promise (`rejects` files,
/// dead letters, metrics).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Not one byte of content.
    Empty,
    /// A null value where an event is expected.
    Tombstone,
    /// The JSON text `null`.
    JsonNull,
    /// Larger than the accepted size.
    Oversize,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// Not JSON, or not the object that is expected.
    BrokenJson,
    /// A line of CSV that cannot be split into the header's columns.
    BrokenCsv,
    /// A field that must be there is absent or empty.
    MissingField,
    /// A field of the wrong type.
    WrongType,
    /// A text longer than the accepted length, or with U+0000 in it.
    BadText,
    /// An amount that is not a decimal number.
    BadAmount,
    /// NaN or an infinity.
    NotANumber,
    /// Below zero.
    Negative,
    /// More than four decimals.
    Scale,
    /// An amount of 10^15 or more.
    TooLarge,
    /// A currency that is not three letters A to Z.
    BadCurrency,
    /// A status that is not in the list.
    UnknownStatus,
    /// Neither RFC 3339 nor epoch milliseconds.
    BadTime,
    /// A local time that a change of the clocks skipped or repeated.
    AmbiguousTime,
    /// Before 1990 or after 9999; seconds in a field of milliseconds.
    ImplausibleTime,
    /// Further ahead of now than the allowed skew.
    Future,
    /// The record's key is not the declared field's value.
    KeyMismatch,
    /// A score outside 0 to 100.
    BadScore,
    /// A number that its field cannot have: a price of zero, a floor above the price.
    OutOfRange,
    /// Same natural key as a stored row, other content.
    Conflicting,
    /// The server refuses the row.
    Refused,
    /// Below the retention floor of its table.
    Expired,
    /// A CloudEvents envelope that misses what it must have.
    BadEnvelope,
    /// Written by another program into a topic that is only ours.
    Foreign,
    /// Processing it ended the task.
    Panicked,
}

impl Reason {
    /// Every kind.
    pub const ALL: [Self; 30] = [
        Self::Empty,
        Self::Tombstone,
        Self::JsonNull,
        Self::Oversize,
        Self::NotUtf8,
        Self::BrokenJson,
        Self::BrokenCsv,
        Self::MissingField,
        Self::WrongType,
        Self::BadText,
        Self::BadAmount,
        Self::NotANumber,
        Self::Negative,
        Self::Scale,
        Self::TooLarge,
        Self::BadCurrency,
        Self::UnknownStatus,
        Self::BadTime,
        Self::AmbiguousTime,
        Self::ImplausibleTime,
        Self::Future,
        Self::KeyMismatch,
        Self::BadScore,
        Self::OutOfRange,
        Self::Conflicting,
        Self::Refused,
        Self::Expired,
        Self::BadEnvelope,
        Self::Foreign,
        Self::Panicked,
    ];

    /// The kind with this stable code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The stable code, kebab-case.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Tombstone => "tombstone",
            Self::JsonNull => "json-null",
            Self::Oversize => "oversize",
            Self::NotUtf8 => "not-utf8",
            Self::BrokenJson => "broken-json",
            Self::BrokenCsv => "broken-csv",
            Self::MissingField => "missing-field",
            Self::WrongType => "wrong-type",
            Self::BadText => "bad-text",
            Self::BadAmount => "bad-amount",
            Self::NotANumber => "not-a-number",
            Self::Negative => "negative",
            Self::Scale => "scale",
            Self::TooLarge => "too-large",
            Self::BadCurrency => "bad-currency",
            Self::UnknownStatus => "unknown-status",
            Self::BadTime => "bad-time",
            Self::AmbiguousTime => "ambiguous-time",
            Self::ImplausibleTime => "implausible-time",
            Self::Future => "future",
            Self::KeyMismatch => "key-mismatch",
            Self::BadScore => "bad-score",
            Self::OutOfRange => "out-of-range",
            Self::Conflicting => "conflicting",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::BadEnvelope => "bad-envelope",
            Self::Foreign => "foreign",
            Self::Panicked => "panicked",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One fault of one record: the kind, the field it is in, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The kind of fault.
    pub reason: Reason,
    /// The field (JSON) or column (CSV); empty if the whole record is at fault.
    pub field: &'static str,
    /// What was found, for a person; never more than a few hundred characters.
    pub detail: String,
}

impl Reject {
    /// A fault `reason` in `field`, with what was found.
    #[must_use]
    pub fn new(reason: Reason, field: &'static str, detail: impl Into<String>) -> Self {
        Self { reason, field, detail: detail.into() }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        if !self.field.is_empty() {
            write!(f, " in {}", self.field)?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Reject {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_names_one_reason() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(Reason::from_code("bad"), None);
    }
}
