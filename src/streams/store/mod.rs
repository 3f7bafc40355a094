//! A keyed store that knows what changed since the last commit.
//!
//! Values are in memory. Where a [`Memory`] is shared, those not used for longest are spilled to a
//! file once all stores together hold more than it allows, and come back when they are asked for: a
//! store answers the same with any memory, only later. What is spilled is no second truth; the
//! changelog is, and a store that cannot read its file is lost ([`StateLost`]).

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::streams::store::away::Away;
pub use crate::streams::store::memory::{Memory, Share, SpillFile, SpillFolder, StateLost};

mod away;
mod memory;
mod spill;

/// What a store keeps for a key, and its form in the changelog.
pub trait StoreValue: Default {
    /// Appends the value's changelog form.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads the changelog form.
    ///
    /// # Errors
    /// What is wrong with the bytes, or that they are of a newer format.
    fn decode(bytes: &[u8]) -> Result<Self, String>;

    /// About how many bytes it holds outside of itself.
    fn heap(&self) -> usize;
}

/// So many records of a changelog are restored between two looks at how much memory there is.
const LOOK_EVERY: u32 = 256;
/// Of so many keys in memory that are looked at for expiry, one in a file is.
const RARER: usize = 4;

struct Slot<V> {
    key: Box<[u8]>,
    value: V,
    /// What it counts for in memory, as of the last commit.
    weight: u32,
    dirty: bool,
    /// Deleted since the last commit: the changelog still needs the tombstone.
    gone: bool,
    /// The changelog holds it: its end needs a tombstone.
    stored: bool,
    /// Asked for since somebody last looked for what to spill.
    used: bool,
}

/// A store: values by key, with the set of keys changed since [`Store::take_changes`].
///
/// Values lie in one vector and the table holds only their positions, so that a key is stored
/// once and a change is noted by four bytes.
pub struct Store<V> {
    name: &'static str,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    slots: Vec<Slot<V>>,
    free: Vec<u32>,
    changed: Vec<u32>,
    sweep: usize,
    /// What the stores of the process may hold; `None`: as much as there is.
    memory: Option<Arc<Memory>>,
    /// Bytes held by the values.
    held: u64,
    /// The same and all else, as the memory was told.
    told: (u64, u64),
    away: Away,
    told_away: u64,
    /// What others hold for its keys.
    beside: u64,
    /// Where the search for what to spill goes on.
    hand: usize,
    restored: u32,
    buffer: Vec<u8>,
}

impl<V> Drop for Store<V> {
    fn drop(&mut self) {
        if let Some(memory) = &self.memory {
            memory.holds(self.told, (0, 0));
            memory.has_spilled(self.told_away, 0);
        }
    }
}

