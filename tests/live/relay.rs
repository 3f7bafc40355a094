//! From the event store to Kafka and back: each event once, whatever dies; a store that lost its end
//! is noticed and mended.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::bounded::{Bounded, end_of};
use crate::broker::{Corner, ORDERS};
use crate::streams::stop;
use crate::support::{redis, shown, unique, wait_for};

const LIMIT: Duration = Duration::from_secs(120);

/// A store of its own, in the shared server or in one of its own, and topics of its own.
struct Shop {
    corner: Corner,
    namespace: String,
    redis: (String, u16),
    shards: u16,
    next: u64,
}

impl Shop {
    fn new(redis: (String, u16)) -> Self {
        let corner = Corner::of(ORDERS, "relay", 4);
        Self { corner, namespace: unique("relay"), redis, shards: 1, next: 0 }
    }

    fn bss(&self, args: &[&str]) -> Command {
        let mut command = self.corner.bss(args);
        command
            .env("BSS_EVENTS_NAMESPACE", &self.namespace)
            .env("BSS_EVENTS_SHARDS", self.shards.to_string())
            .env("BSS_REDIS_HOST", &self.redis.0)
            .env("BSS_REDIS_PORT", self.redis.1.to_string())
            .env("BSS_STREAMS_OUTAGE_TIMEOUT", "60s");
        command
    }

    #[track_caller]
    fn ends(&self, code: i32, args: &[&str]) -> Output {
        let output = self.bss(args).ended().expect("bss");
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", shown(&output));
        output
    }

    /// Appends so many events, of 20 customers in turn.
    fn append(&mut self, count: u64) {
        let mut lines = String::new();
        for n in self.next..self.next + count {
            let (id, what) = (n % 20, if n < 20 { "CustomerCreated" } else { "CustomerUpdated" });
            let tier = if n < 20 { r#","tier":"GOLD""# } else { "" };
            lines += &format!(
                "{{\"shard\":0,\"position\":1,\"aggregateType\":\"customer\",\"aggregateId\":\"c-{id}\",\
                 \"revision\":0,\"eventId\":\"{}-e{n}\",\"type\":\"{what}\",\"typeVersion\":1,\
                 \"recordedAt\":\"2026-01-01T00:00:00Z\",\"link\":\"{}\",\"data\":{{\"n\":{n}{tier}}}}}\n",
                self.namespace,
                "0".repeat(32)
            );
        }
        self.next += count;
        let path = self.corner.home.path().join("events.ndjson");
        std::fs::write(&path, lines).expect("written");
        self.ends(0, &["events", "import", "events.ndjson", "--renumber", "--quiet"]);
    }

    /// What is committed of the customers' events: by key, in order, the events' numbers.
    fn published(&self) -> BTreeMap<String, Vec<u64>> {
        let mut all = BTreeMap::new();
        for (key, records) in self.corner.read(&self.corner.topic("events.customer")) {
            let numbers = records.iter().map(|(_, value, headers)| {
                let text = |name: &str| {
                    let header = headers.iter().find(|(key, _)| key == name);
                    String::from_utf8(header.expect(name).1.clone()).expect("text")
                };
                let value: serde_json::Value =
                    serde_json::from_slice(value.as_ref().expect("a value")).expect("JSON");
                assert_eq!(text("ce_id"), value["eventId"].as_str().expect("an id"));
                assert_eq!(text("bss_link"), value["link"].as_str().expect("a link"));
                let position = format!("{}:{}", value["shard"], value["position"]);
                assert_eq!(text("bss_position"), position);
                assert!(text("ce_type").starts_with("bss.customer.Customer"), "{headers:?}");
                value["data"]["n"].as_u64().expect("n")
            });
            all.insert(String::from_utf8(key).expect("a key"), numbers.collect());
        }
        all
    }

    /// Each event that was appended is published once, those of a customer in order.
    #[track_caller]
    fn assert_each_once(&self) {
        let wanted: BTreeMap<String, Vec<u64>> = (0..20.min(self.next))
            .map(|c| (format!("c-{c}"), (c..self.next).step_by(20).collect()))
            .collect();
        assert_eq!(self.published(), wanted);
    }

    #[track_caller]
    fn assert_whole(&self) {
        let output = self.ends(0, &["events", "verify", "--kafka", "-o", "json"]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(document["meta"]["kafkaEvents"], self.next, "{}", shown(&output));
        assert_eq!(document["meta"]["events"], self.next, "{}", shown(&output));
        assert_eq!(document["meta"]["findings"], 0, "{}", shown(&output));
    }

    /// A relay that runs until it is stopped.
    fn relay(&self) -> Child {
        let mut command = self.bss(&["events", "relay", "--quiet"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("bss")
    }

    fn drain(&self) {
        self.ends(0, &["events", "relay", "--drain", "--quiet"]);
    }

    fn told(&self) -> u64 {
        self.published().values().map(|numbers| numbers.len() as u64).sum()
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // A server of the test's own goes with it.
        if self.redis != redis() {
            return;
        }
        let script = "local c = '0' repeat local r = redis.call('SCAN', c, 'MATCH', ARGV[1], 'COUNT', 10000) \
                      c = r[1] for _, k in ipairs(r[2]) do redis.call('DEL', k) end until c == '0'";
        let pattern = format!("{{{}:*", self.namespace);
        ask(self.redis.1, &["EVAL", script, "0", &pattern]);
    }
}

/// Sends one command to a server of this machine; `None` while nobody answers.
fn ask(port: u16, words: &[&str]) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.write_all(request.as_bytes()).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    Some(line.trim_end().to_owned())
}

/// A server of the test's own.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    fn new() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let mut server = Self { folder, port, child: None };
        server.start("yes");
        server
    }

    fn start(&mut self, aof: &str) {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", aof, "--appendfsync", "always", "--loglevel", "warning"])
            .arg("--dir")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("redis-server");
        self.child = Some(child);
        wait_for("the server answers", LIMIT, || {
            ask(self.port, &["PING"]).filter(|answer| answer == "+PONG")
        });
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("an end");
        }
    }

