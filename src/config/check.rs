//! Settings that contradict each other or mean nothing, found before any server is asked. The
//! numbers of the fraud rules are judged where the rules are made of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::cli::Failure;
use crate::config::settings::{Sasl, Settings, Tls};
use crate::customers;
use crate::events::Upcasters;
use crate::events::seal::Personal;

/// One thing that cannot be.
struct Problem {
    keys: Vec<String>,
    text: String,
    hint: String,
}

type Problems = Vec<Problem>;

fn problem(out: &mut Problems, keys: &[&str], text: impl Into<String>, hint: impl Into<String>) {
    out.push(Problem {
        keys: keys.iter().map(|k| (*k).to_owned()).collect(),
        text: text.into(),
        hint: hint.into(),
    });
}

/// Refuses settings that contradict each other.
///
/// # Errors
/// Exit 3 with the first contradiction, its keys and the layers they came from; further ones are
/// causes.
pub fn refuse_contradictions(
    settings: &Settings,
    origins: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let mut problems = Vec::new();
    general(settings, &mut problems);
    for section in transports(settings) {
        transport(&section, &mut problems);
    }
    servers(settings, &mut problems);
    sasl(settings, &mut problems);
    streams(settings, &mut problems);
    orders(settings, &mut problems);
    events(settings, &mut problems);
    let Some(first) = problems.first() else { return Ok(()) };
    let place = |p: &Problem| {
        let from = |k: &String| {
            let origin = origins.get(k).map_or("built-in", String::as_str);
            format!("{k} from {origin}")
        };
        p.keys.iter().map(from).collect::<Vec<_>>().join(", ")
    };
    let mut failure = Failure::config(first.text.clone()).hint(first.hint.clone());
    failure.causes.push(place(first));
    for other in &problems[1..] {
        failure.causes.push(format!("also: {} ({})", other.text, place(other)));
    }
    Err(failure)
}

/// What is allowed but should be known.
#[must_use]
pub fn warnings(settings: &Settings) -> Vec<String> {
    let mut warnings = Vec::new();
    if settings.kafka.sasl == Sasl::Plain && settings.kafka.tls == Tls::Off {
        warnings.push(
            "kafka.sasl = \"plain\" without kafka.tls sends the password in clear text".to_owned(),
        );
    }
    for section in transports(settings) {
        if section.tls == Tls::Require {
            warnings.push(format!(
                "{}.tls = \"require\" encrypts but checks no certificate; \"verify-full\" does",
                section.name
            ));
        }
    }
    warnings
}

struct Transport<'a> {
    name: &'static str,
    tls: Tls,
    ca: &'a Path,
    cert: &'a Path,
    key: &'a Path,
}

fn transports(settings: &Settings) -> [Transport<'_>; 3] {
    let Settings { timescale: t, kafka: k, redis: r, .. } = settings;
    [
        Transport {
            name: "timescale",
            tls: t.tls,
            ca: &t.tls_ca,
            cert: &t.tls_cert,
            key: &t.tls_key,
        },
        Transport { name: "kafka", tls: k.tls, ca: &k.tls_ca, cert: &k.tls_cert, key: &k.tls_key },
        Transport { name: "redis", tls: r.tls, ca: &r.tls_ca, cert: &r.tls_cert, key: &r.tls_key },
    ]
}

fn transport(section: &Transport<'_>, out: &mut Problems) {
    let name = section.name;
    let (tls, cert, key) =
        (format!("{name}.tls"), format!("{name}.tls_cert"), format!("{name}.tls_key"));
    let set = |path: &Path| !path.as_os_str().is_empty();
    let files = [("tls_ca", section.ca), ("tls_cert", section.cert), ("tls_key", section.key)];
    for (file, path) in files.into_iter().filter(|(_, path)| set(path)) {
        let file = format!("{name}.{file}");
        if section.tls == Tls::Off {
            problem(
                out,
                &[&file, &tls],
                format!("{file} is set, but {tls} is off"),
                format!("Set {tls} = \"verify-full\", or remove {file}."),
            );
        } else if !path.is_file() {
            problem(
                out,
                &[&file],
                format!("{file} names {}, which is no file", path.display()),
                "Give the path of a PEM file.",
            );
        }
    }
    if set(section.cert) != set(section.key) {
        problem(
            out,
            &[&cert, &key],
            format!("{cert} and {key} come together, but only one is set"),
            "A client certificate needs its key.",
        );
    }
}

