//! What a reason means and what to do next.

use crate::domain::Reason;

/// A sentence on what happened, one on what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What it means.
    pub means: &'static str,
    /// What to do next.
    pub next: &'static str,
    /// Whether another value is needed for it to pass; else it may pass as it is once the cause
    /// is gone.
    pub repair: bool,
}

/// The advice for the code of a reason.
#[must_use]
pub fn advice(code: &str) -> Advice {
    Reason::from_code(code).map_or(
        Advice {
            means: "This version of bss does not know the reason.",
            next: "Read the detail; a later version of bss may have set the record aside.",
            repair: false,
        },
        of,
    )
}

fn of(reason: Reason) -> Advice {
    content(reason).or_else(|| value(reason)).unwrap_or_else(|| circumstance(reason))
}

const fn repair(means: &'static str, next: &'static str) -> Option<Advice> {
    Some(Advice { means, next, repair: true })
}

/// Faults of the record as a whole.
const fn content(reason: Reason) -> Option<Advice> {
    match reason {
        Reason::Empty => repair(
            "The record had no content at all: zero bytes where an event is expected.",
            "Ask its producer what was meant; requeue it with the value that belongs there.",
        ),
        Reason::Tombstone => repair(
            "The value was null. That deletes a key in a compacted topic; here events are expected.",
            "Find out who deletes keys in this topic; if an event was meant, requeue it with its value.",
        ),
        Reason::JsonNull => repair(
            "The value was the JSON text `null`, not an object.",
            "The producer serialised nothing; requeue it with the event that was meant.",
        ),
        Reason::Oversize => repair(
            "The value is larger than an event may be.",
            "Find out what made it so large; requeue it with a smaller value.",
        ),
        Reason::NotUtf8 => repair(
            "The bytes are not UTF-8, so they are no JSON: another encoding, compression or a binary format.",
            "Look at the first bytes; requeue it with the event as JSON in UTF-8.",
        ),
        Reason::BrokenJson => repair(
            "The value is not a JSON object: cut off, or written by hand.",
            "Mend the JSON and requeue it with that value; the producer needs mending too.",
        ),
        Reason::BrokenCsv => repair(
            "The line cannot be split into the columns of its header.",
            "Mend quotes and separators and requeue it with that value.",
        ),
        Reason::BadEnvelope => repair(
            "It looks like a CloudEvent but lacks what one must have.",
            "Add the missing attribute, or send the plain event, and requeue it with that value.",
        ),
        _ => None,
    }
}

/// Faults of one field.
const fn value(reason: Reason) -> Option<Advice> {
    match reason {
        Reason::MissingField => repair(
            "A field that must be there is absent or empty.",
            "Add the field and requeue it with that value.",
        ),
        Reason::WrongType => repair(
            "A field has another type than it must have, such as an object where a text is expected.",
            "Give the field its type and requeue it with that value.",
        ),
        Reason::BadText => repair(
            "A text is longer than it may be, or holds a character that cannot be stored.",
            "Shorten or clean the text and requeue it with that value.",
        ),
        Reason::BadAmount => repair(
            "An amount is not a decimal number.",
            "Write it with a point and without a thousands separator, and requeue it with that value.",
        ),
        Reason::NotANumber => repair(
            "An amount is NaN or infinite: a computation at the producer went wrong.",
            "Find the right amount and requeue it with that value.",
        ),
        Reason::Negative => repair(
            "An amount is below zero. A refund is a payment with the status REFUNDED, not a negative one.",
            "Write it as what it is and requeue it with that value.",
        ),
        Reason::Scale => repair(
            "An amount has more than four decimals, more than is stored.",
            "Round it as your books do and requeue it with that value.",
        ),
        Reason::TooLarge => repair(
            "An amount is 10^15 or more, more than is stored.",
            "Check its unit and requeue it with the right value.",
        ),
        Reason::BadCurrency => repair(
            "The currency is not three letters A to Z.",
            "Write the ISO 4217 code and requeue it with that value.",
        ),
        Reason::UnknownStatus => repair(
            "The status is none that this version knows.",
            "Map it to a known one and requeue it with that value, or requeue it as it is once bss knows it.",
        ),
        Reason::BadTime => repair(
            "The time is neither RFC 3339 nor epoch milliseconds.",
            "Write it in one of the two forms and requeue it with that value.",
        ),
        Reason::AmbiguousTime => repair(
            "The time has no offset, and a change of the clocks skipped or repeated it.",
            "Write it with its offset and requeue it with that value.",
        ),
        Reason::ImplausibleTime => repair(
            "The time lies before 1990 or after 9999; mostly it is seconds in a field of milliseconds.",
            "Multiply by 1000 where it is seconds and requeue it with that value.",
        ),
        Reason::BadScore => repair(
            "A score lies outside 0 to 100.",
            "Find out who wrote it; requeue it with the right score.",
        ),
        Reason::OutOfRange => repair(
            "A number is one its field cannot have: a price of zero, a floor above the price.",
            "Correct it where the row is made and send it again, or requeue it with the right number.",
        ),
        _ => None,
    }
}

/// Faults that lie outside of the value.
const fn circumstance(reason: Reason) -> Advice {
    let (means, next, repair) = match reason {
        Reason::Future => (
            "The event time is further ahead of the clock than general.max_skew allows.",
            "Compare the clocks of producer and server; requeue it as it is once its time has come.",
            false,
        ),
        Reason::KeyMismatch => (
            "The key of the record is not the value of the field its topic is keyed by, so the record lies in the partition of another key.",
            "Mend the producer and let it send the event again; a requeue keeps key and partition, so it helps only where the field is wrong.",
            true,
        ),
        Reason::Conflicting => (
            "A row with the same natural key and other content is stored already; the header bss_stored has it.",
            "Decide which of the two is true; as it is it would conflict again.",
            true,
        ),
        Reason::Refused => (
            "The database refused the row; the detail is what it said.",
            "Mend the cause on the server, then requeue it as it is.",
            false,
        ),
        Reason::Expired => (
            "It is older than the retention floor of its table, below which nothing is stored.",
            "Nothing has to be done; to keep it, lengthen the retention before you requeue it.",
            false,
        ),
        Reason::Foreign => (
            "Another program wrote it into a topic that only a stage of a topology writes.",
            "Find out who writes there; what it meant belongs into the topology's input.",
            true,
        ),
        _ => (
            "Processing this record stopped the task, so it was parked.",
            "That is a bug: report it with the value; requeue it as it is once it is mended.",
            false,
        ),
    };
    Advice { means, next, repair }
}
