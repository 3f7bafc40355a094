//! `bss metrics import`

mod begin;
mod prepare;
mod rejects;
mod run;
pub mod source;
mod summary;
mod workers;

use std::path::PathBuf;

pub use run::run;

use crate::commands::metrics::KindArg;
use crate::metrics::condition::Condition;
use crate::metrics::encoding::Encoding;

/// Load a file of metrics into TimescaleDB
///
/// Reads CSV with a header row or NDJSON, plain or gzipped, and stores each row once however often
/// it is loaded. Payments and orders are known by id, time and status; the other kinds by eventId
/// and time, where a row without an eventId is known by its line, and identical lines of a file by
/// their order. A row whose key is stored with other content is set aside with both versions; one
/// with a higher revision takes the place of the stored one. What is set aside goes to the rejects
/// file with line, column and reason, and the exit code is 7. A run that was stopped or killed goes
/// on where it was when the same command is given again; a file that has grown goes on behind what
/// is stored.
///
/// CSV columns may be camelCase or snake_case, in any order. Needed are timestamp and
///
/// customer: customerId, metricName, metricValue (labels as a JSON object);
///
/// order: orderId, customerId, status, totalAmount, itemsCount (currency, region, tags);
///
/// payment: paymentId, customerId, amount, status (currency, orderId, paymentMethod, merchantId,
/// fraudScore);
///
/// revenue: revenue, costs, ordersCount (currency, region, productCategory); a refund is a row below
/// zero, and a sum of refunds so far one eventId whose revision rises;
///
/// system: serviceName and one of cpuUsage, memoryUsage, requestRate, errorRate, latencyP99.
///
/// Times are RFC 3339 or epoch milliseconds; with --tz also dates and date-times without an offset, read
/// in that zone, where one that a change of the clocks skipped or repeated is set aside. Blank lines
/// are no records.
///
/// A file with other columns needs no conversion: --map says which column holds a field, --constant
/// which field is the same in each row, --where which lines are wanted. All three are part of what the
/// import ledger knows a file by.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// What the rows are
    #[arg(value_enum)]
    kind: KindArg,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Form of the file; told from its name or its first byte if not given
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// What separates the columns of CSV: one character, or `tab`
    #[arg(long, value_name = "CHAR", default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// Take a field from this column, whatever it is called, or from a product of columns such as
    /// revenue=Quantity*UnitPrice, exact in decimal (can be repeated)
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = pair)]
    map: Vec<(String, String)>,
    /// Give a field this value in each row; an empty one leaves the field out (can be repeated)
    #[arg(long, value_name = "FIELD=VALUE", value_parser = pair)]
    constant: Vec<(String, String)>,
    /// Take only lines of which this holds: COLUMN=VALUE, COLUMN!=VALUE (a * at the end stands for
    /// anything), or COLUMN and a number with <, <=, > or >= (can be repeated: all must hold)
    #[arg(long = "where", value_name = "CONDITION", value_parser = Condition::parse)]
    only: Vec<Condition>,
    /// How the file's bytes are its characters
    #[arg(long, value_enum, value_name = "NAME", default_value_t = EncodingArg::Utf8)]
    encoding: EncodingArg,
    /// Rows of one transaction [default: metrics.batch]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: Option<u32>,
    /// Send so many batches at once, each over a connection of its own; a server that takes one
    /// connection at a time needs 1
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "strict",
          value_parser = clap::value_parser!(u8).range(1..=16))]
    workers: u8,
    /// Round amounts with more than 4 decimals instead of setting them aside
    #[arg(long, value_enum, value_name = "HOW")]
    round: Option<Round>,
    /// Write nothing at all if a single row is at fault
    #[arg(long)]
    strict: bool,
    /// Count each event once, also if it comes again with another time: a metric by its eventId, a
    /// payment or order by its id and status. Ids are remembered from the first use of this option on,
    /// until retention drops their rows
    #[arg(long)]
    once_per_id: bool,
    /// Where to write what is set aside [default: FILE.rejects.ndjson]
    #[arg(long, value_name = "PATH")]
    rejects: Option<PathBuf>,
    /// Go on if the file makes up to this many new chunks
    #[arg(long, value_name = "N", default_value_t = 1000)]
    allow_chunks: usize,
    /// Send batches again that the import ledger already has
    #[arg(long)]
    reload: bool,
}

/// The forms of a file.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    /// Columns with a header row.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// The encodings of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EncodingArg {
    /// UTF-8; a line that is none is set aside.
    #[value(name = "utf-8")]
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// Windows code page 1252, as old spreadsheets write it.
    #[value(name = "windows-1252")]
    Windows1252,
}

impl EncodingArg {
    const fn of(self) -> Encoding {
        match self {
            Self::Utf8 => Encoding::Utf8,
            Self::Latin1 => Encoding::Latin1,
            Self::Windows1252 => Encoding::Windows1252,
        }
    }
}

/// How amounts are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Round {
    /// To the nearest, halves to the even digit.
    HalfEven,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" | b"\t" => Ok(b'\t'),
        [c] if c.is_ascii() && !c.is_ascii_alphanumeric() && !b"\"\r\n".contains(c) => Ok(*c),
        _ => Err("one character such as , ; | or `tab`".to_owned()),
    }
}

fn pair(text: &str) -> Result<(String, String), &'static str> {
    let (field, value) = text.split_once('=').ok_or("give FIELD=... with an equals sign")?;
    Ok((field.trim().to_owned(), value.to_owned()))
}
