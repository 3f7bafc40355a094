//! The lines of a file of events.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::cli::Failure;

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
        let (name, raw): (String, Box<dyn Read + Send>) = if path == Path::new("-") {
            ("standard input".to_owned(), Box::new(std::io::stdin()))
        } else {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|e| Failure::unreadable(&name, &e))?;
            (name, Box::new(file))
        };
        let mut raw = BufReader::with_capacity(256 << 10, raw);
        let start = raw.fill_buf().map_err(|e| Failure::unreadable(&name, &e))?;
        let gzipped = start.starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn BufRead + Send> = if gzipped {
            Box::new(BufReader::with_capacity(256 << 10, MultiGzDecoder::new(raw)))
        } else {
            Box::new(raw)
        };
        Ok(Self { name, reader, number: 0 })
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
