//! `bss metrics query`: any bucket, field and measure, right on both editions.

use std::collections::BTreeMap;
use std::process::Output;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

fn bss(database: &Database, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(arguments).args(["-o", "json"]).ended().expect("bss")
}

fn query(database: &Database, arguments: &[&str]) -> Value {
    let output = bss(database, &[&["metrics", "query"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
    json(&output)
}

/// The rows of an answer, each as its values one after the other.
fn lines(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows = report["rows"].as_array().expect("rows");
    let line = |row: &Value| row.as_object().expect("a row").values().map(text).collect::<Vec<_>>();
    rows.iter().map(|row| line(row).join(" ")).collect()
}

fn import(database: &Database, kind: &str, text: &str) {
    std::fs::write(database.home().join("rows.csv"), text).expect("written");
    let output = bss(database, &["metrics", "import", kind, "rows.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

struct Row {
    time: Timestamp,
    customer: u64,
    status: &'static str,
    region: Option<&'static str>,
    amount: Decimal,
}

/// Orders of a fortnight around the change of Berlin's clocks; the same with each call.
fn orders() -> Vec<Row> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let first: Timestamp = "2026-03-22T00:00:00Z".parse().expect("an instant");
    let mut row = || Row {
        time: first
            + jiff::SignedDuration::from_secs(i64::try_from(next(14 * 86_400)).expect("small")),
        customer: next(20),
        status: ["PENDING", "COMPLETED", "a\u{e9}"][usize::try_from(next(3)).expect("small")],
        region: [Some("EU"), Some("US"), None][usize::try_from(next(3)).expect("small")],
        amount: Decimal::new(i64::try_from(next(10_000_000)).expect("small"), 4),
    };
    (0..700).map(|_| row()).collect()
}

fn file(orders: &[Row]) -> String {
    let mut text =
        "orderId,customerId,status,totalAmount,itemsCount,region,currency,timestamp\n".to_owned();
    for (n, o) in orders.iter().enumerate() {
        let region = o.region.unwrap_or_default();
        text +=
            &format!("o{n},c{},{},{},2,{region},EUR,{}\n", o.customer, o.status, o.amount, o.time);
    }
    text
}

const MEASURES: &str = "count,sum:totalAmount,avg:totalAmount,min:totalAmount,max:totalAmount,\
                        median:totalAmount,distinct:customerId,sum:itemsCount";
const SPAN: [&str; 6] =
    ["--since", "2026-03-22", "--until", "2026-04-05", "--as-of", "2026-04-10T00:00:00Z"];

/// The same computed here.
fn expected(bucket: &str, zone: &str, by: &[&str]) -> Vec<String> {
    let zone = TimeZone::get(zone).expect("a zone");
    let mut groups: BTreeMap<Vec<(bool, String)>, Vec<Row>> = BTreeMap::new();
    for row in orders() {
        let day = row.time.to_zoned(zone.clone()).date();
        let monday = day.checked_sub(jiff::Span::new().days(day.weekday().to_monday_zero_offset()));
        let mut key = match bucket {
            "" => Vec::new(),
            "6h" => {
                let second = row.time.as_second();
                let start =
                    Timestamp::from_second(second - second.rem_euclid(21_600)).expect("an instant");
                vec![(false, start.to_string())]
            }
            "1d" => vec![(false, day.to_string())],
            "1w" => vec![(false, monday.expect("a day").to_string())],
            "1mo" => vec![(false, day.first_of_month().to_string())],
            _ => panic!("{bucket}"),
        };
        for field in by {
            key.push(match *field {
                "status" => (false, row.status.to_owned()),
                _ => (row.region.is_none(), row.region.unwrap_or("null").to_owned()),
            });
        }
        key.push((false, "EUR".to_owned()));
        groups.entry(key).or_default().push(row);
    }
    let money = |d: Decimal| {
        let mut d = d.normalize();
        d.rescale(d.scale().max(2));
        d.to_string()
    };
    let line = |(key, rows): (Vec<(bool, String)>, Vec<Row>)| {
        let mut amounts: Vec<Decimal> = rows.iter().map(|r| r.amount).collect();
        amounts.sort_unstable();
        let (count, sum) = (Decimal::from(rows.len()), amounts.iter().sum::<Decimal>());
        let mean = (sum / count)
            .round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        let customers =
            rows.iter().map(|r| r.customer).collect::<std::collections::BTreeSet<_>>().len();
        // Of an even number the lower one of the two in the middle.
        let middle = amounts[amounts.len().div_ceil(2) - 1];
        let keys: Vec<String> = key.into_iter().map(|(_, k)| k).collect();
        format!(
            "{} {count} {} {} {} {} {} {customers} {}",
            keys.join(" "),
            money(sum),
            money(mean),
            money(amounts[0]),
            money(amounts[amounts.len() - 1]),
            money(middle),
            rows.len() * 2
        )
    };
    groups.into_iter().map(line).collect()
}

#[test]
fn every_bucket_and_field_is_what_the_rows_add_up_to() {
    let ask = |database: &Database| {
        let mut answers = Vec::new();
        for zone in ["UTC", "Europe/Berlin"] {
            for bucket in ["", "6h", "1d", "1w", "1mo"] {
                for by in [&[][..], &["status"], &["status", "region"]] {
                    // Whole buckets: the range begins with a month that has no row before.
                    let span = ["--since", "2026-03-01", "--until", "2026-04-06"];
                    let (fields, mut arguments) = (by.join(","), vec!["order", "-m", MEASURES]);
                    arguments.extend(span);
                    arguments.extend(["--as-of", "2026-04-10T00:00:00Z", "--tz", zone]);
                    if !bucket.is_empty() {
                        arguments.extend(["--bucket", bucket]);
                    }
                    if !by.is_empty() {
                        arguments.extend(["--by", &fields]);
                    }
                    let answer = query(database, &arguments);
                    assert_eq!(
                        lines(&answer),
                        expected(bucket, zone, by),
                        "{bucket} {zone} {by:?}"
                    );
                    answers.push(answer);
                }
            }
        }
        answers
    };
    let community = {
        let _turn = support::pglite();
        wipe_community();
        let database = Database::community();
        import(&database, "order", &file(&orders()));
        ask(&database)
    };
    let database = Database::fresh();
    import(&database, "order", &file(&orders()));
    assert_eq!(ask(&database), community);
}

#[test]
fn an_aggregate_answers_as_the_rows_do() {
    let database = Database::fresh();
    import(&database, "order", &file(&orders()));
    for bucket in ["1d", "1w", "1mo"] {
        for by in ["status", "region", "status,region"] {
            for more in [&[][..], &["--where", "status=COMPLETED", "--where", "status=PENDING"]] {
                let measures = "count,sum:totalAmount,avg:totalAmount,sum:itemsCount";
                let asked = ["order", "--bucket", bucket, "--by", by, "-m", measures];
                let all = [&asked[..], &SPAN, more].concat();
                let served = query(&database, &all);
                assert_eq!(served["meta"]["aggregate"], "order_status_daily", "{all:?}");
                // A condition that always holds, of a field that the aggregate does not have.
                let rows = query(&database, &[&all[..], &["--where", "itemsCount>0"]].concat());
                assert_eq!(rows["meta"]["source"], "rows");
                assert!(!lines(&rows).is_empty());
                assert_eq!(lines(&served), lines(&rows), "{all:?}");
            }
        }
    }
}

#[test]
fn days_of_23_and_25_hours_and_buckets_without_rows() {
    let database = Database::fresh();
    let mut text = "customerId,metricName,metricValue,labels,timestamp\n".to_owned();
    for (day, hours) in [("2024-03-30T23:00:00Z", 23), ("2024-10-26T22:00:00Z", 25)] {
        let first: Timestamp = day.parse().expect("an instant");
        for n in 0..hours {
            let time = first + jiff::SignedDuration::from_hours(n);
            text += &format!("c,orders,1,\"{{\"\"campaign\"\":\"\"s{}\"\"}}\",{time}\n", n % 2);
        }
    }
    import(&database, "customer", &text);
    let of = |more: &[&str]| lines(&query(&database, &[&["customer"], more].concat()));
    let berlin = ["--bucket", "1d", "--tz", "Europe/Berlin", "-m", "count,last:metricValue"];
    let march = ["--since", "2024-03-31", "--until", "2024-04-01"];
    let october = ["--since", "2024-10-27", "--until", "2024-10-28"];
    assert_eq!(of(&[&berlin[..], &march].concat()), ["2024-03-31 orders 23 1.0"]);
    assert_eq!(of(&[&berlin[..], &october].concat()), ["2024-10-27 orders 25 1.0"]);
    let campaign =
        ["--bucket", "1d", "--tz", "Europe/Berlin", "-m", "count", "--by", "labels.campaign"];
    assert_eq!(of(&[&campaign[..], &march].concat()), ["2024-03-31 s0 12", "2024-03-31 s1 11"]);
    let some = ["-m", "count", "--where", "labels.campaign=s1"];
    assert_eq!(of(&[&some[..], &march, &["--tz", "Europe/Berlin"]].concat()), ["11"]);
    let filled = |how: &str| {
        let days = ["--since", "2024-03-30", "--until", "2024-04-02", "--fill", how];
        of(&[&berlin[..], &days].concat())
    };
    let zero = ["2024-03-30 orders 0 null", "2024-03-31 orders 23 1.0", "2024-04-01 orders 0 null"];
    assert_eq!(filled("zero"), zero);
    let locf =
        ["2024-03-30 orders null null", "2024-03-31 orders 23 1.0", "2024-04-01 orders 23 1.0"];
    assert_eq!(filled("locf"), locf);
    // What is still to come is not filled.
    let ahead =
        ["--since", "2024-04-01", "--until", "2024-04-09", "--as-of", "2024-04-02T12:00:00Z"];
    let none = of(&[&["-m", "count", "--bucket", "1d", "--fill", "zero"][..], &ahead].concat());
    assert_eq!(none, ["2024-04-01 0", "2024-04-02 0"]);
}

#[test]
fn what_cannot_be_asked_says_why() {
    let database = Database::bare();
    for (arguments, why) in [
        (&["payment", "--by", "nope"][..], "no field `nope`"),
        (&["payment", "--by", "amount"], "is a number"),
        (&["payment", "-m", "sum:status"], "is no number"),
        (&["payment", "--where", "amount=x"], "not a number"),
        (&["payment", "--fill", "zero"], "--bucket"),
        (&["payment", "--bucket", "1.5h"], "not a width"),
    ] {
        let output = bss(&database, &[&["metrics", "query"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", shown(&output));
        assert!(shown(&output).contains(why), "{arguments:?}: {}", shown(&output));
    }
    // The tables are not there yet.
    let output = bss(&database, &["metrics", "query", "payment"]);
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(shown(&output).contains("bss setup timescale"), "{}", shown(&output));
}

#[test]
fn expired_rows_are_told_of() {
    let database = Database::fresh();
    import(&database, "order", &file(&orders()));
    database.work(async |connection| {
        use sqlx::Executor;
        let floor = "INSERT INTO bss.retention_floor (hypertable, floor, dropped_before) \
                     VALUES ('order_metrics', '2026-03-26T00:00:00Z', '2026-03-26T00:00:00Z')";
        connection.execute(floor).await.expect("a floor");
    });
    let asked = ["metrics", "query", "order", "-m", "count,max:totalAmount"];
    let output = bss(&database, &[&asked[..], &SPAN].concat());
    let told = "rows of bss.order_metrics before 2026-03-26T00:00:00Z have expired";
    assert!(shown(&output).contains(told), "{}", shown(&output));
    let served = ["metrics", "query", "order", "-m", "count"];
    let output = bss(&database, &[&served[..], &SPAN].concat());
    assert!(!shown(&output).contains("expired"), "{}", shown(&output));
}

#[test]
fn payments_without_a_score_are_counted_alike_over_hours_and_rows() {
    let database = Database::fresh();
    let mut text = "paymentId,customerId,amount,status,fraudScore,timestamp\n".to_owned();
    let first: Timestamp = "2026-03-01T00:10:00Z".parse().expect("an instant");
    for n in 0..300_i64 {
        let time = first + jiff::SignedDuration::from_mins(7 * n);
        let score = if n % 3 == 0 { String::new() } else { format!("{}", 70 + n % 30) };
        text += &format!("p{n},c{},1.00,COMPLETED,{score},{time}\n", n % 4);
    }
    import(&database, "payment", &text);
    let refreshed = bss(&database, &["metrics", "refresh", "--stale"]);
    assert_eq!(refreshed.status.code(), Some(0), "{}", shown(&refreshed));
    let told = |more: &[&str]| {
        let asked = ["fraud", "anomalies", "--as-of", "2026-03-09T00:00:00Z"];
        let output = bss(&database, &[&asked[..], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        json(&output)["meta"]["unscored"].as_u64().expect("a count")
    };
    for (since, until) in [
        ("2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"),
        ("2026-03-01T00:09:59Z", "2026-03-02T11:31:01Z"),
        ("2026-03-01T05:01:00Z", "2026-03-01T05:59:00Z"),
        ("2026-03-01T05:30:00Z", "2026-03-01T06:30:00Z"),
    ] {
        let count = format!(
            "SELECT count(*) FROM bss.payment_metrics WHERE fraud_score IS NULL \
             AND time >= '{since}' AND time < '{until}'"
        );
        let range = ["--since", since, "--until", until];
        assert_eq!(told(&range), database.count(&count), "{since} {until}");
        let of_one = format!("{count} AND customer_id = 'c1'");
        let one = told(&[&range[..], &["--customer", "c1"]].concat());
        assert_eq!(one, database.count(&of_one), "{since} {until}");
    }
}
