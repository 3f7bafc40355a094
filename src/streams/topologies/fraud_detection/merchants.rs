//! The stage keyed by merchant, and the table of merchants that every process reads whole.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::domain::{EventTime, Reason, Reject};
use crate::fraud::{LabelChange, MerchantHistory, RETENTION_HOURS};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, Store, StoreValue};
use crate::streams::topologies::fraud_detection::{MERCHANTS, TABLE};
use crate::streams::topology::{Gate, GlobalTable, Outcome, Task};

/// Merchants looked at for expiry with each label.
const SWEEP: usize = 4;
/// The store, by position.
const STORE: usize = 1;

/// The histories of all merchants, as the table has them by now.
#[derive(Default)]
pub(super) struct Merchants(RwLock<HashMap<Box<[u8]>, MerchantHistory>>);

impl Merchants {
    /// The histories at this moment.
    pub fn read(&self) -> RwLockReadGuard<'_, HashMap<Box<[u8]>, MerchantHistory>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GlobalTable for Merchants {
    fn apply(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        let history = value.map(MerchantHistory::decode).transpose().map_err(|e| e.to_string())?;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match history {
            Some(history) => all.insert(key.into(), history),
            None => all.remove(key),
        };
        Ok(())
    }

    fn held(&self) -> u64 {
        let all = self.read();
        let rows = all.iter().map(|(key, history)| key.len() + history.heap()).sum::<usize>();
        (all.capacity() * (size_of::<(Box<[u8]>, MerchantHistory)>() + 1) + rows) as u64
    }
}

impl StoreValue for MerchantHistory {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes).map_err(|fault| fault.to_string())
    }

    fn heap(&self) -> usize {
        Self::heap(self)
    }
}

pub(super) struct MerchantsTask {
    merchants: Store<MerchantHistory>,
    newest: EventTime,
    row: Vec<u8>,
}

impl MerchantsTask {
    pub fn new() -> Self {
        let merchants = Store::new(MERCHANTS);
        Self { merchants, newest: EventTime::default(), row: Vec::new() }
    }
}

impl Task for MerchantsTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        _gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let (key, value) = (record.key.unwrap_or_default(), record.value.unwrap_or_default());
        let change = match LabelChange::decode(value) {
            Ok(change) => change,
            Err(fault) => {
                return Outcome::Rejected(Reject::new(Reason::Foreign, "value", fault.to_string()));
            }
        };
        let row = &mut self.row;
        self.merchants.update(key, |history| {
            history.learn(change);
            row.clear();
            history.encode(row);
            (true, ())
        });
        out.row(TABLE, change.time, key, Some(&self.row));
        self.newest = self.newest.max(change.time);
        let newest = self.newest;
        let horizon = newest.plus_micros(-RETENTION_HOURS * 3_600_000_000);
        let over = |h: &MerchantHistory| h.latest().is_none_or(|latest| latest < horizon);
        self.merchants.expire_telling(SWEEP, over, |key| out.row(TABLE, newest, key, None));
        Outcome::Processed
    }

    fn advance(&mut self, _stream_time: EventTime, _out: &mut Outputs) {
        // Histories are as of a payment's time: nothing here waits for time to pass.
    }

    fn drain(&mut self, _out: &mut Outputs) -> Option<EventTime> {
        None
    }

    fn resume(&mut self, _stream_time: EventTime) {
        // It has no time of its own.
    }

    fn waits_for_time(&self) -> bool {
        false
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.merchants.take_changes(&mut |key, value| write(STORE, key, value));
    }

    fn restore(&mut self, _store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        self.merchants.restore(key, value)?;
        let latest = self.merchants.get(key).and_then(MerchantHistory::latest);
        self.newest = self.newest.max(latest.unwrap_or_default());
        Ok(())
    }

    fn keys(&self) -> usize {
        self.merchants.len()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.merchants.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.merchants.make_room();
    }
}
