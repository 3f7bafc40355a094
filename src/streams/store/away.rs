//! Values of a store that memory has no room for: appended to files, found by the hash of their key.
//!
//! 24 bytes a key stay in memory: the hash, and where the entry lies. Files are written once, from
//! front to back; what is taken out leaves a gap, and the emptiest file is written anew once gaps take
//! more than what is kept.

use std::io;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::streams::store::memory::{SpillFile, SpillFolder};

/// Before key and value: their lengths, the key's hash, and a checksum of both.
pub(super) const HEADER: usize = 20;
/// So much is read in one go at most where entries are read one after the other, and at least.
const CHUNK: u32 = 64 << 10;
const SMALLEST_CHUNK: u32 = 4 << 10;
/// So much is read by one sweep.
const SWEEP: u32 = 128 << 10;
/// Gaps of so many bytes are never worth writing a file anew.
const SLACK: u64 = 8 << 20;
/// A file's size: this part of all that is kept, within bounds.
const FILES: u64 = 16;
const SMALLEST: u64 = 4 << 20;
const LARGEST: u64 = 64 << 20;

/// Where an entry lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    hash: u64,
    file: u32,
    at: u32,
    length: u32,
}

struct Segment {
    file: Box<dyn SpillFile>,
    length: u32,
    /// Bytes of entries that are still kept.
    live: u32,
}

/// Entries on their way to a file.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    /// Hash, start and length of each.
    entries: Vec<(u64, u32, u32)>,
}

