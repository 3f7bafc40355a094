//! The headers of outputs.

use rdkafka::message::{Header, OwnedHeaders};

use crate::domain::{EventTime, cloud_event};
use crate::streams::topology::Sink;

/// The CloudEvents headers of an output of `sink`.
pub(super) fn cloud(sink: &Sink, id: &str, time: EventTime) -> OwnedHeaders {
    let mut text = Vec::with_capacity(32);
    time.write_rfc3339(&mut text);
    let (spec, version) = cloud_event::SPEC_VERSION;
    let (content, json) = cloud_event::CONTENT_TYPE;
    OwnedHeaders::new_with_capacity(6)
        .insert(Header { key: spec, value: Some(version) })
        .insert(Header { key: cloud_event::ID, value: Some(id) })
        .insert(Header { key: cloud_event::TYPE, value: Some(sink.event_type) })
        .insert(Header { key: cloud_event::SOURCE, value: Some(&sink.event_source) })
        .insert(Header { key: cloud_event::TIME, value: Some(&text) })
        .insert(Header { key: content, value: Some(json) })
}
