//! The events that tell windows and sessions, as JSON with their ids.

use crate::activity::{ActivityRules, ActivitySums, SessionKey};
use crate::domain::{EventTime, json};

/// The result of one window or session.
#[derive(Clone, Copy, Debug)]
pub struct WindowResult<'a> {
    /// Its first instant.
    pub start: EventTime,
    /// The first instant behind it; of a session, its last event.
    pub end: EventTime,
    /// 1 for its first result; each later one replaces those before.
    pub revision: u32,
    /// What was done; `None` withdraws the result.
    pub sums: Option<&'a ActivitySums>,
}

/// A written event: its deterministic id and its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The `ce_id`.
    pub id: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl Written {
    fn clear(&mut self) {
        self.id.clear();
        self.value.clear();
    }

    /// `<customer>/[<session>/]<start>-<end>[/r<revision>]`, times in microseconds: the span is
    /// what a result is about, and a session that grows has another.
    fn write_id(&mut self, customer: &str, session: Option<&str>, result: &WindowResult<'_>) {
        let mut number = itoa::Buffer::new();
        self.id.extend_from_slice(customer.as_bytes());
        if let Some(session) = session {
            self.id.push(b'/');
            self.id.extend_from_slice(session.as_bytes());
        }
        self.id.push(b'/');
        self.id.extend_from_slice(number.format(result.start.micros()).as_bytes());
        self.id.push(b'-');
        self.id.extend_from_slice(number.format(result.end.micros()).as_bytes());
        if result.revision > 1 {
            self.id.extend_from_slice(b"/r");
            self.id.extend_from_slice(number.format(result.revision).as_bytes());
        }
    }

    /// Count, counts by type, score and revision; or that the result is withdrawn.
    fn write_sums(&mut self, rules: &ActivityRules, sums: Option<&ActivitySums>, revision: u32) {
        let out = &mut self.value;
        if let Some(sums) = sums {
            json::number_field("count", sums.count(), out);
            json::key("activityCounts", out);
            out.push(b'{');
            for (at, (name, count)) in sums.types().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                json::text(name, out);
                out.push(b':');
                out.extend_from_slice(itoa::Buffer::new().format(count).as_bytes());
            }
            out.push(b'}');
            json::thousandths_field("activityScore", rules.score(sums), out);
        } else {
            out.extend_from_slice(b",\"withdrawn\":true");
        }
        json::number_field("revision", revision, out);
        out.push(b'}');
    }
}

/// Writes a window's result.
pub fn write_window(
    rules: &ActivityRules,
    customer: &str,
    result: WindowResult<'_>,
    out: &mut Written,
) {
    out.clear();
    out.write_id(customer, None, &result);
    out.value.extend_from_slice(b"{\"customerId\":");
    json::text(customer, &mut out.value);
    json::time_field("windowStart", result.start, &mut out.value);
    json::time_field("windowEnd", result.end, &mut out.value);
    out.write_sums(rules, result.sums, result.revision);
}

/// Writes a session's result. Its duration is from the first event to the last.
pub fn write_session(
    rules: &ActivityRules,
    key: &SessionKey,
    result: WindowResult<'_>,
    out: &mut Written,
) {
    out.clear();
    let session = key.session.as_deref();
    out.write_id(&key.customer, session, &result);
    out.value.extend_from_slice(b"{\"customerId\":");
    json::text(&key.customer, &mut out.value);
    json::optional_field("sessionId", session, &mut out.value);
    json::time_field("start", result.start, &mut out.value);
    json::time_field("end", result.end, &mut out.value);
    let duration = result.end.micros_since(result.start) / 1000;
    json::number_field("durationMs", duration, &mut out.value);
    out.write_sums(rules, result.sums, result.revision);
}

/// Writes a measurement of a customer (a row of `customer_metrics`), in thousandths, with the id
/// and the revision of the event it was taken from.
pub fn write_metric(
    customer: &str,
    name: &str,
    thousandths: i64,
    time: EventTime,
    source: (&Written, u32),
    out: &mut Written,
) {
    let (source, revision) = source;
    out.clear();
    out.id.extend_from_slice(&source.id);
    out.id.push(b'/');
    out.id.extend_from_slice(name.as_bytes());
    out.value.extend_from_slice(b"{\"customerId\":");
    json::text(customer, &mut out.value);
    json::text_field("metricName", name, &mut out.value);
    json::thousandths_field("metricValue", thousandths, &mut out.value);
    json::time_field("timestamp", time, &mut out.value);
    json::number_field("revision", revision, &mut out.value);
    out.value.push(b'}');
}

/// Writes that the session told by `recorded` is withdrawn; `None` if that is none of ours.
#[must_use]
pub fn withdraw_session(rules: &ActivityRules, recorded: &[u8], revision: u32) -> Option<Written> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Told {
        customer_id: String,
        session_id: Option<String>,
        start: String,
        end: String,
    }
    let told: Told = serde_json::from_slice(recorded).ok()?;
    let time = |text: &str| EventTime::from_event_text(text).ok();
    let (start, end) = (time(&told.start)?, time(&told.end)?);
    let key = SessionKey { customer: told.customer_id, session: told.session_id };
    let mut out = Written::default();
    write_session(rules, &key, WindowResult { start, end, revision, sums: None }, &mut out);
    Some(out)
}
