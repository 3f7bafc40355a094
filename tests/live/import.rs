//! `bss metrics import payment` on both editions.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::support::{self, shown};

const HEADER: &str = "payment_id,customerId,amount,currency,status,timestamp,paymentMethod,note\n";
const START: i64 = 1_767_225_600_000;

fn row(n: usize, amount: &str) -> String {
    let time = START + i64::try_from(n).expect("small") * 1000;
    format!("p{n},c{},{amount},EUR,COMPLETED,{time},CARD,x\n", n % 97)
}

/// A file of `rows` good rows; row 1 is line 2.
fn file(home: &Path, name: &str, rows: usize) -> PathBuf {
    let text: String = (1..=rows).map(|n| row(n, "12.34")).collect();
    write(home, name, &format!("{HEADER}{text}"))
}

fn write(home: &Path, name: &str, text: &str) -> PathBuf {
    let path = home.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

fn import(database: &Database, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(["metrics", "import", "payment", "-o", "json"]).args(arguments);
    command.ended().expect("bss")
}

/// The counts of the summary: read, stored, duplicate, conflicting, rejected, future, expired.
fn counts(output: &Output, status: i32) -> [u64; 7] {
    assert_eq!(output.status.code(), Some(status), "{}", shown(output));
    let row = &json(output)["rows"][0];
    ["read", "stored", "duplicate", "conflicting", "rejected", "future", "expired"]
        .map(|key| row[key].as_u64().unwrap_or_else(|| panic!("{key}: {}", shown(output))))
}

fn rejects(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("rejects");
    text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}

/// Case T11.
#[test]
fn three_bad_rows_of_ten_thousand_are_set_aside_with_their_place() {
    let database = Database::fresh();
    let mut lines: Vec<String> = (1..=10_000).map(|n| row(n, "12.34")).collect();
    lines[7_341] = row(7_342, "abc");
    lines[10] = row(11, "-1");
    lines[9_999] = row(10_000, "12.34").replace("COMPLETED", "DONE");
    let path = write(database.home(), "p.csv", &format!("{HEADER}{}", lines.concat()));
    let output = import(&database, &["p.csv", "--batch", "1000"]);
    assert_eq!(counts(&output, 7), [10_000, 9_997, 0, 0, 3, 0, 0]);
    assert_eq!(database.payments(), 9_997);
    let found: Vec<_> = rejects(&path.with_extension("csv.rejects.ndjson"))
        .iter()
        .map(|r| {
            let text = |key: &str| r[key].as_str().expect("text").to_owned();
            (r["line"].as_u64(), r["column"].as_u64(), text("field"), text("reason"))
        })
        .collect();
    let expected = |line, column, field: &str, reason: &str| {
        (Some(line), Some(column), field.to_owned(), reason.to_owned())
    };
    assert_eq!(
        found,
        [
            expected(12, 3, "amount", "negative"),
            expected(7_343, 3, "amount", "bad-amount"),
            expected(10_001, 5, "status", "unknown-status"),
        ]
    );
    // The same file again: nothing new, the same rejects.
    let again = import(&database, &["p.csv", "--batch", "1000"]);
    assert_eq!(counts(&again, 7), [10_000, 0, 9_997, 0, 3, 0, 0]);
    assert_eq!(rejects(&path.with_extension("csv.rejects.ndjson")).len(), 3);
    assert_eq!(database.payments(), 9_997);
}

#[test]
fn strict_writes_nothing_at_all() {
    let database = Database::fresh();
    let text: String = (1..=50).map(|n| row(n, if n == 42 { "NaN" } else { "1" })).collect();
    write(database.home(), "p.csv", &format!("{HEADER}{text}"));
    let output = import(&database, &["p.csv", "--strict", "--batch", "7"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("nothing was written"), "{}", shown(&output));
    assert_eq!(database.payments(), 0);
    // A conflict shows only in the database: everything before it is undone too.
    file(database.home(), "good.csv", 20);
    assert_eq!(counts(&import(&database, &["good.csv"]), 0)[1], 20);
    let text: String = (15..=40).map(|n| row(n, if n == 20 { "9" } else { "12.34" })).collect();
    write(database.home(), "other.csv", &format!("{HEADER}{text}"));
    let output = import(&database, &["other.csv", "--strict", "--batch", "4"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert_eq!(database.payments(), 20);
    assert_eq!(database.count("SELECT count(*) FROM bss.import_ledger"), 1);
}

#[test]
fn gzip_standard_input_and_ndjson_give_the_same_rows() {
    let plain = Database::fresh();
    let path = file(plain.home(), "p.csv", 500);
    assert_eq!(counts(&import(&plain, &["p.csv"]), 0)[1], 500);
    let expected = plain.digest();

    let zipped = Database::fresh();
    let bytes = std::fs::read(&path).expect("file");
    let out = std::fs::File::create(zipped.home().join("p.csv.gz")).expect("file");
    let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
    encoder.write_all(&bytes).expect("zipped");
    encoder.finish().expect("zipped");
    assert_eq!(counts(&import(&zipped, &["p.csv.gz"]), 0)[1], 500);
    assert_eq!(zipped.digest(), expected);

    let piped = Database::fresh();
    let mut command = piped.bss();
    command.args(["metrics", "import", "payment", "-", "-o", "json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("bss");
    child.stdin.take().expect("stdin").write_all(&bytes).expect("piped");
    assert_eq!(counts(&child.wait_with_output().expect("bss"), 0)[1], 500);
    assert_eq!(piped.digest(), expected);

    let objects = Database::fresh();
    let lines: String = (1..=500)
        .map(|n| {
            let time = START + n * 1000;
            format!(
                "{{\"paymentId\":\"p{n}\",\"customerId\":\"c{}\",\"amount\":12.34,\
                 \"status\":\"COMPLETED\",\"timestamp\":{time},\"paymentMethod\":\"CARD\"}}\n",
                n % 97
            )
        })
        .collect();
    write(objects.home(), "p.ndjson", &lines);
    assert_eq!(counts(&import(&objects, &["p.ndjson"]), 0)[1], 500);
    assert_eq!(objects.digest(), expected);
}

#[test]
fn a_killed_import_goes_on_without_loss_or_duplicate() {
    goes_on_after_a_kill(&Database::fresh);
}

#[test]
fn a_killed_import_goes_on_without_loss_or_duplicate_on_community() {
    let _turn = support::pglite();
    goes_on_after_a_kill(&Database::community);
}

fn goes_on_after_a_kill(fresh: &dyn Fn() -> Database) {
    for fault in ["import-before-commit:3", "import-after-batch:3"] {
        let database = fresh();
        file(database.home(), "p.csv", 1000);
        let mut command = database.bss();
        command.args(["metrics", "import", "payment", "p.csv", "--batch", "100"]);
        let killed = command.env("BSS_DEV_FAULT", fault).ended().expect("bss");
        assert_eq!(killed.status.code(), None, "{fault}: {}", shown(&killed));
        let there = if fault.contains("after") { 300 } else { 200 };
        assert_eq!(database.payments(), there, "{fault}");
        let rest = import(&database, &["p.csv", "--batch", "100"]);
        assert_eq!(counts(&rest, 0), [1000, 1000 - there, there, 0, 0, 0, 0], "{fault}");
        assert_eq!(json(&rest)["meta"]["passedOver"], there, "{fault}");
        // The file grows: only what is new is stored.
        file(database.home(), "p.csv", 1050);
        let grown = import(&database, &["p.csv", "--batch", "100"]);
        assert_eq!(counts(&grown, 0), [1050, 50, 1000, 0, 0, 0, 0], "{fault}");
    }
}

#[test]
fn two_loads_in_opposite_order_do_not_wait_for_each_other() {
    let database = Database::fresh();
    let lines: Vec<String> = (1..=4000).map(|n| row(n, "12.34")).collect();
    let back: Vec<String> = lines.iter().rev().cloned().collect();
    write(database.home(), "a.csv", &format!("{HEADER}{}", lines.concat()));
    write(database.home(), "b.csv", &format!("{HEADER}{}", back.concat()));
    let start = |name: &str| {
        let mut command = database.bss();
        command.args(["metrics", "import", "payment", name, "--batch", "500", "-o", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bss")
    };
    let (a, b) = (start("a.csv"), start("b.csv"));
    let (a, b) = (a.wait_with_output().expect("a"), b.wait_with_output().expect("b"));
    let (a, b) = (counts(&a, 0), counts(&b, 0));
    assert_eq!(a[1] + b[1], 4000);
    assert_eq!(a[2] + b[2], 4000);
    assert_eq!(database.payments(), 4000);
}

#[test]
fn a_row_whose_key_is_stored_with_other_content_shows_both_versions() {
    let database = Database::fresh();
    file(database.home(), "p.csv", 30);
    assert_eq!(counts(&import(&database, &["p.csv"]), 0)[1], 30);
    let text: String = (21..=40).map(|n| row(n, if n == 25 { "99" } else { "12.34" })).collect();
    let twice = format!("{HEADER}{text}{}{}", row(33, "12.34"), row(34, "7"));
    let path = write(database.home(), "other.csv", &twice);
    let output = import(&database, &["other.csv"]);
    assert_eq!(counts(&output, 7), [22, 10, 10, 2, 0, 0, 0]);
    let found = rejects(&path.with_extension("csv.rejects.ndjson"));
    assert_eq!(found[0]["line"], 6);
    assert_eq!(found[0]["stored"]["amount"], "12.34");
    assert!(found[0]["original"].as_str().expect("line").contains(",99,"));
    assert_eq!(found[1]["line"], 23);
    assert_eq!(found[1]["stored"]["amount"], "12.34");
    // Conflicts are told again on a rerun, not passed over.
    assert_eq!(counts(&import(&database, &["other.csv"]), 7), [22, 0, 20, 2, 0, 0, 0]);
}

#[test]
fn every_kind_of_bad_row_has_its_reason() {
    let database = Database::fresh();
    let good = |n: usize| row(n, "1");
    let mut bytes = HEADER.as_bytes().to_vec();
    let cases: [(String, &str); 8] = [
        (row(2, "NaN"), "not-a-number"),
        (row(3, "1.23456"), "scale"),
        (row(4, "1e15"), "too-large"),
        (row(5, ""), "missing-field"),
        (row(6, "1").replace(&(START + 6000).to_string(), "1767225600"), "implausible-time"),
        (row(7, "1").replace(&(START + 7000).to_string(), "4000000000000"), "future"),
        (row(8, "1").replace("CARD", "CARD,extra"), "broken-csv"),
        (row(9, "1").replace("CARD", &"x".repeat(2 << 20)), "oversize"),
    ];
    bytes.extend_from_slice(good(1).as_bytes());
    for (line, _) in &cases {
        bytes.extend_from_slice(line.as_bytes());
    }
    bytes.extend_from_slice(b"p10,c\xff,1,EUR,COMPLETED,1767225600000,CARD,x\n\n");
    bytes.extend_from_slice(good(11).as_bytes());
    let path = database.home().join("p.csv");
    std::fs::write(&path, bytes).expect("written");
    let output = import(&database, &["p.csv"]);
    assert_eq!(counts(&output, 7), [11, 2, 0, 0, 8, 1, 0]);
    let found = rejects(&path.with_extension("csv.rejects.ndjson"));
    let reasons: Vec<&str> = found.iter().filter_map(|r| r["reason"].as_str()).collect();
    let expected: Vec<&str> = cases.iter().map(|c| c.1).chain(["not-utf8"]).collect();
    assert_eq!(reasons, expected);
    assert!(found[4]["detail"].as_str().expect("detail").contains("looks like seconds"));
    let rounded = import(&database, &["p.csv", "--round", "half-even"]);
    assert_eq!(counts(&rounded, 7), [11, 1, 2, 0, 7, 1, 0]);
}

#[test]
fn a_file_of_too_many_chunks_goes_on_only_when_told() {
    let database = Database::fresh();
    let week = 604_800_000_i64;
    let text: String = (0..30)
        .map(|n| format!("q{n},c,1,EUR,COMPLETED,{},CARD,x\n", 1_500_000_000_000 + n * week))
        .collect();
    write(database.home(), "p.csv", &format!("{HEADER}{text}"));
    let refused = import(&database, &["p.csv", "--allow-chunks", "20"]);
    assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
    assert!(shown(&refused).contains("about 30 new chunks"), "{}", shown(&refused));
    assert_eq!(database.payments(), 0);
    assert_eq!(counts(&import(&database, &["p.csv"]), 0)[1], 30);
}

#[test]
fn what_cannot_be_loaded_is_told_with_the_next_step() {
    let bare = Database::bare();
    file(bare.home(), "p.csv", 1);
    let output = import(&bare, &["p.csv"]);
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(shown(&output).contains("bss setup timescale"), "{}", shown(&output));

    let database = Database::fresh();
    write(database.home(), "header.csv", "payment_id,amount\n1,2\n");
    let output = import(&database, &["header.csv"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("lacks timestamp, customerId, status"), "{}", shown(&output));
    write(database.home(), "empty.csv", "");
    assert_eq!(counts(&import(&database, &["empty.csv"]), 0), [0; 7]);
    let output = import(&database, &["absent.csv"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
}

/// Case T8, one load.
#[test]
fn late_rows_go_into_a_compressed_chunk_once() {
    let _turn = support::pglite();
    let database = Database::community();
    let three = format!("{HEADER}{}", row(3, "12.34"));
    write(database.home(), "three.csv", &three);
    assert_eq!(counts(&import(&database, &["three.csv"]), 0)[1], 1);
    database.work(async |connection| {
        let chunks: i64 = sqlx::query_scalar(
            "SELECT count(compress_chunk(c)) FROM show_chunks('bss.payment_metrics') c",
        )
        .fetch_one(connection)
        .await
        .expect("compressed");
        assert_eq!(chunks, 1);
    });
    file(database.home(), "ten.csv", 10);
    assert_eq!(counts(&import(&database, &["ten.csv"]), 0), [10, 9, 1, 0, 0, 0, 0]);
    let again = import(&database, &["ten.csv", "--reload"]);
    assert_eq!(counts(&again, 0), [10, 0, 10, 0, 0, 0, 0]);
    assert_eq!(database.payments(), 10);
}

#[test]
fn recording_one_payment_keeps_the_same_rules() {
    let database = Database::fresh();
    let record = |amount: &str, status: &str| {
        let mut command = database.bss();
        command.args(["metrics", "record", "payment", "p1", "--customer", "c1"]);
        command.args(["--amount", amount, "--status", status]);
        command.args(["--timestamp", "2026-01-01T00:00:00Z"]);
        command.ended().expect("bss")
    };
    let code = |output: &Output| output.status.code();
    let stored = record("1.50", "COMPLETED");
    assert_eq!(code(&stored), Some(0), "{}", shown(&stored));
    let duplicate = record("1.5", "COMPLETED");
    assert_eq!(code(&duplicate), Some(0), "{}", shown(&duplicate));
    let conflicting = record("2", "COMPLETED");
    assert_eq!(code(&conflicting), Some(5), "{}", shown(&conflicting));
    let rejected = record("NaN", "COMPLETED");
    assert_ne!(code(&rejected), Some(0), "{}", shown(&rejected));
    assert_eq!(database.payments(), 1);
    let text = "payment_id,customer_id,amount,status,timestamp\np1,c1,1.50,COMPLETED,2026-01-01T00:00:00Z\n";
    write(database.home(), "p.csv", text);
    assert_eq!(counts(&import(&database, &["p.csv"]), 0)[2], 1);
}
