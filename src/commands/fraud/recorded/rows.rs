//! The records of a file, CSV by its header or NDJSON, plain or gzipped, each with its line.

use std::borrow::Cow;
use std::io::BufRead;
use std::path::Path;

use crate::cli::Failure;
use crate::commands::metrics::import::source::{Source, form_by_content};
use crate::domain::{Reason, Reject};
use crate::metrics::csv::split;
use crate::metrics::encoding::Encoding;
use crate::metrics::ledger::Link;
use crate::metrics::lines::Form;
use crate::metrics::reader::{Batch, Reader};
use crate::runtime::Shutdown;

/// Records that are read at once.
const SIZE: usize = 1000;
/// What separates the columns.
const DELIMITER: u8 = b',';

/// A record.
pub enum Row<'a> {
    /// The fields of a line of CSV.
    Csv(Vec<Cow<'a, str>>),
    /// A line of NDJSON.
    Json(&'a [u8]),
}

/// A file at its first record.
pub struct Rows {
    reader: Reader<Box<dyn BufRead + Send>>,
    source: Source,
    form: Form,
    /// The names of the columns of CSV.
    pub header: Option<Vec<String>>,
}

impl Rows {
    /// Opens a file; `-` is standard input. An empty one has no records.
    ///
    /// # Errors
    /// It cannot be read; a header that cannot be split into columns.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let source = Source::new(path, false)?;
        let mut opened = source.open(Encoding::Utf8)?;
        let told = form_by_content(&mut opened, DELIMITER).map_err(|e| source.unreadable(&e))?;
        let form = match told {
            None => Form::Ndjson,
            Some(told) => source.form_by_name(DELIMITER).unwrap_or(told),
        };
        let mut reader = Reader::new(opened.bytes, form);
        let header = match form {
            Form::Ndjson => {
                reader.skip_mark().map_err(|e| source.unreadable(&e))?;
                None
            }
            Form::Csv { .. } => {
                let line = reader.header().map_err(|e| source.unreadable(&e))?.unwrap_or_default();
                let named = text(&line).and_then(|line| {
                    let mut names = Vec::new();
                    split(line, DELIMITER, |_, name| names.push(name.trim().to_owned()))?;
                    Ok(names)
                });
                let refuse = |r: Reject| super::bad_header(&source.name(), &r.to_string(), "");
                Some(named.map_err(refuse)?)
            }
        };
        Ok(Self { reader, source, form, header })
    }

    /// What the file is called.
    pub fn name(&self) -> String {
        self.source.name()
    }

    /// Hands each record with its line to `each`; blank lines are none.
    ///
    /// # Errors
    /// The file cannot be read on; interrupted; what `each` says.
    pub fn each(
        &mut self,
        shutdown: &Shutdown,
        each: &mut dyn FnMut(u64, Result<Row<'_>, Reject>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut batch = Batch::default();
        loop {
            let next = self.reader.batch(Link::first(&[]), SIZE, batch);
            let Some(found) = next.map_err(|e| self.source.unreadable(&e))? else { return Ok(()) };
            batch = found;
            if shutdown.asked() {
                return Err(Failure::new(shutdown.status(), "interrupted"));
            }
            for (at, record) in batch.records.iter().enumerate() {
                let bytes = batch.record(at);
                let row = match self.form {
                    _ if record.cut => {
                        let detail = format!("at most {} bytes are accepted", record.len);
                        Err(Reject::new(Reason::Oversize, "", detail))
                    }
                    Form::Ndjson => Ok(Row::Json(bytes)),
                    Form::Csv { .. } => fields(bytes).map(Row::Csv),
                };
                each(record.line, row)?;
            }
        }
    }
}

fn text(bytes: &[u8]) -> Result<&str, Reject> {
    std::str::from_utf8(bytes).map_err(|e| {
        Reject::new(Reason::NotUtf8, "", format!("byte {} is not UTF-8", e.valid_up_to()))
    })
}

fn fields(bytes: &[u8]) -> Result<Vec<Cow<'_, str>>, Reject> {
    let mut fields = Vec::new();
    split(text(bytes)?, DELIMITER, |_, field| fields.push(field))?;
    Ok(fields)
}
