//! The records of a batch told apart: rows to store, records to set aside.

use crate::backends::kafka::intake::Taken;
use crate::backends::postgres::copy::EncodedPayments;
use crate::backends::postgres::ingest::Rows;
use crate::domain::payment::PaymentDraft;
use crate::domain::{PaymentEvent, Reason, Reject};
use crate::metrics::alert::Alert;
use crate::metrics::batch::arrange;
use crate::metrics::decode::{Rules, within};
use crate::metrics::sample::to_json;

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
}

/// Judges the records of a batch.
pub fn judge(kind: Kind, records: &[Taken], rules: &Rules, tenant: &str) -> Judged {
    match kind {
        Kind::Payment => payments(records, rules, tenant),
        Kind::Alert => alerts(records, rules),
    }
}

fn payments(records: &[Taken], rules: &Rules, tenant: &str) -> Judged {
    let mut aside = Vec::new();
    let (mut good, mut places) = (Vec::new(), Vec::new());
    for (at, record) in records.iter().enumerate() {
        match payment(record, rules) {
            Ok(payment) => {
                good.push(payment);
                places.push(at);
            }
            Err(reject) => aside.push(Aside { record: at, reject, stored: None }),
        }
    }
    let arranged = arrange(&good);
    for (row, first) in &arranged.conflicting {
        let record = &records[places[*first]];
        let detail = format!(
            "payment, time and status are those of offset {} of partition {}, with other content",
            record.offset, record.partition
        );
        let reject = Reject::new(Reason::Conflicting, "", detail);
        let stored = Some(to_json(&good[*first]));
        aside.push(Aside { record: places[*row], reject, stored });
    }
    let mut rows = EncodedPayments::default();
    let mut kept = Vec::with_capacity(arranged.keep.len());
    for row in arranged.keep {
        match rows.push(&good[row], tenant) {
            Ok(()) => kept.push(places[row]),
            Err(error) => {
                let reject = Reject::new(Reason::BadText, "", error.to_string());
                aside.push(Aside { record: places[row], reject, stored: None });
            }
        }
    }
    let duplicates = u64::try_from(arranged.duplicates.len()).unwrap_or(u64::MAX);
    Judged { rows: Rows::Payments(rows), records: kept, aside, duplicates }
}

fn payment<'a>(record: &'a Taken, rules: &Rules) -> Result<PaymentEvent<'a>, Reject> {
    let value = content(record)?;
    let payment = PaymentDraft::from_json(value)?.check(rules.currency, record.time)?;
    within(payment.time, rules)?;
    Ok(payment)
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
    Judged { rows: Rows::Alerts(rows), records: places, aside, duplicates: 0 }
}

fn content(record: &Taken) -> Result<&[u8], Reject> {
    record.value.as_deref().ok_or_else(|| Reject::new(Reason::Empty, "", "a tombstone: no content"))
}