fn general(settings: &Settings, out: &mut Problems) {
    let general = &settings.general;
    let name_char = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    for (key, name) in
        [("general.application", &general.application), ("general.tenant", &general.tenant)]
    {
        if name.is_empty() || name.len() > 100 || !name.chars().all(name_char) {
            problem(
                out,
                &[key],
                format!("{key} is `{name}`"),
                "Use 1 to 100 letters, digits, dots, underscores or hyphens.",
            );
        }
    }
    if general.currency.len() != 3 || !general.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        problem(
            out,
            &["general.currency"],
            format!("general.currency is `{}`", general.currency),
            "Give an ISO 4217 code such as EUR.",
        );
    }
    for (key, zone) in
        [("general.zone", &general.zone), ("timescale.zone", &settings.timescale.zone)]
    {
        if zone != "UTC" && jiff::tz::TimeZone::get(zone).is_err() {
            problem(
                out,
                &[key],
                format!("{key} is `{zone}`, which is no known time zone"),
                "Give an IANA name such as Europe/Berlin, or UTC.",
            );
        }
    }
}

fn servers(settings: &Settings, out: &mut Problems) {
    let Settings { timescale, redis, kafka, .. } = settings;
    for (key, port_key, host, port) in [
        ("timescale.host", "timescale.port", &timescale.host, timescale.port),
        ("redis.host", "redis.port", &redis.host, redis.port),
    ] {
        // The value is not shown: a URL may carry a password.
        if host.is_empty() || host.contains(['/', '@', ' ', ',']) {
            problem(
                out,
                &[key],
                format!("{key} is no host name"),
                "Give a host name or address alone; port, database, user and password have their \
                 own keys.",
            );
        }
        if port == 0 {
            problem(out, &[port_key], format!("{port_key} is 0"), "Give a port from 1 to 65535.");
        }
    }
    if !kafka.bootstrap.split(',').all(address) {
        problem(
            out,
            &["kafka.bootstrap"],
            "kafka.bootstrap is no list of addresses",
            "Give HOST:PORT, several of them with commas between.",
        );
    }
    if kafka.partitions < 1 {
        problem(
            out,
            &["kafka.partitions"],
            format!("kafka.partitions is {}", kafka.partitions),
            "Give 1 or more.",
        );
    }
    if kafka.min_insync_replicas < 1 || kafka.min_insync_replicas > kafka.replication_factor {
        problem(
            out,
            &["kafka.min_insync_replicas", "kafka.replication_factor"],
            format!(
                "kafka.min_insync_replicas is {}, kafka.replication_factor {}",
                kafka.min_insync_replicas, kafka.replication_factor
            ),
            "Give 1 or more replicas in sync, and no more than there are replicas.",
        );
    }
}

fn address(text: &str) -> bool {
    let Some((host, port)) = text.trim().rsplit_once(':') else { return false };
    !host.is_empty() && !host.contains(['/', '@', ' ']) && port.parse::<u16>().is_ok()
}

fn sasl(settings: &Settings, out: &mut Problems) {
    let kafka = &settings.kafka;
    let secret = !kafka.password.is_empty()
        || !kafka.password_file.as_os_str().is_empty()
        || !kafka.password_command.is_empty();
    if kafka.sasl == Sasl::Off {
        if secret || !kafka.user.is_empty() {
            let key = if kafka.user.is_empty() { "kafka.password" } else { "kafka.user" };
            problem(
                out,
                &[key, "kafka.sasl"],
                format!("{key} is set, but kafka.sasl is off"),
                "Set kafka.sasl to plain, scram-sha-256 or scram-sha-512.",
            );
        }
        return;
    }
    if kafka.user.is_empty() || !secret {
        let key = if kafka.user.is_empty() { "kafka.user" } else { "kafka.password" };
        problem(
            out,
            &["kafka.sasl", key],
            format!("kafka.sasl is on, but {key} is not set"),
            "SASL needs kafka.user and one of kafka.password, kafka.password_file and \
             kafka.password_command.",
        );
    }
}

