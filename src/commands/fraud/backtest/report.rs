//! Tells what other rules would change.

use serde_json::{Map, Value, json};

use super::BacktestArgs;
use crate::cli::Failure;
use crate::commands::Context;
use crate::commands::analytics::asking::money_text;
use crate::commands::fraud::evaluate::report::{self, Shown, named, share, three};
use crate::commands::fraud::evaluate::terms::{Plan, Span};
use crate::commands::fraud::recorded::Rejects;
use crate::commands::fraud::recorded::replay::Replayed;
use crate::fraud::evaluation::compare::{Changes, Sum};
use crate::fraud::evaluation::{By, Decision, Evaluation, Labels};
use crate::ui::{Cell, OutputForm, Report};

/// What came out.
pub struct Backtest<'a> {
    pub args: &'a BacktestArgs,
    pub plan: &'a Plan,
    pub span: &'a Span,
    pub labels: &'a Labels,
    pub rejects: &'a Rejects,
    pub replayed: &'a Replayed,
    pub changes: Changes,
    /// Before and after, where there are labels.
    pub judged: Option<[Evaluation; 2]>,
}

impl Backtest<'_> {
    /// Prints it: for people as tables, else as the alerts that only one side has, with everything
    /// else as facts.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn report(&self, context: &Context) -> Result<(), Failure> {
        let limit = usize::try_from(self.args.limit).unwrap_or(usize::MAX);
        if context.ui.form() == OutputForm::Table {
            context.ui.report(&self.alerts())?;
            context.ui.report(&self.scores())?;
            context.ui.report(&self.amounts())?;
            if let Some(judged) = &self.judged {
                context.ui.report(&self.measures(judged))?;
            }
        }
        context.ui.report(&self.only(limit))?;
        if self.changes.only.len() > limit {
            context.ui.cut(limit, "--limit");
        }
        Ok(())
    }

    fn alerts(&self) -> Report {
        let title = format!(
            "{} payments under the rules as they are (before) and of {} (after), {}\n\nAlerts",
            self.changes.payments,
            self.args.rules.display(),
            self.span.title()
        );
        let mut report = Report::new(title)
            .column("rule", "RULE")
            .column("severity", "SEVERITY")
            .number("before", "BEFORE")
            .number("after", "AFTER")
            .number("onlyBefore", "ONLY BEFORE")
            .number("onlyAfter", "ONLY AFTER");
        for ((rule, severity), tally) in &self.changes.alerts {
            report.push(vec![
                rule.as_str().into(),
                severity.as_str().into(),
                tally.before.into(),
                tally.after.into(),
                (tally.before - tally.both).into(),
                (tally.after - tally.both).into(),
            ]);
        }
        report
    }

    fn scores(&self) -> Report {
        let (raised, lowered) = (self.changes.raised, self.changes.lowered);
        let mut report = Report::new(format!("\nScores: {raised} rose, {lowered} fell"))
            .number("threshold", "ABOVE")
            .number("before", "BEFORE")
            .number("after", "AFTER")
            .number("up", "UP")
            .number("down", "DOWN");
        for crossing in &self.changes.crossings {
            report.push(vec![
                Cell::Number(crossing.threshold.clone()),
                crossing.before.into(),
                crossing.after.into(),
                crossing.up.into(),
                crossing.down.into(),
            ]);
        }
        report
    }

    fn amounts(&self) -> Report {
        let lowest = self.plan.thresholds.first().map_or("-", |t| t.shown.as_str());
        let title = format!("\nPayments alerted or scored above {lowest} by one side only");
        let mut report = Report::new(title)
            .column("currency", "CURRENCY")
            .number("addedPayments", "ADDED")
            .number("addedAmount", "AMOUNT")
            .number("droppedPayments", "DROPPED")
            .number("droppedAmount", "AMOUNT");
        for affected in &self.changes.affected {
            let amount = |sum: &Sum| Cell::Number(money_text(sum.amount));
            report.push(vec![
                affected.currency.code().into(),
                affected.added.payments.into(),
                amount(&affected.added),
                affected.dropped.payments.into(),
                amount(&affected.dropped),
            ]);
        }
        report
    }

    fn measures(&self, judged: &[Evaluation; 2]) -> Report {
        let [before, after] = judged;
        let title = format!(
            "\nAgainst {} labels: {} payments, {} labelled ({} frauds)",
            self.labels.len(),
            before.payments,
            before.labelled,
            before.frauds
        );
        let mut report = Report::new(title)
            .column("measure", "MEASURE")
            .number("before", "BEFORE")
            .number("after", "AFTER");
        let mut line = |name: String, of: &dyn Fn(&Evaluation) -> Option<f64>| {
            report.push(vec![name.into(), three(of(before)).into(), three(of(after)).into()]);
        };
        line("AUC ROC".to_owned(), &|e| e.auc);
        line("average precision".to_owned(), &|e| e.average_precision);
        line(format!("card precision@{}", self.plan.cards), &|e| e.card_precision);
        let top = format!("recall in the top {} %", self.plan.top);
        line(top.clone(), &|e| share(e.top_frauds));
        for (at, name) in self.labels.by_name() {
            line(format!("{top}, scenario {name}"), &|e| share(*e.top_scenarios.get(at)?));
        }
        let told = |e: &Evaluation, by: &By| e.decisions.iter().any(|d| d.by == *by && d.fired > 0);
        let silent = |by: &By| matches!(by, By::Rule(_)) && !told(before, by) && !told(after, by);
        for decision in before.decisions.iter().filter(|d| !silent(&d.by)) {
            let (by, name) = named(&decision.by);
            let by = name.map_or_else(|| by.to_owned(), |name| format!("{by} {name}"));
            let of = |e: &Evaluation, figure: fn(&Decision) -> Option<f64>| {
                e.decisions.iter().find(|d| d.by == decision.by).and_then(figure)
            };
            line(format!("{by}: precision"), &|e| of(e, Decision::precision));
            line(format!("{by}: recall"), &|e| of(e, Decision::recall));
        }
        report
    }

    fn only(&self, limit: usize) -> Report {
        let mut report = Report::new("\nAlerts of one side only")
            .column("side", "ONLY")
            .column("timestamp", "TIME")
            .column("rule", "RULE")
            .column("severity", "SEVERITY")
            .column("customerId", "CUSTOMER")
            .number("amount", "AMOUNT")
            .column("currency", "CURRENCY")
            .column("paymentId", "PAYMENT")
            .column("description", "DESCRIPTION")
            .column("alertId", "ALERT");
        for (key, value) in self.facts(limit) {
            report = report.meta(&key, value);
        }
        for (side, alert) in self.changes.only.iter().take(limit) {
            report.push(vec![
                side.word().into(),
                alert.time.into(),
                alert.rule.as_str().into(),
                alert.severity.as_str().into(),
                alert.customer.as_str().into(),
                alert.amount.map_or(Cell::Null, |(money, _)| money.into()),
                Cell::text_or_null(alert.amount.map(|(_, currency)| currency.code().to_owned())),
                Cell::text_or_null(alert.payment_ids.last().cloned()),
                alert.description.as_str().into(),
                alert.id.as_str().into(),
            ]);
        }
        report
    }

    fn facts(&self, limit: usize) -> Map<String, Value> {
        let changes = &self.changes;
        let alerts = changes.alerts.iter().map(|((rule, severity), tally)| {
            json!({
                "rule": rule,
                "severity": severity,
                "before": tally.before,
                "after": tally.after,
                "onlyBefore": tally.before - tally.both,
                "onlyAfter": tally.after - tally.both,
            })
        });
        let crossings = changes.crossings.iter().map(|c| {
            json!({
                "threshold": c.threshold,
                "before": c.before,
                "after": c.after,
                "up": c.up,
                "down": c.down,
            })
        });
        let sum = |s: &Sum| json!({"payments": s.payments, "amount": money_text(s.amount)});
        let amounts = changes.affected.iter().map(|a| {
            json!({
                "currency": a.currency.code(),
                "added": sum(&a.added),
                "dropped": sum(&a.dropped),
            })
        });
        let shown = Shown { plan: self.plan, span: self.span, labels: self.labels };
        let mut facts = shown.facts(self.rejects);
        for (key, value) in [
            ("rules", json!(self.args.rules.display().to_string())),
            ("payments", json!(changes.payments)),
            ("alerts", alerts.collect()),
            ("scores", json!({"raised": changes.raised, "lowered": changes.lowered})),
            ("thresholds", crossings.collect()),
            ("amounts", amounts.collect()),
            ("evaluation", self.evaluation(&shown)),
            ("records", report::records(self.replayed)),
            ("found", json!(changes.only.len())),
            ("limit", json!(limit)),
            ("cut", json!(changes.only.len() > limit)),
        ] {
            facts.insert(key.to_owned(), value);
        }
        facts
    }

    /// The measures of both sides, or null without labels.
    fn evaluation(&self, shown: &Shown<'_>) -> Value {
        let Some(judged) = &self.judged else { return Value::Null };
        let [before, after] = judged.each_ref().map(|e| {
            let mut figures = shown.figures(e);
            figures.insert("decisions".to_owned(), shown.decisions(e).into());
            Value::Object(figures)
        });
        json!({"before": before, "after": after})
    }
}
