//! The declaration of what a server has: the way back from an inventory, for a database that was set up
//! or altered by hand.
//!
//! What a declaration cannot hold (a paused job, an index that is no plain one, a view of another
//! body) is left out; the plan from the result back to the server then names it.

use std::fmt::Write;

use crate::timescale::interval::Interval;
use crate::timescale::inventory::{FoundHypertable, Inventory, Job, JobKind};
use crate::timescale::server::Edition;
use crate::timescale::spec::{
    Compression, ContinuousAggregate, Hypertable, Index, Measure, Refresh, Retention, Spec,
    plain_name,
};

/// Makes a declaration of what was found. What the Apache edition keeps nowhere (compression, when
/// policies run) is taken from `declared`.
#[must_use]
pub fn adopt(inventory: &Inventory, declared: &Spec, edition: Edition) -> Spec {
    let mut spec = Spec { hypertables: Vec::new(), aggregates: Vec::new(), ..declared.clone() };
    // Those that are declared first, in their order: it is the order of reports.
    let mut names: Vec<&String> = declared.hypertables.iter().map(|t| &t.name).collect();
    names.extend(inventory.hypertables.keys().filter(|n| plain_name(n)));
    for name in unique(names) {
        if let Some(found) = inventory.hypertables.get(name) {
            let known = declared.hypertables.iter().find(|t| t.name == *name);
            spec.hypertables.push(hypertable(name, found, inventory, known, edition));
        }
    }
    let mut inner: Vec<String> =
        declared.aggregates.iter().map(ContinuousAggregate::inner).collect();
    let mut found: Vec<&String> =
        inventory.aggregates.keys().chain(inventory.rollups.keys()).collect();
    found.sort_by_key(|name| version(name));
    inner.extend(found.into_iter().cloned());
    for inner in unique(inner.iter().collect()) {
        spec.aggregates.extend(aggregate(inner, inventory, declared, edition));
    }
    spec
}

fn unique(names: Vec<&String>) -> Vec<&String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(*name)).collect()
}

/// The public name and the version of an inner name.
fn version(inner: &str) -> Option<(&str, u32)> {
    let (name, version) = inner.rsplit_once("_v")?;
    let plain = plain_name(name) && !version.starts_with('0') || version == "0";
    plain.then(|| Some((name, version.parse().ok()?))).flatten()
}

fn hypertable(
    name: &str,
    found: &FoundHypertable,
    inventory: &Inventory,
    known: Option<&Hypertable>,
    edition: Edition,
) -> Hypertable {
    let job = |kind| {
        let mut own = inventory.jobs.iter().filter(move |j| j.kind == kind && j.on == name);
        own.next().map(|j| (j.after, j.every))
    };
    let mut table = Hypertable {
        name: name.to_owned(),
        chunk_interval: found.chunk_interval,
        key: known.map_or_else(Vec::new, |t| t.key.clone()),
        index: Vec::new(),
        compression: known.and_then(|t| t.compression.clone()),
        retention: known.and_then(|t| t.retention.clone()),
    };
    if edition == Edition::Community {
        let with_policy = found.compression.as_ref().zip(job(JobKind::Compression));
        table.compression = with_policy.and_then(|(settings, (after, every))| {
            let (segment_by, order_by) = (settings.segment_by.clone(), settings.order_by.clone());
            Some(Compression { after: after?, every, segment_by, order_by })
        });
        table.retention = job(JobKind::Retain)
            .and_then(|(after, every)| Some(Retention { after: after?, every }));
    }
    for ((on, index), definition) in &inventory.indexes {
        if on != name {
            continue;
        }
        if let (true, Some(rest)) =
            (*index == table.key_name(), definition.found.strip_prefix("unique "))
        {
            if let Some((columns, None)) = index_of(rest.trim_end_matches(" NULLS NOT DISTINCT")) {
                table.key = columns;
            }
        } else if let (true, Some((on, filter))) = (plain_name(index), index_of(&definition.found))
        {
            table.index.push(Index { name: index.clone(), on, filter });
        }
    }
    table
}

