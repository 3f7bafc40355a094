//! The lint of a declaration: what cannot be right is refused before anything is touched, with
//! the two numbers that do not go together.

use std::collections::BTreeSet;

use crate::timescale::interval::Interval;
use crate::timescale::spec::{ContinuousAggregate, Hypertable, Spec, plain_name};

/// More chunks than this make planning slow.
const MOST_CHUNKS: i64 = 10_000;

/// Something declared that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Of which object.
    pub object: String,
    /// What does not go together.
    pub text: String,
}

/// Checks a declaration.
#[must_use]
pub fn lint(spec: &Spec) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut names = BTreeSet::new();
    let indexes = spec.hypertables.iter().flat_map(|t| t.index.iter().map(|i| &i.name));
    let tables = spec.hypertables.iter().map(|t| &t.name);
    for name in tables.chain(spec.aggregates.iter().map(|a| &a.name)).chain(indexes) {
        if !names.insert(name) {
            push(&mut findings, name, "is declared twice".to_owned());
        }
    }
    if jiff::tz::TimeZone::get(&spec.zone).is_err() {
        let text = format!("`{}` is no time zone such as UTC or Europe/Berlin", spec.zone);
        push(&mut findings, "timescale.zone", text);
    }
    if let Some(prefix) = spec.access.prefix.as_ref().filter(|p| !plain_name(p)) {
        let text = format!("`{prefix}` is not a plain name of at most 38 lower-case letters");
        push(&mut findings, "timescale.role_prefix", text);
    }
    for table in &spec.hypertables {
        hypertable(table, &mut findings);
    }
    for aggregate in &spec.aggregates {
        let object = format!("continuous aggregate {}", aggregate.name);
        let mut texts = Vec::new();
        refresh(aggregate, &mut texts);
        match spec.hypertables.iter().find(|t| t.name == aggregate.on) {
            None => texts.push(format!("is on `{}`, which is not declared", aggregate.on)),
            Some(table) => beside_table(aggregate, table, &mut texts),
        }
        findings.extend(texts.into_iter().map(|text| Finding { object: object.clone(), text }));
    }
    findings
}

fn push(findings: &mut Vec<Finding>, object: &str, text: String) {
    findings.push(Finding { object: object.to_owned(), text });
}

fn hypertable(table: &Hypertable, findings: &mut Vec<Finding>) {
    let object = format!("hypertable {}", table.name);
    let mut say = |text: String| push(findings, &object, text);
    if table.chunk_interval.micros() <= 0 {
        return say(format!("chunk_interval {} is not positive", table.chunk_interval));
    }
    for needed in ["tenant", "time"] {
        if !table.key.iter().any(|c| c == needed) {
            say(format!("the key ({}) lacks `{needed}`", table.key.join(", ")));
        }
    }
    if let Some(retention) = &table.retention {
        let (after, chunk) = (retention.after, table.chunk_interval);
        if retention.every.micros() <= 0 {
            say(format!("retention every {} is not positive", retention.every));
        }
        if after.micros() < chunk.micros() {
            say(format!("retention after {after} is shorter than a chunk of {chunk}"));
        }
        let chunks = after.micros() / chunk.micros();
        if chunks > MOST_CHUNKS {
            say(format!(
                "chunks of {chunk} kept for {after} are {chunks} chunks, at most {MOST_CHUNKS} \
                 can be planned well"
            ));
        }
    }
    let Some(compression) = &table.compression else { return };
    if compression.every.micros() <= 0 {
        say(format!("compression every {} is not positive", compression.every));
    }
    if let Some(retention) = &table.retention
        && compression.after.micros() >= retention.after.micros()
    {
        say(format!(
            "compression after {} comes no earlier than retention after {}",
            compression.after, retention.after
        ));
    }
    for column in &compression.segment_by {
        if column.ends_with("_id") || column == "time" {
            say(format!(
                "segment_by `{column}` has fewer than 1000 rows a value and chunk: loading late \
                 rows would take minutes"
            ));
        }
        if compression.order_by.iter().any(|o| o.split(' ').next() == Some(column)) {
            say(format!("`{column}` is both in segment_by and order_by"));
        }
    }
}