impl<V: StoreValue> Store<V> {
    /// An empty store named `name`.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            slots: Vec::new(),
            free: Vec::new(),
            changed: Vec::new(),
            sweep: 0,
            memory: None,
            held: 0,
            told: (0, 0),
            away: Away::default(),
            told_away: 0,
            beside: 0,
            hand: 0,
            restored: 0,
            buffer: Vec::new(),
        }
    }

    /// Keeps within what all stores of the process may hold; called while it is empty.
    pub fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.memory = Some(Arc::clone(memory));
    }

    /// Counts `bytes` in that others hold for its keys and cannot be spilled.
    pub const fn beside(&mut self, bytes: u64) {
        self.beside = bytes;
    }

    /// The store's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len() + self.away.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.table.find(hash, |at| *self.slots[*at as usize].key == *key).copied()
    }

    /// The same; a value that was spilled comes back.
    fn fetch(&mut self, key: &[u8]) -> Option<u32> {
        let at = self.find(key).or_else(|| self.recall(key))?;
        self.slots[at as usize].used = true;
        Some(at)
    }

    fn recall(&mut self, key: &[u8]) -> Option<u32> {
        if self.away.is_empty() {
            return None;
        }
        let hash = self.hasher.hash_one(key);
        let mut buffer = std::mem::take(&mut self.buffer);
        let found = self.away.take(hash, key, &mut buffer).unwrap_or_else(|e| self.lost(&e));
        let at = found.map(|value| {
            let value = V::decode(&buffer[value..]).unwrap_or_else(|e| self.lost(&e));
            self.put(key, value)
        });
        self.buffer = buffer;
        at
    }

    /// Puts a value back that the changelog holds.
    fn put(&mut self, key: &[u8], value: V) -> u32 {
        let at = self.insert(key);
        self.hold(at, value);
        at
    }

    /// Gives a slot a value that the changelog holds.
    fn hold(&mut self, at: u32, value: V) {
        let slot = &mut self.slots[at as usize];
        slot.value = value;
        slot.stored = true;
        self.weigh(at);
    }

    /// Ends the thread's work: what the store holds is not known any more.
    fn lost(&self, cause: &dyn std::fmt::Display) -> ! {
        let lost = format!("store \"{}\": {cause}", self.name);
        // Not a panic: nothing is wrong with the program or the record.
        std::panic::resume_unwind(Box::new(StateLost(lost)))
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&mut self, key: &[u8]) -> Option<&V> {
        let at = self.fetch(key)?;
        let slot = &self.slots[at as usize];
        (!slot.gone).then_some(&slot.value)
    }

    /// The value of `key` to change, made if absent. `change` tells whether it did change the
    /// value; only then is it written to the changelog.
    pub fn update<T>(&mut self, key: &[u8], change: impl FnOnce(&mut V) -> (bool, T)) -> T {
        let at = self.fetch(key);
        let (at, fresh) = at.map_or_else(|| (self.insert(key), true), |at| (at, false));
        let slot = &mut self.slots[at as usize];
        if slot.gone {
            slot.value = V::default();
        }
        let (changed, result) = change(&mut slot.value);
        if changed {
            slot.gone = false;
            slot.used = true;
            if !slot.dirty {
                slot.dirty = true;
                self.changed.push(at);
            }
        } else if fresh {
            self.forget(at);
        }
        result
    }

    /// The hash of a key in this store; in another store it is another.
    #[must_use]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Whether a key of this hash is there.
    #[must_use]
    pub fn holds_hash(&self, hash: u64) -> bool {
        let own = |slot: &Slot<V>| !slot.gone && self.hasher.hash_one(&*slot.key) == hash;
        self.table.iter_hash(hash).any(|at| own(&self.slots[*at as usize])) || self.away.holds(hash)
    }

    /// Takes the keys of a hash out of which `wanted` says so, with their values; as a rule there is
    /// one.
    pub fn take_hash(
        &mut self,
        hash: u64,
        wanted: impl Fn(&[u8], &V) -> bool,
    ) -> Vec<(Box<[u8]>, V)> {
        let mut taken = Vec::new();
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(at) = self.away.pop(hash, &mut buffer).unwrap_or_else(|e| self.lost(&e)) {
            let key = &buffer[away::HEADER..at];
            let value = V::decode(&buffer[at..]).unwrap_or_else(|e| self.lost(&e));
            let slot = self.put(key, value);
            if wanted(key, &self.slots[slot as usize].value) {
                taken.push((key.into(), self.pull(slot)));
            }
        }
        self.buffer = buffer;
        let own = |at: &&u32| {
            let slot = &self.slots[**at as usize];
            let same = !slot.gone && self.hasher.hash_one(&*slot.key) == hash;
            same && wanted(&slot.key, &slot.value)
        };
        let found: Vec<u32> = self.table.iter_hash(hash).filter(own).copied().collect();
        taken.extend(
            found.into_iter().map(|at| (self.slots[at as usize].key.clone(), self.pull(at))),
        );
        taken
    }

    /// Takes a value out.
    fn pull(&mut self, at: u32) -> V {
        let value = std::mem::take(&mut self.slots[at as usize].value);
        self.bury(at);
        value
    }

    /// Takes the value of `key` out.
    pub fn take(&mut self, key: &[u8]) -> Option<V> {
        let at = self.fetch(key).filter(|at| !self.slots[*at as usize].gone)?;
        Some(self.pull(at))
    }

    /// Deletes `key`.
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(at) = self.fetch(key) {
            self.bury(at);
        }
    }

    fn bury(&mut self, at: u32) {
        let slot = &mut self.slots[at as usize];
        if !slot.stored {
            // The changelog never held it: it leaves no trace.
            self.forget(at);
            return;
        }
        slot.gone = true;
        slot.value = V::default();
        if !slot.dirty {
            slot.dirty = true;
            self.changed.push(at);
        }
    }

    fn insert(&mut self, key: &[u8]) -> u32 {
        let (value, key_bytes) = (V::default(), key.into());
        let slot = Slot {
            key: key_bytes,
            value,
            weight: 0,
            dirty: false,
            gone: false,
            stored: false,
            used: false,
        };
        let at = if let Some(at) = self.free.pop() {
            self.slots[at as usize] = slot;
            at
        } else {
            self.slots.push(slot);
            u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 keys a partition")
        };
        let hash = self.hasher.hash_one(key);
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.table.insert_unique(hash, at, |at| hasher.hash_one(&*slots[*at as usize].key));
        at
    }

    fn forget(&mut self, at: u32) {
        let hash = self.hasher.hash_one(&*self.slots[at as usize].key);
        if let Ok(entry) = self.table.find_entry(hash, |other| *other == at) {
            entry.remove();
        }
        let slot = &mut self.slots[at as usize];
        slot.key = Box::default();
        slot.value = V::default();
        // It may be among the changes, and its place be given again before they are taken.
        slot.dirty = false;
        self.held -= u64::from(std::mem::take(&mut slot.weight));
        self.free.push(at);
    }

    /// Looks at up to `count` keys, continuing where the last call ended, and deletes those for
    /// which `expired` says so.
    pub fn expire(&mut self, count: usize, expired: impl Fn(&V) -> bool) {
        self.expire_telling(count, expired, |_| ());
    }

    /// The same; `gone` is told each key that is deleted.
    pub fn expire_telling(
        &mut self,
        count: usize,
        expired: impl Fn(&V) -> bool,
        mut gone: impl FnMut(&[u8]),
    ) {
        for _ in 0..count.min(self.slots.len()) {
            self.sweep = (self.sweep + 1) % self.slots.len();
            let slot = &self.slots[self.sweep];
            if !slot.key.is_empty() && !slot.gone && expired(&slot.value) {
                gone(&slot.key);
                // Positions fit: they came from u32.
                self.bury(u32::try_from(self.sweep).unwrap_or(0));
            }
        }
        if self.away.is_empty() {
            return;
        }
        let is_over = |bytes: &[u8]| V::decode(bytes).is_ok_and(|value| expired(&value));
        let swept = self.away.sweep(count.div_ceil(RARER), is_over);
        for key in swept.unwrap_or_else(|e| self.lost(&e)) {
            gone(&key);
            let at = self.insert(&key);
            self.slots[at as usize].stored = true;
            self.bury(at);
        }
    }

    /// Hands each change since the last call to `write` (`None`: deleted), and forgets them. Then
    /// spills what is too much.
    pub fn take_changes(&mut self, write: &mut dyn FnMut(&[u8], Option<&[u8]>)) {
        let mut buffer = Vec::with_capacity(512);
        for at in std::mem::take(&mut self.changed) {
            let slot = &mut self.slots[at as usize];
            if !std::mem::take(&mut slot.dirty) {
                continue;
            }
            if slot.gone {
                write(&slot.key, None);
                self.forget(at);
            } else {
                slot.stored = true;
                buffer.clear();
                slot.value.encode(&mut buffer);
                write(&slot.key, Some(&buffer));
                self.weigh(at);
            }
        }
        self.give_back();
        self.make_room();
    }

    /// Takes one record of the changelog.
    ///
    /// # Errors
    /// What [`StoreValue::decode`] says.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        if key.is_empty() {
            return Err("an empty key".to_owned());
        }
        match value {
            None => {
                if let Some(at) = self.fetch(key) {
                    self.forget(at);
                }
            }
            Some(bytes) => {
                let value = V::decode(bytes)?;
                let at = self.fetch(key).unwrap_or_else(|| self.insert(key));
                self.hold(at, value);
            }
        }
        self.restored += 1;
        if self.restored.is_multiple_of(LOOK_EVERY) {
            self.make_room();
        }
        Ok(())
    }

    /// Hands every key and value to `each`, in no order.
    pub fn each(&mut self, mut each: impl FnMut(&[u8], &V)) {
        let held = self.table.iter().map(|at| &self.slots[*at as usize]);
        held.filter(|slot| !slot.gone).for_each(|slot| each(&slot.key, &slot.value));
        let mut broken = None;
        let read = self.away.each(|key, bytes| match V::decode(bytes) {
            Ok(value) => each(key, &value),
            Err(cause) => broken = Some(cause),
        });
        read.unwrap_or_else(|e| self.lost(&e));
        if let Some(cause) = broken {
            self.lost(&cause);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
