//! CloudEvents in Kafka's binary mode: the attributes as `ce_` headers.

use crate::domain::EventTime;

/// The attributes of an event we write (CloudEvents 1.0, Kafka protocol binding, binary mode).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEvent<'a> {
    /// Deterministic: the same input gives the same id.
    pub id: &'a str,
    /// What it is, with its version.
    pub event_type: &'a str,
    /// Who wrote it.
    pub source: &'a str,
    /// Event time.
    pub time: EventTime,
}

/// The header names and the fixed values.
pub const SPEC_VERSION: (&str, &str) = ("ce_specversion", "1.0");
/// The id's header.
pub const ID: &str = "ce_id";
/// The type's header.
pub const TYPE: &str = "ce_type";
/// The source's header.
pub const SOURCE: &str = "ce_source";
/// The event time's header.
pub const TIME: &str = "ce_time";
/// The payload's form.
pub const CONTENT_TYPE: (&str, &str) = ("content-type", "application/json");
