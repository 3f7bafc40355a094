//! A keyed store in memory that knows what changed since the last commit.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// What a store keeps for a key, and its form in the changelog.
pub trait StoreValue: Default {
    /// Appends the value's changelog form.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads the changelog form.
    ///
    /// # Errors
    /// What is wrong with the bytes, or that they are of a newer format.
    fn decode(bytes: &[u8]) -> Result<Self, String>;
}

struct Slot<V> {
    key: Box<[u8]>,
    value: V,
    dirty: bool,
    /// Deleted since the last commit: the changelog still needs the tombstone.
    gone: bool,
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
        }
    }

    /// The store's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.table.find(hash, |at| *self.slots[*at as usize].key == *key).copied()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        let slot = &self.slots[self.find(key)? as usize];
        (!slot.gone).then_some(&slot.value)
    }

    /// The value of `key` to change, made if absent. `change` tells whether it did change the
    /// value; only then is it written to the changelog.
    pub fn update<T>(&mut self, key: &[u8], change: impl FnOnce(&mut V) -> (bool, T)) -> T {
        let at = self.find(key);
        let (at, fresh) = at.map_or_else(|| (self.insert(key), true), |at| (at, false));
        let slot = &mut self.slots[at as usize];
        if slot.gone {
            slot.value = V::default();
        }
        let (changed, result) = change(&mut slot.value);
        if changed {
            slot.gone = false;
            if !slot.dirty {
                slot.dirty = true;
                self.changed.push(at);
            }
        } else if fresh {
            self.forget(at);
        }
        result
    }

    /// Deletes `key`.
    pub fn remove(&mut self, key: &[u8]) {
        if let Some(at) = self.find(key) {
            self.bury(at);
        }
    }

    fn bury(&mut self, at: u32) {
        let slot = &mut self.slots[at as usize];
        slot.gone = true;
        slot.value = V::default();
        if !slot.dirty {
            slot.dirty = true;
            self.changed.push(at);
        }
    }

    fn insert(&mut self, key: &[u8]) -> u32 {
        let slot = Slot { key: key.into(), value: V::default(), dirty: false, gone: false };
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
        self.slots[at as usize].key = Box::default();
        self.slots[at as usize].value = V::default();
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
    }

    /// Hands each change since the last call to `write` (`None`: deleted), and forgets them.
    pub fn take_changes(&mut self, write: &mut dyn FnMut(&[u8], Option<&[u8]>)) {
        let mut buffer = Vec::with_capacity(512);
        for at in std::mem::take(&mut self.changed) {
            let slot = &mut self.slots[at as usize];
            slot.dirty = false;
            if slot.gone {
                write(&slot.key, None);
                self.forget(at);
            } else {
                buffer.clear();
                slot.value.encode(&mut buffer);
                write(&slot.key, Some(&buffer));
            }
        }
    }

    /// Takes one record of the changelog.
    ///
    /// # Errors
    /// What [`StoreValue::decode`] says.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        match value {
            None => {
                if let Some(at) = self.find(key) {
                    self.forget(at);
                }
            }
            Some(bytes) => {
                let value = V::decode(bytes)?;
                let at = self.find(key).unwrap_or_else(|| self.insert(key));
                self.slots[at as usize].value = value;
            }
        }
        Ok(())
    }

    /// Every key and value, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &V)> {
        self.table
            .iter()
            .map(|at| &self.slots[*at as usize])
            .filter(|s| !s.gone)
            .map(|s| (&*s.key, &s.value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Default, Debug, PartialEq, Clone)]
    struct Number(u8);

    impl StoreValue for Number {
        fn encode(&self, out: &mut Vec<u8>) {
            out.push(self.0);
        }
        fn decode(bytes: &[u8]) -> Result<Self, String> {
            bytes.first().map(|b| Self(*b)).ok_or_else(|| "empty".to_owned())
        }
    }

    #[derive(Debug, Clone)]
    enum Op {
        Put(u8, u8),
        Touch(u8),
        Remove(u8),
        Expire(u8),
        Commit,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            (0..6_u8, any::<u8>()).prop_map(|(k, v)| Op::Put(k, v)),
            (0..6_u8).prop_map(Op::Touch),
            (0..6_u8).prop_map(Op::Remove),
            any::<u8>().prop_map(Op::Expire),
            Just(Op::Commit),
        ]
    }

    proptest! {
        /// Against a plain map; and a store restored from the changelog equals the live one.
        #[test]
        fn equals_a_map_and_its_changelog(ops in prop::collection::vec(op(), 0..200)) {
            let mut store: Store<Number> = Store::new("numbers");
            let mut model: BTreeMap<Vec<u8>, u8> = BTreeMap::new();
            let mut log: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
            for op in ops {
                match op {
                    Op::Put(k, v) => {
                        store.update(&[k], |n| { n.0 = v; (true, ()) });
                        model.insert(vec![k], v);
                    }
                    Op::Touch(k) => store.update(&[k], |_| (false, ())),
                    Op::Remove(k) => {
                        store.remove(&[k]);
                        model.remove(&vec![k]);
                    }
                    Op::Expire(v) => {
                        store.expire(1000, |n| n.0 == v);
                        model.retain(|_, n| *n != v);
                    }
                    Op::Commit => store.take_changes(&mut |k, v| log.push((k.to_vec(), v.map(<[u8]>::to_vec)))),
                }
                let live: BTreeMap<Vec<u8>, u8> = store.iter().map(|(k, v)| (k.to_vec(), v.0)).collect();
                prop_assert_eq!(&live, &model);
                for k in 0..6_u8 {
                    prop_assert_eq!(store.get(&[k]).map(|n| n.0), model.get(&vec![k]).copied());
                }
            }
            store.take_changes(&mut |k, v| log.push((k.to_vec(), v.map(<[u8]>::to_vec))));
            let mut restored: Store<Number> = Store::new("numbers");
            for (k, v) in &log {
                restored.restore(k, v.as_deref()).unwrap();
            }
            let again: BTreeMap<Vec<u8>, u8> = restored.iter().map(|(k, v)| (k.to_vec(), v.0)).collect();
            prop_assert_eq!(again, model);
        }
    }

    #[test]
    fn one_change_a_key_and_commit() {
        let mut store: Store<Number> = Store::new("numbers");
        for v in 0..5 {
            store.update(b"k", |n| {
                n.0 = v;
                (true, ())
            });
        }
        let mut written = Vec::new();
        store.take_changes(&mut |k, v| written.push((k.to_vec(), v.map(<[u8]>::to_vec))));
        assert_eq!(written, [(b"k".to_vec(), Some(vec![4]))]);
        store.take_changes(&mut |_, _| panic!("nothing changed"));
    }
}
