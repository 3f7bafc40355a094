//! `bss metrics import` of files with other people's columns, times, encodings and dirt.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::support::shown;

/// A shop's order lines, with every kind of dirt that such files have: a quoted comma and quote, a
/// line that comes three times, a cancelled invoice, stock corrections (a negative quantity, a price
/// of zero, no description), no customer, a customer written as a decimal, a fee, a description that
/// is `?`, an adjustment below zero, and a time that the clocks skipped.
const LINES: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
601,A1,\"LAMP, \"\"RED\"\" GLASS\",6,2025-03-28 08:26:00,2.55,17850.0,United Kingdom
601,A2,MUG,1,2025-03-28 08:26:00,0.001,17850.0,United Kingdom
601,A2,MUG,1,2025-03-28 08:26:00,0.001,17850.0,United Kingdom
601,A2,MUG,1,2025-03-28 08:26:00,0.001,17850.0,United Kingdom
602,POST,POSTAGE,3,2025-03-28 23:59:00,18.0,12583.0,France
C603,A1,\"LAMP, \"\"RED\"\" GLASS\",-2,2025-03-29 10:00:00,2.55,17850.0,United Kingdom
604,A3,,-30,2025-03-29 11:00:00,0.0,,United Kingdom
605,A3,?,12,2025-03-29 11:30:00,0.0,,United Kingdom
606,A4,BOX,2,2025-03-30 12:00:00,1.25,,France
A607,B,Adjust bad debt,1,2025-03-30 14:00:00,-11062.06,,United Kingdom
608,A5,BELL,1,2025-03-30 01:30:00,4.0,1.0,France
609,A5,BELL,six,2025-03-31 09:00:00,4.0,1.0,France
";

const MAP: [&str; 14] = [
    "--map",
    "timestamp=InvoiceDate",
    "--map",
    "revenue=Quantity*UnitPrice",
    "--map",
    "region=Country",
    "--map",
    "productCategory=StockCode",
    "--constant",
    "costs=0",
    "--constant",
    "ordersCount=0",
    "--constant",
    "currency=GBP",
];

const FATES: [&str; 6] = ["read", "stored", "duplicate", "conflicting", "rejected", "leftOut"];

fn import(database: &Database, kind: &str, file: &str, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(["metrics", "import", kind, file, "-o", "json"]).args(arguments);
    command.ended().expect("bss")
}

#[track_caller]
fn fates(output: &Output, status: i32) -> [u64; 6] {
    assert_eq!(output.status.code(), Some(status), "{}", shown(output));
    let row = &json(output)["rows"][0];
    FATES.map(|key| row[key].as_u64().unwrap_or_else(|| panic!("{key}: {}", shown(output))))
}

fn texts(database: &Database, query: &str) -> Vec<String> {
    database.work(async |connection| {
        sqlx::query_scalar(query).fetch_all(connection).await.expect(query)
    })
}

fn reasons(path: &Path) -> Vec<(u64, String, String)> {
    let text = std::fs::read_to_string(path).expect("rejects");
    let of = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        (line["line"].as_u64().expect("a line"), text("field"), text("reason"))
    };
    text.lines().map(of).collect()
}

const SUMS: &str = "SELECT concat_ws('|', (time AT TIME ZONE 'Europe/London')::date, region, \
                    sum(revenue), count(*)) FROM bss.revenue_metrics GROUP BY \
                    (time AT TIME ZONE 'Europe/London')::date, region ORDER BY 1";

