//! What the operator declares: hypertables, continuous aggregates and policies.

use serde::Deserialize;

use crate::timescale::access::Access;
use crate::timescale::interval::Interval;

/// The built-in declaration.
pub const DECLARED: &str = include_str!("declared.toml");

/// Everything declared.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The hypertables, in the order in which they are made.
    #[serde(rename = "hypertable", default)]
    pub hypertables: Vec<Hypertable>,
    /// The continuous aggregates.
    #[serde(rename = "aggregate", default)]
    pub aggregates: Vec<ContinuousAggregate>,
    /// The zone of buckets of a day or longer.
    #[serde(skip)]
    pub zone: String,
    /// Who may do what.
    #[serde(skip)]
    pub access: Access,
}

/// One hypertable of schema `bss`; its time column is `time`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Hypertable {
    /// The table's name.
    pub name: String,
    /// The width of its chunks.
    pub chunk_interval: Interval,
    /// The natural key; nulls are not distinct.
    pub key: Vec<String>,
    /// The other indexes.
    #[serde(default)]
    pub index: Vec<Index>,
    /// Compression, if it is wanted.
    pub compression: Option<Compression>,
    /// Retention, if rows ever expire.
    pub retention: Option<Retention>,
}

/// One index.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// The columns, each with `DESC` if it descends.
    pub on: Vec<String>,
    /// The condition of a partial index.
    #[serde(rename = "where")]
    pub filter: Option<String>,
}

/// Settings of compression and its policy.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// The age at which a chunk is compressed.
    pub after: Interval,
    /// How often the policy runs.
    pub every: Interval,
    /// The columns whose values get segments of their own.
    pub segment_by: Vec<String>,
    /// The order within a segment.
    pub order_by: Vec<String>,
}

/// When rows expire. Carried out by `bss.retain`, never by the native policy.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The age at which a whole chunk is dropped.
    pub after: Interval,
    /// How often the job runs.
    pub every: Interval,
}

/// One continuous aggregate under a view of its plain name.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ContinuousAggregate {
    /// The name of the public view.
    pub name: String,
    /// Part of the inner name.
    pub version: u32,
    /// The hypertable.
    pub on: String,
    /// The width of a bucket.
    pub bucket: Interval,
    /// The column of the bucket's start.
    pub bucket_column: String,
    /// What rows are grouped by, beside the bucket.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// The measures.
    pub measure: Vec<Measure>,
    /// Whether rows newer than the last refresh are left out.
    #[serde(default)]
    pub materialized_only: bool,
    /// The refresh policy.
    pub refresh: Refresh,
}

/// One measure.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its column.
    pub name: String,
    /// The aggregate expression.
    pub sql: String,
}

/// A refresh policy: the window `[now - start_offset, now - end_offset)`.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// How far back it reaches.
    pub start_offset: Interval,
    /// How near to now.
    pub end_offset: Interval,
    /// How often it runs.
    pub every: Interval,
}

impl ContinuousAggregate {
    /// The name of the continuous aggregate under the public view.
    #[must_use]
    pub fn inner(&self) -> String {
        format!("{}_v{}", self.name, self.version)
    }

    /// Every column, the bucket first.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut columns = vec![self.bucket_column.as_str()];
        columns.extend(self.group_by.iter().map(String::as_str));
        columns.extend(self.measure.iter().map(|m| m.name.as_str()));
        columns
    }
}

impl Hypertable {
    /// The natural key as an index.
    #[must_use]
    pub fn key_name(&self) -> String {
        format!("{}_key", self.name)
    }
}

impl Spec {
    /// Reads a declaration; `zone` is that of daily buckets.
    ///
    /// # Errors
    /// Where and why the text is not one: an unknown key, a wrong interval, a name that is none.
    pub fn parse(text: &str, zone: &str) -> Result<Self, String> {
        let mut spec: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        zone.clone_into(&mut spec.zone);
        for name in spec.names() {
            if !plain_name(name) {
                return Err(format!(
                    "`{name}` is not a plain name: a lower-case letter, then at most 37 \
                     lower-case letters, digits and underscores"
                ));
            }
        }
        Ok(spec)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let tables = self.hypertables.iter().flat_map(|t| {
            let names = t.index.iter().map(|i| &i.name).chain([&t.name]).chain(&t.key);
            names.chain(t.compression.iter().flat_map(|c| &c.segment_by))
        });
        let aggregates = self.aggregates.iter().flat_map(|a| {
            let names = [&a.name, &a.on, &a.bucket_column].into_iter().chain(&a.group_by);
            names.chain(a.measure.iter().map(|m| &m.name))
        });
        tables.chain(aggregates).map(String::as_str)
    }
}

/// Names never need quoting, and the inner and index names made from them stay within
/// PostgreSQL's 63 bytes.
pub(super) fn plain_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && name.len() <= 38
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_declaration_is_one() {
        let spec = Spec::parse(DECLARED, "UTC").unwrap();
        let names: Vec<&str> = spec.hypertables.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "payment_metrics",
                "fraud_alerts",
                "order_metrics",
                "customer_metrics",
                "revenue_metrics",
                "system_metrics"
            ]
        );
        assert!(spec.hypertables.iter().all(|t| t.key.iter().any(|c| c == "time")));
        assert!(spec.hypertables.iter().all(|t| t.key[0] == "tenant"));
        assert!(spec.aggregates.iter().all(|a| a.group_by[0] == "tenant"));
        assert_eq!(spec.aggregates[2].inner(), "payment_status_daily_v1");
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_refused() {
        let table = "[[hypertable]]\nname = \"t\"\nchunk_interval = \"7 days\"\nkey = [\"time\"]\n";
        assert!(Spec::parse(table, "UTC").is_ok());
        for (text, says) in [
            (format!("{table}chunks = 3\n"), "chunks"),
            (table.replace("7 days", "7 parsecs"), "7 parsecs"),
            (table.replace("\"t\"", "\"T; drop\""), "not a plain name"),
            ("[retention]\n".to_owned(), "retention"),
        ] {
            let error = Spec::parse(&text, "UTC").unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
