//! Tells how good score and rules are.

use serde_json::{Map, Value, json};

use super::terms::{Plan, Span};
use crate::cli::Failure;
use crate::commands::Context;
use crate::commands::fraud::recorded::Rejects;
use crate::commands::fraud::recorded::replay::Replayed;
use crate::fraud::evaluation::{By, Decision, Evaluation, Labels};
use crate::ui::{Cell, OutputForm, Report};

/// What a report is about.
pub struct Shown<'a> {
    /// What was asked.
    pub plan: &'a Plan,
    /// Of which payments.
    pub span: &'a Span,
    /// By which labels.
    pub labels: &'a Labels,
}

impl Shown<'_> {
    /// Prints the evaluation.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn report(
        &self,
        context: &Context,
        found: &Evaluation,
        rejects: &Rejects,
        replayed: Option<&Replayed>,
    ) -> Result<(), Failure> {
        let people = context.ui.form() == OutputForm::Table;
        let title = format!(
            "Fraud score and rules against {} labels, {}\n{}\n",
            self.labels.len(),
            self.span.title(),
            self.sentences(found)
        );
        let mut report = decisions(Report::new(title), people);
        for (key, value) in self.facts(rejects) {
            report = report.meta(&key, value);
        }
        for (key, value) in self.figures(found) {
            report = report.meta(&key, value);
        }
        if let Some(replayed) = replayed {
            report = report.meta("records", records(replayed));
        }
        for decision in &found.decisions {
            report.push(self.row(decision, people));
        }
        context.ui.report(&report)?;
        Ok(())
    }

    /// What was asked, and of what.
    pub fn facts(&self, rejects: &Rejects) -> Map<String, Value> {
        let time = |t: Option<crate::domain::EventTime>| t.map(|t| t.to_string());
        let seconds = self.plan.delay / 1_000_000;
        let mut facts = Map::new();
        for (key, value) in [
            ("since", json!(time(self.span.since))),
            ("until", json!(time(self.span.until))),
            ("zone", json!(crate::domain::time::zone_name(&self.span.zone))),
            ("labels", json!(self.labels.len())),
            ("labelsRepeated", json!(self.labels.repeated())),
            ("labelsRejected", json!(rejects.count)),
            ("rejects", rejects.json()),
            ("labelDelaySeconds", json!(seconds)),
            ("feedback", json!(self.plan.feedback)),
            ("leaveOutKnown", json!(self.plan.leave_out.is_some())),
            ("cards", json!(self.plan.cards)),
        ] {
            facts.insert(key.to_owned(), value);
        }
        facts
    }

    /// The figures that are not of one threshold or rule.
    pub fn figures(&self, found: &Evaluation) -> Map<String, Value> {
        let by_scenario: Map<String, Value> = self
            .top_recall(found)
            .map(|(name, recall)| (name.to_owned(), rounded(recall)))
            .collect();
        let without = u64::try_from(self.labels.len()).unwrap_or(u64::MAX);
        let mut figures = Map::new();
        for (key, value) in [
            ("payments", json!(found.payments)),
            ("labelled", json!(found.labelled)),
            ("unlabelled", json!(found.payments - found.labelled)),
            ("frauds", json!(found.frauds)),
            ("unscored", json!(found.unscored)),
            ("unscoredFrauds", json!(found.unscored_frauds)),
            ("leftOut", json!(found.left_out)),
            ("labelsWithoutPayment", json!(without.saturating_sub(found.with_label))),
            ("aucRoc", rounded(found.auc)),
            ("averagePrecision", rounded(found.average_precision)),
            ("cardPrecision", rounded(found.card_precision)),
            (
                "top",
                json!({
                    "percent": self.plan.top.to_string(),
                    "payments": found.top,
                    "recall": rounded(share(found.top_frauds)),
                    "recallByScenario": by_scenario,
                }),
            ),
        ] {
            figures.insert(key.to_owned(), value);
        }
        figures
    }

    /// The recall of each scenario in the top, by name.
    pub fn top_recall<'a>(
        &'a self,
        found: &'a Evaluation,
    ) -> impl Iterator<Item = (&'a str, Option<f64>)> {
        let kinds = self.labels.by_name().into_iter();
        kinds.map(|(at, name)| (name, found.top_scenarios.get(at).and_then(|t| share(*t))))
    }

    /// The same for people.
    fn sentences(&self, found: &Evaluation) -> String {
        let mut counts = format!(
            "{} payments: {} labelled ({} frauds), {} unlabelled, {} without a score",
            found.payments,
            found.labelled,
            found.frauds,
            found.payments - found.labelled,
            found.unscored,
        );
        if found.unscored_frauds > 0 {
            counts.push_str(&format!(" ({} frauds)", found.unscored_frauds));
        }
        if self.plan.leave_out.is_some() {
            counts.push_str(&format!("; {} of known customers left out", found.left_out));
        }
        let labels = u64::try_from(self.labels.len()).unwrap_or(u64::MAX);
        let without = labels.saturating_sub(found.with_label);
        if without > 0 {
            counts.push_str(&format!("; {without} labels without a payment of the range"));
        }
        let mut measures = format!(
            "AUC ROC {}, average precision {}, card precision@{} {}\nrecall in the top {} % ({} \
             payments) {}",
            three(found.auc),
            three(found.average_precision),
            self.plan.cards,
            three(found.card_precision),
            self.plan.top,
            found.top,
            three(share(found.top_frauds)),
        );
        for (name, recall) in self.top_recall(found) {
            measures.push_str(&format!(", of scenario {name} {}", three(recall)));
        }
        format!("{counts}\n{measures}")
    }

    fn row(&self, decision: &Decision, people: bool) -> Vec<Cell> {
        let number = |value: Option<f64>| {
            value.map_or(Cell::Null, |v| {
                Cell::Number(if people { format!("{v:.3}") } else { format!("{v:.6}") })
            })
        };
        let (by, name) = named(&decision.by);
        let kinds = self.labels.by_name();
        let scenarios = kinds.iter().map(|(at, name)| (*name, decision.scenarios[*at].share()));
        let by_scenario = if people {
            let one = |(name, recall): (&str, _)| format!("{name}: {}", three(recall));
            let text = scenarios.map(one).collect::<Vec<_>>().join("  ");
            Cell::text_or_null(Some(text).filter(|t| !t.is_empty()))
        } else {
            let one = |(name, recall): (&str, _)| (name.to_owned(), rounded(recall));
            Cell::Json(Value::Object(scenarios.map(one).collect()))
        };
        vec![
            by.into(),
            Cell::text_or_null(name),
            decision.fired.into(),
            decision.right.into(),
            decision.wrong.into(),
            decision.unknown().into(),
            number(decision.precision()),
            number(decision.recall()),
            number(decision.f1()),
            by_scenario,
        ]
    }

    /// The decisions as JSON, for a report that is about more.
    pub fn decisions(&self, found: &Evaluation) -> Vec<Value> {
        let one = |decision: &Decision| {
            let (by, name) = named(&decision.by);
            json!({
                "by": by,
                "name": name,
                "fired": decision.fired,
                "true": decision.right,
                "false": decision.wrong,
                "unknown": decision.unknown(),
                "precision": rounded(decision.precision()),
                "recall": rounded(decision.recall()),
                "f1": rounded(decision.f1()),
            })
        };
        found.decisions.iter().map(one).collect()
    }
}

