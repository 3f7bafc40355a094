//! States, older forms, snapshots and customers on a real server.

use std::process::{Output, Stdio};

use bss::events::Aggregate;
use bss::events::snapshot::Snapshot;
use bss::events::tree::Tree;
use serde_json::Value;

use crate::bounded::Bounded;
use crate::dlq::document;
use crate::support::{bss, redis, shown, unique};

/// An event store of a test's own.
struct Own {
    home: tempfile::TempDir,
    namespace: String,
}

impl Own {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("folder");
        Self { home, namespace: unique("people").replace('_', "-") }
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = bss(self.home.path());
        command.env("BSS_EVENTS_NAMESPACE", &self.namespace).args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).ended().expect("bss")
    }

    /// A run that is done, as its document.
    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["-o", "json"]].concat());
        assert!(output.status.success(), "{args:?} {}", shown(&output));
        document(&output)
    }

    /// The first row of a run's document.
    fn row(&self, args: &[&str]) -> Value {
        self.json(args)["rows"][0].clone()
    }

    fn append(&self, aggregate: &str, event_type: &str, data: &str, more: &[&str]) -> Value {
        let args = ["events", "append", aggregate, "--type", event_type, "--data", data];
        self.row(&[&args, more].concat())
    }

    fn refused(&self, status: i32, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(status), "{args:?} {}", shown(&output));
        shown(&output)
    }

    fn ask(&self, command: &mut ::redis::Cmd) -> Vec<u8> {
        let (host, port) = redis();
        let client = ::redis::Client::open(format!("redis://{host}:{port}")).expect("address");
        let mut connection = client.get_connection().expect("connection");
        let answer: Option<Vec<u8>> = command.query(&mut connection).expect("an answer");
        answer.unwrap_or_default()
    }

    fn snapshots(&self) -> String {
        format!("{{{}:0}}:snapshots", self.namespace)
    }

    fn snapshot(&self, aggregate: &str) -> Vec<u8> {
        self.ask(::redis::cmd("HGET").arg(self.snapshots()).arg(aggregate))
    }

    fn plant(&self, aggregate: &str, bytes: &[u8]) {
        let (host, port) = redis();
        let client = ::redis::Client::open(format!("redis://{host}:{port}")).expect("address");
        let mut connection = client.get_connection().expect("connection");
        ::redis::cmd("HSET")
            .arg(self.snapshots())
            .arg(aggregate)
            .arg(bytes)
            .exec(&mut connection)
            .expect("planted");
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let (host, port) = redis();
        let Ok(client) = ::redis::Client::open(format!("redis://{host}:{port}")) else { return };
        let Ok(mut connection) = client.get_connection() else { return };
        let pattern = format!("{{{}:*", self.namespace);
        let mut keys = ::redis::cmd("KEYS");
        let found: Vec<Vec<u8>> = keys.arg(pattern).query(&mut connection).unwrap_or_default();
        if !found.is_empty() {
            drop(::redis::cmd("UNLINK").arg(found).exec(&mut connection));
        }
    }
}

