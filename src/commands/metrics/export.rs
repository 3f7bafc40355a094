//! `bss metrics export`

use std::path::{Path, PathBuf};

use super::KindArg;
use super::import::Format;
use super::query::parsed;
use crate::analytics::grouping::Condition;
use crate::analytics::outgoing::{Counter, Outgoing, Written};
use crate::backends::postgres::{self, export};
use crate::cli::range;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::target::Target;
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
