//! The records of a batch told apart: rows to store, records to set aside.

use crate::backends::kafka::intake::Taken;
use crate::backends::postgres::copy::EncodedRows;
use crate::backends::postgres::ingest::Rows;
use crate::domain::payment::PaymentDraft;
use crate::domain::{EventTime, Reason, Reject};
use crate::metrics::alert::Alert;
use crate::metrics::batch::arrange;
use crate::metrics::decode::{Rules, within};
use crate::metrics::draft::Draft;
use crate::metrics::identity::without_revision;
use crate::metrics::kind as metrics;
use crate::metrics::sample::Sample;

use super::Kind;

/// A record that is set aside: which, why, and what is stored in its place.
pub struct Aside {
    /// Its place in the batch.
    pub record: usize,
    /// The fault.
    pub reject: Reject,
    /// The version that is stored under its key.
    pub stored: Option<serde_json::Value>,
}

/// A batch that is ready to be stored.
pub struct Judged {
    /// The rows.
    pub rows: Rows,
    /// Which record each row is.
    pub records: Vec<usize>,
    /// What is set aside.
    pub aside: Vec<Aside>,
    /// Records that repeat an earlier one of the batch.
    pub duplicates: u64,
    /// Records of a lower revision than another of the batch.
    pub corrected: u64,
    /// When each row happened.
    pub times: Vec<EventTime>,
}

/// Whose the rows are, and whether each event id of theirs is to count once.
pub struct Whose {
    /// The tenant.
    pub tenant: String,
    /// Once, whatever its time.
    pub once: bool,
}

/// Judges the records of a batch of `topic`.
pub fn judge(kind: Kind, topic: &str, records: &[Taken], rules: &Rules, whose: &Whose) -> Judged {
    match kind.metric() {
        Some(kind) => samples(kind, topic, records, rules, whose),
        None => alerts(records, rules),
    }
}

fn samples(
    kind: metrics::Kind,
    topic: &str,
    records: &[Taken],
    rules: &Rules,
    whose: &Whose,
) -> Judged {
    let mut aside = Vec::new();
    let (mut good, mut places) = (Vec::new(), Vec::new());
    for (at, record) in records.iter().enumerate() {
        match sample(kind, topic, record, rules) {
            Ok(sample) => {
                good.push(sample);
                places.push(at);
            }
            Err(reject) => aside.push(Aside { record: at, reject, stored: None }),
        }
    }
    let arranged = arrange(&good);
    for (row, first) in &arranged.conflicting {
        let record = &records[places[*first]];
        let detail = format!(
            "{} are those of offset {} of partition {}, with other content",
            kind.key_in_words(),
            record.offset,
            record.partition
        );
        let reject = Reject::new(Reason::Conflicting, "", detail);
        let stored = Some(good[*first].to_json());
        aside.push(Aside { record: places[*row], reject, stored });
    }
    let mut rows = EncodedRows::new(whose.once);
    let mut kept = Vec::with_capacity(arranged.keep.len());
    let mut times = Vec::with_capacity(arranged.keep.len());
    for row in arranged.keep {
        match rows.push(&good[row], &whose.tenant) {
            Ok(()) => {
                kept.push(places[row]);
                times.push(good[row].time());
            }
            Err(error) => {
                let reject = Reject::new(Reason::BadText, "", error.to_string());
                aside.push(Aside { record: places[row], reject, stored: None });
            }
        }
    }
    let count = |list: &[usize]| u64::try_from(list.len()).unwrap_or(u64::MAX);
    let (duplicates, corrected) = (count(&arranged.duplicates), count(&arranged.corrected));
    Judged {
        rows: Rows::Samples(kind, Box::new(rows)),
        records: kept,
        aside,
        duplicates,
        corrected,
        times,
    }
}

fn sample<'a>(
    kind: metrics::Kind,
    topic: &str,
    record: &'a Taken,
    rules: &Rules,
) -> Result<Sample<'a>, Reject> {
    let value = content(record)?;
    let mut sample = if kind == metrics::Kind::Payment {
        Sample::Payment(PaymentDraft::from_json(value)?.check(rules.currency, record.time)?)
    } else {
        let draft = Draft::from_json(kind, value)?;
        Sample::check(kind, draft, rules.currency, record.time)?
    };
    let revision = sample.revision();
    if let Some(id) = sample.event_id_mut() {
        let own = record.id.as_deref().or(id.as_deref());
        *id = Some(match own {
            Some(own) => without_revision(own, revision).into(),
            None => format!("{topic}/{}/{}", record.partition, record.offset).into(),
        });
    }
    within(sample.time(), rules)?;
    Ok(sample)
}

fn alerts(records: &[Taken], rules: &Rules) -> Judged {
    let mut aside = Vec::new();
    let mut good = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let read = content(record).and_then(Alert::from_json).and_then(|alert| {
            within(alert.time, rules)?;
            Ok(alert)
        });
        match read {
            Ok(alert) => good.push((alert, at)),
            Err(reject) => aside.push(Aside { record: at, reject, stored: None }),
        }
    }
    // One order for all writers, so that none waits for another in a circle.
    good.sort_by(|a, b| a.0.alert_id.cmp(&b.0.alert_id).then(a.1.cmp(&b.1)));
    let (rows, places) = good.into_iter().unzip();
    Judged {
        rows: Rows::Alerts(rows),
        records: places,
        aside,
        duplicates: 0,
        corrected: 0,
        times: Vec::new(),
    }
}

fn content(record: &Taken) -> Result<&[u8], Reject> {
    record.value.as_deref().ok_or_else(|| Reject::new(Reason::Empty, "", "a tombstone: no content"))
}
