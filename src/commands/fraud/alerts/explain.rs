//! `bss fraud alerts explain`

use super::list::facts;
use crate::backends::postgres::{self, alerts, reports};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::explain::explain;
use crate::ui::{Cell, Report};

/// Explain one alert
///
/// Tells what the rule looks for, what it saw and compared with, and lists the payments it was
/// about with their scores.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The alert, as `bss fraud alerts list` names it
    #[arg(value_name = "ALERT")]
    alert: String,
}

/// Runs the command.
///
/// # Errors
/// The command's failure; an unknown alert is exit 1 with the code `not-found`.
pub async fn run(args: ExplainArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let tenant = &settings.general.tenant;
    let mut connection = postgres::connect(&settings.timescale).await?;
    let Some(alert) = alerts::find(&mut connection, tenant, &args.alert).await? else {
        return Err(Failure::failed(format!("there is no alert \"{}\"", args.alert))
            .code("not-found")
            .hint("List the alerts with `bss fraud alerts list --since 30d`."));
    };
    // The payments lie in the window the rule looked at; without one, at the alert's own time.
    let from = alert.window_start.unwrap_or(alert.time).min(alert.time);
    let to = alert.window_end.unwrap_or(alert.time).max(alert.time);
    let (customer, ids) = (&alert.customer_id, &alert.payment_ids);
    let payments = reports::payments(&mut connection, tenant, customer, ids, (from, to)).await?;
    let told = explain(&alert, &payments);
    let mut title = format!(
        "{} {} on customer {} at {}\n{}\n\n{}\n",
        alert.severity, alert.rule, alert.customer_id, alert.time, told.summary, told.rule
    );
    for (name, value) in &told.saw {
        title.push_str(&format!("  {name}: {value}\n"));
    }
    for note in &told.notes {
        title.push_str(&format!("note: {note}\n"));
    }
    let mut report = Report::new(title)
        .column("timestamp", "TIME")
        .column("paymentId", "PAYMENT")
        .number("amount", "AMOUNT")
        .column("currency", "CURRENCY")
        .column("status", "STATUS")
        .column("paymentMethod", "METHOD")
        .number("fraudScore", "SCORE")
        .meta("alert", facts(&alert))
        .meta("summary", told.summary.as_str())
        .meta("meaning", told.rule.as_str())
        .meta("notes", told.notes.clone());
    for row in &payments {
        report.push(vec![
            row.time.into(),
            row.payment_id.as_str().into(),
            row.amount.into(),
            row.currency.as_str().into(),
            row.status.as_str().into(),
            Cell::text_or_null(row.payment_method.clone()),
            row.fraud_score.map_or(Cell::Null, |s| Cell::Number(s.normalize().to_string())),
        ]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
