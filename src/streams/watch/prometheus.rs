//! Figures in the Prometheus text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).

use std::fmt::Write;

use crate::streams::watch::figures::{BOUNDS, Exposed, PartitionFigures, RunFigures, State};

/// The content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One family of samples: name, type, help.
type Family = (&'static str, &'static str, &'static str);

const RECORDS: Family = (
    "bss_streams_records_total",
    "counter",
    "Records read, by what they came to, since the group began.",
);
const OUTPUTS: Family =
    ("bss_streams_outputs_total", "counter", "Outputs written, since the group began.");
const SKIPPED: Family = (
    "bss_streams_skipped_records_total",
    "counter",
    "Records that retention deleted before they were read, since the group began.",
);
const KEYS: Family = ("bss_streams_store_keys", "gauge", "Keys in the stores of a partition.");
const STREAM_TIME: Family = (
    "bss_streams_stream_time_seconds",
    "gauge",
    "The largest event time processed, since the epoch.",
);
const LAG: Family = (
    "bss_streams_lag_records",
    "gauge",
    "Offsets between the committed one and the end for a reader of committed records.",
);
const WAIT: Family = (
    "bss_streams_lag_seconds",
    "gauge",
    "How long the oldest unread record has waited; 0 if none waits.",
);
const EVENT_LAG: Family = (
    "bss_streams_event_lag_seconds",
    "gauge",
    "How far stream time is behind the last record; 0 while none waits for longer than 5 s.",
);
const COMMITS: Family =
    ("bss_streams_commits_total", "counter", "Transactions committed by this process.");
const COMMIT_SECONDS: Family =
    ("bss_streams_commit_duration_seconds", "histogram", "How long the commits took.");
const RETURNS: Family = (
    "bss_streams_returns_total",
    "counter",
    "How often a worker went back to its last commit, by cause.",
);
const RESTORED: Family = (
    "bss_streams_restored_records",
    "gauge",
    "Offsets of changelogs that the last restore of a worker has behind it.",
);
const TO_RESTORE: Family = (
    "bss_streams_restore_records",
    "gauge",
    "Offsets of changelogs that the last restore of a worker had to go through.",
);
const STANDBY: Family = (
    "bss_streams_standby_partitions",
    "gauge",
    "Partitions of other processes whose state is followed on this disk.",
);
const STANDBY_BEHIND: Family = (
    "bss_streams_standby_behind_records",
    "gauge",
    "Changelog records of these partitions that are still to be read.",
);
const STOP: Family = (
    "bss_streams_last_stop_seconds",
    "gauge",
    "How long the last rebalance stopped the work of this process.",
);
const STATE: Family =
    ("bss_streams_state", "gauge", "What the run is doing: 1 for one state, 0 for the others.");
const RESIDENT: Family =
    ("process_resident_memory_bytes", "gauge", "Memory in use by the process.");
const HELD: Family = (
    "bss_streams_state_memory_bytes",
    "gauge",
    "What the stores of the process hold in memory, by their own account.",
);
const ALLOWED: Family = (
    "bss_streams_state_memory_limit_bytes",
    "gauge",
    "What the stores may hold: streams.memory without the clients' queues.",
);
const SPILLED: Family =
    ("bss_streams_state_spilled_bytes", "gauge", "State that lies in files for lack of memory.");
const CPU: Family = ("process_cpu_seconds_total", "counter", "CPU time used by the process.");
const FILES: Family = ("process_open_fds", "gauge", "Open file descriptors of the process.");

/// All figures of a process as text. The same figures give the same text.
#[must_use]
pub fn render(exposed: &Exposed) -> String {
    let mut out = Text(String::with_capacity(16 << 10));
    out.by_partition(exposed, RECORDS, |out, name, labels, p| {
        let c = &p.counts;
        for (outcome, count) in [
            ("processed", c.processed),
            ("duplicate", c.duplicate),
            ("late", c.late),
            ("future", c.future),
            ("rejected", c.rejected),
        ] {
            out.sample(name, &format!("{labels},outcome=\"{outcome}\""), count);
        }
    });
    out.by_partition(exposed, OUTPUTS, |out, name, labels, p| {
        out.sample(name, labels, p.counts.outputs);
    });
    out.by_partition(exposed, SKIPPED, |out, name, labels, p| {
        out.sample(name, labels, p.counts.skipped);
    });
    out.by_partition(exposed, KEYS, |out, name, labels, p| out.sample(name, labels, p.keys));
    out.by_partition(exposed, STREAM_TIME, |out, name, labels, p| {
        if let Some(time) = p.stream_time {
            out.sample(name, labels, fraction(time.millis(), 1000));
        }
    });
    lags(exposed, &mut out);
    runs(exposed, &mut out);
    process(exposed, &mut out);
    out.0
}

fn lags(exposed: &Exposed, out: &mut Text) {
    for family in [LAG, WAIT, EVENT_LAG] {
        out.by_partition(exposed, family, |out, name, labels, p| {
            for s in &p.sources {
                let labels = format!("{labels},topic=\"{}\"", escaped(&s.topic));
                // Nothing is said of an end that is not known yet.
                let Some(lag) = s.lag else { continue };
                if family == LAG {
                    out.sample(name, &labels, lag);
                } else {
                    let wait = Some(s.waiting_millis).filter(|_| family == WAIT);
                    let millis = wait.or(s.event_lag_millis.filter(|_| family == EVENT_LAG));
                    if let Some(millis) = millis {
                        out.sample(name, &labels, seconds(millis, 1000));
                    }
                }
            }
        });
    }
}

fn runs(exposed: &Exposed, out: &mut Text) {
    out.by_run(exposed, COMMITS, |out, name, labels, run| out.sample(name, labels, run.commits));
    out.by_run(exposed, COMMIT_SECONDS, |out, name, labels, run| {
        let durations = &run.commit_durations;
        let mut sum = 0;
        for (bound, count) in BOUNDS.iter().zip(&durations.classes) {
            sum += count;
            let labels = format!("{labels},le=\"{}\"", seconds(*bound, 1000));
            out.sample(&format!("{name}_bucket"), &labels, sum);
        }
        let count = durations.count();
        out.sample(&format!("{name}_bucket"), &format!("{labels},le=\"+Inf\""), count);
        out.sample(&format!("{name}_sum"), labels, seconds(durations.sum_micros, 1_000_000));
        out.sample(&format!("{name}_count"), labels, count);
    });
    out.by_run(exposed, RETURNS, |out, name, labels, run| {
        let r = &run.returns;
        for (cause, count) in [("aborted", r.aborted), ("stale", r.stale), ("fenced", r.fenced)] {
            out.sample(name, &format!("{labels},cause=\"{cause}\""), count);
        }
    });
    out.by_run(exposed, RESTORED, |out, name, labels, run| out.sample(name, labels, run.restored));
    out.by_run(exposed, TO_RESTORE, |out, name, labels, run| {
        out.sample(name, labels, run.to_restore);
    });
    out.by_run(exposed, STANDBY, |out, name, labels, run| out.sample(name, labels, run.standby));
    out.by_run(exposed, STANDBY_BEHIND, |out, name, labels, run| {
        out.sample(name, labels, run.standby_behind);
    });
    out.by_run(exposed, STOP, |out, name, labels, run| {
        if let Some(millis) = run.last_stop_millis {
            out.sample(name, labels, seconds(millis, 1000));
        }
    });
    out.by_run(exposed, STATE, |out, name, labels, run| {
        for state in State::ALL {
            let labels = format!("{labels},state=\"{state}\"");
            out.sample(name, &labels, u64::from(state == run.state));
        }
    });
}

fn process(exposed: &Exposed, out: &mut Text) {
    let process = &exposed.process;
    let cpu = process.cpu_millis.map(|m| seconds(m, 1000));
    for (family, value) in [
        (RESIDENT, process.resident_bytes.map(|v| v.to_string())),
        (CPU, cpu),
        (FILES, process.open_files.map(|v| v.to_string())),
        (HELD, Some(process.state_bytes.to_string())),
        (ALLOWED, Some(process.state_limit_bytes.to_string())),
        (SPILLED, Some(process.spilled_bytes.to_string())),
    ] {
        if let Some(value) = value {
            out.head(family);
            out.sample(family.0, "", value);
        }
    }
}

/// The text as far as it is written.
struct Text(String);

impl Text {
    fn head(&mut self, (name, kind, help): Family) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        // Writing to a text cannot fail.
        let _infallible = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{labels}}} {value}")
        };
    }

    fn by_run(
        &mut self,
        exposed: &Exposed,
        family: Family,
        each: impl Fn(&mut Self, &str, &str, &RunFigures),
    ) {
        self.head(family);
        for run in &exposed.runs {
            let (topology, instance) = (escaped(&run.topology), escaped(&run.instance));
            let labels = format!("topology=\"{topology}\",instance=\"{instance}\"");
            each(self, family.0, &labels, run);
        }
    }

    fn by_partition(
        &mut self,
        exposed: &Exposed,
        family: Family,
        each: impl Fn(&mut Self, &str, &str, &PartitionFigures),
    ) {
        self.by_run(exposed, family, |out, name, labels, run| {
            for p in &run.partitions {
                let labels = format!("{labels},partition=\"{}\"", p.partition);
                each(out, name, &labels, p);
            }
        });
    }
}