impl Batch {
    /// Adds an entry; `value` appends its bytes. How many bytes the batch has.
    pub fn add(&mut self, hash: u64, key: &[u8], value: impl FnOnce(&mut Vec<u8>)) -> usize {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&length(key.len()).to_le_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&hash.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(key);
        let middle = self.bytes.len();
        value(&mut self.bytes);
        let size = length(self.bytes.len() - middle);
        self.bytes[start + 4..start + 8].copy_from_slice(&size.to_le_bytes());
        let sum = checksum(&self.bytes[start + HEADER..]);
        self.bytes[start + 16..start + HEADER].copy_from_slice(&sum.to_le_bytes());
        self.entries.push((hash, length(start), length(self.bytes.len() - start)));
        self.bytes.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Keys and values are records of Kafka, and batches a few MiB.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("less than 4 GiB")
}

/// Of key and value: a file that was damaged must not give a value that never was.
fn checksum(bytes: &[u8]) -> u32 {
    let [a, b, c, d, ..] = xxh3_64(bytes).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn damaged() -> io::Error {
    io::Error::other("an entry is not as it was written")
}

/// An entry within a chunk that was read.
struct Entry {
    place: Place,
    /// Where in the chunk the key begins, the value begins, and the entry ends.
    key: usize,
    value: usize,
    end: usize,
}

/// The values that lie in files.
#[derive(Default)]
pub(super) struct Away {
    table: HashTable<Place>,
    /// By number; a number is given again when its file is gone.
    files: Vec<Option<Segment>>,
    /// The file that is written.
    open: Option<u32>,
    /// Bytes of all entries that are kept, and of all files.
    live: u64,
    length: u64,
    /// Where [`Self::sweep`] goes on.
    cursor: (u32, u32),
}

impl Away {
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes of what is kept in files.
    pub const fn bytes(&self) -> u64 {
        self.live
    }

    /// Bytes that this takes in memory.
    pub fn held(&self) -> u64 {
        (self.table.capacity() * (size_of::<Place>() + 1)) as u64
    }

    /// Bytes of the files themselves.
    #[cfg(test)]
    pub const fn size(&self) -> u64 {
        self.length
    }

    fn file(&self, number: u32) -> Option<&Segment> {
        self.files.get(number as usize)?.as_ref()
    }

    /// Writes a batch; then its entries can be found, and before not.
    pub fn put(&mut self, folder: &dyn SpillFolder, batch: &Batch) -> io::Result<()> {
        let number = self.writable(folder)?;
        let Some(Some(segment)) = self.files.get_mut(number as usize) else { return Ok(()) };
        segment.file.write(segment.length.into(), &batch.bytes)?;
        let from = segment.length;
        let added = length(batch.bytes.len());
        segment.length += added;
        segment.live += added;
        self.length += u64::from(added);
        self.live += u64::from(added);
        for (hash, start, length) in &batch.entries {
            let place = Place { hash: *hash, file: number, at: from + start, length: *length };
            self.table.insert_unique(*hash, place, |other| other.hash);
        }
        Ok(())
    }

    /// The file that is written, a new one if that is full.
    fn writable(&mut self, folder: &dyn SpillFolder) -> io::Result<u32> {
        let full = (self.live / FILES).clamp(SMALLEST, LARGEST);
        if let Some(number) = self.open
            && self.file(number).is_some_and(|file| u64::from(file.length) < full)
        {
            return Ok(number);
        }
        let segment = Segment { file: folder.create()?, length: 0, live: 0 };
        let free = self.files.iter().position(Option::is_none).unwrap_or(self.files.len());
        if free == self.files.len() {
            self.files.push(None);
        }
        self.files[free] = Some(segment);
        self.open = Some(length(free));
        Ok(length(free))
    }

    /// Whether there is an entry of this hash.
    pub fn holds(&self, hash: u64) -> bool {
        self.table.find(hash, |place| place.hash == hash).is_some()
    }

    /// Takes any entry of this hash out and leaves its bytes in `buffer`; its value begins at what
    /// is returned.
    pub fn pop(&mut self, hash: u64, buffer: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let Some(place) = self.table.find(hash, |place| place.hash == hash).copied() else {
            return Ok(None);
        };
        let value = self.read(&place, buffer)?;
        self.forget(place);
        Ok(Some(value))
    }

    /// Takes the entry of a key out and leaves its bytes in `buffer`; its value begins at what is
    /// returned.
    pub fn take(
        &mut self,
        hash: u64,
        key: &[u8],
        buffer: &mut Vec<u8>,
    ) -> io::Result<Option<usize>> {
        let mut found = None;
        for place in self.table.iter_hash(hash).filter(|place| place.hash == hash) {
            let value = self.read(place, buffer)?;
            if buffer[HEADER..value] == *key {
                found = Some((*place, value));
                break;
            }
        }
        let Some((place, value)) = found else { return Ok(None) };
        self.forget(place);
        Ok(Some(value))
    }

    /// Reads an entry; where in `buffer` its value begins, its key before that.
    fn read(&self, place: &Place, buffer: &mut Vec<u8>) -> io::Result<usize> {
        buffer.clear();
        buffer.resize(place.length as usize, 0);
        let file = self.file(place.file).ok_or_else(damaged)?;
        file.file.read(place.at.into(), buffer)?;
        let value = HEADER + key_length(buffer);
        let whole = value + number(buffer, 4) as usize == buffer.len()
            && hash_of(buffer) == place.hash
            && number(buffer, 16) == checksum(&buffer[HEADER..]);
        if whole { Ok(value) } else { Err(damaged()) }
    }

    /// Takes an entry out.
    fn forget(&mut self, place: Place) {
        if let Ok(entry) = self.table.find_entry(place.hash, |other| *other == place) {
            entry.remove();
        }
        if self.table.len() < self.table.capacity() / 8 {
            self.table.shrink_to(self.table.len() * 2, |place| place.hash);
        }
        self.live -= u64::from(place.length);
        let slot = &mut self.files[place.file as usize];
        let Some(segment) = slot else { return };
        segment.live -= place.length;
        if segment.live > 0 {
            return;
        }
        // Nothing of it is kept: it is written from the front again, or goes.
        self.length -= u64::from(segment.length);
        segment.length = 0;
        if self.cursor.0 == place.file {
            self.cursor.1 = 0;
        }
        if self.open != Some(place.file) {
            *slot = None;
        }
    }

    /// Hands every entry to `each`, in no order.
    pub fn each(&self, mut each: impl FnMut(&[u8], &[u8])) -> io::Result<()> {
        let mut buffer = Vec::new();
        for place in &self.table {
            let value = self.read(place, &mut buffer)?;
            each(&buffer[HEADER..value], &buffer[value..]);
        }
        Ok(())
    }

    /// Shows up to `count` entries to `expired`, from where the last call ended, and takes out
    /// those of which it says so. Returns their keys.
    pub fn sweep(
        &mut self,
        count: usize,
        mut expired: impl FnMut(&[u8]) -> bool,
    ) -> io::Result<Vec<Box<[u8]>>> {
        let (mut left, mut ends) = (count.min(self.len()), self.files.len() + 1);
        let (mut gone, mut keys, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
        let mut read = 0;
        // Between few entries may lie much that is none any more.
        while left > 0 && ends > 0 && read < SWEEP {
            let (number, at) = self.cursor;
            let Some(segment) = self.file(number).filter(|segment| at < segment.length) else {
                let last = number as usize + 1 >= self.files.len();
                self.cursor = if last { (0, 0) } else { (number + 1, 0) };
                ends -= 1;
                continue;
            };
            let wanted = length(left).saturating_mul(1024).clamp(SMALLEST_CHUNK, CHUNK);
            let entries = chunk(segment, number, (at, wanted), &mut buffer)?;
            read += length(buffer.len());
            for entry in entries {
                if left == 0 {
                    break;
                }
                self.cursor.1 = entry.place.at + entry.place.length;
                if !self.keeps(&entry.place) {
                    continue;
                }
                left -= 1;
                if expired(&buffer[entry.value..entry.end]) {
                    keys.push(buffer[entry.key..entry.value].into());
                    gone.push(entry.place);
                }
            }
        }
        gone.into_iter().for_each(|place| self.forget(place));
        Ok(keys)
    }

    fn keeps(&self, place: &Place) -> bool {
        self.table.find(place.hash, |other| other == place).is_some()
    }

    /// What is kept of the emptiest file, and where it lay, if gaps take more than what is kept:
    /// for [`Self::moved`].
    pub fn to_move(&self) -> io::Result<Option<(Batch, Vec<Place>)>> {
        if self.length <= 2 * self.live + SLACK {
            return Ok(None);
        }
        let closed = (0_u32..).zip(&self.files).filter(|(number, _)| self.open != Some(*number));
        let emptiest = closed
            .filter_map(|(number, file)| Some((file.as_ref()?, number)))
            .min_by_key(|(file, _)| u64::from(file.live) * 1024 / u64::from(file.length.max(1)));
        let worth = emptiest.filter(|(file, _)| file.live < file.length / 2);
        let Some((segment, number)) = worth else { return Ok(None) };
        let (mut batch, mut places) = (Batch::default(), Vec::new());
        let (mut at, mut buffer) = (0, Vec::new());
        while at < segment.length {
            for entry in chunk(segment, number, (at, CHUNK), &mut buffer)? {
                at = entry.place.at + entry.place.length;
                if self.keeps(&entry.place) {
                    let value = &buffer[entry.value..entry.end];
                    batch.add(entry.place.hash, &buffer[entry.key..entry.value], |bytes| {
                        bytes.extend_from_slice(value);
                    });
                    places.push(entry.place);
                }
            }
        }
        Ok(Some((batch, places)))
    }

    /// What was to move is written elsewhere: its file goes.
    pub fn moved(&mut self, places: Vec<Place>) {
        places.into_iter().for_each(|place| self.forget(place));
    }
}

fn key_length(header: &[u8]) -> usize {
    number(header, 0) as usize
}

fn hash_of(header: &[u8]) -> u64 {
    header.get(8..16).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// The entries from `at` on of which `buffer` holds the bytes, `size` of them or as many as the first
/// has.
fn chunk(
    segment: &Segment,
    file: u32,
    (at, size): (u32, u32),
    buffer: &mut Vec<u8>,
) -> io::Result<Vec<Entry>> {
    let mut wanted = size.min(segment.length - at) as usize;
    loop {
        buffer.clear();
        buffer.resize(wanted, 0);
        segment.file.read(at.into(), buffer)?;
        let (mut entries, mut start) = (Vec::new(), 0);
        while let Some(header) = buffer.get(start..start + HEADER) {
            let key = start + HEADER;
            let value = key + key_length(header);
            let end = value + number(header, 4) as usize;
            if end > buffer.len() {
                if entries.is_empty() {
                    wanted = end - start;
                }
                break;
            }
            if number(header, 16) != checksum(&buffer[key..end]) {
                return Err(damaged());
            }
            let place = Place {
                hash: hash_of(header),
                file,
                at: at + length(start),
                length: length(end - start),
            };
            entries.push(Entry { place, key, value, end });
            start = end;
        }
        if !entries.is_empty() {
            return Ok(entries);
        }
        if wanted <= buffer.len() || wanted > (segment.length - at) as usize {
            return Err(damaged());
        }
    }
}
