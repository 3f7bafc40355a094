//! The lines of a file of events.

use std::io::BufRead;
use std::path::Path;

use crate::cli::Failure;
use crate::commands::metrics::import::source::Source;
use crate::metrics::encoding::Encoding;

/// The lines of a plain or gzipped file or of standard input, with their numbers.
pub struct Lines {
    name: String,
    reader: Box<dyn BufRead + Send>,
    number: u64,
}

impl Lines {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// Exit 1 if it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let source = Source::new(path, false)?;
        let reader = source.open(Encoding::Utf8)?.bytes;
        Ok(Self { name: source.name(), reader, number: 0 })
    }

    /// What is read.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next line that is not empty, with its number; `None` at the end.
    ///
    /// # Errors
    /// Exit 1 if the file cannot be read on, or is no text.
    pub fn next(&mut self) -> Result<Option<(u64, String)>, Failure> {
        loop {
            let mut line = String::new();
            let read = self.reader.read_line(&mut line);
            if read.map_err(|e| Failure::unreadable(&self.name, &e))? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !line.trim().is_empty() {
                return Ok(Some((self.number, line)));
            }
        }
    }
}
