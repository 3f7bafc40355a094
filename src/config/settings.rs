//! The typed settings, section by section; see `default.toml` for what each means.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::secret::Secret;

/// All settings, resolved once and passed down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What all parts share.
    pub general: General,
    /// The PostgreSQL server with TimescaleDB.
    pub timescale: Timescale,
    /// The Kafka cluster.
    pub kafka: Kafka,
    /// The Redis server.
    pub redis: Redis,
    /// The event store.
    pub events: Events,
    /// What customers may be.
    pub customers: Customers,
    /// The stream engine.
    pub streams: Streams,
    /// How customer activity is cut and weighed.
    pub activity: Activity,
    /// The fraud rules' numbers.
    pub fraud: Fraud,
    /// How orders are joined, judged and counted.
    pub orders: Orders,
    /// How demand becomes prices.
    pub pricing: Pricing,
    /// How recommendations are made.
    pub recommend: Recommend,
    /// Imports and ingest.
    pub metrics: Metrics,
}

/// `[general]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct General {
    pub application: String,
    pub currency: String,
    pub zone: String,
    pub tenant: String,
    #[serde(deserialize_with = "span")]
    pub max_skew: Duration,
}

/// `[timescale]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Timescale {
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Secret,
    pub password_file: PathBuf,
    pub password_command: String,
    pub tls: Tls,
    pub tls_ca: PathBuf,
    pub tls_cert: PathBuf,
    pub tls_key: PathBuf,
    #[serde(deserialize_with = "span")]
    pub connect_timeout: Duration,
    #[serde(deserialize_with = "span")]
    pub statement_timeout: Duration,
    pub zone: String,
    pub declared: PathBuf,
    pub roles: bool,
    pub role_prefix: String,
    pub tenant_roles: Vec<String>,
}

/// `[kafka]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Kafka {
    pub bootstrap: String,
    pub tls: Tls,
    pub tls_ca: PathBuf,
    pub tls_cert: PathBuf,
    pub tls_key: PathBuf,
    pub sasl: Sasl,
    pub user: String,
    pub password: Secret,
    pub password_file: PathBuf,
    pub password_command: String,
    #[serde(deserialize_with = "span")]
    pub connect_timeout: Duration,
    pub topic_prefix: String,
    pub partitions: i32,
    pub replication_factor: i32,
    pub min_insync_replicas: i32,
}

/// `[redis]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Redis {
    pub host: String,
    pub port: u16,
    pub database: i64,
    pub user: String,
    pub password: Secret,
    pub password_file: PathBuf,
    pub password_command: String,
    pub tls: Tls,
    pub tls_ca: PathBuf,
    pub tls_cert: PathBuf,
    pub tls_key: PathBuf,
    #[serde(deserialize_with = "span")]
    pub connect_timeout: Duration,
}

/// `[events]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Events {
    pub namespace: String,
    pub shards: u16,
    #[serde(deserialize_with = "bytes")]
    pub max_event_bytes: u64,
    pub allow_unsafe: bool,
    #[serde(deserialize_with = "span")]
    pub response_timeout: Duration,
    pub snapshot_every: u64,
    pub upcasters: Vec<String>,
    pub personal: Vec<String>,
    pub keys_dir: PathBuf,
    pub types: Vec<String>,
    pub replicas: u32,
    #[serde(deserialize_with = "span")]
    pub replicas_timeout: Duration,
}

/// `[customers]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Customers {
    pub tiers: Vec<String>,
}

