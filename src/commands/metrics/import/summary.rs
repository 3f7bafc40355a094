//! What is told at the end.

use crate::metrics::tally::Tally;
use crate::ui::{Cell, Report};

/// The result: one row, with the sum that must come out.
pub fn report(source: &str, kind: &str, rejects: Option<&str>, tally: &Tally) -> Report {
    let reasons = tally.reasons.iter().map(|(reason, n)| ((*reason).to_owned(), (*n).into()));
    let mut report = Report::new(format!("Import of {kind} rows from {source}"))
        .column("source", "SOURCE")
        .number("read", "READ")
        .number("stored", "STORED")
        .number("duplicate", "DUPLICATE")
        .number("corrected", "CORRECTED")
        .number("conflicting", "CONFLICTING")
        .number("rejected", "REJECTED")
        .number("future", "FUTURE")
        .number("expired", "EXPIRED")
        .number("leftOut", "LEFT OUT")
        .meta("kind", kind)
        .meta("passedOver", tally.passed_over)
        .meta("repeatedIds", tally.repeated)
        .meta("rounded", tally.rounded)
        .meta("outsideRefreshWindow", tally.outside)
        .meta("reasons", serde_json::Value::Object(reasons.collect()))
        .meta("rejectsFile", rejects);
    report.push(vec![
        source.into(),
        Cell::from(tally.read),
        Cell::from(tally.stored),
        Cell::from(tally.duplicate),
        Cell::from(tally.corrected),
        Cell::from(tally.conflicting),
        Cell::from(tally.rejected),
        Cell::from(tally.future),
        Cell::from(tally.expired),
        Cell::from(tally.left_out),
    ]);
    report
}

/// The sum as a sentence.
pub fn sentence(tally: &Tally) -> String {
    let mut text = format!(
        "{} read = {} stored + {} duplicate + {} corrected + {} conflicting + {} rejected + {} \
         future + {} expired",
        tally.read,
        tally.stored,
        tally.duplicate,
        tally.corrected,
        tally.conflicting,
        tally.rejected,
        tally.future,
        tally.expired
    );
    if tally.left_out > 0 {
        text.push_str(&format!(" + {} left out", tally.left_out));
    }
    text.push('.');
    if tally.passed_over > 0 {
        text.push_str(&format!(
            " {} of the duplicates are in batches that an earlier run had stored.",
            tally.passed_over
        ));
    }
    if tally.repeated > 0 {
        text.push_str(&format!(
            " {} of the duplicates are events that count already with another time.",
            tally.repeated
        ));
    }
    if tally.rounded > 0 {
        text.push_str(&format!(" {} amounts were rounded to 4 decimals.", tally.rounded));
    }
    text
}
