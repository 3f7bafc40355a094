//! A store against a map, with any memory, a full disk and a broken one.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;

/// A number, and as many bytes beside it.
#[derive(Default, Debug, PartialEq, Clone)]
struct Number(u8);

impl StoreValue for Number {
    fn encode(&self, out: &mut Vec<u8>) {
        out.resize(out.len() + 1 + usize::from(self.0), self.0);
    }
    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let number = *bytes.first().ok_or_else(|| "empty".to_owned())?;
        let whole = bytes.len() == 1 + usize::from(number) && bytes.iter().all(|b| *b == number);
        if whole { Ok(Self(number)) } else { Err("not as it was written".to_owned()) }
    }

    fn heap(&self) -> usize {
        self.0.into()
    }
}

/// Files in memory, which may refuse.
#[derive(Default, Clone)]
pub(crate) struct Drawer {
    full: Arc<AtomicBool>,
    unreadable: Arc<AtomicBool>,
    damaged: Arc<AtomicBool>,
}

struct Sheet(Mutex<Vec<u8>>, Drawer);

impl SpillFolder for Drawer {
    fn create(&self) -> io::Result<Box<dyn SpillFile>> {
        Ok(Box::new(Sheet(Mutex::default(), self.clone())))
    }
}

impl SpillFile for Sheet {
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut own, at) = (self.0.lock().unwrap(), usize::try_from(at).unwrap());
        let length = own.len().max(at + bytes.len());
        own.resize(length, 0);
        if self.1.full.load(Ordering::SeqCst) {
            own[at..at + bytes.len() / 2].copy_from_slice(&bytes[..bytes.len() / 2]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        own[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        if self.1.unreadable.load(Ordering::SeqCst) {
            return Err(io::Error::other("a bad sector"));
        }
        let (own, at) = (self.0.lock().unwrap(), usize::try_from(at).unwrap());
        into.copy_from_slice(&own[at..at + into.len()]);
        if self.1.damaged.load(Ordering::SeqCst) {
            let middle = into.len() / 2;
            into[middle] ^= 0x10;
        }
        Ok(())
    }
}

fn within(limit: u64) -> (Store<Number>, Arc<Memory>, Drawer) {
    let drawer = Drawer::default();
    let memory = Arc::new(Memory::new(limit, Box::new(drawer.clone())));
    let mut store = Store::new("numbers");
    store.keep_within(&memory);
    (store, memory, drawer)
}

fn put(store: &mut Store<Number>, key: &[u8], value: u8) {
    store.update(key, |n| {
        n.0 = value;
        (true, ())
    });
}

fn commit(store: &mut Store<Number>) {
    store.take_changes(&mut |_, _| ());
}

fn all(store: &mut Store<Number>) -> BTreeMap<Vec<u8>, u8> {
    let mut found = BTreeMap::new();
    store.each(|key, value| assert_eq!(found.insert(key.to_vec(), value.0), None));
    found
}

#[derive(Debug, Clone)]
enum Op {
    Put(u8, u8),
    Touch(u8),
    Get(u8),
    Remove(u8),
    Expire(u8),
    Commit,
    Fill(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..12_u8, any::<u8>()).prop_map(|(k, v)| Op::Put(k, v)),
        1 => (0..12_u8).prop_map(Op::Touch),
        2 => (0..12_u8).prop_map(Op::Get),
        1 => (0..12_u8).prop_map(Op::Remove),
        1 => any::<u8>().prop_map(Op::Expire),
        3 => Just(Op::Commit),
        1 => any::<bool>().prop_map(Op::Fill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    /// Against a plain map, with any memory and a disk that is full at times; and a store restored
    /// from the changelog equals the live one.
    #[test]
    fn equals_a_map_and_its_changelog(
        limit in prop_oneof![Just(0_u64), 0..3000_u64, Just(u64::MAX)],
        ops in prop::collection::vec(op(), 0..200),
    ) {
        let (mut store, memory, drawer) = within(limit);
        let mut model: BTreeMap<Vec<u8>, u8> = BTreeMap::new();
        let mut log: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
        for op in ops {
            match op {
                Op::Put(k, v) => {
                    put(&mut store, &[k], v);
                    model.insert(vec![k], v);
                }
                Op::Touch(k) => store.update(&[k], |_| (false, ())),
                Op::Get(k) => {
                    prop_assert_eq!(store.get(&[k]).map(|n| n.0), model.get(&vec![k]).copied());
                }
                Op::Remove(k) => {
                    store.remove(&[k]);
                    model.remove(&vec![k]);
                }
                Op::Expire(v) => {
                    store.expire(1000, |n| n.0 < v / 8);
                    model.retain(|_, n| *n >= v / 8);
                }
                Op::Commit => store.take_changes(&mut |k, v| log.push((k.to_vec(), v.map(<[u8]>::to_vec)))),
                Op::Fill(full) => drawer.full.store(full, Ordering::SeqCst),
            }
            // What was looked at comes back into memory, so this is not done at each step.
            if log.len().is_multiple_of(5) {
                prop_assert_eq!(&all(&mut store), &model);
            }
        }
        store.take_changes(&mut |k, v| log.push((k.to_vec(), v.map(<[u8]>::to_vec))));
        prop_assert_eq!(&all(&mut store), &model);
        prop_assert_eq!(store.len(), model.len());
        let (mut restored, _, _) = within(limit);
        for (k, v) in &log {
            restored.restore(k, v.as_deref()).unwrap();
        }
        prop_assert_eq!(&all(&mut restored), &model);
        drop(store);
        prop_assert_eq!((memory.held(), memory.spilled()), (0, 0), "what is gone is held");
    }
}

#[test]
fn one_change_a_key_and_commit() {
    let mut store: Store<Number> = Store::new("numbers");
    for v in 0..5 {
        put(&mut store, b"k", v);
    }
    let mut written = Vec::new();
    store.take_changes(&mut |k, v| written.push((k.to_vec(), v.map(<[u8]>::to_vec))));
    assert_eq!(written, [(b"k".to_vec(), Some(vec![4; 5]))]);
    store.take_changes(&mut |_, _| panic!("nothing changed"));
}

/// Ten times what fits, written again and again: what is held stays at the limit, files are
/// written anew, and every value is the last.
#[test]
fn memory_and_files_stay_bounded() {
    let limit = 4 << 20;
    let (mut store, memory, _) = within(limit);
    let keys = 150_000_u32;
    let mut random = 7_u64;
    let mut model = vec![0; keys as usize];
    for step in 0..1_500_000_u32 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let key = u32::try_from(random >> 33).unwrap() % keys;
        let value = u8::try_from(step % 251).unwrap();
        put(&mut store, &key.to_be_bytes(), value);
        model[key as usize] = value;
        if step % 5000 == 4999 {
            commit(&mut store);
            // What stays of a key in a file is held too, and room is made once a commit.
            let index = u64::from(keys) * 2 * 25;
            assert!(memory.held() < limit + index, "{} bytes", memory.held());
        }
    }
    let bytes = |value: &u8| u64::from(*value) + 21;
    assert!(memory.spilled() <= model.iter().map(bytes).sum(), "{} bytes", memory.spilled());
    assert!(memory.spilled() > 5 << 20, "{} bytes", memory.spilled());
    assert!(store.away.size() <= 2 * memory.spilled() + (12 << 20), "{}", store.away.size());
    for (key, value) in (0_u32..).zip(&model).filter(|(_, value)| **value > 0) {
        assert_eq!(store.get(&key.to_be_bytes()).map(|n| n.0), Some(*value));
    }
}

/// What is used often stays.
#[test]
fn what_is_used_stays_in_memory() {
    let (mut store, _, _) = within(300_000);
    for round in 0..5000_u32 {
        put(&mut store, b"often", 1);
        put(&mut store, &round.to_be_bytes(), 1);
        commit(&mut store);
        assert!(store.find(b"often").is_some(), "spilled in round {round}");
    }
    assert!(store.away.len() > 500);
}

/// What others hold of the memory is taken from the values, and given back.
#[test]
fn others_have_a_share() {
    let (mut store, memory, _) = within(300_000);
    for key in 0..1000_u32 {
        put(&mut store, &key.to_be_bytes(), 200);
    }
    commit(&mut store);
    let (alone, spilled) = (memory.held(), memory.spilled());
    let mut share = Share::new(&memory);
    share.holds(50_000);
    share.holds(memory.limit() / 2);
    assert_eq!(memory.held(), alone + memory.limit() / 2);
    for _ in 0..3 {
        commit(&mut store);
    }
    assert!(memory.spilled() > spilled + 10_000, "{} are spilled", memory.spilled());
    let with = memory.held();
    drop(share);
    assert_eq!(memory.held(), with - memory.limit() / 2);
    assert!(memory.held() < alone, "{} are held instead of {alone}", memory.held());
}

/// Everything expires, wherever it is, and is told once; the changelog gets a tombstone for each.
#[test]
fn what_was_spilled_expires_too() {
    let (mut store, memory, _) = within(0);
    for key in 0..500_u32 {
        put(&mut store, &key.to_be_bytes(), u8::try_from(key % 2).unwrap());
    }
    commit(&mut store);
    commit(&mut store);
    assert!(store.away.len() > 400, "{} were spilled", store.away.len());
    let (mut told, mut buried) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        store.expire_telling(40, |n| n.0 == 1, |key| told.push(key.to_vec()));
        store.take_changes(&mut |key, value| {
            assert_eq!(value, None);
            buried.push(key.to_vec());
        });
    }
    let wanted: Vec<Vec<u8>> =
        (0..500_u32).filter(|k| k % 2 == 1).map(|k| k.to_be_bytes().to_vec()).collect();
    told.sort_unstable();
    buried.sort_unstable();
    assert_eq!((&told, &buried), (&wanted, &wanted));
    assert_eq!(store.len(), 250);
    assert!(memory.spilled() > 0);
}

