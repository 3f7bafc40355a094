//! `bss fraud alerts list`

use std::time::Duration;

use serde_json::Value;

use crate::backends::postgres::transaction::{limit_statements, report_fault};
use crate::backends::postgres::{self, alerts};
use crate::cli::range;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::alert::Alert;
use crate::metrics::query::AlertQuery;
use crate::ui::{Cell, Report};

/// The range without `--since`.
const SPAN: Duration = Duration::from_secs(24 * 60 * 60);

/// List alerts
///
/// Lists the stored alerts of the last 24 hours (or of --since and --until), newest first.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only alerts of this severity
    #[arg(long, value_name = "SEVERITY", ignore_case = true,
        value_parser = ["LOW", "MEDIUM", "HIGH", "CRITICAL"])]
    severity: Option<String>,
    /// Only alerts of this rule
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only alerts about this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// At most so many alerts
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), SPAN)?;
    let query = AlertQuery {
        tenant: settings.general.tenant.clone(),
        since: range.since,
        until: range.until,
        severity: args.severity.map(|s| s.to_ascii_uppercase()),
        rule: args.rule.map(|r| r.to_ascii_uppercase()),
        customer: args.customer,
        limit: args.limit,
    };
    let mut connection = postgres::connect(&settings.timescale).await?;
    let limit = settings.timescale.statement_timeout;
    limit_statements(&mut connection, limit).await?;
    let (found, count) = alerts::list(&mut connection, &query).await.map_err(|e| {
        let what = "could not read hypertable bss.fraud_alerts".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    let cut = u64::try_from(found.len()).is_ok_and(|shown| shown < count);
    let report = Report::new(format!("Fraud alerts, {}", range.title()))
        .column("timestamp", "TIME")
        .column("severity", "SEVERITY")
        .column("rule", "RULE")
        .column("customerId", "CUSTOMER")
        .number("amount", "AMOUNT")
        .column("currency", "CURRENCY")
        .number("payments", "PAYMENTS")
        .column("description", "DESCRIPTION")
        .column("alertId", "ALERT")
        .meta("found", count)
        .meta("limit", query.limit)
        .meta("cut", cut);
    let mut report = range.meta(report);
    for alert in &found {
        report.push(cells(alert));
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(found.len(), "--limit");
    }
    if !found.is_empty() {
        context.ui.hint("`bss fraud alerts explain ALERT` tells what the rule saw.");
    }
    Ok(ExitStatus::Done)
}

fn cells(alert: &Alert) -> Vec<Cell> {
    let amount = alert.amount.as_ref();
    vec![
        alert.time.into(),
        alert.severity.as_str().into(),
        alert.rule.as_str().into(),
        alert.customer_id.as_str().into(),
        amount.map_or(Cell::Null, |(money, _)| (*money).into()),
        Cell::text_or_null(amount.map(|(_, currency)| currency.code())),
        u64::try_from(alert.payment_ids.len()).unwrap_or(u64::MAX).into(),
        alert.description.as_str().into(),
        alert.alert_id.as_str().into(),
    ]
}

/// The alert's facts that `explain` gives beside the payments.
pub(super) fn facts(alert: &Alert) -> Value {
    let amount = alert.amount.as_ref();
    serde_json::json!({
        "alertId": alert.alert_id,
        "rule": alert.rule,
        "ruleVersion": alert.rule_version,
        "severity": alert.severity,
        "customerId": alert.customer_id,
        "paymentIds": alert.payment_ids,
        "amount": amount.map(|(money, _)| money.to_string()),
        "currency": amount.map(|(_, currency)| currency.code()),
        "values": alert.values,
        "windowStart": alert.window_start.map(|t| t.to_string()),
        "windowEnd": alert.window_end.map(|t| t.to_string()),
        "timestamp": alert.time.to_string(),
        "description": alert.description,
        "revision": alert.revision,
    })
}