/// `[streams]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Streams {
    pub state_dir: PathBuf,
    pub instance: String,
    pub workers: u16,
    pub guarantee: Guarantee,
    #[serde(deserialize_with = "span")]
    pub commit_interval: Duration,
    #[serde(deserialize_with = "span")]
    pub urgent_interval: Duration,
    #[serde(deserialize_with = "span")]
    pub backlog_interval: Duration,
    #[serde(deserialize_with = "span")]
    pub checkpoint_interval: Duration,
    pub max_transaction_records: u32,
    #[serde(deserialize_with = "bytes")]
    pub max_transaction_bytes: u64,
    #[serde(deserialize_with = "span")]
    pub transaction_timeout: Duration,
    #[serde(deserialize_with = "span")]
    pub outage_timeout: Duration,
    #[serde(deserialize_with = "span")]
    pub session_timeout: Duration,
    #[serde(deserialize_with = "span")]
    pub grace: Duration,
    #[serde(deserialize_with = "span")]
    pub correct_for: Duration,
    #[serde(deserialize_with = "span")]
    pub max_drift: Duration,
    #[serde(deserialize_with = "span")]
    pub idle_after: Duration,
    #[serde(deserialize_with = "bytes")]
    pub memory: u64,
    pub http: String,
    #[serde(deserialize_with = "span")]
    pub stalled_after: Duration,
}

/// `[fraud]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Fraud {
    #[serde(deserialize_with = "span")]
    pub rapid_window: Duration,
    pub rapid_high: u32,
    pub rapid_critical: u32,
    pub unusual_ratio: f64,
    pub unusual_min_payments: u32,
    pub unusual_deviations: f64,
    pub unusual_deviations_min_payments: u32,
    #[serde(deserialize_with = "span")]
    pub history_half_life: Duration,
    pub no_history: bool,
    #[serde(deserialize_with = "span")]
    pub card_testing_window: Duration,
    pub card_testing_declines: u32,
    pub card_testing_instruments: u32,
    pub wallet_methods: Vec<String>,
    pub card_testing_max_amount: String,
    pub location_change: bool,
    #[serde(deserialize_with = "span")]
    pub location_window: Duration,
    pub relay_locations: Vec<String>,
    pub processor_reasons: Vec<String>,
    pub high_value: String,
    pub high_value_weight: f64,
    pub amount_ratio_weight: f64,
    pub amount_ratio_half: f64,
    pub lately_weight: f64,
    #[serde(deserialize_with = "span")]
    pub lately_half_life: Duration,
    pub merchant_weight: f64,
    pub merchant_prior: f64,
    #[serde(deserialize_with = "span")]
    pub merchant_window: Duration,
    #[serde(deserialize_with = "span")]
    pub merchant_long_window: Duration,
    #[serde(deserialize_with = "span")]
    pub merchant_wave: Duration,
    pub merchant_past: f64,
    pub customer_weight: f64,
    pub customer_prior: f64,
    #[serde(deserialize_with = "span")]
    pub customer_window: Duration,
    #[serde(deserialize_with = "span")]
    pub score_half_life: Duration,
    #[serde(deserialize_with = "span")]
    pub customer_ttl: Duration,
    pub high_risk: f64,
    pub critical_risk: f64,
}

/// `[activity]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Activity {
    #[serde(deserialize_with = "span")]
    pub window: Duration,
    #[serde(deserialize_with = "span")]
    pub session_gap: Duration,
    pub emit: EmitMode,
    pub default_weight: String,
    pub weights: Vec<String>,
}

/// `[orders]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Orders {
    #[serde(deserialize_with = "span")]
    pub wait: Duration,
    #[serde(deserialize_with = "span")]
    pub correct_for: Duration,
    #[serde(deserialize_with = "span")]
    pub history: Duration,
    #[serde(deserialize_with = "span")]
    pub remember_for: Duration,
    pub high_value: String,
    pub high_value_by_currency: Vec<String>,
    pub no_revenue: Vec<String>,
    #[serde(deserialize_with = "span")]
    pub window: Duration,
    pub emit: EmitMode,
}

