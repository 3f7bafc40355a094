//! `bss fraud evaluate`

pub mod report;
mod scored;
pub mod terms;

use std::path::PathBuf;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::fraud::recorded::read_labels;
use crate::commands::streams::place::{Place, place};
use crate::fraud::evaluation::evaluate;
use crate::topics::{self, subject};
use terms::TermsArgs;

/// Tell how good score and rules are on payments with labels
///
/// Labels say what payments turned out to be. CSV with a header or NDJSON, plain or gzipped: with
/// paymentId and fraud (true or false; labelledAt and scenario if known), as in topic
/// bss.fraud.labels; or with paymentId and scenario, one row a fraud (a scenario of 0 is none).
///
/// Payments are the stored ones of the last 30 days (or of --since and --until), with the scores and
/// alerts they were given. With --payments they are recorded events: a file of NDJSON or CSV (-
/// is standard input), topic:NAME, or kafka for the payments' own topic. They run through the rules
/// of this program and configuration as in `streams test`; all of them make history, those of
/// --since and --until are judged.
///
/// A payment is all its events together: it has the highest of their scores. One without a score is
/// counted, and is in no measure of the score. AUC and average precision count ties as
/// scikit-learn does. Card precision is the share of defrauded customers among the --cards highest
/// of a day (in --tz); one that was found is left out on later days. An alert is true if one of its
/// payments is a fraud, false if what is known of them is genuine.
#[derive(Debug, clap::Args)]
pub struct EvaluateArgs {
    /// What payments turned out to be; - is standard input
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Recorded payments: a file, -, topic:NAME or kafka
    #[arg(long, value_name = "PLACE", value_parser = place)]
    payments: Option<Place>,
    #[command(flatten)]
    terms: TermsArgs,
}

impl EvaluateArgs {
    /// Whether stored payments are judged.
    #[must_use]
    pub const fn reads_tables(&self) -> bool {
        self.payments.is_none()
    }

    /// Whether a topic is read.
    #[must_use]
    pub const fn reads_kafka(&self) -> bool {
        matches!(&self.payments, Some(place) if place.is_kafka())
    }
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: EvaluateArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let standard = args.labels.as_os_str() == "-";
    if standard && args.payments.as_ref().is_some_and(Place::is_standard) {
        return Err(Failure::usage("--labels and --payments cannot both be standard input")
            .hint("Write one of them to a file."));
    }
    if args.terms.feedback && args.payments.is_none() {
        return Err(Failure::usage("--feedback cannot change scores that are stored")
            .hint("Give recorded payments with --payments."));
    }
    let topic = topics::name(&context.settings().kafka.topic_prefix, subject::FRAUD_LABELS);
    let read = read_labels(&args.labels, &topic, &context.shutdown)?;
    if read.labels.is_empty() {
        context.ui.warning(format!("{} holds no label", args.labels.display()));
    }
    let span = terms::Span::of(context, args.payments.is_none())?;
    let plan = args.terms.plan(context, &read.labels)?;
    let labels = std::sync::Arc::new(read.labels);
    let (history, replayed) = match args.payments {
        None => (scored::stored(context, &plan, &span, &labels).await?, None),
        Some(place) => {
            let labels = std::sync::Arc::clone(&labels);
            let (history, replayed) = scored::replayed(context, place, &plan, labels).await?;
            (history, Some(replayed))
        }
    };
    let zone = span.zone.clone();
    let day = move |time| crate::cli::range::day_start(time, &zone);
    let found = evaluate(&history, &labels, &plan.terms(&span, &day));
    let shown = report::Shown { plan: &plan, span: &span, labels: &labels };
    shown.report(context, &found, &read.rejects, replayed.as_ref())?;
    read.rejects.warn(context, "labels", &args.labels.display().to_string());
    let aside = replayed.as_ref().is_some_and(|r| r.counts.set_aside() > 0);
    if let Some(replayed) = &replayed {
        report::payments(context, replayed);
    }
    Ok(if read.rejects.count > 0 || aside { ExitStatus::Partly } else { ExitStatus::Done })
}
