//! Writes records that are set aside: late ones and dead letters, as they came, with headers that
//! say where they came from and why.

use crate::domain::{EventTime, Reject};
use crate::streams::output::{Header, Outputs};
use crate::streams::record::SourceRecord;
use crate::streams::topology::{Description, Lateness};

/// Writes a late record; `stream_time` is what it is late for.
pub fn late(
    description: &Description,
    record: &SourceRecord<'_>,
    late: &Lateness,
    stream_time: Option<EventTime>,
    out: &mut Outputs,
) {
    let mut headers = origin(description, record);
    let millis = late.micros / 1000;
    headers.push(("bss_lateness_ms", millis.to_string().into_bytes()));
    if let Some((kind, span)) = late.window {
        let window = format!("{kind} {}/{}", span.start, span.end);
        headers.push(("bss_window", window.into_bytes()));
    }
    if let Some(time) = stream_time {
        headers.push(("bss_stream_time", time.to_string().into_bytes()));
    }
    carry(description.late_sink(), record, headers, stream_time, out);
}

/// Writes a dead letter.
pub fn dead_letter(
    description: &Description,
    record: &SourceRecord<'_>,
    reject: &Reject,
    stream_time: Option<EventTime>,
    out: &mut Outputs,
) {
    let mut headers = origin(description, record);
    headers.push(("bss_reason", reject.reason.code().into()));
    headers.push(("bss_field", reject.field.into()));
    headers.push(("bss_detail", reject.detail.clone().into_bytes()));
    carry(description.dead_letter_sink(), record, headers, stream_time, out);
}

fn origin(description: &Description, record: &SourceRecord<'_>) -> Vec<Header> {
    let topic = &description.sources[record.source].topic;
    let mut headers: Vec<Header> = vec![
        ("bss_topology", description.name.into()),
        ("bss_topic", topic.clone().into_bytes()),
        ("bss_partition", record.partition.to_string().into_bytes()),
        ("bss_offset", record.offset.to_string().into_bytes()),
    ];
    if record.value.is_none() {
        headers.push(("bss_tombstone", b"true".to_vec()));
    }
    headers
}

fn carry(
    sink: usize,
    record: &SourceRecord<'_>,
    headers: Vec<Header>,
    stream_time: Option<EventTime>,
    out: &mut Outputs,
) {
    let time = record.timestamp.or(stream_time).unwrap_or_default();
    out.carry(sink, time, record.key, record.value, headers);
}