#[test]
fn order_lines_with_dirt_add_up_to_the_digit() {
    let database = Database::fresh();
    let path = database.home().join("lines.csv");
    std::fs::write(&path, LINES).expect("written");
    let arguments = [&MAP[..], &["--tz", "Europe/London"]].concat();
    let output = import(&database, "revenue", "lines.csv", &arguments);
    // Repeated lines are rows of their own; the line that the clocks skipped and the quantity that
    // is no number are set aside.
    assert_eq!(fates(&output, 7), [12, 10, 0, 0, 2, 0]);
    let file = database.home().join("lines.csv.rejects.ndjson");
    let aside = |line: u64, field: &str, reason: &str| (line, field.to_owned(), reason.to_owned());
    let wanted =
        [aside(12, "InvoiceDate", "ambiguous-time"), aside(13, "Quantity*UnitPrice", "bad-amount")];
    assert_eq!(reasons(&file), wanted);
    let sums = [
        "2025-03-28|France|54.0000|1",
        "2025-03-28|United Kingdom|15.3030|4",
        "2025-03-29|United Kingdom|-5.1000|3",
        "2025-03-30|France|2.5000|1",
        "2025-03-30|United Kingdom|-11062.0600|1",
    ];
    assert_eq!(texts(&database, SUMS), sums);
    // The same file again, by the ledger and by the keys: nothing changes.
    assert_eq!(fates(&import(&database, "revenue", "lines.csv", &arguments), 7)[1], 0);
    let reload = [&arguments[..], &["--reload"]].concat();
    let again = import(&database, "revenue", "lines.csv", &reload);
    assert_eq!(fates(&again, 7), [12, 0, 10, 0, 2, 0]);
    assert_eq!(texts(&database, SUMS), sums);
    // Another mapping is another import, of the same lines: what it says otherwise is a conflict.
    let mut other = arguments.clone();
    other[3] = "revenue=UnitPrice";
    let output = import(&database, "revenue", "lines.csv", &other);
    let [read, stored, duplicate, conflicting, rejected, _] = fates(&output, 7);
    assert_eq!((read, stored, duplicate + conflicting, rejected), (12, 1, 10, 1));
    assert_eq!(conflicting, 4, "{}", shown(&output));
    assert_eq!(json(&output)["meta"]["passedOver"], 0);
}

#[test]
fn only_the_lines_that_are_wanted_are_stored() {
    let database = Database::fresh();
    std::fs::write(database.home().join("lines.csv"), LINES).expect("written");
    let mut arguments = [&MAP[..], &["--tz", "UTC"]].concat();
    for condition in ["InvoiceNo!=C*", "InvoiceNo!=A*", "UnitPrice>0", "Quantity>0"] {
        arguments.extend(["--where", condition]);
    }
    let output = import(&database, "revenue", "lines.csv", &arguments);
    // Seven sales; 609 cannot be compared. The sum comes out with what is left out.
    assert_eq!(fates(&output, 7), [12, 7, 0, 0, 1, 4]);
    let text = shown(&output);
    assert!(text.contains("12 read = 7 stored") && text.contains("+ 4 left out."), "{text}");
    let sum = "SELECT sum(revenue)::text FROM bss.revenue_metrics";
    assert_eq!(texts(&database, sum), ["75.8030"]);
    let strict = [&arguments[..], &["--strict", "--where", "InvoiceNo!=609"]].concat();
    assert_eq!(fates(&import(&database, "revenue", "lines.csv", &strict), 0)[1], 0);
}