/// A disk that is full costs memory, no data, and is told once.
#[test]
fn a_full_disk_leaves_everything_in_memory() {
    let (mut store, memory, drawer) = within(0);
    drawer.full.store(true, Ordering::SeqCst);
    for key in 0..100_u8 {
        put(&mut store, &[key], key);
        commit(&mut store);
    }
    assert_eq!(store.away.len(), 0);
    assert_eq!(memory.take_failure().map(|e| e.kind()), Some(io::ErrorKind::StorageFull));
    assert!(memory.take_failure().is_none());
    drawer.full.store(false, Ordering::SeqCst);
    for _ in 0..5000 {
        commit(&mut store);
    }
    assert!(store.away.len() > 50, "it tries again: {}", store.away.len());
    assert_eq!(all(&mut store), (0..100_u8).map(|k| (vec![k], k)).collect());
}

/// Values are taken out by the hash of their key, wherever they are, and leave a tombstone each.
#[test]
fn what_is_taken_by_hash_is_gone() {
    for limit in [0, u64::MAX] {
        let (mut store, ..) = within(limit);
        (0..100_u8).for_each(|key| put(&mut store, &[key], key));
        commit(&mut store);
        commit(&mut store);
        assert_eq!(store.away.len(), if limit == 0 { 100 } else { 0 });
        put(&mut store, b"new", 1);
        for key in 0..50_u8 {
            let hash = store.hash(&[key]);
            assert!(store.holds_hash(hash));
            assert!(store.take_hash(hash, |_, _| false).is_empty(), "nobody wants it");
            let taken = store.take_hash(hash, |own, value| own == [key] && value.0 == key);
            assert_eq!(taken, [(Box::from([key]), Number(key))]);
            assert!(!store.holds_hash(hash) && store.take_hash(hash, |_, _| true).is_empty());
        }
        assert_eq!(store.take(&[60]), Some(Number(60)));
        assert_eq!((store.take(&[60]), store.take(b"new")), (None, Some(Number(1))));
        let mut buried = Vec::new();
        store.take_changes(&mut |key, value| {
            assert_eq!(value, None, "what the changelog never held leaves no trace");
            buried.push(key[0]);
        });
        buried.sort_unstable();
        assert_eq!(buried, (0..50).chain([60]).collect::<Vec<_>>());
        assert_eq!(store.len(), 49);
    }
}

