//! An event store of a namespace of its own, for one test; its keys go when the test ends.

use std::path::Path;
use std::process::{Command, Output};

use crate::bounded::Bounded;
use crate::support::{self, shown, unique};

/// The store, and a folder for the test's files.
pub struct Shelf {
    home: tempfile::TempDir,
    namespace: String,
    shards: u16,
}

impl Shelf {
    /// An empty store of so many shards.
    pub fn new(shards: u16) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        Self { home, namespace: unique("shelf"), shards }
    }

    /// The same folder with another store.
    pub fn other(&self) -> Self {
        Self {
            home: tempfile::tempdir().expect("a folder"),
            namespace: unique("shelf"),
            shards: self.shards,
        }
    }

    /// The folder in which the program runs.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program, pointed at this store.
    pub fn bss(&self, arguments: &[&str]) -> Command {
        let mut command = support::bss(self.home());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin").envs(self.names()).args(arguments);
        command
    }

    /// What points the program at this store.
    pub fn names(&self) -> [(&'static str, String); 3] {
        [
            ("BSS_EVENTS_NAMESPACE", self.namespace.clone()),
            ("BSS_EVENTS_SHARDS", self.shards.to_string()),
            ("BSS_EVENTS_ALLOW_UNSAFE", "true".to_owned()),
        ]
    }

    /// Runs it and expects an exit code.
    #[track_caller]
    pub fn ended(&self, status: i32, arguments: &[&str]) -> Output {
        let output = self.bss(arguments).ended().expect("bss");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
        output
    }

    /// Its standard output.
    #[track_caller]
    pub fn text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.ended(0, arguments).stdout).expect("UTF-8")
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["-o", "json"]).collect();
        serde_json::from_str(&self.text(&arguments)).expect("JSON")
    }

    /// Appends events `first..=last`, the numbers as data, six aggregates in turn.
    pub fn fill(&self, first: u64, last: u64) {
        for aggregate in 0..6 {
            let of = |n: &u64| *n % 6 == aggregate;
            let line = |n: u64| {
                let kind = if n.is_multiple_of(2) { "Even" } else { "Odd" };
                format!("{{\"eventId\":\"e-{n}\",\"type\":\"{kind}\",\"data\":{{\"n\":{n}}}}}\n")
            };
            let lines: String = (first..=last).filter(of).map(line).collect();
            if lines.is_empty() {
                continue;
            }
            std::fs::write(self.home().join("batch.ndjson"), lines).expect("written");
            let name = format!("thing/{aggregate}");
            self.ended(0, &["events", "append", &name, "--file", "batch.ndjson"]);
        }
    }

    /// The key of a part of a shard.
    pub fn key(&self, shard: u16, part: &str) -> String {
        format!("{{{}:{shard}}}:{part}", self.namespace)
    }

    /// A connection to the server.
    pub fn redis(&self) -> redis::Connection {
        let (host, port) = support::redis();
        let client = redis::Client::open(format!("redis://{host}:{port}")).expect("an address");
        client.get_connection().expect("the server")
    }

    /// The numbers that a handler was given, in their order.
    pub fn numbers(&self, file: &str) -> Vec<u64> {
        let text = std::fs::read_to_string(self.home().join(file)).unwrap_or_default();
        let number = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).expect("one object a line");
            event["data"]["n"].as_u64().expect("a number")
        };
        text.lines().map(number).collect()
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        let mut redis = self.redis();
        let pattern = format!("{{{}:*", self.namespace);
        let found: Vec<String> =
            redis::cmd("KEYS").arg(pattern).query(&mut redis).unwrap_or_default();
        for key in found {
            let _gone: Result<u64, _> = redis::cmd("UNLINK").arg(key).query(&mut redis);
        }
    }
}