/// E2: an event of an earlier form is of today's form on each path out, and stored as it was.
#[test]
fn an_earlier_form_is_todays_on_every_path() {
    let own = Own::new();
    let old = r#"{"customerId":"c-1","email":null,"label":"Ada","tier":"Gold"}"#;
    let new = r#"{"label":"Ada","tier":"GOLD"}"#;
    let (old, new): (Value, Value) =
        (serde_json::from_str(old).unwrap(), serde_json::from_str(new).unwrap());
    own.append("customer/c-1", "CustomerCreated", &old.to_string(), &["--id", "e"]);
    own.append(
        "customer/c-1",
        "CustomerTierChanged",
        r#"{"oldTier":"Gold","newTier":"Silver"}"#,
        &[],
    );

    let read = own.row(&["events", "read", "customer/c-1"]);
    assert_eq!((&read["typeVersion"], &read["data"]), (&2.into(), &new));
    let replayed = own.run(&["events", "replay", "--limit", "1", "-o", "ndjson"]);
    let replayed: Value = serde_json::from_slice(&replayed.stdout).expect("a line");
    assert_eq!((&replayed["typeVersion"], &replayed["data"]), (&2.into(), &new));
    for raw in [
        own.row(&["events", "read", "customer/c-1", "--raw"]),
        document(&own.run(&["events", "replay", "--limit", "1", "-o", "ndjson", "--raw"])),
    ] {
        assert_eq!((&raw["typeVersion"], &raw["data"]), (&1.into(), &old));
    }
    let exported = own.run(&["events", "export", "-"]);
    let exported = String::from_utf8_lossy(&exported.stdout).into_owned();
    let first: Value = serde_json::from_str(exported.lines().next().expect("a line")).unwrap();
    assert_eq!((&first["typeVersion"], &first["data"]), (&1.into(), &old));

    let state = own.row(&["events", "state", "customer/c-1", "--at-revision", "0"]);
    assert_eq!(
        (&state["state"]["tier"], &state["state"]["label"]),
        (&"GOLD".into(), &"Ada".into())
    );
    let changed = own.json(&["events", "diff", "customer/c-1", "--from", "0", "--to", "1"]);
    let tier = changed["rows"].as_array().unwrap().iter().find(|r| r["field"] == "/tier").unwrap();
    assert_eq!((&tier["before"], &tier["after"]), (&"GOLD".into(), &"SILVER".into()));
    own.json(&["events", "snapshot", "take", "customer/c-1"]);
    let kept = own.row(&["events", "snapshot", "show", "customer/c-1"]);
    assert_eq!((&kept["state"]["tier"], &kept["condition"]), (&"SILVER".into(), &"current".into()));
    own.json(&["events", "verify"]);
}