/// `[pricing]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Pricing {
    #[serde(deserialize_with = "span")]
    pub window: Duration,
    pub sensitivity: f64,
    pub max_change: String,
    pub hysteresis: String,
    pub view_weight: f64,
    #[serde(deserialize_with = "span")]
    pub damping: Duration,
    pub prior_demand: f64,
    #[serde(deserialize_with = "span")]
    pub expectation_half_life: Duration,
    pub catalog_windows: f64,
    pub silent_windows: u32,
    pub max_order_units: u32,
    #[serde(deserialize_with = "span")]
    pub order_memory: Duration,
    pub ignored_statuses: Vec<String>,
}

/// When windowed results are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmitMode {
    /// Once, when the window closes.
    Final,
    /// Each time the window changes, with a revision.
    Updates,
}

/// `[recommend]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Recommend {
    #[serde(deserialize_with = "span")]
    pub half_life: Duration,
    #[serde(deserialize_with = "span")]
    pub session_gap: Duration,
    pub session_items: u32,
    #[serde(deserialize_with = "span")]
    pub settle: Duration,
    pub sessions: u32,
    #[serde(deserialize_with = "span")]
    pub session_ttl: Duration,
    pub recent: u32,
    pub neighbours: u32,
    pub next_weight: f64,
    pub beyond_weight: f64,
    pub interest_boost: f64,
    pub top_n: u32,
    #[serde(deserialize_with = "span")]
    pub bought_for: Duration,
    pub bought: Vec<String>,
    #[serde(deserialize_with = "span")]
    pub customer_ttl: Duration,
    pub view_weight: f64,
    pub weights: Vec<String>,
    #[serde(deserialize_with = "span")]
    pub popular_every: Duration,
    pub popular_sessions: u32,
    #[serde(deserialize_with = "span")]
    pub trending_window: Duration,
    #[serde(deserialize_with = "span")]
    pub trending_advance: Duration,
    pub trending_top_n: u32,
}

/// `[metrics]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "default.toml documents each key")]
pub struct Metrics {
    pub batch: u32,
}

/// Transport security of one backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Plain text.
    Off,
    /// Encrypted, certificate and host name checked: what `on` means.
    #[serde(alias = "on")]
    VerifyFull,
    /// Encrypted, certificate checked, host name not.
    VerifyCa,
    /// Encrypted, nothing checked.
    Require,
}

/// How a Kafka client authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are Kafka's own")]
pub enum Sasl {
    Off,
    Plain,
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}

/// What a run of the streams promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guarantee {
    /// Each input counts exactly once in outputs and state.
    ExactlyOnce,
    /// An input may count again after a crash.
    AtLeastOnce,
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExactlyOnce => "exactly-once",
            Self::AtLeastOnce => "at-least-once",
        })
    }
}

fn span<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(d)?;
    parse_span(&text).map_err(serde::de::Error::custom)
}

fn bytes<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let text = String::deserialize(d)?;
    parse_bytes(&text).map_err(serde::de::Error::custom)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..at].parse().ok()?, text[at..].trim()))
}

/// Reads `100ms`, `10s`, `5m`, `24h`, `7d`, `2w`; a day is 24 hours.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration such as 100ms, 10s, 5m, 24h, 7d or 2w");
    let (count, unit) = split(text.trim()).ok_or_else(wrong)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return Err(wrong()),
    };
    count.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)
}

/// Reads `512`, `64KiB`, `8MiB`, `2GiB`.
///
/// # Errors
/// What is wrong with the text.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size such as 512, 64KiB, 8MiB or 2GiB");
    let (count, unit) = split(text.trim()).ok_or_else(wrong)?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    count.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes() {
        assert_eq!(parse_span("100ms"), Ok(Duration::from_millis(100)));
        assert_eq!(parse_span("2w"), Ok(Duration::from_secs(14 * 86_400)));
        assert_eq!(parse_bytes("8MiB"), Ok(8 << 20));
        for text in ["", "5", "m", "5 parsecs", "-1s", "99999999999999999999w"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
        assert!(parse_bytes("1MB").is_err());
    }
}