/// The columns and the condition of a plain index; `None` of any other.
fn index_of(definition: &str) -> Option<(Vec<String>, Option<String>)> {
    let rest = definition.strip_prefix("btree ")?;
    let (columns, rest) = split_list(rest.strip_prefix('(')?)?;
    let column = |text: &String| {
        let (name, order) = text.split_once(' ').unwrap_or((text, ""));
        let name = plain(name)?;
        Some(if order.is_empty() { name } else { format!("{name} {order}") })
    };
    let columns = columns.iter().map(column).collect::<Option<Vec<_>>>()?;
    match rest.trim() {
        "" => Some((columns, None)),
        rest => Some((columns, Some(rest.strip_prefix("WHERE ")?.to_owned()))),
    }
}

/// A column's name, without its quotes and its table.
fn plain(text: &str) -> Option<String> {
    let last = text.trim().rsplit('.').next().unwrap_or_default().trim_matches('"');
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (!last.is_empty() && last.bytes().all(word)).then(|| last.to_owned())
}

/// The parts of a text between commas, outside of quotes and parentheses, up to the parenthesis that
/// closes it or to its end; and what follows that.
fn split_list(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(q), b) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') if depth == 0 => {
                parts.push(text[start..at].trim().to_owned());
                return Some((parts, &text[at + 1..]));
            }
            (None, b')') => depth -= 1,
            (None, b',') if depth == 0 => {
                parts.push(text[start..at].trim().to_owned());
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    parts.push(text[start..].trim().to_owned());
    (depth == 0 && quote.is_none()).then_some((parts, ""))
}

/// What a `SELECT` over buckets says.
#[derive(Debug, PartialEq, Eq)]
struct Buckets {
    width: Interval,
    column: String,
    group_by: Vec<String>,
    measure: Vec<Measure>,
}

/// Reads the `SELECT` of an aggregate as a server renders it, or of a rollup as we write it.
fn buckets(select: &str) -> Option<Buckets> {
    let words = select.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.trim_end_matches(';');
    let list = words.strip_prefix("SELECT ")?;
    let (list, rest) = list.split_once(" FROM ")?;
    let of_ours = rest.contains("= ANY ($3)");
    if (rest.contains(" WHERE ") && !of_ours) || rest.contains(" HAVING ") {
        return None;
    }
    let (items, _) = split_list(list)?;
    let mut items = items.into_iter();
    let first = items.next()?;
    let (bucket, column) = first.rsplit_once(" AS ")?;
    let (_, arguments) = bucket.split_once("time_bucket(")?;
    let width = split_list(arguments)?.0.first()?.split('\'').nth(1)?.to_owned();
    let mut found = Buckets {
        width: Interval::parse(&width).ok()?,
        column: plain(column)?,
        group_by: Vec::new(),
        measure: Vec::new(),
    };
    for item in items {
        match item.rsplit_once(" AS ") {
            Some((sql, name)) => {
                found.measure.push(Measure { name: plain(name)?, sql: sql.trim().to_owned() });
            }
            None if found.measure.is_empty() => found.group_by.push(plain(&item)?),
            None => return None,
        }
    }
    Some(found)
}