#[test]
fn declared_rules_count_and_an_event_of_tomorrow_stops() {
    let own = Own::new();
    own.append("order/1", "Placed", r#"{"total":10.50}"#, &[]);
    own.append("order/1", "Placed", r#"{"totalAmount":11.00}"#, &["--type-version", "3"]);
    let rules = "events.upcasters=Placed 1: rename total=totalAmount; set currency=\"EUR\"";
    let set = |args: &[&'static str]| [args, &["--set", rules]].concat();
    let read = own.row(&set(&["events", "read", "order/1", "--to-revision", "0"]));
    assert_eq!(read["data"].to_string(), r#"{"currency":"EUR","totalAmount":10.5}"#);

    for path in [
        &["events", "read", "order/1"][..],
        &["events", "replay"],
        &["events", "state", "order/1"],
        &["events", "snapshot", "take", "order/1"],
    ] {
        let told = own.refused(1, &[path, &["--set", rules]].concat());
        assert!(told.contains("stopped at the event at 0:2 (order/1 revision 1)"), "{told}");
        assert!(
            told.contains("Placed has version 3, and 2 is the newest one known here"),
            "{told}"
        );
    }
    // What comes before it is printed.
    let told = own.refused(1, &set(&["events", "replay"]));
    assert!(told.contains("order/1 #0"), "{told}");
    let skipped = own.json(&set(&["events", "read", "order/1", "--skip-unknown"]));
    assert_eq!(
        (skipped["rows"].as_array().unwrap().len(), &skipped["meta"]["skipped"]),
        (1, &1.into())
    );
    let replayed = own.run(&set(&["events", "replay", "--skip-unknown"]));
    assert!(replayed.status.success(), "{}", shown(&replayed));
    assert!(shown(&replayed).contains("1 events of unknown type or version were left out"));
    let state = own.json(&set(&["events", "state", "order/1", "--skip-unknown"]));
    assert_eq!((&state["meta"]["skipped"], &state["rows"][0]["revision"]), (&1.into(), &1.into()));
    own.append("customer/x", "CustomerSneezed", "{}", &[]);
    assert!(
        own.refused(1, &["events", "state", "customer/x"]).contains("CustomerSneezed is no type")
    );
    let wrong = own.refused(3, &["events", "list", "--set", "events.upcasters=Placed 2: remove a"]);
    assert!(wrong.contains("the rule for version 1 is missing"), "{wrong}");
}

#[test]
fn a_state_is_that_of_a_revision_or_an_instant() {
    let own = Own::new();
    for data in
        [r#"{"a":1.10,"b":{"c":1}}"#, r#"{"b":{"d":2}}"#, r#"{"a":null,"e":100000000000000000001}"#]
    {
        own.append("thing/1", "Told", data, &[]);
    }
    let state = |args: &[&str]| {
        let output = own.run(&[&["events", "state", "thing/1", "-o", "csv"], args].concat());
        shown(&output)
    };
    assert!(
        state(&[]).contains(r#"{""b"":{""c"":1,""d"":2},""e"":100000000000000000001}"#),
        "{}",
        state(&[])
    );
    assert!(state(&["--at-revision", "1"]).contains(r#"{""a"":1.10,""b"":{""c"":1,""d"":2}}"#));
    let time = own.json(&["events", "read", "thing/1"])["rows"][0]["recordedAt"].clone();
    let before = own.refused(1, &["events", "state", "thing/1", "--at", "2020-01-01"]);
    assert!(before.contains("there were no events of thing/1 then"), "{before}");
    let at = own.row(&["events", "state", "thing/1", "--at", time.as_str().unwrap()]);
    assert_eq!(at["state"]["b"]["c"], 1);
    assert!(
        own.refused(1, &["events", "state", "thing/1", "--at-revision", "3"])
            .contains("its last one is 2")
    );
    assert!(own.refused(1, &["events", "state", "thing/2"]).contains("there are no events"));

    let diff = own.json(&["events", "diff", "thing/1", "--from", "2020-01-01", "--to", "0"]);
    assert_eq!(
        (&diff["meta"]["fromRevision"], &diff["meta"]["toRevision"]),
        (&Value::Null, &0.into())
    );
    let diff = own.json(&["events", "diff", "thing/1", "--from", "0"]);
    let rows: Vec<String> = diff["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!("{} {}", row["field"].as_str().unwrap(), row["change"].as_str().unwrap())
        })
        .collect();
    assert_eq!(rows, ["/a removed", "/b/d added", "/e added"]);
}

/// E1: a snapshot that is stale, damaged or of another history changes no state.
#[test]
fn a_doubtful_snapshot_changes_no_state() {
    let own = Own::new();
    let line = |n: u32| {
        format!(
            "{{\"type\":\"Told\",\"eventId\":\"{n}\",\"data\":{{\"n\":{n},\"f{}\":{n}}}}}\n",
            n % 7
        )
    };
    let write = |range: std::ops::Range<u32>| {
        let path = own.home.path().join("events.ndjson");
        std::fs::write(&path, range.map(line).collect::<String>()).expect("file");
        own.json(&["events", "append", "thing/1", "--file", "events.ndjson"]);
    };
    write(0..51);
    assert_eq!(own.row(&["events", "snapshot", "take", "thing/1"])["state"], "stored");
    assert_eq!(own.row(&["events", "snapshot", "take", "thing/1"])["state"], "known");
    write(51..60);
    let state = || {
        let output = own.run(&["events", "state", "thing/1", "-o", "json"]);
        (document(&output), shown(&output))
    };
    let (good, told) = state();
    assert!(!told.contains("warning"), "{told}");
    assert_eq!(
        (&good["meta"]["eventsRead"], &good["meta"]["snapshotRevision"]),
        (&9.into(), &50.into())
    );
    let early = own.json(&["events", "state", "thing/1", "--at-revision", "10"]);
    assert_eq!(
        (&early["meta"]["snapshotRevision"], &early["rows"][0]["state"]["n"]),
        (&Value::Null, &10.into())
    );
    let verified = own.run(&["events", "snapshot", "verify", "thing"]);
    assert!(verified.status.success(), "{}", shown(&verified));

    let aggregate: Aggregate = "thing/1".parse().unwrap();
    let bytes = own.snapshot("thing/1");
    let taken = Snapshot::read(&aggregate, &bytes).unwrap();
    let with = |change: &dyn Fn(&mut Snapshot)| {
        let mut other = taken.clone();
        change(&mut other);
        other.write(&aggregate).unwrap()
    };
    let mut damaged = bytes.clone();
    let half = damaged.len() / 2;
    damaged[half] ^= 1;
    for (word, planted) in [
        ("stale", with(&|s| s.schema = 0)),
        ("stale", with(&|s| s.upcasters = "0".repeat(16))),
        ("damaged", damaged),
        ("foreign", with(&|s| s.state.link = bss::events::Link::START)),
        ("foreign", with(&|s| s.state.revision = 99)),
    ] {
        own.plant("thing/1", &planted);
        let (found, told) = state();
        assert_eq!(found["rows"], good["rows"], "{word}");
        assert_eq!(found["meta"]["eventsRead"], 60, "{word}");
        assert!(told.contains("warning: the snapshot of thing/1 was not used"), "{told}");
        assert!(told.contains(&format!("its events: {word}: ")), "{told}");
        assert!(own.refused(6, &["events", "snapshot", "verify", "thing/1"]).contains(word));
        assert_eq!(own.row(&["events", "snapshot", "take", "thing/1"])["state"], "stored");
        let (found, told) = state();
        assert_eq!((&found["rows"], &found["meta"]["eventsRead"]), (&good["rows"], &0.into()));
        assert!(!told.contains("warning"), "{told}");
    }
    own.plant("thing/1", &with(&|s| s.state.data.merge(&Tree::read(r#"{"n":0}"#).unwrap())));
    let told = own.refused(6, &["events", "snapshot", "verify"]);
    assert!(told.contains("the events say otherwise of /n"), "{told}");
    assert!(own.refused(1, &["events", "snapshot", "show", "thing/2"]).contains("no snapshot"));
}

#[test]
fn a_customer_lives_by_its_rules() {
    let own = Own::new();
    let create = [
        "customers",
        "create",
        "c-1",
        "--name",
        "Ada",
        "--tier",
        "gold",
        "--email",
        "ada@example.com",
        "--command-id",
        "k1",
    ];
    let made = own.row(&create);
    assert_eq!(
        (&made["result"], &made["type"], &made["revision"]),
        (&"stored".into(), &"CustomerCreated".into(), &0.into())
    );
    assert!(
        own.refused(5, &["customers", "create", "c-1", "--name", "B", "--tier", "GOLD"])
            .contains("the customer was created at")
    );
    assert!(
        own.refused(1, &["customers", "update", "c-2", "--region", "EU"])
            .contains("there is no customer c-2")
    );
    assert!(
        own.refused(2, &["customers", "change-tier", "c-1", "PEARL"])
            .contains("PEARL is no tier: BRONZE")
    );
    assert!(
        own.refused(2, &["customers", "update", "c-1", "--email", "no"])
            .contains("email is no address")
    );

    let same = own.run(&["customers", "change-tier", "c-1", "Gold"]);
    assert!(same.status.success() && shown(&same).contains("Nothing to do"), "{}", shown(&same));
    let tier = [
        "customers",
        "change-tier",
        "c-1",
        "SILVER",
        "--reason",
        "spends less",
        "--command-id",
        "k2",
    ];
    assert_eq!(own.row(&tier)["revision"], 1);
    own.row(&["customers", "update", "c-1", "--region", "EU", "--remove", "email"]);
    // The same commands again, although the customer is another one by now.
    for (command, revision) in [(&create[..], 0), (&tier[..], 1)] {
        let again = own.row(command);
        assert_eq!((&again["result"], &again["revision"]), (&"known".into(), &revision.into()));
    }
    let other =
        own.refused(5, &["customers", "change-tier", "c-1", "BRONZE", "--command-id", "k2"]);
    assert!(other.contains("another command has this id: it is revision 1"), "{other}");
}

#[test]
fn a_customer_changes_until_it_leaves() {
    let own = Own::new();
    own.row(&["customers", "create", "c-1", "--name", "Ada", "--tier", "GOLD", "--email", "a@b.c"]);
    own.row(&["customers", "change-tier", "c-1", "SILVER", "--reason", "spends less"]);
    own.row(&["customers", "update", "c-1", "--region", "EU", "--remove", "email"]);
    let shown_customer = own.row(&["customers", "show", "c-1"]);
    let field = |name: &str| shown_customer[name].clone();
    assert_eq!(
        (field("tier"), field("region"), field("email")),
        ("SILVER".into(), "EU".into(), Value::Null)
    );
    assert_eq!(
        (field("name"), field("status"), field("revision")),
        ("Ada".into(), "OPEN".into(), 2.into())
    );
    // A snapshot that cannot be used is told by the command that meets it, and taken anew.
    own.plant("customer/c-1", b"{}");
    let told = own.run(&["customers", "close", "c-1"]);
    assert!(told.status.success(), "{}", shown(&told));
    assert_eq!(shown(&told).matches("was not used").count(), 1, "{}", shown(&told));
    let kept = own.row(&["events", "snapshot", "show", "customer/c-1"]);
    assert_eq!((&kept["condition"], &kept["revision"]), (&"current".into(), &3.into()));
    assert_eq!(own.row(&["customers", "close", "c-1"])["result"], "unchanged");
    assert!(
        own.refused(5, &["customers", "update", "c-1", "--region", "US"])
            .contains("the customer is closed")
    );
    let events = own.json(&["events", "read", "customer/c-1"]);
    assert_eq!(events["rows"].as_array().unwrap().len(), 4);
    assert_eq!(own.json(&["customers", "show", "c-1"])["rows"][0]["status"], "CLOSED");
    assert!(own.refused(1, &["customers", "show", "c-2"]).contains("bss events list customer"));
}

#[test]
fn writers_at_once_lose_nothing_and_snapshots_are_taken_on_the_way() {
    let own = Own::new();
    let every = ["--set", "events.snapshot_every=3"];
    let create = ["customers", "create", "c", "--name", "A", "--tier", "GOLD"];
    own.row(&[&create[..], &every].concat());
    // Each fails at most five times: whoever is refused, another one was stored.
    let wishes: [&[&str]; 6] = [
        &["update", "c", "--name", "B"],
        &["update", "c", "--region", "EU"],
        &["update", "c", "--email", "a@b.c"],
        &["update", "c", "--phone", "+48 123"],
        &["update", "c", "--address", "Here"],
        &["change-tier", "c", "SILVER"],
    ];
    let start = |wish: &&[&str]| {
        let mut command = own.command(&[&["customers"], *wish, &every].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("bss")
    };
    let writers: Vec<_> = wishes.iter().map(start).collect();
    for writer in writers {
        let output = writer.wait_with_output().expect("an end");
        assert!(output.status.success(), "{}", shown(&output));
    }
    let customer = own.row(&["customers", "show", "c"]);
    let all = ["name", "region", "email", "phone", "address", "tier"].map(|f| customer[f].clone());
    let wanted = ["B", "EU", "a@b.c", "+48 123", "Here", "SILVER"].map(Value::from);
    assert_eq!((all, &customer["revision"]), (wanted, &6.into()));
    let revisions: Vec<Value> = own.json(&["events", "read", "customer/c"])["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["revision"].clone())
        .collect();
    assert_eq!(revisions, (0..7).map(Value::from).collect::<Vec<_>>());
    let kept = own.row(&["events", "snapshot", "list", "customer"]);
    assert_eq!((&kept["aggregateId"], &kept["condition"]), (&"c".into(), &"current".into()));
    assert!(kept["revision"].as_u64().unwrap() >= 2, "{kept}");
    own.json(&["events", "snapshot", "verify"]);
    own.json(&["events", "verify"]);
}

#[test]
fn a_command_that_is_sent_several_times_at_once_is_done_once() {
    let own = Own::new();
    let create = ["customers", "create", "c", "--name", "A", "--tier", "GOLD", "--command-id", "k"];
    let start = |_| {
        let mut command = own.command(&[&create[..], &["-o", "json"]].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("bss")
    };
    let writers: Vec<_> = (0..4).map(start).collect();
    let mut results: Vec<String> = Vec::new();
    for writer in writers {
        let output = writer.wait_with_output().expect("an end");
        assert!(output.status.success(), "{}", shown(&output));
        let row = &document(&output)["rows"][0];
        assert_eq!(row["revision"], 0);
        results.push(row["result"].as_str().expect("a word").to_owned());
    }
    results.sort();
    assert_eq!(results, ["known", "known", "known", "stored"]);
    assert_eq!(own.row(&["events", "list"])["events"], 1);
}
