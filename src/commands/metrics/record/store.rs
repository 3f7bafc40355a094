//! One row on its way into its hypertable.

use crate::backends::postgres::copy::EncodedRows;
use crate::backends::postgres::samples::SampleWriter;
use crate::backends::postgres::{self, fault, hypertable, transaction};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::domain::payment::Currency;
use crate::domain::{Money, Reject};
use crate::metrics::decode::{Rules, within};
use crate::metrics::draft::Draft;
use crate::metrics::identity::Identities;
use crate::metrics::kind::{Form, Kind};
use crate::metrics::sample::Sample;
use crate::ui::{Cell, Report};

/// What is to be recorded.
pub struct Given<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its fields.
    pub draft: Draft<'a>,
    /// What it is, for messages: `payment "p1"`.
    pub what: String,
    /// The fields that the result shows.
    pub shown: &'static [&'static str],
}

/// Checks and stores the row, and reports what became of it.
///
/// # Errors
/// A field at fault, another row under the same key (exit 5), a server that cannot be reached.
pub async fn store(given: Given<'_>, context: &Context) -> Result<ExitStatus, Failure> {
    let Given { kind, draft, what, shown } = given;
    let settings = context.settings();
    let what = || format!("could not record {what}");
    let currency = Currency::new(&settings.general.currency)
        .map_err(|e| Failure::config("cannot use general.currency").because(&e))?;
    let mut connection = postgres::connect(&settings.timescale).await?;
    let floor = hypertable::floor(&mut connection, kind.hypertable()).await?;
    let skew = i64::try_from(settings.general.max_skew.as_micros()).unwrap_or(i64::MAX);
    let latest = context.now().plus_micros(skew);
    let rules = Rules { currency, round: false, latest, floor };
    let refused = |e: Reject| Failure::failed(what()).code(e.reason.code()).because(&e);
    let mut sample = Sample::check(kind, draft, currency, None).map_err(refused)?;
    within(sample.time(), &rules).map_err(refused)?;
    let content = sample.to_json().to_string();
    if let Some(id @ None) = sample.event_id_mut() {
        // The same command given twice is one event.
        *id = Some(Identities::default().name(content.as_bytes()).into());
    }
    let mut rows = EncodedRows::default();
    rows.push(&sample, &settings.general.tenant)
        .map_err(|e| Failure::failed(what()).because(e.as_ref()))?;
    transaction::begin(&mut connection).await?;
    let outcome = SampleWriter::new(kind)
        .write(&mut connection, &rows)
        .await
        .map_err(|e| fault(e, what()))?;
    if let Some((_, said)) = outcome.refused.first() {
        return Err(Failure::failed(what()).because(&std::io::Error::other(said.clone())));
    }
    if let Some(conflict) = outcome.conflicting.first() {
        let key = kind.key_in_words();
        return Err(Failure::new(
            ExitStatus::Conflict,
            format!("{}: its {key} are stored with other content", what()),
        )
        .because(&std::io::Error::other(format!("stored: {}", conflict.stored)))
        .because(&std::io::Error::other(format!("given: {}", sample.to_json())))
        .hint("A correction is a new event: give it a time or status of its own, or a higher --revision where there is one."));
    }
    transaction::commit(&mut connection).await?;
    transaction::close(connection).await?;
    let word = match (outcome.stored, outcome.corrected) {
        (1.., _) => "stored",
        (_, 1..) => "corrected",
        _ => "duplicate",
    };
    context.ui.report(&report(&sample, shown, word))?;
    Ok(ExitStatus::Done)
}

fn report(sample: &Sample<'_>, shown: &[&'static str], outcome: &str) -> Report {
    let kind = sample.kind();
    let values = sample.to_json();
    let mut report = Report::new("");
    let mut row = Vec::new();
    for field in shown {
        let Some(at) = kind.position(field) else { continue };
        let column = &kind.columns()[at];
        let numeric = !matches!(column.form, Form::Text | Form::Time | Form::Json);
        report = if numeric {
            report.number(*field, column.heading)
        } else {
            report.column(*field, column.heading)
        };
        row.push(match (column.form, &values[field]) {
            (_, serde_json::Value::Null) => Cell::Null,
            (Form::Time, _) => sample.time().into(),
            (Form::Money, text) => {
                let amount = text.as_str().and_then(|t| t.parse::<Money>().ok());
                amount.map_or(Cell::Null, Cell::from)
            }
            (_, serde_json::Value::String(text)) => text.as_str().into(),
            (_, serde_json::Value::Number(number)) => Cell::Number(number.to_string()),
            (_, other) => Cell::Json(other.clone()),
        });
    }
    row.push(outcome.into());
    report = report.column("outcome", "OUTCOME");
    report.push(row);
    report
}
