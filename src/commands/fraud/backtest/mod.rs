//! `bss fraud backtest`

mod report;

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::commands::fraud::evaluate::report::payments;
use crate::commands::fraud::evaluate::terms::{Span, TermsArgs};
use crate::commands::fraud::recorded::replay::{Event, Job, Replayed};
use crate::commands::fraud::recorded::{ReadLabels, read_labels};
use crate::commands::streams::aside::blocking;
use crate::commands::streams::place::{Place, place};
use crate::config::section;
use crate::domain::EventTime;
use crate::fraud::evaluation::{Comparison, History, Side, evaluate};
use crate::topics::{self, subject};

/// Compare the fraud rules with others over recorded payments
///
/// Runs payments through the rules as they are configured (before) and as FILE has them (after), both
/// as `streams test` does, and tells which alerts and scores differ and how much money is concerned.
/// FILE is TOML with keys of [fraud], bare or under [fraud]; keys that it lacks stay as they are.
/// With --labels the measures of `fraud evaluate` come for both sides.
///
/// Payments are recorded events: a file of NDJSON or CSV, plain or gzipped (- is standard input),
/// topic:NAME, or kafka for the payments' own topic. Stored payments cannot be run again: the
/// tables keep no instrument, location and failure reason, without which card testing, changes of
/// place and the processor's own failures cannot be judged. All payments make history; those of
/// --since and --until are compared.
#[derive(Debug, clap::Args)]
pub struct BacktestArgs {
    /// The rules to try: TOML with keys of [fraud]
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// Recorded payments: a file, -, topic:NAME or kafka
    #[arg(long, value_name = "PLACE", value_parser = place)]
    payments: Place,
    /// What payments turned out to be, as for `fraud evaluate`
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    #[command(flatten)]
    terms: TermsArgs,
    /// Exit 6 if any alert or score differs
    #[arg(long)]
    check: bool,
    /// Show at most so many alerts that only one side has
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

impl BacktestArgs {
    /// Whether a topic is read.
    #[must_use]
    pub const fn reads_kafka(&self) -> bool {
        self.payments.is_kafka()
    }
}

/// Both answers.
#[derive(Default)]
struct Answers {
    comparison: Comparison,
    histories: [History; 2],
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: BacktestArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let (standard, feedback) = (|p: &PathBuf| p.as_os_str() == "-", args.terms.feedback);
    if args.payments.is_standard() && args.labels.as_ref().is_some_and(standard) {
        return Err(Failure::usage("--labels and --payments cannot both be standard input")
            .hint("Write one of them to a file."));
    }
    if feedback && args.labels.is_none() {
        return Err(Failure::usage("--feedback needs labels").hint("Give them with --labels FILE."));
    }
    let before = context.settings();
    let mut after = before.clone();
    after.fraud = section::with_file(&context.resolved, "fraud", &args.rules)?.fraud;
    let topic = topics::name(&before.kafka.topic_prefix, subject::FRAUD_LABELS);
    let read = match &args.labels {
        Some(path) => read_labels(path, &topic, &context.shutdown)?,
        None => ReadLabels::default(),
    };
    let plan = args.terms.plan(context, &read.labels)?;
    let span = Span::of(context, false)?;
    let labels = Arc::new(read.labels);
    let place = args.payments.clone();
    let job = Job::new(context, &[before, &after], place, Arc::clone(&labels), plan.returns())?;
    let (since, until, labelled) = (span.since, span.until, args.labels.is_some());
    let within = move |time: EventTime| {
        since.is_none_or(|since| time >= since) && until.is_none_or(|until| time < until)
    };
    let (answers, replayed) = blocking(move || answers(&job, labelled, &within)).await??;
    let zone = span.zone.clone();
    let day = move |time| range::day_start(time, &zone);
    let judged = labelled.then(|| {
        answers.histories.each_ref().map(|h| evaluate(h, &labels, &plan.terms(&span, &day)))
    });
    let shown = report::Backtest {
        args: &args,
        plan: &plan,
        span: &span,
        labels: &labels,
        rejects: &read.rejects,
        replayed: &replayed,
        changes: answers.comparison.changes(&plan.thresholds),
        judged,
    };
    shown.report(context)?;
    if let Some(path) = &args.labels {
        read.rejects.warn(context, "labels", &path.display().to_string());
    }
    payments(context, &replayed);
    let differs = !shown.changes.is_none();
    Ok(match read.rejects.count > 0 || replayed.counts.set_aside() > 0 {
        _ if args.check && differs => ExitStatus::Found,
        true => ExitStatus::Partly,
        false => ExitStatus::Done,
    })
}

/// Runs the payments through both sets of rules.
fn answers(
    job: &Job,
    labelled: bool,
    within: &dyn Fn(EventTime) -> bool,
) -> Result<(Answers, Replayed), Failure> {
    let mut own = Answers::default();
    let replayed = job.run(&mut |event| match event {
        Event::Paid(p) => {
            if within(p.time) {
                own.comparison.pay(&p.payment_id, p.amount, p.currency);
            }
            for history in own.histories.iter_mut().filter(|_| labelled) {
                history.pay(&p.payment_id, &p.customer_id, p.time, None);
            }
        }
        Event::Scored(at, id, score) => {
            own.comparison.scored(Side::BOTH[at], id, score);
            own.histories[at].scored(id, score);
        }
        Event::Told(at, alert) => {
            if within(alert.time) {
                own.comparison.told(Side::BOTH[at], &alert);
            }
            if labelled {
                own.histories[at].tell(alert);
            }
        }
    })?;
    Ok((own, replayed))
}
