//! Cuts a source of bytes into batches of records, each with its place and its link of the chain.

use std::io::{self, Read};

use crate::metrics::ledger::Link;
use crate::metrics::lines::{Form, Found, Splitter};

/// Bytes asked for at once.
const BLOCK: usize = 256 << 10;

/// One record of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordAt {
    /// Where its bytes begin in the batch's.
    pub start: usize,
    /// How many they are, without the line end.
    pub len: usize,
    /// Its line in the file, from 1.
    pub line: u64,
    /// Whether it is the head of a record beyond the accepted size.
    pub cut: bool,
}

/// The records of one batch as they stand in the file.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Which one it is, from 1.
    pub number: u64,
    /// Its link.
    pub link: Option<Link>,
    /// The bytes of the records.
    pub bytes: Vec<u8>,
    /// Where each is.
    pub records: Vec<RecordAt>,
}

impl Batch {
    /// The bytes of a record.
    #[must_use]
    pub fn record(&self, at: usize) -> &[u8] {
        let record = self.records[at];
        &self.bytes[record.start..record.start + record.len]
    }
}

/// Reads records from `source`.
pub struct Reader<R> {
    source: R,
    splitter: Splitter,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    line: u64,
    number: u64,
}

impl<R: Read> Reader<R> {
    /// A reader at the beginning of `source`.
    pub fn new(source: R, form: Form) -> Self {
        Self {
            source,
            splitter: Splitter::new(form),
            buffer: vec![0; BLOCK],
            start: 0,
            end: 0,
            at_end: false,
            line: 1,
            number: 0,
        }
    }

    /// The first record that is not blank: the header of a CSV file. A byte order mark is left
    /// out.
    ///
    /// # Errors
    /// What `source` says.
    pub fn header(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.skip_mark()?;
        let mut header = None;
        let mut ignored = Link::first(&[]).next();
        while header.is_none() {
            let stop = self.step(&mut ignored, |bytes, _, _| header = Some(bytes.to_vec()))?;
            if stop {
                break;
            }
        }
        Ok(header)
    }

    /// Leaves out a byte order mark at the beginning.
    ///
    /// # Errors
    /// What `source` says.
    pub fn skip_mark(&mut self) -> io::Result<()> {
        while self.end - self.start < 3 && !self.at_end {
            self.fill()?;
        }
        if self.buffer[self.start..self.end].starts_with(b"\xef\xbb\xbf") {
            self.start += 3;
        }
        Ok(())
    }

    /// The next `size` records, or what is left; `None` at the end. Blank lines are no records.
    ///
    /// # Errors
    /// What `source` says.
    pub fn batch(
        &mut self,
        previous: Link,
        size: usize,
        reuse: Batch,
    ) -> io::Result<Option<Batch>> {
        let mut batch = reuse;
        batch.bytes.clear();
        batch.records.clear();
        let mut chain = previous.next();
        while batch.records.len() < size {
            let (bytes, records) = (&mut batch.bytes, &mut batch.records);
            let stop = self.step(&mut chain, |record, line, cut| {
                records.push(RecordAt { start: bytes.len(), len: record.len(), line, cut });
                bytes.extend_from_slice(record);
            })?;
            if stop {
                break;
            }
        }
        if batch.records.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        batch.number = self.number;
        batch.link = Some(chain.link());
        Ok(Some(batch))
    }

    /// Takes one thing from the source; true at the end.
    fn step(
        &mut self,
        chain: &mut crate::metrics::ledger::Chain,
        mut record: impl FnMut(&[u8], u64, bool),
    ) -> io::Result<bool> {
        loop {
            let buffer = &self.buffer[self.start..self.end];
            let (taken, lines) = match self.splitter.next(buffer, self.at_end) {
                Found::Record { len, taken, lines } => {
                    if !buffer[..len].iter().all(u8::is_ascii_whitespace) {
                        record(&buffer[..len], self.line, false);
                    }
                    (taken, lines)
                }
                Found::Oversize { len } => {
                    record(&buffer[..len], self.line, true);
                    (len, 0)
                }
                Found::Tail { taken, lines } => (taken, lines),
                Found::More => {
                    self.fill()?;
                    continue;
                }
                Found::End => return Ok(true),
            };
            chain.add(&buffer[..taken]);
            self.start += taken;
            self.line += lines;
            return Ok(false);
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += read;
        self.at_end = read == 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives `step` bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(out.len());
            out[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn read(text: &[u8], step: usize, size: usize) -> (Vec<(String, u64)>, Vec<Link>) {
        let mut reader = Reader::new(Slow(text, step), Form::Csv { delimiter: b',' });
        let mut link = Link::first(&["test"]);
        let (mut records, mut links) = (Vec::new(), Vec::new());
        while let Some(batch) = reader.batch(link, size, Batch::default()).unwrap() {
            for at in 0..batch.records.len() {
                let text = String::from_utf8_lossy(batch.record(at)).into_owned();
                records.push((text, batch.records[at].line));
            }
            link = batch.link.unwrap();
            links.push(link);
        }
        (records, links)
    }

    #[test]
    fn lines_are_counted_over_blank_ones_and_quoted_line_ends() {
        let (records, _) = read(b"a,b\n\n1,\"x\ny\"\n2,z", 3, 10);
        let lines: Vec<u64> = records.iter().map(|r| r.1).collect();
        assert_eq!(lines, [1, 3, 5]);
    }

    #[test]
    fn a_grown_file_shares_the_links_of_its_full_batches() {
        let (_, before) = read(b"1\n2\n3\n4\n5\n", 64, 2);
        let (_, after) = read(b"1\n2\n3\n4\n5\n6\n7\n", 64, 2);
        assert_eq!(before.len(), 3);
        assert_eq!(before[..2], after[..2]);
        assert_ne!(before[2], after[2]);
    }

    #[test]
    fn the_header_comes_without_a_byte_order_mark() {
        let mut reader =
            Reader::new(&b"\xef\xbb\xbf\na,b\n1,2\n"[..], Form::Csv { delimiter: b',' });
        assert_eq!(reader.header().unwrap().unwrap(), b"a,b");
        let batch = reader.batch(Link::first(&[]), 9, Batch::default()).unwrap().unwrap();
        assert_eq!((batch.record(0), batch.records[0].line), (&b"1,2"[..], 3));
    }

    proptest! {
        #[test]
        fn neither_block_nor_batch_size_changes_the_records(
            text in "([a-c,\"]{0,6}\r?\n){0,12}[a-c]{0,3}",
            step in 1usize..9,
            size in 1usize..9,
        ) {
            let (whole, _) = read(text.as_bytes(), usize::MAX, usize::MAX);
            let (pieces, links) = read(text.as_bytes(), step, size);
            prop_assert_eq!(&whole, &pieces);
            let (_, again) = read(text.as_bytes(), 64, size);
            prop_assert_eq!(links, again);
        }
    }
}
