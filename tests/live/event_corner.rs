//! An event store of one test's own: a namespace that nobody else uses, emptied at the end.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use bss::backends::redis::events::{Access, Store};
use bss::config::layers::{Sources, resolve};
use bss::config::settings::Settings;
use bss::events::Content;
use bss::events::content::compact;
use redis::Commands;
use serde_json::Value;
use tempfile::TempDir;

use crate::bounded::Bounded;
use crate::support::{bss, redis as address, shown, unique};

/// An event store and the settings that lead to it.
pub struct Corner {
    pub namespace: String,
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl Corner {
    /// In the shared server.
    pub fn new(what: &str) -> Self {
        let (host, port) = address();
        let namespace = unique(what);
        let corner = Self {
            home: tempfile::tempdir().expect("folder"),
            variables: Vec::new(),
            namespace: namespace.clone(),
        };
        corner
            .with("BSS_REDIS_HOST", &host)
            .with("BSS_REDIS_PORT", &port.to_string())
            .with("BSS_EVENTS_NAMESPACE", &namespace)
    }

    /// In another server on the loopback interface.
    pub fn at(what: &str, port: u16) -> Self {
        Self::new(what)
            .with("BSS_REDIS_HOST", "127.0.0.1")
            .with("BSS_REDIS_PORT", &port.to_string())
    }

    /// With a namespace of this name.
    pub fn named(mut self, namespace: &str) -> Self {
        namespace.clone_into(&mut self.namespace);
        self.with("BSS_EVENTS_NAMESPACE", namespace)
    }

    /// With a setting, as a variable.
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.retain(|(name, _)| name != variable);
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// A folder for files.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// `bss` with these settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bss(self.home.path());
        command.envs(self.variables.iter().map(|(k, v)| (k, v))).args(arguments);
        command
    }

    /// Runs `bss events ...`.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(&[&["events"], arguments].concat()).ended().expect("bss")
    }

    /// Runs `bss events ...`, which must end with `status`, and gives what it prints on both streams.
    pub fn ends(&self, status: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
        shown(&output)
    }

    /// The JSON that `bss events ... -o json` prints, which must end with 0.
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.json_of(0, arguments)
    }

    /// The same for another status.
    pub fn json_of(&self, status: i32, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["-o", "json"]].concat());
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// The lines that `bss events ...` prints; it must end with 0.
    pub fn lines(&self, arguments: &[&str]) -> Vec<String> {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
        String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
    }

    /// Appends one event with an id.
    pub fn append(&self, aggregate: &str, id: &str, data: &str) {
        self.ends(0, &["append", aggregate, "--type", "Made", "--id", id, "--data", data]);
    }

    /// Appends events of one aggregate together, `{"n":0}`, `{"n":1}`..., with ids of their own.
    pub fn append_many(&self, aggregate: &str, count: usize) {
        let line = |n| {
            format!(
                "{{\"eventId\":\"{aggregate}-{n}\",\"type\":\"Made\",\"data\":{{\"n\":{n}}}}}\n"
            )
        };
        let text: String = (0..count).map(line).collect();
        let file = self.file("many.ndjson", text.as_bytes());
        self.ends(0, &["append", aggregate, "--file", &file]);
    }

    /// Writes a file into its folder.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path.display().to_string()
    }

    /// Its settings.
    pub fn settings(&self) -> Settings {
        let sources = Sources { variables: self.variables.clone(), ..Sources::default() };
        resolve(&sources).expect("settings").settings
    }

    /// The store as the library opens it.
    pub async fn store(&self) -> Store {
        let settings = self.settings();
        Store::open(&settings.redis, &settings.events, Access::Write).await.expect("a store")
    }

    /// The same once the server answers again.
    pub async fn store_when_up(&self) -> Store {
        let settings = self.settings();
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            match Store::open(&settings.redis, &settings.events, Access::Write).await {
                Ok(store) => return store,
                Err(error) if error.transient && Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}: {:?}", error.source),
            }
        }
    }

    /// A connection of its own to the server.
    pub fn connection(&self) -> redis::Connection {
        let settings = self.settings().redis;
        let url = format!("redis://{}:{}", settings.host, settings.port);
        let client = redis::Client::open(url).expect("an address");
        client.get_connection().expect("a connection")
    }

    /// A key of a shard.
    pub fn key(&self, shard: u16, part: &str) -> String {
        format!("{{{}:{shard}}}:{part}", self.namespace)
    }
}

impl Drop for Corner {
    fn drop(&mut self) {
        let settings = self.settings().redis;
        let url = format!("redis://{}:{}", settings.host, settings.port);
        let client = redis::Client::open(url).expect("an address");
        // A server of the test's own is gone by now, with its keys.
        let Ok(mut connection) = client.get_connection() else { return };
        let pattern = format!("{{{}:*", self.namespace);
        let Ok(found) = connection.keys::<_, Vec<String>>(pattern) else { return };
        // A node of a cluster deletes keys of several shards one by one; a replica none.
        for key in found {
            connection.del::<_, i64>(key).ok();
        }
    }
}

/// An event.
pub fn event(id: &str, data: &str) -> Content<'static> {
    Content {
        id: id.to_owned().into(),
        event_type: "Made".into(),
        type_version: 1,
        time_ms: None,
        correlation_id: None,
        causation_id: None,
        actor: None,
        data: std::borrow::Cow::Owned(compact(data).expect("JSON")),
        metadata: None,
    }
}
