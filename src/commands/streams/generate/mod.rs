//! `bss streams generate`

mod options;
mod run;
mod sink;
mod summary;

use std::path::PathBuf;
use std::time::Duration;

pub use run::run;

use crate::config::settings::parse_span;
use crate::generate::Kind;
use crate::topics::subject;

/// Make events for demos, tests and benches
///
/// Customers of a shop come by the hour of the day, look at products, and sometimes buy and pay a
/// few seconds later. A few customers and products are heavy. The same seed and options give the
/// same bytes, whenever and wherever they are made; the customers and products follow from the
/// seed alone.
///
/// With --count the events are spread over --span (1d if not given); with --span alone there are
/// 10 a customer and day. With neither it goes on until Ctrl-C and follows the clock. The
/// summary names the start: given as --start it repeats the run.
///
/// Events go to the topics of the configuration, after a question (--yes answers it), or to a
/// file: one value a line for one kind, ready for `bss streams test --input`, else objects with
/// topic, key and value. A folder gets a file of values for each kind.
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// What to make: the four kinds of events if not given; tables come whole when alone, else
    /// row by row before their first use
    #[arg(value_enum, value_name = "KIND")]
    kinds: Vec<KindName>,
    /// Stop after so many records
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// How much event time the events cover, such as 2d
    #[arg(long, value_name = "SPAN", value_parser = span)]
    span: Option<Duration>,
    /// Where chance begins
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many customers there are
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    customers: u64,
    /// How many products there are
    #[arg(long, value_name = "N", default_value_t = 200,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    products: u64,
    /// The first event time [default: so long ago that nothing lies in the future]
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// At most so many records a second; without --count and --span so many on average
    /// [default: as fast as it goes; 10/s]
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<u32>,
    /// As much in each hour: without it nights are quiet and evenings busy, by UTC
    #[arg(long)]
    steady: bool,
    /// Write to this file or folder instead of Kafka; - is standard output
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// The share of events that arrive late
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = share)]
    out_of_order: f64,
    /// How late an event or its repetition arrives at most
    #[arg(long, value_name = "SPAN", default_value = "30s", value_parser = span)]
    max_delay: Duration,
    /// The share of events that arrive twice
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    duplicates: f64,
    /// The share of events that cannot be read
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    broken: f64,
    /// The share of sessions that are planted fraud; their payments' ids begin with PLANTED-
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    fraud_bursts: f64,
    /// Give each record the headers of CloudEvents (Kafka only)
    #[arg(long, conflicts_with = "output_file")]
    cloud_events: bool,
}

impl GenerateArgs {
    /// Whether the events go to Kafka.
    #[must_use]
    pub const fn to_kafka(&self) -> bool {
        self.output_file.is_none()
    }
}

/// The kinds by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum KindName {
    /// What customers do on the site
    CustomerEvents,
    /// Orders
    OrderEvents,
    /// Payments
    PaymentEvents,
    /// Products looked at
    ProductViews,
    /// Table: tier and region of each customer
    CustomerInfo,
    /// Table: price and limits of each product
    ProductCatalog,
    /// What payments turned out to be: fraud that was planted, some that are genuine; hours to ten
    /// days after them, as far as the span goes
    FraudLabels,
}

impl KindName {
    const fn kind(self) -> Kind {
        match self {
            Self::CustomerEvents => Kind::CustomerEvents,
            Self::OrderEvents => Kind::OrderEvents,
            Self::PaymentEvents => Kind::PaymentEvents,
            Self::ProductViews => Kind::ProductViews,
            Self::CustomerInfo => Kind::CustomerInfo,
            Self::ProductCatalog => Kind::ProductCatalog,
            Self::FraudLabels => Kind::FraudLabels,
        }
    }
}

/// A kind's topic, without the prefix.
const fn subject_of(kind: Kind) -> &'static str {
    match kind {
        Kind::CustomerEvents => subject::CUSTOMER_EVENTS,
        Kind::OrderEvents => subject::ORDER_EVENTS,
        Kind::PaymentEvents => subject::PAYMENT_EVENTS,
        Kind::ProductViews => subject::PRODUCT_VIEWS,
        Kind::CustomerInfo => subject::CUSTOMER_INFO,
        Kind::ProductCatalog => subject::PRODUCT_CATALOG,
        Kind::FraudLabels => subject::FRAUD_LABELS,
    }
}

fn span(text: &str) -> Result<Duration, String> {
    // A hundred years keep every time within what RFC 3339 can say.
    let most = Duration::from_secs(100 * 365 * 86_400);
    match parse_span(text)? {
        Duration::ZERO => Err("must be more than 0".to_owned()),
        span if span > most => Err("must be at most 36500d".to_owned()),
        span => Ok(span),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "must be a number from 0 to 1, such as 0.05".to_owned())
}

fn rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    let rate = number.parse::<u32>().ok().filter(|rate| *rate > 0);
    rate.ok_or_else(|| {
        "must be a whole number of records a second from 1, such as 500/s".to_owned()
    })
}