fn refresh(aggregate: &ContinuousAggregate, texts: &mut Vec<String>) {
    let policy = &aggregate.refresh;
    let (start, end, bucket) = (policy.start_offset, policy.end_offset, aggregate.bucket);
    if bucket.micros() <= 0 || policy.every.micros() <= 0 || end.micros() < 0 {
        texts.push(format!(
            "bucket {bucket}, every {} and end_offset {end} must be positive",
            policy.every
        ));
        return;
    }
    let window = start.micros() - end.micros();
    if window < 2 * bucket.micros() {
        texts.push(format!(
            "the refresh window from {start} to {end} before now is shorter than two buckets of \
             {bucket}"
        ));
    }
    if !aggregate.group_by.iter().any(|c| c == "tenant") {
        texts.push(format!("group_by ({}) lacks `tenant`", aggregate.group_by.join(", ")));
    }
}

fn beside_table(aggregate: &ContinuousAggregate, table: &Hypertable, texts: &mut Vec<String>) {
    let start = aggregate.refresh.start_offset;
    if let Some(retention) = &table.retention {
        if start.micros() >= retention.after.micros() {
            texts.push(format!(
                "start_offset {start} reaches back to where retention after {} of {} has dropped \
                 rows",
                retention.after, table.name
            ));
        }
        let two = double(aggregate.bucket);
        if retention.after.micros() < two {
            texts.push(format!(
                "retention after {} of {} is shorter than two buckets of {}",
                retention.after, table.name, aggregate.bucket
            ));
        }
    }
    if let Some(compression) = &table.compression
        && compression.after.micros() < start.micros()
    {
        texts.push(format!(
            "start_offset {start} reaches into chunks that compression after {} of {} has \
             compressed",
            compression.after, table.name
        ));
    }
}

const fn double(interval: Interval) -> i64 {
    interval.micros().saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timescale::spec::DECLARED;

    fn spec() -> Spec {
        Spec::parse(DECLARED, "UTC").unwrap()
    }

    fn only(spec: &Spec) -> String {
        let findings = lint(spec);
        assert_eq!(findings.len(), 1, "{findings:?}");
        format!("{}: {}", findings[0].object, findings[0].text)
    }

    #[test]
    fn the_built_in_declaration_is_clean() {
        assert_eq!(lint(&spec()), []);
    }

    /// Case T2 and T3.
    #[test]
    fn each_fault_is_one_finding_with_both_numbers() {
        let interval = |text| Interval::parse(text).unwrap();
        type Fault = (fn(&mut Spec), &'static [&'static str]);
        let faults: [Fault; 11] = [
            (
                |s| s.aggregates[0].refresh.start_offset = Interval::days(1),
                &["revenue_daily", "from 1 day to 1 hour", "two buckets of 1 day"],
            ),
            (
                |s| s.aggregates[2].refresh.start_offset = Interval::days(10),
                &["payment_status_daily", "start_offset 10 days", "compression after 7 days"],
            ),
            (
                |s| s.hypertables[1].chunk_interval = Interval::hours(1),
                &["fraud_alerts", "1 hour kept for 2 years", "17280 chunks, at most 10000"],
            ),
            (
                |s| s.hypertables[1].retention.as_mut().unwrap().after = Interval::days(3),
                &["fraud_alerts", "after 3 days", "chunk of 30 days"],
            ),
            (
                |s| {
                    s.hypertables[2].compression.as_mut().unwrap().segment_by =
                        vec!["customer_id".to_owned()];
                },
                &["order_metrics", "customer_id", "1000 rows"],
            ),
            (
                |s| s.hypertables[5].compression.as_mut().unwrap().after = Interval::days(800),
                &["system_metrics", "after 800 days", "after 2 years"],
            ),
            (|s| s.aggregates[0].on = "payments".to_owned(), &["`payments`", "not declared"]),
            (|s| s.zone = "Mars/Olympus".to_owned(), &["Mars/Olympus"]),
            (|s| s.access.prefix = Some("A b".to_owned()), &["role_prefix", "`A b`"]),
            (|s| s.hypertables[0].key.retain(|c| c != "time"), &["payment_metrics", "`time`"]),
            (
                |s| s.aggregates[1].group_by.retain(|c| c != "tenant"),
                &["customer_activity_daily", "tenant"],
            ),
        ];
        for (break_it, says) in faults {
            let mut spec = spec();
            break_it(&mut spec);
            let finding = only(&spec);
            for part in says {
                assert!(finding.contains(part), "{finding} lacks {part}");
            }
        }
        let mut spec = spec();
        spec.hypertables[0].retention.as_mut().unwrap().after = interval("7 days");
        let texts = lint(&spec).into_iter().map(|f| f.text).collect::<Vec<_>>().join("\n");
        assert!(texts.contains("start_offset 7 days"), "{texts}");
        assert!(texts.contains("retention after 7 days"), "{texts}");
    }
}
