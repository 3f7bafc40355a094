//! The file of what was set aside.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::cli::Failure;
use crate::domain::Reject;
use crate::metrics::decode::Decoder;
use crate::metrics::reader::Batch;

/// Bytes of an original line that are kept; the rest is in the file itself.
const KEPT: usize = 64 << 10;

/// Writes one JSON object for each record that was set aside; the file appears with the first.
pub struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Rejects {
    /// Nothing set aside yet.
    pub const fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// The file, if anything was set aside.
    pub fn path(&self) -> Option<String> {
        self.file.as_ref().map(|_| self.path.display().to_string())
    }

    /// Writes one record with its place, its fault, and for a conflict the stored version.
    pub fn write(
        &mut self,
        decoder: &Decoder,
        batch: &Batch,
        record: usize,
        reject: &Reject,
        stored: Option<Value>,
    ) -> Result<(), Failure> {
        let mut line = Map::new();
        line.insert("line".into(), batch.records[record].line.into());
        if let Some((number, name)) = decoder.column(reject.field) {
            line.insert("column".into(), number.into());
            line.insert("field".into(), name.as_ref().into());
        } else if !reject.field.is_empty() {
            line.insert("field".into(), reject.field.into());
        }
        line.insert("reason".into(), reject.reason.code().into());
        line.insert("detail".into(), reject.detail.as_str().into());
        if let Some(stored) = stored {
            line.insert("stored".into(), stored);
        }
        original(batch.record(record), batch.records[record].cut, &mut line);
        self.append(&Value::Object(line)).map_err(|e| self.unwritable(&e))
    }

    fn append(&mut self, line: &Value) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(File::create(&self.path)?)),
        };
        serde_json::to_writer(&mut *file, line)?;
        file.write_all(b"\n")
    }

    /// Writes out what is buffered.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.file.as_mut().map_or(Ok(()), Write::flush);
        flushed.map_err(|e| self.unwritable(&e))
    }

    fn unwritable(&self, error: &std::io::Error) -> Failure {
        Failure::failed(format!("could not write the rejects to {}", self.path.display()))
            .because(error)
            .hint("Give another place with --rejects PATH.")
    }
}

/// The line as it stands in the file: text, or hexadecimal digits where it is not UTF-8.
fn original(bytes: &[u8], cut: bool, line: &mut Map<String, Value>) {
    let kept = &bytes[..bytes.len().min(KEPT)];
    match std::str::from_utf8(kept) {
        Ok(text) => line.insert("original".into(), text.into()),
        // A cut may fall inside a character.
        Err(e) if kept.len() < bytes.len() && e.error_len().is_none() => {
            let text = String::from_utf8_lossy(&kept[..e.valid_up_to()]).into_owned();
            line.insert("original".into(), text.into())
        }
        Err(_) => {
            let hex: String = kept.iter().map(|b| format!("{b:02x}")).collect();
            line.insert("originalHex".into(), hex.into())
        }
    };
    if cut || kept.len() < bytes.len() {
        line.insert("originalCut".into(), true.into());
    }
}