fn decisions(report: Report, people: bool) -> Report {
    report
        .column("by", "BY")
        .column("name", "NAME")
        .number("fired", "FIRED")
        .number("true", "TRUE")
        .number("false", "FALSE")
        .number("unknown", "UNKNOWN")
        .number("precision", "PRECISION")
        .number("recall", "RECALL")
        .number("f1", "F1")
        .column("recallByScenario", if people { "RECALL BY SCENARIO" } else { "" })
}

/// What raises the question: its kind and its name.
pub fn named(by: &By) -> (&'static str, Option<&str>) {
    match by {
        By::Score(threshold) => ("score above", Some(threshold)),
        By::Rule(rule) => ("rule", Some(rule)),
        By::AnyRule => ("any rule", None),
    }
}

/// Payments of a recording and what became of them.
pub fn records(replayed: &Replayed) -> Value {
    let counts = &replayed.counts;
    json!({
        "read": counts.total(),
        "processed": counts.processed,
        "duplicate": counts.duplicate,
        "late": counts.late,
        "future": counts.future,
        "rejected": counts.rejected,
        "rejects": replayed.rejects.json(),
        "otherTopics": replayed.skipped,
        "labelsReturned": replayed.returned,
    })
}

/// The same as sentences.
pub fn payments(context: &Context, replayed: &Replayed) {
    let counts = &replayed.counts;
    replayed.rejects.warn(context, "payments", "the recording");
    if replayed.skipped > 0 {
        let skipped = replayed.skipped;
        context.ui.warning(format!("{skipped} lines are for other topics and were skipped"));
    }
    let mut sentence = format!(
        "{} read = {} processed + {} duplicate + {} late + {} future + {} rejected",
        counts.total(),
        counts.processed,
        counts.duplicate,
        counts.late,
        counts.future,
        counts.rejected
    );
    if replayed.returned > 0 {
        sentence.push_str(&format!("; {} labels came back", replayed.returned));
    }
    context.ui.status(sentence + ".");
}

/// The share of what there is; none of nothing.
pub fn share((inside, of): (f64, u64)) -> Option<f64> {
    (of > 0).then(|| inside / of as f64)
}

/// Three decimals, or a dash.
pub fn three(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"))
}

/// A JSON number of at most six decimals, or null.
pub fn rounded(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |v| json!((v * 1e6).round() / 1e6))
}