fn streams(settings: &Settings, out: &mut Problems) {
    let streams = &settings.streams;
    if !streams.http.is_empty() && !address(&streams.http) {
        problem(
            out,
            &["streams.http"],
            format!("streams.http is `{}`", streams.http),
            "Give HOST:PORT such as 127.0.0.1:9464; port 0 takes a free one; empty is none.",
        );
    }
    for (key, value) in [
        ("streams.workers", u64::from(streams.workers)),
        ("streams.max_transaction_records", u64::from(streams.max_transaction_records)),
        ("streams.max_transaction_bytes", streams.max_transaction_bytes),
        ("streams.memory", streams.memory),
        ("metrics.batch", u64::from(settings.metrics.batch)),
    ] {
        if value == 0 {
            problem(out, &[key], format!("{key} is 0"), "Give 1 or more.");
        }
    }
    for (key, span) in [
        ("streams.commit_interval", streams.commit_interval),
        ("streams.backlog_interval", streams.backlog_interval),
        ("streams.transaction_timeout", streams.transaction_timeout),
        ("streams.outage_timeout", streams.outage_timeout),
        ("streams.session_timeout", streams.session_timeout),
        ("streams.stalled_after", streams.stalled_after),
        ("timescale.connect_timeout", settings.timescale.connect_timeout),
        ("kafka.connect_timeout", settings.kafka.connect_timeout),
        ("redis.connect_timeout", settings.redis.connect_timeout),
        ("events.response_timeout", settings.events.response_timeout),
    ] {
        if span == Duration::ZERO {
            problem(out, &[key], format!("{key} is zero"), "Give a duration such as 10s.");
        }
    }
    for (key, interval) in [
        ("streams.commit_interval", streams.commit_interval),
        ("streams.backlog_interval", streams.backlog_interval),
    ] {
        if interval >= streams.transaction_timeout {
            problem(
                out,
                &[key, "streams.transaction_timeout"],
                format!(
                    "{key} ({interval:?}) is not shorter than streams.transaction_timeout ({:?})",
                    streams.transaction_timeout
                ),
                "The broker would abort each transaction before it is committed.",
            );
        }
    }
}

fn events(settings: &Settings, out: &mut Problems) {
    let e = &settings.events;
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if e.namespace.is_empty() || !e.namespace.chars().all(letter) {
        let text = "events.namespace has letters, digits, `-`, `_` and `.` only";
        problem(out, &["events.namespace"], text, "Give a name such as bss.");
    }
    if !(1..=1024).contains(&e.shards) {
        problem(
            out,
            &["events.shards"],
            "events.shards must be 1 to 1024",
            "One is a total order.",
        );
    }
    if !(1024..=64 << 20).contains(&e.max_event_bytes) {
        let text = "events.max_event_bytes must be 1KiB to 64MiB";
        problem(out, &["events.max_event_bytes"], text, "Give a size such as 1MiB.");
    }
    if let Err(bad) = Upcasters::new(&[customers::KNOWN], &e.upcasters) {
        let steps = "Steps are rename OLD=NEW, remove NAME, set NAME=JSON, upper NAME, drop-nulls.";
        problem(out, &["events.upcasters"], format!("events.upcasters: {bad}"), steps);
    }
    if let Err(bad) = Personal::parse(&e.personal) {
        let text = format!("events.personal: {bad:?} is no TYPE.FIELD");
        problem(out, &["events.personal"], text, "Give fields such as \"customer.email\".");
    }
    let tiers = &settings.customers.tiers;
    if tiers.is_empty() || tiers.iter().any(|tier| tier.trim().is_empty()) {
        let text = "customers.tiers has no tier, or an empty one";
        problem(out, &["customers.tiers"], text, "Give names such as [\"SILVER\", \"GOLD\"].");
    }
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if e.types.iter().any(|kind| kind.is_empty() || !kind.bytes().all(letter)) {
        let text = "events.types has a name that is no type of aggregate";
        problem(out, &["events.types"], text, "Give types such as [\"customer\", \"order\"].");
    }
    if e.replicas > 0 && (e.replicas_timeout.is_zero() || e.replicas_timeout >= e.response_timeout)
    {
        problem(
            out,
            &["events.replicas_timeout", "events.response_timeout"],
            "events.replicas_timeout must be longer than zero and shorter than events.response_timeout",
            "Give a duration such as 1s.",
        );
    }
}

fn orders(settings: &Settings, out: &mut Problems) {
    let orders = &settings.orders;
    if orders.window == Duration::ZERO {
        problem(out, &["orders.window"], "orders.window is zero", "Give a duration such as 1h.");
    }
    let held = orders.wait.saturating_add(orders.correct_for);
    if orders.remember_for < held {
        problem(
            out,
            &["orders.remember_for", "orders.correct_for", "orders.wait"],
            format!(
                "orders.remember_for ({:?}) is shorter than orders.wait and orders.correct_for \
                 ({held:?})",
                orders.remember_for
            ),
            "A redelivered order would be told twice while the first can still be corrected.",
        );
    }
}
