//! `bss metrics export`

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::KindArg;
use super::import::Format;
use super::query::parsed;
use crate::analytics::grouping::Condition;
use crate::analytics::outgoing::{Counter, Outgoing, Written};
use crate::backends::postgres::{self, export};
use crate::cli::range;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::{OutputForm, Progress};

/// Write metrics to a file that `metrics import` reads
///
/// Writes every row of one kind, or those of --since, --until and --where, in the order of their time
/// as one snapshot: CSV with a header row or NDJSON, gzipped if the file's name ends with .gz. Loading
/// the file again stores the same rows, once however often. A file is there when it is whole: a run
/// that was stopped leaves none.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// Which metrics
    #[arg(value_enum)]
    kind: KindArg,
    /// The file, or - for standard output
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Form of the file; told from its name if not given, and CSV if that says nothing
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Only rows with FIELD=VALUE (or !=, <, <=, >, >=); FIELD= where it is not known. All must hold,
    /// but of several = of one field one is enough
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,
    /// Take the place of a file that is there
    #[arg(long)]
    force: bool,
}

impl ExportArgs {
    fn form(&self, context: &Context) -> Written {
        let name = self.file.to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match self.format {
            Some(Format::Csv) => Written::Csv,
            Some(Format::Ndjson) => Written::Ndjson,
            None if [".ndjson", ".jsonl", ".json"].iter().any(|end| name.ends_with(end)) => {
                Written::Ndjson
            }
            None if name == "-"
                && matches!(context.ui.form(), OutputForm::Json | OutputForm::Ndjson) =>
            {
                Written::Ndjson
            }
            None => Written::Csv,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: ExportArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let kind = args.kind.of();
    let (since, until) = range::given(&context.global, settings, context.now())?;
    let outgoing = Outgoing {
        kind,
        tenant: settings.general.tenant.clone(),
        since,
        until,
        conditions: parsed("--where", &args.conditions, |c| Condition::parse(kind, c))?,
    };
    let form = args.form(context);
    if !args.force && args.file != Path::new("-") && args.file.exists() {
        return Err(Failure::failed(format!("{} is there already", args.file.display()))
            .hint("Give another name, or --force to take its place."));
    }
    let mut connection = postgres::connect(&settings.timescale).await?;
    let mut pieces = export::begin(&mut connection, &outgoing, form).await?;
    let mut target = Target::open(args.file, context)?;
    let mut progress =
        Progress::start(&context.ui, format!("exporting {} metrics", kind.name()), None);
    let written = write(&mut pieces, form, &mut target, &mut progress, context).await;
    progress.finish();
    let rows = match written {
        Ok(Some(rows)) => rows,
        Ok(None) => {
            target.forget();
            return Ok(if context.shutdown.asked() {
                context.shutdown.status()
            } else {
                ExitStatus::Done
            });
        }
        Err(failure) => {
            target.forget();
            return Err(failure);
        }
    };
    let place = target.finish()?;
    context.ui.status(format!("Exported {rows} rows of {} metrics to {place}.", kind.name()));
    Ok(ExitStatus::Done)
}

/// Writes all pieces and counts their rows; `None` if it was stopped, or nobody reads any more.
async fn write(
    pieces: &mut export::Pieces<'_>,
    form: Written,
    target: &mut Target<'_>,
    progress: &mut Progress,
    context: &Context,
) -> Result<Option<u64>, Failure> {
    let mut counter = Counter::default();
    loop {
        let piece = tokio::select! {
            piece = pieces.next() => piece?,
            () = context.shutdown.wait() => return Ok(None),
        };
        let Some(piece) = piece else { return Ok(Some(counter.rows(form))) };
        counter.take(&piece, form);
        if !target.write(&piece)? {
            return Ok(None);
        }
        progress.set(counter.rows(form));
    }
}

/// Where the lines go.
enum Target<'c> {
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
    fn open(place: PathBuf, context: &'c Context) -> Result<Self, Failure> {
        if place == Path::new("-") {
            return Ok(Self::Out(context));
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
        Ok(Self::File { out, beside, place })
    }

    /// Writes a piece; false once nobody reads any more.
    fn write(&mut self, bytes: &[u8]) -> Result<bool, Failure> {
        match self {
            Self::Out(context) => Ok(context.ui.pass(bytes)?),
            Self::File { out, place, .. } => {
                out.write(bytes).map(|()| true).map_err(|e| unwritable(place, &e))
            }
        }
    }

    fn finish(self) -> Result<String, Failure> {
        let Self::File { out, beside, place } = self else {
            return Ok("standard output".to_owned());
        };
        let done = out.finish().and_then(|()| std::fs::rename(&beside, &place));
        if done.is_err() {
            drop(std::fs::remove_file(&beside));
        }
        done.map_err(|e| unwritable(&place, &e))?;
        Ok(place.display().to_string())
    }

    fn forget(self) {
        if let Self::File { beside, .. } = self {
            drop(std::fs::remove_file(beside));
        }
    }
}

fn unwritable(place: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("could not write {}", place.display()))
        .because(error)
        .hint("Give a place that can be written and has space.")
}
