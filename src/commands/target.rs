//! Where an export goes: standard output, or a file that is there when it is whole.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cli::Failure;
use crate::commands::Context;

/// Where the lines go.
pub struct Target<'c>(Inner<'c>);

enum Inner<'c> {
    /// Standard output.
    Out(&'c Context),
    /// A file beside the one that is asked for, until it is whole.
    File { out: Output, beside: PathBuf, place: PathBuf },
}

enum Output {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
}

impl Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Gzip(file) => file.write_all(bytes),
        }
    }

    fn finish(self) -> std::io::Result<()> {
        let file = match self {
            Self::Plain(file) => file,
            Self::Gzip(file) => file.finish()?,
        };
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    }
}

impl<'c> Target<'c> {
    /// Opens the place, `-` for standard output; a name that ends with .gz is gzipped.
    ///
    /// # Errors
    /// Exit 1 if the file cannot be made.
    pub fn open(place: PathBuf, context: &'c Context) -> Result<Self, Failure> {
        if place == Path::new("-") {
            return Ok(Self(Inner::Out(context)));
        }
        let mut name = place.clone().into_os_string();
        name.push(format!(".{}.partial", std::process::id()));
        let beside = PathBuf::from(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&beside);
        let file = BufWriter::with_capacity(256 << 10, file.map_err(|e| unwritable(&place, &e))?);
        let gzip = place.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
        let out = if gzip {
            Output::Gzip(GzEncoder::new(file, Compression::new(3)))
        } else {
            Output::Plain(file)
        };
        Ok(Self(Inner::File { out, beside, place }))
    }

    /// Writes a piece; false once nobody reads any more.
    ///
    /// # Errors
    /// Exit 1 if it cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        match &mut self.0 {
            Inner::Out(context) => Ok(context.ui.pass(bytes)?),
            Inner::File { out, place, .. } => {
                out.write(bytes).map(|()| true).map_err(|e| unwritable(place, &e))
            }
        }
    }

    /// Makes the file whole and says where it is.
    ///
    /// # Errors
    /// Exit 1 if it cannot be written.
    pub fn finish(self) -> Result<String, Failure> {
        let Inner::File { out, beside, place } = self.0 else {
            return Ok("standard output".to_owned());
        };
        let done = out.finish().and_then(|()| std::fs::rename(&beside, &place));
        if done.is_err() {
            drop(std::fs::remove_file(&beside));
        }
        done.map_err(|e| unwritable(&place, &e))?;
        Ok(place.display().to_string())
    }

    /// Leaves nothing behind.
    pub fn forget(self) {
        if let Inner::File { beside, .. } = self.0 {
            drop(std::fs::remove_file(beside));
        }
    }
}

fn unwritable(place: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("could not write {}", place.display()))
        .because(error)
        .hint("Give a place that can be written and has space.")
}
