//! What the options ask for, as values for the generator.

use std::time::Duration;

use super::GenerateArgs;
use crate::cli::{Failure, range};
use crate::commands::Context;
use crate::domain::EventTime;
use crate::generate::{Extent, Flaws, Kind, Kinds, LONGEST_SESSION, Rhythm, Shape};

/// Events of a customer and day where nothing else says how many.
const A_DAY: f64 = 10.0;
/// Records a second where nothing else says how many and there is no end.
const ENDLESS: u32 = 10;
const DAY: Duration = Duration::from_secs(86_400);
const SECOND: i64 = 1_000_000;

/// What is made and how it arrives.
pub struct Wish {
    pub shape: Shape,
    pub flaws: Flaws,
    /// Where the events end at the latest; none if there is no end.
    pub end: Option<EventTime>,
}

/// Reads the options.
///
/// # Errors
/// Exit 2 for a start that cannot be read.
pub fn wish(args: &GenerateArgs, context: &Context) -> Result<Wish, Failure> {
    let now = context.now();
    let extent = extent(args);
    // A counted run lets every session end, a run over a span cuts them.
    let length = match extent {
        Extent::Count { span, .. } => Some(span + LONGEST_SESSION),
        Extent::Span { span, .. } => Some(span),
        Extent::Endless { .. } => None,
    };
    let start = match &args.start {
        Some(text) => {
            let zone = range::zone(&context.global, context.settings())?;
            range::instant("--start", text, now, &zone)?
        }
        None => {
            let start = now.plus_micros(-length.unwrap_or(0));
            EventTime::from_micros(start.micros().div_euclid(SECOND) * SECOND)
        }
    };
    // Seconds in a field of milliseconds are told by their year, so no event may be as old.
    if start < EventTime::from_micros(631_152_000 * SECOND) {
        return Err(Failure::usage(format!("--start {start} is before 1990"))
            .hint("No event may be older; give a later --start, or a shorter --span."));
    }
    let end = length.map(|length| start.plus_micros(length));
    let kinds: Vec<Kind> = if args.kinds.is_empty() {
        Kind::USUAL.to_vec()
    } else {
        args.kinds.iter().map(|name| name.kind()).collect()
    };
    let shape = Shape {
        start,
        extent,
        customers: args.customers,
        products: args.products,
        kinds: Kinds::of(&kinds),
        bursts: args.fraud_bursts,
        rhythm: if args.steady { Rhythm::Steady } else { Rhythm::Daily },
    };
    let flaws = Flaws {
        out_of_order: args.out_of_order,
        max_delay: i64::try_from(args.max_delay.as_millis()).unwrap_or(i64::MAX),
        duplicates: args.duplicates,
        broken: args.broken,
    };
    Ok(Wish { shape, flaws, end })
}

fn extent(args: &GenerateArgs) -> Extent {
    let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match (args.count, args.span) {
        (Some(events), span) => Extent::Count { events, span: micros(span.unwrap_or(DAY)) },
        (None, Some(span)) => {
            let rate = args.customers as f64 * A_DAY / DAY.as_secs_f64();
            Extent::Span { span: micros(span), rate }
        }
        (None, None) => Extent::Endless { rate: f64::from(args.rate.unwrap_or(ENDLESS)) },
    }
}