#[test]
fn mistakes_in_a_mapping_are_told_before_anything_is_loaded() {
    let database = Database::fresh();
    std::fs::write(database.home().join("lines.csv"), LINES).expect("written");
    std::fs::write(database.home().join("lines.ndjson"), "{\"a\":1}\n").expect("written");
    let cases: [(&str, &[&str], i32, &str); 11] = [
        ("lines.csv", &["--map", "revenu=UnitPrice"], 2, "Did you mean `revenue`?"),
        ("lines.csv", &["--map", "price=UnitPrice"], 2, "The fields are timestamp, revenue"),
        ("lines.csv", &["--map", "costs=Quantity", "--constant", "costs=0"], 2, "given twice"),
        ("lines.csv", &["--constant", "costs=abc"], 2, "not a decimal number"),
        ("lines.csv", &["--constant", "costs="], 2, "must have field costs"),
        ("lines.csv", &["--map", "region"], 2, "equals sign"),
        ("lines.csv", &["--where", "Quantity"], 2, "COLUMN=VALUE"),
        ("lines.csv", &["--tz", "Europe/Lundon"], 2, "unknown time zone"),
        ("lines.csv", &["--map", "region=Contry"], 1, "Did you mean `Country`?"),
        ("lines.csv", &["--map", "timestamp=InvoiceDate"], 1, "lacks revenue, costs, ordersCount"),
        ("lines.ndjson", &["--map", "region=Country"], 2, "the columns of CSV"),
    ];
    for (file, arguments, status, says) in cases {
        let output = import(&database, "revenue", file, arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
        assert!(shown(&output).contains(says), "{arguments:?}: {}", shown(&output));
    }
    assert_eq!(database.count("SELECT count(*) FROM bss.revenue_metrics"), 0);
    assert_eq!(database.count("SELECT count(*) FROM bss.import_ledger"), 0);
    // Without a zone a time without an offset says no instant.
    let output = import(&database, "revenue", "lines.csv", &MAP);
    assert_eq!(fates(&output, 7), [12, 0, 0, 0, 12, 0]);
    assert!(shown(&output).contains("are read with --tz ZONE"), "{}", shown(&output));
    let since = import(&database, "revenue", "lines.csv", &["--since", "1d"]);
    assert_eq!(since.status.code(), Some(2), "{}", shown(&since));
}

#[test]
fn a_file_of_another_encoding_is_read_or_refused_line_by_line() {
    let database = Database::fresh();
    let row = |note: &[u8]| [b"service,cpu,timestamp\r\n", note, b",1,1767225600000\r\n"].concat();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(database.home().join(name), bytes).expect("written");
    };
    let stored = || texts(&database, "SELECT service_name FROM bss.system_metrics ORDER BY 1");
    write("latin1.csv", &row(b"\xa3/caf\xe9"));
    let output = import(&database, "system", "latin1.csv", &[]);
    assert_eq!(fates(&output, 7), [1, 0, 0, 0, 1, 0]);
    let rejects = database.home().join("latin1.csv.rejects.ndjson");
    assert_eq!(reasons(&rejects), [(2, String::new(), "not-utf8".to_owned())]);
    let latin = ["--encoding", "latin1"];
    assert_eq!(fates(&import(&database, "system", "latin1.csv", &latin), 0)[1], 1);
    assert_eq!(stored(), ["£/café"]);
    // The same text in UTF-8 is the same line.
    write("utf8.csv", &row("£/café".as_bytes()));
    assert_eq!(fates(&import(&database, "system", "utf8.csv", &[]), 0), [1, 0, 1, 0, 0, 0]);
    // A euro sign of code page 1252 is none in ISO 8859-1.
    write("euro.csv", &row(b"\x80"));
    assert_eq!(fates(&import(&database, "system", "euro.csv", &latin), 7), [1, 0, 0, 0, 1, 0]);
    let windows = ["--encoding", "windows-1252"];
    assert_eq!(fates(&import(&database, "system", "euro.csv", &windows), 0)[1], 1);
    assert_eq!(stored(), ["£/café", "€"]);
    write("mark.csv", &[b"\xef\xbb\xbf", &row(b"a")[..]].concat());
    let output = import(&database, "system", "mark.csv", &latin);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("byte order mark"), "{}", shown(&output));
    write("header.csv", b"caf\xe9,cpu\n");
    let output = import(&database, "system", "header.csv", &[]);
    assert!(shown(&output).contains("--encoding if it is not UTF-8"), "{}", shown(&output));
}

#[test]
fn each_column_of_a_wide_file_can_be_a_metric_of_its_own() {
    let database = Database::fresh();
    let text = "user,when,clicks,views\nu1,2026-01-01T00:00:00Z,3,9\nu1,2026-01-01T00:00:00Z,3,9\n";
    std::fs::write(database.home().join("wide.csv"), text).expect("written");
    for column in ["clicks", "views"] {
        let (value, name) = (format!("metricValue={column}"), format!("metricName={column}"));
        let user = ["--map", "customerId=user", "--map", "timestamp=when"];
        let own = ["--map", value.as_str(), "--constant", name.as_str()];
        let arguments = [&user[..], &own[..]].concat();
        assert_eq!(fates(&import(&database, "customer", "wide.csv", &arguments), 0)[1], 2);
        let reload = [&arguments[..], &["--reload"]].concat();
        assert_eq!(fates(&import(&database, "customer", "wide.csv", &reload), 0)[2], 2);
    }
    let query = "SELECT concat_ws('|', metric_name, metric_value) FROM bss.customer_metrics \
                 ORDER BY 1";
    assert_eq!(texts(&database, query), ["clicks|3", "clicks|3", "views|9", "views|9"]);
}
