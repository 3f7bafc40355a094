//! The thread that reads, checks, sorts and encodes the next batches while the server works.

use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use tokio::sync::mpsc as channel;

use crate::backends::postgres::copy::EncodedPayments;
use crate::domain::{Reason, Reject};
use crate::metrics::batch::arrange;
use crate::metrics::decode::{Decoder, Rules};
use crate::metrics::ledger::Link;
use crate::metrics::reader::{Batch, Reader};

/// Batches that are ready before the server asks for them.
const AHEAD: usize = 2;

/// A batch that is ready to be sent.
#[derive(Default)]
pub struct Prepared {
    /// The records as they stand in the file.
    pub batch: Batch,
    /// The rows, sorted, each key once.
    pub rows: EncodedPayments,
    /// Which record each row is.
    pub records: Vec<usize>,
    /// What was set aside: record and fault.
    pub aside: Vec<(usize, Reject)>,
    /// Records that repeat an earlier one of the batch.
    pub duplicates: u64,
    /// Records with the key of an earlier one of the batch and other content: both.
    pub conflicting: Vec<(usize, usize)>,
    /// Rows whose amount was rounded.
    pub rounded: u64,
    /// Bytes of the file read so far.
    pub position: u64,
}

impl Prepared {
    /// Records that passed every check and are worth a row.
    pub fn valid(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX) + self.duplicates
    }
}

/// How the batches are made.
#[derive(Clone)]
pub struct Plan {
    /// Reads the lines.
    pub decoder: Arc<Decoder>,
    /// What is accepted.
    pub rules: Rules,
    /// Whose rows they are.
    pub tenant: String,
    /// Records of a batch.
    pub size: usize,
    /// h(0).
    pub first: Link,
}

/// The batches, and the way back for their memory.
pub struct Batches {
    /// The next batch, or why the file cannot be read on.
    pub ready: channel::Receiver<std::io::Result<Prepared>>,
    /// Takes used batches.
    pub back: mpsc::Sender<Prepared>,
}

/// Starts the thread; it ends with the file or when nobody takes its batches any more.
pub fn start(
    mut reader: Reader<Box<dyn BufRead + Send>>,
    position: Arc<AtomicU64>,
    plan: Plan,
) -> Batches {
    let (ready_in, ready) = channel::channel(AHEAD);
    let (back, back_out) = mpsc::channel::<Prepared>();
    let work = move || {
        let mut link = plan.first;
        loop {
            let used = back_out.try_recv().unwrap_or_default();
            let next = reader.batch(link, plan.size, used.batch);
            let next = match next {
                Ok(Some(batch)) => {
                    link = batch.link.unwrap_or(link);
                    let read = position.load(Ordering::Relaxed);
                    Ok(prepare(batch, used.rows, &plan, read))
                }
                Ok(None) => return,
                Err(error) => Err(error),
            };
            let last = next.is_err();
            if ready_in.blocking_send(next).is_err() || last {
                return;
            }
        }
    };
    // The thread's end shows in the channel; nothing is gained by joining it.
    drop(std::thread::Builder::new().name("bss-import".into()).spawn(work));
    Batches { ready, back }
}

/// Checks, sorts and encodes the records of a batch.
pub fn prepare(batch: Batch, mut rows: EncodedPayments, plan: &Plan, position: u64) -> Prepared {
    rows.clear();
    let mut prepared = Prepared { rows, position, ..Prepared::default() };
    let mut payments = Vec::with_capacity(batch.records.len());
    let mut places = Vec::with_capacity(batch.records.len());
    for (at, record) in batch.records.iter().enumerate() {
        let decoded = if record.cut {
            let detail = format!("at most {} bytes are accepted", record.len);
            Err(Reject::new(Reason::Oversize, "", detail))
        } else {
            plan.decoder.decode(batch.record(at), &plan.rules)
        };
        match decoded {
            Ok(accepted) => {
                prepared.rounded += u64::from(accepted.rounded);
                payments.push(accepted.payment);
                places.push(at);
            }
            Err(reject) => prepared.aside.push((at, reject)),
        }
    }
    let arranged = arrange(&payments);
    prepared.duplicates = u64::try_from(arranged.duplicates.len()).unwrap_or(u64::MAX);
    prepared.conflicting =
        arranged.conflicting.iter().map(|(row, first)| (places[*row], places[*first])).collect();
    for row in arranged.keep {
        match prepared.rows.push(&payments[row], &plan.tenant) {
            Ok(()) => prepared.records.push(places[row]),
            Err(error) => {
                let reject = Reject::new(Reason::BadText, "", error.to_string());
                prepared.aside.push((places[row], reject));
            }
        }
    }
    drop(payments);
    prepared.batch = batch;
    prepared
}
