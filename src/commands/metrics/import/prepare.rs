//! The thread that reads, checks, sorts and encodes the next batches while the server works.

use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use tokio::sync::mpsc as channel;

use crate::backends::postgres::copy::EncodedRows;
use crate::domain::{EventTime, Reason, Reject};
use crate::metrics::batch::arrange;
use crate::metrics::decode::{Accepted, Decoder, Rules};
use crate::metrics::identity::Identities;
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
    pub rows: EncodedRows,
    /// Which record each row is.
    pub records: Vec<usize>,
    /// What was set aside: record and fault.
    pub aside: Vec<(usize, Reject)>,
    /// Records that repeat an earlier one of the batch.
    pub duplicates: u64,
    /// Records with the key of one of the batch that has a higher revision.
    pub corrected: u64,
    /// Records with the key of an earlier one of the batch and other content: both.
    pub conflicting: Vec<(usize, usize)>,
    /// Records that `--where` leaves out.
    pub left_out: u64,
    /// Rows whose amount was rounded.
    pub rounded: u64,
    /// Rows before the refresh window of an aggregate.
    pub outside: u64,
    /// Bytes of the file read so far.
    pub position: u64,
}

impl Prepared {
    /// Records that passed every check and are worth a row.
    pub fn valid(&self) -> u64 {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX) + self.duplicates + self.corrected
    }
}

/// How the batches are made.
#[derive(Clone)]
pub struct Plan {
    /// Reads the lines.
    pub decoder: Arc<Decoder>,
    /// What is accepted.
    pub rules: Rules,
    /// Where the refresh window of the aggregates begins.
    pub window: Option<EventTime>,
    /// Whose rows they are.
    pub tenant: String,
    /// Records of a batch.
    pub size: usize,
    /// Whether each event id is to count once.
    pub once: bool,
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
        let mut identities = Identities::default();
        loop {
            let used = back_out.try_recv().unwrap_or_else(|_| {
                let rows = EncodedRows::new(plan.once);
                Prepared { rows, ..Prepared::default() }
            });
            let next = reader.batch(link, plan.size, used.batch);
            let next = match next {
                Ok(Some(batch)) => {
                    link = batch.link.unwrap_or(link);
                    let read = position.load(Ordering::Relaxed);
                    Ok(prepare(batch, used.rows, &plan, read, &mut identities))
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
pub fn prepare(
    batch: Batch,
    mut rows: EncodedRows,
    plan: &Plan,
    position: u64,
    identities: &mut Identities,
) -> Prepared {
    rows.clear();
    let mut prepared = Prepared { rows, position, ..Prepared::default() };
    let mut samples = Vec::with_capacity(batch.records.len());
    let mut places = Vec::with_capacity(batch.records.len());
    for at in 0..batch.records.len() {
        match read(&batch, at, plan) {
            Ok(None) => prepared.left_out += 1,
            Ok(Some(mut accepted)) => {
                prepared.rounded += u64::from(accepted.rounded);
                if let Some(id @ None) = accepted.sample.event_id_mut() {
                    let mut name = identities.name(batch.record(at));
                    if let Some(metric) = plan.decoder.metric_name() {
                        name.push('/');
                        name.push_str(metric);
                    }
                    *id = Some(name.into());
                }
                samples.push(accepted.sample);
                places.push(at);
            }
            Err(reject) => prepared.aside.push((at, reject)),
        }
    }
    let arranged = arrange(&samples);
    prepared.duplicates = u64::try_from(arranged.duplicates.len()).unwrap_or(u64::MAX);
    prepared.corrected = u64::try_from(arranged.corrected.len()).unwrap_or(u64::MAX);
    prepared.conflicting =
        arranged.conflicting.iter().map(|(row, first)| (places[*row], places[*first])).collect();
    for row in arranged.keep {
        match prepared.rows.push(&samples[row], &plan.tenant) {
            Ok(()) => {
                let outside = plan.window.is_some_and(|start| samples[row].time() < start);
                prepared.outside += u64::from(outside);
                prepared.records.push(places[row]);
            }
            Err(error) => {
                let reject = Reject::new(Reason::BadText, "", error.to_string());
                prepared.aside.push((places[row], reject));
            }
        }
    }
    drop(samples);
    prepared.batch = batch;
    prepared
}

/// Reads one record; nothing if it is not wanted.
fn read<'b>(batch: &'b Batch, at: usize, plan: &Plan) -> Result<Option<Accepted<'b>>, Reject> {
    let record = batch.records[at];
    if record.cut {
        let detail = format!("at most {} bytes are accepted", record.len);
        return Err(Reject::new(Reason::Oversize, "", detail));
    }
    let line = batch.record(at);
    if plan.decoder.leaves_out(line)? {
        return Ok(None);
    }
    plan.decoder.decode(line, &plan.rules).map(Some)
}
