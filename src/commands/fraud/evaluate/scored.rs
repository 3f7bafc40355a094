//! Payments with their scores: as stored, or as the rules give them now.

use std::sync::Arc;

use super::terms::{Plan, Span};
use crate::backends::postgres::history::{HistoryQuery, history};
use crate::backends::postgres::transaction::report_fault;
use crate::cli::Failure;
use crate::commands::Context;
use crate::commands::analytics::asking::connect;
use crate::commands::fraud::recorded::replay::{Event, Job, Replayed};
use crate::commands::streams::aside::blocking;
use crate::commands::streams::place::Place;
use crate::fraud::evaluation::{History, Labels};

/// The stored payments and alerts of a range; where known customers are left out, their frauds of
/// before it too.
///
/// # Errors
/// The server cannot be reached, a table is missing, the statement timed out.
pub async fn stored(
    context: &Context,
    plan: &Plan,
    span: &Span,
    labels: &Labels,
) -> Result<History, Failure> {
    let settings = context.settings();
    let known = plan.leave_out.map(|_| labels.frauds().map(str::to_owned).collect());
    let query = HistoryQuery {
        tenant: settings.general.tenant.clone(),
        since: span.since.unwrap_or_default(),
        until: span.until.unwrap_or_default(),
        earlier: known.unwrap_or_default(),
        earlier_since: plan.leave_out.and_then(|known| known.since),
    };
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let history = history(&mut connection, &query).await.map_err(|e| {
        let what = "could not read hypertables bss.payment_metrics and bss.fraud_alerts".to_owned();
        report_fault(e, what, &span.title(), limit)
    })?;
    Ok(history)
}

/// Recorded payments through the rules as they are configured.
///
/// # Errors
/// A file or topic that cannot be read; interrupted.
pub async fn replayed(
    context: &Context,
    place: Place,
    plan: &Plan,
    labels: Arc<Labels>,
) -> Result<(History, Replayed), Failure> {
    let job = Job::new(context, &[context.settings()], place, labels, plan.returns())?;
    blocking(move || {
        let mut history = History::default();
        let replayed = job.run(&mut |event| match event {
            Event::Paid(p) => history.pay(&p.payment_id, &p.customer_id, p.time, None),
            Event::Scored(_, id, score) => history.scored(id, score),
            Event::Told(_, alert) => history.tell(alert),
        })?;
        Ok((history, replayed))
    })
    .await?
}
