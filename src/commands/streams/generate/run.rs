//! How generating goes: make, pace, hand over, tell.

use std::time::{Duration, Instant};

use super::GenerateArgs;
use super::options::{self, Wish};
use super::sink::Sink;
use super::summary::Summary;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::domain::EventTime;
use crate::generate::{Arrivals, Extent, Generator};
use crate::ui::Progress;

/// Records between two looks at the destination and the clock.
const ROUND: u64 = 512;
/// The longest pause, so that the destination is served meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs the command.
///
/// # Errors
/// A wrong option or no agreement: exit 2; a file that cannot be written: exit 1; Kafka
/// unreachable or a record not delivered: exit 4 or 1, with the count.
pub async fn run(args: GenerateArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let wish = options::wish(&args, context)?;
    let skew = i64::try_from(context.settings().general.max_skew.as_micros()).unwrap_or(i64::MAX);
    if wish.end.is_some_and(|end| end > context.now().plus_micros(skew)) {
        context.ui.warning(
            "some events lie in the future: streams set aside what is more than \
             general.max_skew ahead",
        );
    }
    let mut sink = match &args.output_file {
        Some(path) => Sink::lines(context, path, wish.shape.kinds).await?,
        None => Sink::kafka(context, wish.shape.kinds, args.cloud_events).await?,
    };
    let mut summary = Summary::default();
    let made = make(&args, context, &wish, &mut sink, &mut summary).await;
    made.and_then(|()| sink.finish()).map_err(|failure| broke_off(failure, &sink, &summary))?;
    end(&args, context, &wish, &summary)
}

async fn make(
    args: &GenerateArgs,
    context: &Context,
    wish: &Wish,
    sink: &mut Sink,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let endless = matches!(wish.shape.extent, Extent::Endless { .. });
    let events = Generator::new(args.seed, &wish.shape);
    let arrivals = Arrivals::new(events, args.seed, wish.flaws);
    let limit = args.count.unwrap_or(u64::MAX);
    let mut progress = Progress::start(&context.ui, "Generating", args.count);
    let started = Instant::now();
    let mut done = 0;
    for arrival in arrivals {
        if done >= limit || context.shutdown.asked() {
            break;
        }
        let due = if endless {
            Due::Clock(arrival.at)
        } else {
            args.rate.map_or(Due::Now, |rate| {
                Due::At(started + Duration::from_secs_f64(done as f64 / f64::from(rate)))
            })
        };
        if !wait(context, sink, due).await? || !sink.take(&arrival.event)? {
            break;
        }
        summary.count(&arrival);
        done += 1;
        if done.is_multiple_of(ROUND) {
            if args.to_kafka() {
                sink.serve()?;
            }
            progress.set(done);
        }
    }
    progress.finish();
    Ok(())
}

/// When a record is due.
#[derive(Clone, Copy)]
enum Due {
    /// At once.
    Now,
    /// At an instant of the run.
    At(Instant),
    /// When the clock shows this.
    Clock(EventTime),
}

/// Waits until it is time, the destination served meanwhile; false if a stop is asked for or
/// nobody reads any more.
async fn wait(context: &Context, sink: &mut Sink, due: Due) -> Result<bool, Failure> {
    loop {
        let left = match due {
            Due::Now => Duration::ZERO,
            Due::At(instant) => instant.saturating_duration_since(Instant::now()),
            Due::Clock(time) => {
                let micros = time.micros_since(context.now());
                Duration::from_micros(u64::try_from(micros).unwrap_or(0))
            }
        };
        if left.is_zero() {
            return Ok(true);
        }
        if !sink.serve()? {
            return Ok(false);
        }
        tokio::select! {
            () = tokio::time::sleep(left.min(PAUSE)) => {}
            () = context.shutdown.wait() => return Ok(false),
        }
    }
}

/// A failure on the way says how far it came.
fn broke_off(failure: Failure, sink: &Sink, summary: &Summary) -> Failure {
    let taken = summary.records();
    let mut failure = failure;
    failure.causes.push(match sink.arrived() {
        Some(arrived) => format!("{arrived} of {taken} records were acknowledged"),
        None => format!("about {taken} records were written"),
    });
    failure
}

fn end(
    args: &GenerateArgs,
    context: &Context,
    wish: &Wish,
    summary: &Summary,
) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let path = args.output_file.as_ref().map(|path| path.display().to_string());
    let place = path.clone().unwrap_or_else(|| format!("Kafka at {}", settings.kafka.bootstrap));
    let (seed, start) = (args.seed, wish.shape.start);
    // Standard output holds the events themselves.
    if path.as_deref() != Some("-") {
        let report = summary.report(wish, seed, &settings.kafka.topic_prefix, &place);
        context.ui.report(&report)?;
    }
    let records = summary.records();
    context.ui.status(format!("{records} records with --seed {seed} --start {start}."));
    let stopped = context.shutdown.asked();
    if stopped && (args.count.is_some() || args.span.is_some()) {
        context.ui.status("Stopped before the end.");
        return Ok(context.shutdown.status());
    }
    Ok(ExitStatus::Done)
}
