//! The beginning of a file: its form, its header, what the operator wishes of it.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::tz::TimeZone;

use super::source::{Opened, Source, form_by_content};
use super::{Format, ImportArgs};
use crate::cli::{Failure, range};
use crate::commands::Context;
use crate::config::layers::nearest;
use crate::metrics::decode::Decoder;
use crate::metrics::lines::Form;
use crate::metrics::mapping::Mapping;
use crate::metrics::reader::Reader;
use crate::metrics::wishes::{Fault, Wishes};

/// The file at its first record.
pub struct Begun {
    /// Gives the records.
    pub reader: Reader<Box<dyn BufRead + Send>>,
    /// How many bytes of the file have been read.
    pub position: Arc<AtomicU64>,
    /// How many there are, if known.
    pub total: Option<u64>,
}

/// What is asked of the file, checked before anything is opened.
pub struct Asked {
    wishes: Wishes,
    zone: Option<TimeZone>,
}

/// Checks what can be checked without the file.
///
/// # Errors
/// Exit 2 for an unknown field, one given twice, a value that no row could have, an unknown zone.
pub fn asked(args: &ImportArgs, context: &Context) -> Result<Asked, Failure> {
    let kind = args.kind.of();
    let wishes = Wishes::check(kind, &args.map, &args.constant, &args.only).map_err(|fault| {
        let failure = Failure::usage("cannot use --map and --constant as given").because(&fault);
        match &fault {
            Fault::Field(_, name) => {
                let fields = Wishes::fields(kind);
                match nearest(name, fields.iter()) {
                    Some(near) => failure.hint(format!("Did you mean `{near}`?")),
                    None => failure.hint(format!("The fields are {}.", fields.join(", "))),
                }
            }
            Fault::Twice(_) => failure.hint("Give each field once, be it a column or a constant."),
            _ => failure,
        }
    })?;
    // Without --tz a time without an offset stays a fault: nothing says which instant it is.
    let global = &context.global;
    let zone = global.tz.as_ref().map(|_| range::zone(global, context.settings())).transpose()?;
    Ok(Asked { wishes, zone })
}

/// The form of the file; `None` if it is empty.
///
/// # Errors
/// It cannot be read.
pub fn form(
    args: &ImportArgs,
    source: &Source,
    opened: &mut Opened,
) -> Result<Option<Form>, Failure> {
    let told = form_by_content(opened, args.delimiter).map_err(|e| source.unreadable(&e))?;
    Ok(told.map(|told| match args.format {
        Some(Format::Csv) => Form::Csv { delimiter: args.delimiter },
        Some(Format::Ndjson) => Form::Ndjson,
        None => source.form_by_name(args.delimiter).unwrap_or(told),
    }))
}

/// Reads up to the first record.
///
/// # Errors
/// A header that cannot be used, exit 1; wishes about columns where there are none, exit 2.
pub fn begin(
    args: &ImportArgs,
    asked: &Asked,
    opened: Opened,
    form: Form,
    source: &Source,
) -> Result<(Begun, Decoder), Failure> {
    let Opened { bytes, position, total } = opened;
    let (kind, wishes) = (args.kind.of(), &asked.wishes);
    let mut reader = Reader::new(bytes, form);
    let decoder = match form {
        Form::Ndjson if wishes.needs_columns() => {
            let what =
                format!("--map and --where are for the columns of CSV; {} has none", source.name());
            return Err(Failure::usage(what).hint(
                "The fields of an NDJSON file go by their names; --format csv says it is CSV.",
            ));
        }
        Form::Ndjson => {
            reader.skip_mark().map_err(|e| source.unreadable(&e))?;
            Decoder::ndjson(kind, wishes)
        }
        Form::Csv { delimiter } => {
            let header = reader.header().map_err(|e| source.unreadable(&e))?.unwrap_or_default();
            let mapping = Mapping::from_header(kind, &header, delimiter, wishes);
            Decoder::csv(mapping.map_err(|fault| bad_header(&fault, source))?)
        }
    };
    let ids = decoder.mapping().is_none_or(|m| m.column("eventId").is_some());
    if args.once_per_id && kind.is_known_by_event() && !ids {
        let what =
            format!("cannot import {} with --once-per-id: no column holds eventId", source.name());
        return Err(Failure::failed(what).hint("Say which one does with --map eventId=COLUMN."));
    }
    let decoder = decoder.in_zone(asked.zone.clone()).of(args.encoding.of());
    Ok((Begun { reader, position, total }, decoder))
}

fn bad_header(fault: &Fault, source: &Source) -> Failure {
    let failure = Failure::failed(format!("cannot read {} as CSV: {fault}", source.name()));
    if let Fault::Column(name, header) = fault {
        let failure = failure.code("unknown-column");
        return match nearest(name, header.iter()) {
            Some(near) => failure.hint(format!("Did you mean `{near}`?")),
            None => failure.hint("Columns are given as the file's first row spells them."),
        };
    }
    failure.code("bad-header").hint(
        "The first row names the columns. Give --delimiter if they are not separated by a comma, --map \
         and --constant if they are called otherwise, --encoding if it is not UTF-8, or --format ndjson.",
    )
}

/// Where what is set aside goes.
pub fn rejects_path(args: &ImportArgs) -> PathBuf {
    args.rejects.clone().unwrap_or_else(|| {
        if args.file == Path::new("-") {
            return PathBuf::from("stdin.rejects.ndjson");
        }
        let mut name = args.file.clone().into_os_string();
        name.push(".rejects.ndjson");
        name.into()
    })
}
