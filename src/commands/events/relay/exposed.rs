//! What a relay answers on its own port: `/metrics`, `/healthz`, `/readyz`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http::{Answer, Server};
use crate::streams::watch::prometheus::CONTENT_TYPE;

/// One shard.
#[derive(Clone, Copy, Debug, Default)]
struct Shard {
    position: u64,
    head: u64,
    published: u64,
}

#[derive(Debug, Default)]
struct Inside {
    shards: BTreeMap<u16, Shard>,
    rows: u64,
    commits: u64,
    ready: bool,
    trouble: Option<String>,
    moved: Option<Instant>,
}

/// What a relay has done so far.
#[derive(Debug, Default)]
pub struct Figures(Mutex<Inside>);

impl Figures {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A shard is published up to `position`, and ends at `head`.
    pub fn stands(&self, shard: u16, position: u64, head: u64) {
        let mut inside = self.inside();
        let entry = inside.shards.entry(shard).or_default();
        (entry.position, entry.head) = (position, head.max(position));
    }

    /// So many events of a shard were published now.
    pub fn published(&self, shard: u16, events: u64) {
        self.inside().shards.entry(shard).or_default().published += events;
    }

    /// A transaction was committed with so many rows.
    pub fn committed(&self, rows: u64) {
        let mut inside = self.inside();
        (inside.rows, inside.commits) = (inside.rows + rows, inside.commits + 1);
        Self::moves(&mut inside);
    }

    /// The store is the one that was published, and everything goes.
    pub fn goes(&self) {
        let mut inside = self.inside();
        inside.ready = true;
        Self::moves(&mut inside);
    }

    fn moves(inside: &mut Inside) {
        (inside.trouble, inside.moved) = (None, Some(Instant::now()));
    }

    /// It does not go at the moment.
    pub fn stands_still(&self, why: &str) {
        let mut inside = self.inside();
        (inside.ready, inside.trouble) = (false, Some(why.to_owned()));
    }

    /// Rows written by this process.
    pub fn rows(&self) -> u64 {
        self.inside().rows
    }

    /// Each shard with its position and what this process published of it.
    pub fn shards(&self) -> Vec<(u16, u64, u64)> {
        self.inside().shards.iter().map(|(n, s)| (*n, s.position, s.published)).collect()
    }

    fn prometheus(&self) -> String {
        let inside = self.inside();
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, u64)]| {
            text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
            for (labels, value) in samples {
                text += &format!("{name}{labels} {value}\n");
            }
        };
        let each = |of: &dyn Fn(&Shard) -> u64| -> Vec<(String, u64)> {
            let label = |n: &u16| format!("{{shard=\"{n}\"}}");
            inside.shards.iter().map(|(n, shard)| (label(n), of(shard))).collect()
        };
        let one = |value: u64| [(String::new(), value)];
        let (counter, gauge) = ("counter", "gauge");
        let help = "Events published by this process.";
        family("bss_relay_events_total", counter, help, &each(&|s| s.published));
        let help = "Position up to which all is published.";
        family("bss_relay_position", gauge, help, &each(&|s| s.position));
        let help = "Events stored and not yet published.";
        family("bss_relay_lag_events", gauge, help, &each(&|s| s.head - s.position));
        let help = "Rows of customers written by this process.";
        family("bss_relay_rows_total", counter, help, &one(inside.rows));
        let help = "Transactions committed by this process.";
        family("bss_relay_commits_total", counter, help, &one(inside.commits));
        let help = "Whether the store is compared and events go out.";
        family("bss_relay_ready", gauge, help, &one(u64::from(inside.ready)));
        text
    }

    fn judged(&self, limit: Option<Duration>) -> Answer {
        let inside = self.inside();
        let behind = inside.shards.values().any(|s| s.head > s.position);
        let stalled = limit.is_some_and(|limit| {
            let since = inside.moved.map(|moved| moved.elapsed());
            (behind || inside.trouble.is_some()) && since.is_some_and(|since| since > limit)
        });
        let fine = match limit {
            Some(_) => !stalled,
            None => inside.ready,
        };
        let body = json!({ "ok": fine, "ready": inside.ready, "cause": inside.trouble });
        Answer::json(if fine { 200 } else { 503 }, format!("{body}\n"))
    }
}

/// Answers until the process ends.
pub fn serve(server: Server, figures: Arc<Figures>, stalled_after: Duration) {
    let route = move |path: &str| match path {
        "/metrics" => {
            let body = figures.prometheus();
            Some(Answer { status: 200, content_type: CONTENT_TYPE, body })
        }
        "/healthz" => Some(figures.judged(Some(stalled_after))),
        "/readyz" => Some(figures.judged(None)),
        _ => None,
    };
    drop(server.serve(Arc::new(route)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_is_ready_once_it_goes_and_sick_when_it_stands_still() {
        let figures = Figures::default();
        assert_eq!(figures.judged(None).status, 503);
        figures.goes();
        figures.stands(0, 5, 7);
        figures.published(0, 5);
        figures.committed(2);
        assert_eq!((figures.judged(None).status, figures.rows()), (200, 2));
        assert_eq!(figures.judged(Some(Duration::from_secs(3600))).status, 200);
        assert_eq!(figures.judged(Some(Duration::ZERO)).status, 503, "behind and not moving");
        figures.stands(0, 7, 7);
        assert_eq!(figures.judged(Some(Duration::ZERO)).status, 200, "nothing to do");
        figures.stands_still("away");
        assert_eq!(figures.judged(None).status, 503);
        let text = figures.prometheus();
        assert!(text.contains("bss_relay_lag_events{shard=\"0\"} 0\n"), "{text}");
        assert!(text.contains("bss_relay_events_total{shard=\"0\"} 5\n"), "{text}");
    }
}