/// A label's value: backslash, quotation mark and line feed are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// `value / unit` in decimal digits, without trailing zeros; `unit` is a power of ten.
fn seconds(value: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let text = format!("{}.{:0digits$}", value / unit, value % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn fraction(value: i64, unit: u64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", seconds(value.unsigned_abs(), unit))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::EventTime;
    use crate::streams::checkpoint::Counts;
    use crate::streams::watch::figures::{
        Durations, ProcessFigures, SourceFigures, State as Phase,
    };

    fn sample() -> Exposed {
        let mut commit_durations = Durations::default();
        for micros in [900, 1_500_000, 60_000_000] {
            commit_durations.add(micros);
        }
        let partition = PartitionFigures {
            partition: 3,
            counts: Counts { processed: 97, late: 3, outputs: 101, ..Counts::default() },
            stream_time: Some(EventTime::from_millis(1_767_225_600_250)),
            keys: 42,
            sources: vec![SourceFigures {
                topic: "bss.payment.events".to_owned(),
                end: Some(7),
                lag: Some(5),
                waiting_millis: 1500,
                event_lag_millis: None,
                ..SourceFigures::default()
            }],
            ..PartitionFigures::default()
        };
        let run = RunFigures {
            topology: "fraud-detection".to_owned(),
            instance: "a\"b\\c\nd".to_owned(),
            state: Phase::Stalled,
            partitions: vec![partition],
            commits: 3,
            commit_durations,
            ..RunFigures::default()
        };
        let process = ProcessFigures {
            resident_bytes: Some(1 << 20),
            cpu_millis: Some(61_050),
            open_files: None,
            state_bytes: 70,
            state_limit_bytes: 100,
            spilled_bytes: 30,
        };
        Exposed { process, runs: vec![run] }
    }

    #[test]
    fn the_samples_say_what_the_figures_say() {
        let text = render(&sample());
        let labels = "topology=\"fraud-detection\",instance=\"a\\\"b\\\\c\\nd\"";
        for line in [
            format!(
                "bss_streams_records_total{{{labels},partition=\"3\",outcome=\"processed\"}} 97"
            ),
            format!("bss_streams_outputs_total{{{labels},partition=\"3\"}} 101"),
            format!("bss_streams_stream_time_seconds{{{labels},partition=\"3\"}} 1767225600.25"),
            format!(
                "bss_streams_lag_records{{{labels},partition=\"3\",topic=\"bss.payment.events\"}} 5"
            ),
            format!(
                "bss_streams_lag_seconds{{{labels},partition=\"3\",topic=\"bss.payment.events\"}} 1.5"
            ),
            format!("bss_streams_commit_duration_seconds_bucket{{{labels},le=\"0.002\"}} 1"),
            format!("bss_streams_commit_duration_seconds_bucket{{{labels},le=\"2\"}} 2"),
            format!("bss_streams_commit_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 3"),
            format!("bss_streams_commit_duration_seconds_sum{{{labels}}} 61.5009"),
            format!("bss_streams_state{{{labels},state=\"stalled\"}} 1"),
            format!("bss_streams_state{{{labels},state=\"running\"}} 0"),
            "process_resident_memory_bytes 1048576".to_owned(),
            "process_cpu_seconds_total 61.05".to_owned(),
            "bss_streams_state_memory_bytes 70".to_owned(),
            "bss_streams_state_memory_limit_bytes 100".to_owned(),
            "bss_streams_state_spilled_bytes 30".to_owned(),
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(!text.contains("bss_streams_event_lag_seconds{"), "not known, not said\n{text}");
        assert!(!text.contains("process_open_fds"), "{text}");
    }

    /// Every line is a comment or `name{labels} value`; a family is told once, before its samples.
    #[test]
    fn the_text_keeps_to_the_format() {
        let text = render(&sample());
        let mut told = BTreeSet::new();
        let mut family = String::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().unwrap().to_owned();
                assert!(told.insert(family.clone()), "{family} twice");
            } else if !line.starts_with("# HELP ") {
                let (series, value) = line.rsplit_once(' ').unwrap();
                assert!(value.parse::<f64>().is_ok(), "{line}");
                let name = series.split('{').next().unwrap();
                let part = name.strip_prefix(&family).unwrap_or_else(|| panic!("{line}"));
                assert!(["", "_bucket", "_sum", "_count"].contains(&part), "{line}");
            }
        }
        assert!(text.ends_with('\n') && told.len() > 15);
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(0, 1000), "0");
        assert_eq!(seconds(10, 1000), "0.01");
        assert_eq!(seconds(u64::MAX, 1_000_000), "18446744073709.551615");
        assert_eq!(fraction(-1, 1000), "-0.001");
    }
}
