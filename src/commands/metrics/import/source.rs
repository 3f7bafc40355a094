//! Where the bytes come from: a file or standard input, plain or gzipped.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::Failure;
use crate::metrics::encoding::{Encoding, Recoded};
use crate::metrics::lines::Form;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// What is read: can be opened once (standard input) or as often as needed.
pub enum Source {
    /// A file by its path.
    File(PathBuf),
    /// Standard input as it comes.
    Stdin,
    /// Standard input, copied to a file without a name.
    Spooled(File),
}

/// An opened source.
pub struct Opened {
    /// The decompressed bytes.
    pub bytes: Box<dyn BufRead + Send>,
    /// How many bytes of the file itself have been read.
    pub position: Arc<AtomicU64>,
    /// How many there are, if known.
    pub total: Option<u64>,
}

struct Counted<R> {
    inner: R,
    position: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(out)?;
        self.position.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

impl Source {
    /// `-` is standard input; it is spooled where it has to be read twice.
    ///
    /// # Errors
    /// The spool file cannot be written.
    pub fn new(path: &Path, twice: bool) -> Result<Self, Failure> {
        if path != Path::new("-") {
            return Ok(Self::File(path.to_owned()));
        }
        if !twice {
            return Ok(Self::Stdin);
        }
        let dir = std::env::temp_dir();
        let what = || {
            let place = dir.display();
            Failure::failed(format!("could not spool standard input to a file in {place}"))
                .hint("Set TMPDIR to a folder with space, or give a file instead of `-`.")
        };
        let mut file = spool(&dir).map_err(|e| what().because(&e))?;
        std::io::copy(&mut std::io::stdin().lock(), &mut file).map_err(|e| what().because(&e))?;
        file.flush().map_err(|e| what().because(&e))?;
        Ok(Self::Spooled(file))
    }

    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin | Self::Spooled(_) => "standard input".to_owned(),
        }
    }

    /// Whether it can be opened again.
    pub const fn again(&self) -> bool {
        !matches!(self, Self::Stdin)
    }

    /// Opens it at its beginning and gives its characters as UTF-8.
    ///
    /// # Errors
    /// It cannot be opened or read, or its first bytes are those of another encoding.
    pub fn open(&self, encoding: Encoding) -> Result<Opened, Failure> {
        let mut opened = self.try_open().map_err(|e| self.unreadable(&e))?;
        if encoding == Encoding::Utf8 {
            return Ok(opened);
        }
        let start = opened.bytes.fill_buf().map_err(|e| self.unreadable(&e))?;
        if start.starts_with(MARK) {
            let what = format!("cannot read {} as given with --encoding", self.name());
            let why = std::io::Error::other("it begins with the byte order mark of UTF-8");
            return Err(Failure::failed(what).because(&why).hint("Leave --encoding out."));
        }
        let recoded = Recoded::new(opened.bytes, encoding);
        let bytes = Box::new(BufReader::with_capacity(256 << 10, recoded));
        Ok(Opened { bytes, ..opened })
    }

    fn try_open(&self) -> std::io::Result<Opened> {
        let position = Arc::new(AtomicU64::new(0));
        let (raw, total): (Box<dyn Read + Send>, _) = match self {
            Self::File(path) => {
                let file = File::open(path)?;
                let about = file.metadata()?;
                (Box::new(file), about.is_file().then_some(about.len()))
            }
            Self::Stdin => (Box::new(std::io::stdin()), None),
            Self::Spooled(file) => {
                let mut file = file.try_clone()?;
                file.seek(SeekFrom::Start(0))?;
                let total = file.metadata()?.len();
                (Box::new(file), Some(total))
            }
        };
        let counted = Counted { inner: raw, position: Arc::clone(&position) };
        let mut raw = BufReader::with_capacity(256 << 10, counted);
        let bytes: Box<dyn BufRead + Send> = if raw.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
            let plain = flate2::bufread::MultiGzDecoder::new(raw);
            Box::new(BufReader::with_capacity(256 << 10, plain))
        } else {
            Box::new(raw)
        };
        Ok(Opened { bytes, position, total })
    }

    /// The failure to read it.
    pub fn unreadable(&self, error: &std::io::Error) -> Failure {
        Failure::unreadable(&self.name(), error)
    }

    /// The form by the file's name, if that tells.
    pub fn form_by_name(&self, delimiter: u8) -> Option<Form> {
        let Self::File(path) = self else { return None };
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit_once('.')?.1 {
            "csv" | "tsv" => Some(Form::Csv { delimiter }),
            "ndjson" | "jsonl" | "json" => Some(Form::Ndjson),
            _ => None,
        }
    }
}

/// The form by the first byte that is not blank: `{` begins a JSON object. `None` if there is
/// nothing to read.
pub fn form_by_content(opened: &mut Opened, delimiter: u8) -> std::io::Result<Option<Form>> {
    let start = opened.bytes.fill_buf()?;
    let start = start.strip_prefix(MARK).unwrap_or(start);
    Ok(match start.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{') => Some(Form::Ndjson),
        Some(_) => Some(Form::Csv { delimiter }),
        None => None,
    })
}

/// A file that only this process can reach and that is gone when it ends, however it ends.
fn spool(dir: &Path) -> std::io::Result<File> {
    let path = dir.join(format!("bss-import-{}.spool", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}
