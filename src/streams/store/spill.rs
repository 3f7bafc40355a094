//! How a store keeps within the memory of its process.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::streams::store::away::Batch;
use crate::streams::store::{Memory, Slot, Store, StoreValue};

/// So many bytes are spilled in one go.
const BATCH: usize = 1 << 20;
/// Fewer slots than this are never given back.
const FEW: usize = 1024;

impl<V: StoreValue> Store<V> {
    /// Counts what a slot holds by now.
    pub(super) fn weigh(&mut self, at: u32) {
        if self.memory.is_none() {
            return;
        }
        let slot = &mut self.slots[at as usize];
        // What the allocator adds to the key is counted in.
        let bytes = size_of::<Slot<V>>() + 8 + slot.key.len() + slot.value.heap();
        let weight = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.held = self.held + u64::from(weight) - u64::from(slot.weight);
        slot.weight = weight;
    }

    /// Spills what is too much, that which was not asked for lately. Called at commits; also of a
    /// store in which nothing happens, since others may need the room.
    pub fn make_room(&mut self) {
        let Some(memory) = self.memory.clone() else { return };
        self.clean(&memory);
        self.tell(&memory);
        let wanted = memory.excess(self.held);
        if wanted == 0 {
            return;
        }
        let goal = self.held.saturating_sub(wanted);
        let mut steps = 2 * self.slots.len();
        while self.held > goal && steps > 0 {
            let (batch, chosen) = self.choose(goal, &mut steps);
            if batch.is_empty() {
                break;
            }
            if let Err(error) = self.away.put(memory.folder(), &batch) {
                memory.failed(error);
                break;
            }
            memory.succeeded();
            chosen.into_iter().for_each(|at| self.forget(at));
        }
        self.tell(&memory);
    }

    /// Writes a file anew if gaps take more than what is kept.
    fn clean(&mut self, memory: &Memory) {
        let found = self.away.to_move().unwrap_or_else(|e| self.lost(&e));
        let Some((batch, places)) = found else { return };
        match self.away.put(memory.folder(), &batch) {
            Ok(()) => self.away.moved(places),
            Err(error) => memory.failed(error),
        }
    }

    /// Values to spill until `goal` is held, a batch of them at most: second chance, in the order
    /// of the slots.
    fn choose(&mut self, goal: u64, steps: &mut usize) -> (Batch, Vec<u32>) {
        let (mut batch, mut chosen, mut left) = (Batch::default(), Vec::new(), self.held);
        while left > goal && *steps > 0 {
            *steps -= 1;
            self.hand = (self.hand + 1) % self.slots.len();
            let slot = &mut self.slots[self.hand];
            if slot.key.is_empty() || slot.dirty || std::mem::take(&mut slot.used) {
                continue;
            }
            // Two rounds at most: it is not chosen in both.
            slot.used = true;
            left -= u64::from(slot.weight);
            let hash = self.hasher.hash_one(&*slot.key);
            let size = batch.add(hash, &slot.key, |bytes| slot.value.encode(bytes));
            // Positions fit: they came from u32.
            chosen.push(u32::try_from(self.hand).unwrap_or(0));
            if size >= BATCH {
                break;
            }
        }
        (batch, chosen)
    }

    /// Tells the memory what is held by now.
    fn tell(&mut self, memory: &Memory) {
        // Slots that are not taken, and the tables.
        let slots = (self.slots.capacity() - self.table.len()) * size_of::<Slot<V>>()
            + self.table.capacity() * (size_of::<u32>() + 1);
        let held = (self.held, slots as u64 + self.away.held() + self.beside);
        let away = self.away.bytes();
        memory.holds(std::mem::replace(&mut self.told, held), held);
        memory.has_spilled(std::mem::replace(&mut self.told_away, away), away);
    }

    /// Gives memory of slots back that are not needed any more; nothing may be changed.
    pub(super) fn give_back(&mut self) {
        if self.slots.len() < FEW || self.free.len() < self.slots.len() / 4 * 3 {
            return;
        }
        let mut slots = Vec::with_capacity(self.table.len());
        // Collecting would keep the old memory.
        slots.extend(std::mem::take(&mut self.slots).into_iter().filter(|s| !s.key.is_empty()));
        self.slots = slots;
        self.free = Vec::new();
        (self.hand, self.sweep) = (0, 0);
        let mut table = HashTable::with_capacity(self.slots.len());
        let hash = |at: &u32| self.hasher.hash_one(&*self.slots[*at as usize].key);
        // Positions fit: there were more before.
        for at in (0_u32..).take(self.slots.len()) {
            table.insert_unique(hash(&at), at, hash);
        }
        self.table = table;
    }
}