fn aggregate(
    inner: &str,
    inventory: &Inventory,
    declared: &Spec,
    edition: Edition,
) -> Option<ContinuousAggregate> {
    let known = declared.aggregates.iter().find(|a| a.inner() == inner);
    let (name, version) = version(inner)?;
    let (on, select, materialized_only) = match edition {
        Edition::Community => {
            let found = inventory.aggregates.get(inner)?;
            (&found.on, &found.definition.found, found.materialized_only)
        }
        Edition::Apache => {
            let found = inventory.rollups.get(inner)?;
            (&found.on, &found.definition, known.is_some_and(|a| a.materialized_only))
        }
    };
    let found = buckets(select)?;
    // As it is declared, where that says the same: people write `sum(revenue)` in their own way.
    let same = known.filter(|a| {
        let definition = inventory.aggregates.get(inner).map(|found| &found.definition);
        let probed = definition.is_some_and(|d| d.declared.as_ref() == Some(&d.found));
        probed || (edition == Edition::Apache && alike(a, &found))
    });
    let mut job = inventory.jobs.iter().filter(|j| j.kind == JobKind::Refresh && j.on == inner);
    let refresh = match (edition, job.next()) {
        (Edition::Community, Some(job)) => refresh(job)?,
        _ => known?.refresh.clone(),
    };
    let made = ContinuousAggregate {
        name: name.to_owned(),
        version,
        on: on.clone(),
        bucket: found.width,
        bucket_column: found.column,
        group_by: found.group_by,
        measure: found.measure,
        materialized_only,
        refresh,
    };
    let Some(same) = same else { return Some(made) };
    let (materialized_only, refresh) = (made.materialized_only, made.refresh);
    Some(ContinuousAggregate { materialized_only, refresh, ..same.clone() })
}

fn alike(aggregate: &ContinuousAggregate, found: &Buckets) -> bool {
    aggregate.bucket == found.width
        && aggregate.bucket_column == found.column
        && aggregate.group_by == found.group_by
        && aggregate.measure == found.measure
}

fn refresh(job: &Job) -> Option<Refresh> {
    let (start_offset, end_offset) = (job.start_offset?, job.end_offset?);
    Some(Refresh { start_offset, end_offset, every: job.every })
}