    fn aof(&self) -> std::path::PathBuf {
        self.folder.path().join("appendonlydir")
    }

    /// Keeps what is on disk now.
    fn keep(&self) -> tempfile::TempDir {
        let kept = tempfile::tempdir().expect("a folder");
        copy(&self.aof(), kept.path());
        kept
    }

    /// Killed, and started with what was kept.
    fn fall_back(&mut self, kept: &Path) {
        self.kill();
        std::fs::remove_dir_all(self.aof()).expect("removed");
        std::fs::create_dir(self.aof()).expect("made");
        copy(kept, &self.aof());
        self.start("yes");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

/// Numbers that look random and are the same each time.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// Case E6.
#[test]
fn a_relay_killed_at_random_publishes_each_event_once() {
    let kills = std::env::var("BSS_TEST_RELAY_KILLS").ok().and_then(|k| k.parse().ok());
    let kills: u64 = kills.unwrap_or(20);
    let each = (1000 / kills.max(1)).max(1);
    let mut shop = Shop::new(redis());
    let mut seed = 20_261_127;
    for round in 0..kills {
        shop.append(each);
        let mut command = shop.bss(&["events", "relay", "--quiet"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        match round % 4 {
            0 => {
                let after = random(&mut seed) % each + 1;
                command.env("BSS_DEV_FAULT", format!("relay-after-event:{after}"));
            }
            1 => drop(command.env("BSS_DEV_FAULT", "relay-before-commit:1")),
            2 => drop(command.env("BSS_DEV_FAULT", "relay-after-commit:1")),
            _ => {}
        }
        let mut child = command.spawn().expect("bss");
        if round % 4 == 3 {
            // Any moment will do: what it has done by then is not looked at.
            let moment = Duration::from_millis(random(&mut seed) % 1500);
            std::thread::park_timeout(moment);
            child.kill().expect("killed");
        }
        assert_eq!(end_of(&mut child).code(), None, "round {round}: it was killed");
    }
    shop.append(1000_u64.saturating_sub(shop.next));
    shop.drain();
    shop.assert_each_once();
    shop.assert_whole();
    // Again: there is nothing to do.
    shop.drain();
    shop.assert_each_once();
    // The rows of the customers: one each, as they were created.
    let rows = shop.corner.read(&shop.corner.topic("customer.info"));
    assert_eq!(rows.len(), 20);
    for (key, records) in rows {
        let [(_, Some(row), _)] = &records[..] else { panic!("{records:?}") };
        let row: serde_json::Value = serde_json::from_slice(row).expect("JSON");
        assert_eq!(row["customerId"].as_str().map(str::as_bytes), Some(&*key));
        assert_eq!((&row["tier"], &row["region"]), (&"GOLD".into(), &serde_json::Value::Null));
    }
}

#[test]
fn of_two_relays_one_is_fenced() {
    let mut shop = Shop::new(redis());
    shop.append(20);
    let mut first = shop.relay();
    wait_for("the first publishes", LIMIT, || (shop.told() == 20).then_some(()));
    let mut second = shop
        .bss(&["events", "relay"])
        .env("BSS_STREAMS_HTTP", "127.0.0.1:0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bss");
    let mut lines = BufReader::new(second.stderr.take().expect("stderr")).lines();
    let mut said = || lines.next().expect("a line").expect("text");
    let address = loop {
        if let Some(rest) = said().strip_prefix("http://") {
            break rest.split('/').next().expect("an address").to_owned();
        }
    };
    while !said().contains("Publishing from") {}
    shop.append(40);
    let ended = end_of(&mut first);
    let mut text = String::new();
    first.stderr.take().expect("stderr").read_to_string(&mut text).expect("text");
    assert_eq!(ended.code(), Some(5), "{text}");
    let id = format!("{}-relay-{}-all", shop.corner.application, shop.namespace);
    assert!(text.contains(&id), "{text}");
    wait_for("the second publishes", LIMIT, || (shop.told() == 60).then_some(()));
    let get = |path: &str| {
        let mut stream = TcpStream::connect(&address).expect("connected");
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    assert!(get("/readyz").starts_with("HTTP/1.1 200"), "{}", get("/readyz"));
    assert!(get("/healthz").starts_with("HTTP/1.1 200"), "{}", get("/healthz"));
    wait_for("the figures follow", LIMIT, || {
        get("/metrics").contains("bss_relay_position{shard=\"0\"} 60").then_some(())
    });
    stop(second);
    shop.assert_each_once();
    shop.assert_whole();
}

/// Risk A7: the server comes back without its last appends.
#[test]
fn a_store_that_lost_its_end_is_noticed_and_mended() {
    let mut server = Server::new();
    let mut shop = Shop::new(("127.0.0.1".to_owned(), server.port));
    shop.append(40);
    let kept = server.keep();
    shop.append(20);
    shop.drain();
    server.fall_back(kept.path());
    // A start notices it.
    let output = shop.ends(6, &["events", "relay", "--drain"]);
    let text = shown(&output);
    assert!(text.contains("0:41 to 0:60"), "{text}");
    assert!(text.contains("bss events import --from-kafka"), "{text}");
    shop.ends(6, &["events", "verify", "--kafka"]);
    // The plan changes nothing.
    let plan = shown(&shop.ends(0, &["events", "import", "--from-kafka", "--plan"]));
    assert!(plan.contains("put back 0:41 to 0:60"), "{plan}");
    let plan = shown(&shop.ends(0, &["events", "import", "--from-kafka", "--plan"]));
    assert!(plan.contains("put back 0:41 to 0:60"), "{plan}");
    shop.ends(0, &["events", "import", "--from-kafka"]);
    let again = shown(&shop.ends(0, &["events", "import", "--from-kafka"]));
    assert!(again.contains("Nothing is missing"), "{again}");
    shop.append(5);
    shop.drain();
    shop.assert_each_once();
    shop.assert_whole();
    // A relay that runs notices it when the server is back.
    let mut relay = shop.relay();
    let mut more = || {
        shop.append(5);
        wait_for("it is published", LIMIT, || (shop.told() == shop.next).then_some(()));
    };
    more();
    server.fall_back(kept.path());
    let ended = end_of(&mut relay);
    let mut text = String::new();
    relay.stderr.take().expect("stderr").read_to_string(&mut text).expect("text");
    assert_eq!(ended.code(), Some(6), "{text}");
    assert!(text.contains("0:41 to 0:70"), "{text}");
    shop.ends(0, &["events", "import", "--from-kafka"]);
    shop.drain();
    shop.assert_whole();
}

/// A backup of earlier: the snapshot of a server, in another one.
#[test]
fn a_backup_of_earlier_is_mended() {
    let mut server = Server::new();
    let mut shop = Shop::new(("127.0.0.1".to_owned(), server.port));
    shop.append(30);
    assert_eq!(ask(server.port, &["SAVE"]).as_deref(), Some("+OK"));
    let dump = server.folder.path().join("dump.rdb");
    let kept = std::fs::read(&dump).expect("a snapshot");
    shop.append(30);
    shop.drain();
    server.kill();
    std::fs::remove_dir_all(server.aof()).expect("removed");
    std::fs::write(&dump, kept).expect("written");
    server.start("no");
    assert_eq!(ask(server.port, &["CONFIG", "SET", "appendonly", "yes"]).as_deref(), Some("+OK"));
    let text = shown(&shop.ends(6, &["events", "relay", "--drain"]));
    assert!(text.contains("0:31 to 0:60"), "{text}");
    shop.ends(0, &["events", "import", "--from-kafka"]);
    shop.append(10);
    shop.drain();
    shop.assert_each_once();
    shop.assert_whole();
    // All of it, into an empty server.
    assert_eq!(ask(server.port, &["FLUSHALL"]).as_deref(), Some("+OK"));
    let text = shown(&shop.ends(6, &["events", "relay", "--drain"]));
    assert!(text.contains("0:1 to 0:70"), "{text}");
    shop.ends(0, &["events", "import", "--from-kafka"]);
    shop.drain();
    shop.assert_whole();
}

#[test]
fn a_store_that_went_on_after_a_loss_is_left_alone() {
    let mut server = Server::new();
    let mut shop = Shop::new(("127.0.0.1".to_owned(), server.port));
    shop.append(40);
    let kept = server.keep();
    shop.append(20);
    shop.drain();
    server.fall_back(kept.path());
    // Other events than those that were lost; more of them, so that nothing seems to be missing.
    shop.next += 1000;
    shop.append(35);
    let ranges = "Kafka has 0:41 to 0:60, the store others from 0:41 to 0:75";
    let text = shown(&shop.ends(6, &["events", "relay", "--drain"]));
    assert!(text.contains(ranges), "{text}");
    for args in [&["--plan"][..], &[]] {
        let args = [&["events", "import", "--from-kafka"], args].concat();
        let text = shown(&shop.ends(5, &args));
        assert!(text.contains(ranges), "{text}");
    }
    shop.ends(0, &["events", "verify"]);
    let output = shop.ends(6, &["events", "verify", "--kafka", "-o", "json", "--limit", "1000"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows = document["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 20, "{}", shown(&output));
    assert!(rows.iter().all(|row| row["finding"] == "kafka-link"), "{}", shown(&output));
}

#[test]
fn a_topic_that_is_missing_and_other_types_are_refused() {
    let mut shop = Shop::new(redis());
    shop.append(3);
    let order = ["events", "append", "order/o-1", "--type", "OrderPlaced"];
    shop.ends(0, &order);
    let text = shown(&shop.ends(4, &["events", "relay", "--drain"]));
    assert!(text.contains("events.order") && text.contains("bss setup kafka"), "{text}");
    assert_eq!(shop.told(), 0, "all or nothing");
    shop.ends(0, &["events", "relay", "customer", "--drain"]);
    assert_eq!(shop.told(), 3);
    shop.ends(0, &["events", "verify", "--kafka"]);
    let text = shown(&shop.ends(5, &["events", "relay", "--drain"]));
    assert!(text.contains("bss events relay customer"), "{text}");
    shop.ends(2, &["events", "relay", "Customer"]);
}

/// What the store knows of a customer is what an order is joined with.
#[test]
fn orders_see_the_tier_of_the_store() {
    let mut shop = Shop::new(redis());
    shop.append(25);
    shop.drain();
    let order = r#"{"orderId":"o-1","customerId":"c-3","totalAmount":"12.50","currency":"EUR",
        "itemsCount":1,"status":"COMPLETED","timestamp":1767235600000}"#;
    let record = (Some(b"c-3".to_vec()), Some(order.as_bytes().to_vec()));
    shop.corner.write(&shop.corner.topic("order.events"), &[record]);
    let output = shop.corner.drain();
    assert!(output.status.success(), "{}", shown(&output));
    let enriched = shop.corner.read(&shop.corner.topic("orders.enriched"));
    let [(_, Some(value), _)] = &enriched[&b"c-3"[..]][..] else { panic!("{enriched:?}") };
    let value = String::from_utf8_lossy(value);
    assert!(value.contains("\"GOLD\""), "{value}");
}

/// Trimmed behind the relay is regular, and a customer's row goes on from the one in Kafka; trimmed
/// before it is a gap.
#[test]
fn what_is_trimmed_behind_the_relay_is_not_missed() {
    let mut shop = Shop::new(redis());
    shop.append(20);
    shop.drain();
    let trim = |shop: &Shop| {
        let output = shop.ends(0, &["events", "verify", "-o", "json"]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let head = document["meta"]["head0"].as_str().expect("a head");
        let (n, _) = head.split_once(' ').expect("position and link");
        let [log, floor] = ["log", "head"].map(|part| format!("{{{}:0}}:{part}", shop.namespace));
        let after = (n.parse::<u64>().expect("a position") + 1).to_string();
        assert!(ask(shop.redis.1, &["XTRIM", &log, "MINID", &after]).is_some());
        assert_eq!(ask(shop.redis.1, &["SET", &floor, head]).as_deref(), Some("+OK"));
    };
    trim(&shop);
    let moved = ["events", "append", "customer/c-3", "--type", "CustomerUpdated", "--data"];
    shop.ends(0, &[&moved[..], &[r#"{"region":"EU","n":20}"#]].concat());
    shop.drain();
    let rows = shop.corner.read(&shop.corner.topic("customer.info"));
    let (_, row, _) = rows[&b"c-3"[..]].last().expect("a row");
    let row: serde_json::Value =
        serde_json::from_slice(row.as_ref().expect("a row")).expect("JSON");
    assert_eq!((&row["tier"], &row["region"]), (&"GOLD".into(), &"EU".into()));
    let verified = shown(&shop.ends(0, &["events", "verify", "--kafka", "-o", "json"]));
    assert!(verified.contains("\"kafkaEventsArchived\": 20"), "{verified}");
    // Two more, trimmed before they are published.
    shop.ends(0, &[&moved[..], &[r#"{"n":21}"#]].concat());
    shop.ends(0, &[&moved[..], &[r#"{"n":22}"#]].concat());
    trim(&shop);
    shop.ends(0, &[&moved[..], &[r#"{"n":23}"#]].concat());
    let text = shown(&shop.ends(6, &["events", "relay", "--drain"]));
    assert!(text.contains("0:22 to 0:23") && text.contains("--accept-gap"), "{text}");
    shop.ends(0, &["events", "relay", "--drain", "--accept-gap"]);
    assert_eq!(shop.published()["c-3"], [3, 20, 23]);
    shop.ends(0, &["events", "verify", "--kafka"]);
}

/// What `verify --kafka` is for: records that the relay did not write so. Of several shards.
#[test]
fn a_topic_that_was_tampered_with_is_found() {
    let mut shop = Shop::new(redis());
    shop.shards = 3;
    shop.append(40);
    shop.drain();
    shop.assert_each_once();
    shop.append(20);
    shop.drain();
    shop.assert_whole();
    let topic = shop.corner.topic("events.customer");
    let records = shop.corner.read(&topic);
    let (key, all) = records.iter().next().expect("a record");
    let (_, value, headers) = &all[0];
    let with = |value: &[u8], change: &dyn Fn(&str, Vec<u8>) -> Vec<u8>| {
        let headers = headers.iter().map(|(k, v)| (k.clone(), change(k, v.clone()))).collect();
        crate::broker::write_with(&topic, key, value, headers);
    };
    let value = value.as_ref().expect("a value");
    with(value, &|_, v| v);
    with(b"{}", &|_, v| v);
    with(value, &|k, v| if k == "ce_source" { b"elsewhere".to_vec() } else { v });
    let output = shop.ends(6, &["events", "verify", "--kafka", "-o", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows = document["rows"].as_array().expect("rows");
    let kinds: Vec<&str> = rows.iter().filter_map(|row| row["finding"].as_str()).collect();
    assert_eq!(kinds, ["kafka-twice", "kafka-damaged"], "{}", shown(&output));
}
