//! E7: a customer is erased. Its events still count, what was personal is unreadable in the store, its
//! snapshots, read models, exports, archives and in Kafka, and replay works.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{Corner, ORDERS};
use crate::metrics_database::Database;
use crate::shelf::Shelf;
use crate::support::{bss, shown};

/// What no copy may hold.
const SECRETS: [&str; 4] = ["Ada Lovelace", "ada@example.com", "+44 20 7946", "St James Square"];

/// A store, topics and a database of a test's own.
struct Shop {
    shelf: Shelf,
    corner: Corner,
    database: Database,
}

impl Shop {
    fn new() -> Self {
        let corner = Corner::of(ORDERS, "erase", 1);
        Self { shelf: Shelf::new(1), corner, database: Database::fresh() }
    }

    fn bss(&self, args: &[&str]) -> Command {
        let mut command = self.corner.bss(args);
        command.envs(self.shelf.names());
        for (name, value) in self.database.bss().get_envs() {
            let (name, value) = (name.to_str().expect("a name"), value.expect("a value"));
            if name.starts_with("BSS_TIMESCALE_") {
                command.env(name, value);
            }
        }
        command
    }

    #[track_caller]
    fn ends(&self, code: i32, args: &[&str]) -> Output {
        let output = self.bss(args).ended().expect("bss");
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", shown(&output));
        output
    }

    #[track_caller]
    fn row(&self, args: &[&str]) -> Value {
        let output = self.ends(0, &[args, &["-o", "json"]].concat());
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        document["rows"][0].clone()
    }

    /// Everything that is written down of the customers, wherever.
    fn copies(&self) -> Vec<(&'static str, String)> {
        let text = |args: &[&str]| shown(&self.ends(0, args));
        let mut redis = self.shelf.redis();
        let mut raw = String::new();
        for part in ["log", "snapshots"] {
            let kept: Vec<u8> =
                redis::cmd("DUMP").arg(self.shelf.key(0, part)).query(&mut redis).expect(part);
            raw += &String::from_utf8_lossy(&kept);
        }
        let entries: redis::Value = redis::cmd("XRANGE")
            .arg(self.shelf.key(0, "log"))
            .arg("-")
            .arg("+")
            .query(&mut redis)
            .expect("the log");
        let snapshots: Vec<Vec<u8>> = redis::cmd("HVALS")
            .arg(self.shelf.key(0, "snapshots"))
            .query(&mut redis)
            .expect("snapshots");
        let snapshots: String =
            snapshots.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        let mut topics = String::new();
        for subject in ["events.customer", "customer.info"] {
            for (_, records) in self.corner.read(&self.corner.topic(subject)) {
                for (_, value, headers) in records {
                    topics += &String::from_utf8_lossy(&value.unwrap_or_default());
                    for (_, header) in headers {
                        topics += &String::from_utf8_lossy(&header);
                    }
                }
            }
        }
        let table = self.database.work(async |connection| {
            let query = "SELECT coalesce(string_agg(c::text, E'\\n'), '') FROM bss.customers c";
            sqlx::query_scalar::<_, String>(query).fetch_one(connection).await.expect(query)
        });
        vec![
            ("log", format!("{raw}{}", entries_text(&entries))),
            ("snapshots", snapshots),
            ("topics", topics),
            ("table", table),
            ("read", text(&["events", "read", "customer/c-1", "-o", "json"])),
            ("replay", text(&["events", "replay", "-o", "ndjson"])),
            ("state", text(&["events", "state", "customer/c-1", "-o", "json"])),
            ("past state", text(&["events", "state", "customer/c-1", "--at-revision", "0"])),
            ("diff", text(&["events", "diff", "customer/c-1", "--from", "0", "--to", "1"])),
            ("snapshot", text(&["events", "snapshot", "show", "customer/c-1"])),
            ("export", text(&["events", "export", "-"])),
        ]
    }
}

fn entries_text(value: &redis::Value) -> String {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        redis::Value::Array(values) => values.iter().map(entries_text).collect(),
        _ => String::new(),
    }
}