/// A store that was large gives its slots back, and loses nothing.
#[test]
fn slots_are_given_back() {
    let (mut store, memory, _) = within(u64::MAX);
    for key in 0..50_000_u32 {
        put(&mut store, &key.to_be_bytes(), 1);
    }
    commit(&mut store);
    let full = memory.held();
    for key in 100..50_000_u32 {
        store.remove(&key.to_be_bytes());
    }
    commit(&mut store);
    assert!(memory.held() < full / 50, "{} of {full}", memory.held());
    put(&mut store, b"again", 7);
    commit(&mut store);
    assert_eq!((store.len(), store.slots.len()), (101, 101));
    assert_eq!(store.get(&99_u32.to_be_bytes()).map(|n| n.0), Some(1));
}

/// Any harm to a file is told; never is there a value that never was, nor none where one is.
#[test]
fn a_damaged_file_is_told() {
    let (mut store, _, drawer) = within(0);
    (0..20_u8).for_each(|key| put(&mut store, &[key], key));
    commit(&mut store);
    commit(&mut store);
    assert_eq!(store.away.len(), 20);
    drawer.damaged.store(true, Ordering::SeqCst);
    for key in 0..20_u8 {
        let read = catch_unwind(AssertUnwindSafe(|| store.get(&[key]).map(|n| n.0)));
        assert!(read.unwrap_err().is::<StateLost>(), "{key}");
    }
    let swept = catch_unwind(AssertUnwindSafe(|| store.expire(1000, |_| false)));
    assert!(swept.unwrap_err().is::<StateLost>());
}

/// What cannot be read back ends the work, and is no panic of the task.
#[test]
fn what_cannot_be_read_back_is_told() {
    let (mut store, _, drawer) = within(0);
    put(&mut store, b"k", 9);
    commit(&mut store);
    commit(&mut store);
    assert_eq!((store.len(), store.away.len()), (1, 1));
    drawer.unreadable.store(true, Ordering::SeqCst);
    let read = catch_unwind(AssertUnwindSafe(|| store.get(b"k").map(|n| n.0)));
    let lost = read.unwrap_err().downcast::<StateLost>().expect("told as lost");
    assert_eq!(lost.0, "store \"numbers\": a bad sector");
    assert_eq!(store.get(b"another"), None, "what was never there needs no file");
}