/// A declaration as the text of its file.
#[must_use]
pub fn to_toml(spec: &Spec) -> String {
    let text = |s: &str| toml::Value::String(s.to_owned()).to_string();
    let span = |i: Interval| text(&i.to_string());
    let list = |all: &[String]| {
        format!("[{}]", all.iter().map(|s| text(s)).collect::<Vec<_>>().join(", "))
    };
    let mut out = String::new();
    let mut line = |text: String| {
        // Writing to a String cannot fail.
        let _ok = writeln!(out, "{text}").is_ok();
    };
    for t in &spec.hypertables {
        line("[[hypertable]]".to_owned());
        line(format!("name = {}", text(&t.name)));
        line(format!("chunk_interval = {}", span(t.chunk_interval)));
        line(format!("key = {}", list(&t.key)));
        if let Some(c) = &t.compression {
            line(format!(
                "compression = {{ after = {}, every = {}, segment_by = {}, order_by = {} }}",
                span(c.after),
                span(c.every),
                list(&c.segment_by),
                list(&c.order_by)
            ));
        }
        if let Some(r) = &t.retention {
            let (after, every) = (span(r.after), span(r.every));
            line(format!("retention = {{ after = {after}, every = {every} }}"));
        }
        let indexes = t.index.iter().map(|i| {
            let filter = i.filter.as_ref().map(|f| format!(", where = {}", text(f)));
            let filter = filter.unwrap_or_default();
            format!("    {{ name = {}, on = {}{filter} }},\n", text(&i.name), list(&i.on))
        });
        line(format!("index = [\n{}]\n", indexes.collect::<String>()));
    }
    for a in &spec.aggregates {
        line("[[aggregate]]".to_owned());
        line(format!("name = {}\nversion = {}", text(&a.name), a.version));
        line(format!("on = {}\nbucket = {}", text(&a.on), span(a.bucket)));
        line(format!("bucket_column = {}", text(&a.bucket_column)));
        line(format!("group_by = {}", list(&a.group_by)));
        let measures = a.measure.iter();
        let measures = measures
            .map(|m| format!("    {{ name = {}, sql = {} }},\n", text(&m.name), text(&m.sql)));
        line(format!("measure = [\n{}]", measures.collect::<String>()));
        if a.materialized_only {
            line("materialized_only = true".to_owned());
        }
        line(format!(
            "refresh = {{ start_offset = {}, end_offset = {}, every = {} }}\n",
            span(a.refresh.start_offset),
            span(a.refresh.end_offset),
            span(a.refresh.every)
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timescale::spec::DECLARED;

    #[test]
    fn a_declaration_comes_back_from_its_own_text() {
        let mut spec = Spec::parse(DECLARED, "UTC").unwrap();
        spec.aggregates[1].materialized_only = true;
        spec.hypertables[0].index[2].filter = Some("\"a\" = 'x\\y' -- \u{1}".to_owned());
        assert_eq!(Spec::parse(&to_toml(&spec), "UTC").unwrap(), spec);
    }

    #[test]
    fn a_select_is_read_as_servers_render_it() {
        let read = buckets(
            " SELECT public.time_bucket('01:00:00'::interval, \"time\") AS hour,\n    tenant,\n    \
             payment_metrics.currency,\n    sum(amount) AS total,\n    \
             count(*) FILTER (WHERE (status = ' FROM '::text)) AS odd\n   FROM \
             bss.payment_metrics\n  GROUP BY 1, 2, 3;",
        );
        assert_eq!(read, None, "a condition that reads like a clause is not guessed at");
        let read = buckets(
            " SELECT public.time_bucket('01:00:00'::interval, \"time\") AS hour,\n    tenant,\n    \
             payment_metrics.currency,\n    sum(amount) AS total,\n    count(*) AS \"of\"\n   FROM \
             bss.payment_metrics\n  GROUP BY (time_bucket('01:00:00'::interval, \"time\")), tenant;",
        )
        .unwrap();
        assert_eq!(read.width, Interval::hours(1));
        assert_eq!(
            (read.column.as_str(), read.group_by.join(" ")),
            ("hour", "tenant currency".into())
        );
        let measures: Vec<_> = read.measure.iter().map(|m| (&*m.name, &*m.sql)).collect();
        assert_eq!(measures, [("total", "sum(amount)"), ("of", "count(*)")]);
        let spec = Spec::parse(DECLARED, "Europe/Berlin").unwrap();
        for aggregate in &spec.aggregates {
            let rollup = crate::timescale::rollups::definition(&spec, aggregate);
            assert!(alike(aggregate, &buckets(&rollup).unwrap()), "{rollup}");
        }
        for refused in [
            "SELECT time_bucket('1 day', time) AS d, count(*) AS n FROM t WHERE x > 1 GROUP BY 1",
            "SELECT time_bucket('1 day', time) AS d, count(*) AS n, tenant FROM t GROUP BY 1, 3",
            "SELECT date_trunc('day', time) AS d, count(*) AS n FROM t GROUP BY 1",
            "SELECT count(*) AS n FROM t",
        ] {
            assert_eq!(buckets(refused), None, "{refused}");
        }
    }

    #[test]
    fn indexes_are_read_where_they_are_plain() {
        let read = |text| index_of(text).map(|(on, filter)| (on.join("|"), filter));
        assert_eq!(
            read("btree (customer_id, \"time\" DESC NULLS LAST) WHERE (score >= (80)::numeric)"),
            Some((
                "customer_id|time DESC NULLS LAST".to_owned(),
                Some("(score >= (80)::numeric)".to_owned())
            ))
        );
        for other in
            ["gin (tags)", "btree (lower(region))", "btree (a) INCLUDE (b)", "unique btree (a)"]
        {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn inner_names_have_a_version() {
        assert_eq!(version("revenue_daily_v12"), Some(("revenue_daily", 12)));
        for other in ["revenue_daily", "revenue_daily_v", "x_v01", "revenue_daily_v1_until_2026"] {
            assert_eq!(version(other), None, "{other}");
        }
    }
}