/// Two customers with all that is personal, changed, in a snapshot, relayed and projected.
fn two_customers(shop: &Shop) {
    for (id, name) in [("c-1", SECRETS[0]), ("c-2", "Grace")] {
        let create =
            ["customers", "create", id, "--name", name, "--tier", "GOLD", "--region", "EU"];
        let more = ["--email", SECRETS[1], "--phone", SECRETS[2], "--address", SECRETS[3]];
        shop.row(&[&create[..], &more, &["--command-id", "k-1"]].concat());
        shop.row(&["customers", "change-tier", id, "SILVER"]);
        shop.ends(0, &["events", "snapshot", "take", &format!("customer/{id}")]);
    }
    let note = r#"{"name":"Ada Lovelace","note":"called"}"#;
    let append = ["events", "append", "customer/c-1", "--type", "CustomerUpdated", "--data", note];
    shop.row(&[&append[..], &["--type-version", "2", "--id", "n-1"]].concat());
    follow(shop);
}

fn follow(shop: &Shop) {
    shop.ends(0, &["events", "relay", "--drain", "--quiet"]);
    shop.ends(0, &["events", "project", "customers", "--drain"]);
}

#[track_caller]
fn assert_unreadable(shop: &Shop) {
    for (place, text) in shop.copies() {
        for secret in SECRETS.iter().filter(|_| !text.is_empty()) {
            assert!(!text.contains(secret), "{secret} is in the {place}: {text}");
        }
    }
}

#[test]
fn who_is_erased_is_unreadable_everywhere_and_still_counts() {
    let shop = Shop::new();
    two_customers(&shop);
    // Nobody reads it from a copy before either; here, with the key, everybody does.
    assert_unreadable(&shop);
    let ada = shop.row(&["customers", "show", "c-1"]);
    let fields = ["name", "email", "phone", "address"].map(|field| ada[field].clone());
    assert_eq!(fields, SECRETS.map(Value::from));
    let state = shop.row(&["events", "state", "customer/c-1", "--open"]);
    assert_eq!(
        (&state["state"]["name"], &state["state"]["note"]),
        (&SECRETS[0].into(), &"called".into())
    );
    let first = shop.row(&["events", "read", "customer/c-1", "--open"]);
    assert_eq!(first["data"]["email"], SECRETS[1]);
    let lines = shop.ends(0, &["events", "replay", "--open", "-o", "ndjson"]).stdout;
    assert_eq!(String::from_utf8_lossy(&lines).matches(SECRETS[0]).count(), 2);
    // The same append again is the same bytes; the same wish is known.
    let again =
        ["events", "append", "customer/c-1", "--type", "CustomerUpdated", "--type-version", "2"];
    let data = ["--id", "n-1", "--data", r#"{"name":"Ada Lovelace","note":"called"}"#];
    assert_eq!(shop.row(&[&again[..], &data].concat())["state"], "known");
    let same = shop.row(&["customers", "update", "c-1", "--email", SECRETS[1]]);
    assert_eq!(same["result"], "unchanged");
    let exported = shop.ends(0, &["events", "export", "-"]).stdout;

    assert!(shown(&shop.ends(2, &["events", "erase", "customer/c-1"])).contains("confirmation"));
    let before = keys(&shop);
    // Killed on the way, the same command goes on.
    for (fault, status) in [("erase-told:1", "ERASED"), ("erase-erased:1", "ERASED")] {
        let mut killed = shop.bss(&["events", "erase", "customer/c-1", "--yes"]);
        let output = killed.env("BSS_DEV_FAULT", fault).ended().expect("bss");
        assert_eq!(output.status.code(), None, "{}", shown(&output));
        assert_eq!(shop.row(&["customers", "show", "c-1"])["status"], status);
    }
    let done = shop.row(&["events", "erase", "customer/c-1", "--yes"]);
    assert_eq!(
        (&done["sealedFields"], &done["clearEvents"], &done["revision"]),
        (&5.into(), &0.into(), &3.into())
    );
    assert_eq!(shop.row(&["events", "erase", "customer/c-1"])["result"], "known");
    let after = keys(&shop);
    assert_eq!((before.len(), before.difference(&after).count()), (2, 1), "one key is gone");
    assert!(after.difference(&before).all(|rest| rest[..24] == [0; 24]));
    follow(&shop);

    assert_unreadable(&shop);
    let gone = shop.row(&["customers", "show", "c-1"]);
    assert_eq!(
        (&gone["name"], &gone["email"], &gone["tier"]),
        (&Value::Null, &Value::Null, &"SILVER".into())
    );
    let opened = shown(&shop.ends(0, &["events", "read", "customer/c-1", "--open"]));
    assert!(
        !opened.contains(SECRETS[0]) && opened.contains("5 personal fields stay sealed"),
        "{opened}"
    );
    assert_eq!(
        shop.row(&["customers", "show", "c-2"])["email"],
        SECRETS[1],
        "others are as they were"
    );
    the_wish_of_then_is_known(&shop);
    still_counts(&shop, &exported);
    nothing_personal_comes_back(&shop);
}

/// By what is left of it.
fn the_wish_of_then_is_known(shop: &Shop) {
    let create = ["customers", "create", "c-1", "--name", "Whoever", "--region", "EU"];
    let more = ["--email", "a@b.c", "--phone", "123", "--address", "x", "--command-id", "k-1"];
    let again = |tier: &'static str| [&create[..], &more, &["--tier", tier]].concat();
    assert_eq!(shop.row(&again("GOLD"))["result"], "known");
    shop.ends(5, &again("SILVER"));
}

/// Old events count, chain and topics are whole, and what was exported before is still the same store.
fn still_counts(shop: &Shop, exported: &[u8]) {
    let lines = shop.ends(0, &["events", "replay", "-o", "ndjson"]).stdout;
    assert_eq!(String::from_utf8_lossy(&lines).lines().count(), 6);
    shop.ends(0, &["events", "verify"]);
    shop.ends(0, &["events", "verify", "--kafka"]);
    shop.ends(0, &["events", "snapshot", "verify"]);
    shop.ends(0, &["events", "project", "customers", "--compare"]);
    let erased = "SELECT count(*) FROM bss.customers \
                  WHERE id = 'c-1' AND status = 'ERASED' AND name IS NULL AND tier = 'SILVER'";
    assert_eq!(shop.database.count(erased), 1);
    let rows = shop.corner.read(&shop.corner.topic("customer.info"));
    assert_eq!(rows[b"c-1".as_slice()].last().expect("a row").1, None, "no row in customer.info");
    // The export of before and an archive hold nothing either, and fit.
    assert!(SECRETS.iter().all(|secret| !String::from_utf8_lossy(exported).contains(secret)));
    let other = shop.shelf.other();
    std::fs::write(other.home().join("all.ndjson"), exported).expect("written");
    other.ended(0, &["events", "import", "all.ndjson"]);
    assert_eq!(other.json(&["events", "list"])["rows"].as_array().map(Vec::len), Some(2));
    let dir = shop.corner.home.path().join("old");
    let dir = dir.to_str().expect("a path");
    shop.ends(0, &["events", "archive", "--keep", "1", "--dir", dir, "--yes"]);
    // What was not looked at is told.
    let some = shop.ends(7, &["events", "erase", "customer/c-1"]);
    assert!(shown(&some).contains("archived events were not looked at"), "{}", shown(&some));
    let whole = shop.row(&["events", "erase", "customer/c-1", "--archive", dir]);
    assert_eq!((&whole["result"], &whole["sealedFields"]), (&"known".into(), &5.into()));
    let mut elsewhere = shop.bss(&["events", "erase", "customer/c-2", "--yes"]);
    let refused = elsewhere.env("BSS_EVENTS_KEYS_DIR", "other-keys").ended().expect("bss");
    assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
    let back =
        shop.ends(0, &["events", "replay", "--archive", dir, "-o", "ndjson", "--open"]).stdout;
    let back = String::from_utf8_lossy(&back);
    assert_eq!((back.lines().count(), back.matches(SECRETS[0]).count()), (6, 0));
}

fn nothing_personal_comes_back(shop: &Shop) {
    let update = shop.ends(5, &["customers", "update", "c-1", "--email", "new@example.com"]);
    assert!(shown(&update).contains("the customer was erased"), "{}", shown(&update));
    let append = ["events", "append", "customer/c-1", "--type", "CustomerUpdated"];
    let personal = [&append[..], &["--data", r#"{"name":"Eve"}"#]].concat();
    assert!(shown(&shop.ends(5, &personal)).contains("refused to store name of customer/c-1"));
    let other = [&append[..], &["--data", r#"{"note":"x"}"#]].concat();
    shop.ends(0, &other);
}

/// The keys that are kept: the second half of each record of 64 bytes.
fn keys(shop: &Shop) -> BTreeSet<Vec<u8>> {
    let folder = shop.corner.home.path().join(".local/share/bss/keys/default");
    let files = std::fs::read_dir(folder).expect("the keys");
    let read = files.flat_map(|file| std::fs::read(file.expect("a file").path()).expect("read"));
    read.collect::<Vec<u8>>().chunks(64).map(|record| record[32..].to_vec()).collect()
}

#[test]
fn what_was_stored_in_the_clear_is_told() {
    let shelf = Shelf::new(1);
    let open = ["--set", "events.personal=customer.name"];
    let append = ["events", "append", "visit/v-1", "--type", "Visited", "--data"];
    shelf.ended(0, &[&append[..], &[r#"{"guest":"Ada","room":7}"#], &open].concat());
    let personal = ["--set", "events.personal=visit.guest"];
    shelf.ended(0, &[&append[..], &[r#"{"guest":{"first":"Eve"}}"#], &personal].concat());
    let state = |more: &[&str]| {
        shelf.json(&[&["events", "state", "visit/v-1"][..], more].concat())["rows"][0].clone()
    };
    assert_eq!(state(&["--open"])["state"]["guest"]["first"], "Eve");
    assert!(
        state(&[])["state"]["guest"].as_str().is_some_and(|text| text.starts_with("sealed:1:"))
    );
    let erased =
        shelf.ended(7, &[&["events", "erase", "visit/v-1", "--yes"][..], &personal].concat());
    assert!(shown(&erased).contains("1 events were stored in the clear"), "{}", shown(&erased));
    // Also without the declaration: what is sealed is known by its looks.
    let after = state(&["--open"]);
    assert_eq!((&after["state"]["guest"], &after["state"]["room"]), (&Value::Null, &7.into()));
    assert_eq!(after["lastType"], "PersonalDataErased");
    let nobody = shelf.ended(1, &["events", "erase", "visit/v-2", "--yes"]);
    assert!(shown(&nobody).contains("there are no events of visit/v-2"));
    let nothing = shelf.ended(1, &["events", "erase", "room/7", "--yes"]);
    assert!(shown(&nothing).contains("there are no events of room/7"));
    shelf.ended(0, &["events", "append", "room/7", "--type", "Painted"]);
    let nothing = shelf.ended(1, &["events", "erase", "room/7", "--yes"]);
    assert!(shown(&nothing).contains("events of room have no personal fields"));
    // An older form under another name would be stored in the clear.
    let renamed = [
        "--set",
        "events.personal=visit.guest",
        "--set",
        "events.upcasters=Came 1: rename who=guest",
    ];
    let came = ["events", "append", "visit/v-3", "--type", "Came", "--data", r#"{"who":"Ada"}"#];
    let refused = shelf.ended(2, &[&came[..], &renamed].concat());
    assert!(shown(&refused).contains("guest under another name"), "{}", shown(&refused));
    let both = ["--set", "events.personal=visit.guest,visit.who", renamed[2], renamed[3]];
    shelf.ended(0, &[&came[..], &both].concat());
    let read = shelf.json(&[&["events", "read", "visit/v-3", "--open"], &both[2..]].concat());
    assert_eq!(read["rows"][0]["data"]["guest"], "Ada");
    let sealed = format!(r#"{{"note":"sealed:1:{}"}}"#, "A".repeat(66));
    let false_seal =
        shelf.ended(2, &["events", "append", "visit/v-4", "--type", "Came", "--data", &sealed]);
    assert!(shown(&false_seal).contains("looks sealed"), "{}", shown(&false_seal));
    let bad = shelf.ended(3, &["events", "list", "--set", "events.personal=guest"]);
    assert!(shown(&bad).contains("TYPE.FIELD"), "{}", shown(&bad));
}

#[test]
fn without_the_key_nobody_makes_a_second_one() {
    let shelf = Shelf::new(1);
    let create = ["customers", "create", "c-1", "--name", "Ada", "--tier", "GOLD"];
    shelf.ended(0, &create);
    // Another machine: the same store, no keys.
    let home = tempfile::tempdir().expect("a folder");
    let there = |args: &[&str]| {
        let mut command = bss(home.path());
        command.envs(shelf.names()).args(args).ended().expect("bss")
    };
    let seen = there(&["customers", "show", "c-1"]);
    assert!(seen.status.success() && !shown(&seen).contains("Ada"), "{}", shown(&seen));
    assert!(shown(&seen).contains("1 personal fields stay sealed"), "{}", shown(&seen));
    for refused in [
        there(&["customers", "update", "c-1", "--email", "a@b.c"]),
        there(&["events", "erase", "customer/c-1", "--yes"]),
        there(&[
            "events",
            "append",
            "customer/c-1",
            "--type",
            "CustomerUpdated",
            "--data",
            r#"{"name":"E"}"#,
        ]),
    ] {
        assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
        assert!(shown(&refused).contains("the key of its personal fields is not in"));
    }
    let read = shelf.json(&["customers", "show", "c-1"]);
    assert_eq!(read["rows"][0]["name"], "Ada");
    two_keys_are_erased_one_by_one(&shelf, home.path());
}

/// Two machines with a key each of one subject (the other one's is from another store): each erases its
/// own and says that there is one more.
fn two_keys_are_erased_one_by_one(shelf: &Shelf, home: &Path) {
    let other = shelf.other();
    let there = |store: &Shelf, args: &[&str]| {
        let mut command = bss(home);
        command.envs(store.names()).args(args).ended().expect("bss")
    };
    let append = ["events", "append", "customer/c-2", "--type", "CustomerUpdated", "--data"];
    let append = [&append[..], &[r#"{"name":"Eve"}"#, "--type-version", "2"]].concat();
    assert!(there(&other, &append).status.success());
    shelf.ended(0, &["customers", "create", "c-2", "--name", "Ada", "--tier", "GOLD"]);
    assert!(there(shelf, &append).status.success());
    let erase = ["events", "erase", "customer/c-2", "--yes"];
    for half in [shelf.ended(7, &erase), there(shelf, &erase)] {
        assert_eq!(half.status.code(), Some(7), "{}", shown(&half));
        assert!(shown(&half).contains("sealed with 1 more keys"), "{}", shown(&half));
    }
    let read = ["events", "read", "customer/c-2", "--open"];
    for text in [shown(&shelf.ended(0, &read)), shown(&there(shelf, &read))] {
        assert!(!text.contains("Ada") && !text.contains("Eve"), "{text}");
    }
}

#[test]
fn an_import_as_new_events_seals_and_sets_aside_who_was_erased() {
    let shelf = Shelf::new(1);
    let line = |id: &str, event: &str| {
        format!(
            "{{\"shard\":0,\"position\":1,\"aggregateType\":\"customer\",\"aggregateId\":\"{id}\",\
             \"revision\":0,\"eventId\":\"{event}\",\"type\":\"CustomerCreated\",\"typeVersion\":2,\
             \"recordedAt\":\"2026-01-01T00:00:00Z\",\"link\":\"{}\",\
             \"data\":{{\"name\":\"Ada\",\"tier\":\"GOLD\"}}}}\n",
            "0".repeat(32)
        )
    };
    let write =
        |lines: String| std::fs::write(shelf.home().join("a.ndjson"), lines).expect("written");
    write(line("c-1", "e-1") + &line("c-2", "e-2"));
    let import = ["events", "import", "a.ndjson", "--renumber"];
    shelf.ended(0, &import);
    assert!(!shelf.text(&["events", "export", "-"]).contains("Ada"));
    assert_eq!(shelf.json(&["customers", "show", "c-2"])["rows"][0]["name"], "Ada");
    // Again, the same events are there already.
    assert_eq!(shelf.json(&import)["rows"][0]["stored"], 0);
    shelf.ended(0, &["events", "erase", "customer/c-1", "--yes"]);
    write(line("c-1", "e-3") + &line("c-3", "e-4"));
    let some = shelf.ended(7, &import);
    assert!(shown(&some).contains("refused to store name of customer/c-1"), "{}", shown(&some));
    assert_eq!(shelf.json(&["customers", "show", "c-3"])["rows"][0]["name"], "Ada");
}
