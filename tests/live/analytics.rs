//! `bss analytics`: the same right answers on both editions.

use std::process::Output;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

fn bss(database: &Database, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(arguments).args(["-o", "json"]).ended().expect("bss")
}

fn report(database: &Database, arguments: &[&str]) -> Value {
    let output = bss(database, &[&["analytics"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
    json(&output)
}

/// Some fields of each row, one text a row.
fn lines(report: &Value, fields: &[&str]) -> Vec<String> {
    let rows = report["rows"].as_array().expect("rows");
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let line =
        |row: &Value| fields.iter().map(|field| text(&row[*field])).collect::<Vec<_>>().join(" ");
    rows.iter().map(line).collect()
}

fn import(database: &Database, kind: &str, text: &str) {
    std::fs::write(database.home().join("rows.csv"), text).expect("written");
    let output = bss(database, &["metrics", "import", kind, "rows.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

/// One order an hour from `first` on, each of 1.00.
fn hourly(first: &str, count: u32, prefix: &str) -> String {
    let first: jiff::Timestamp = first.parse().expect("an instant");
    let rows = (0..count).map(|n| {
        let time = first + jiff::SignedDuration::from_hours(i64::from(n));
        format!("{prefix}{n},c,COMPLETED,1.00,1,EUR,{time}\n")
    });
    let header = "orderId,customerId,status,totalAmount,itemsCount,currency,timestamp\n";
    [header.to_owned()].into_iter().chain(rows).collect()
}

const REVENUE: &str = "revenue,costs,ordersCount,currency,region,productCategory,timestamp
100.00,40,2,EUR,EU,BOOKS,2026-03-01T10:00:00Z
150.00,50,1,EUR,US,BOOKS,2026-03-01T23:30:00Z
150000,0,3,IDR,,TOYS,2026-03-01T12:00:00Z
50.0000,60.25,4,EUR,EU,,2026-03-02T00:15:00Z
10,0,0,USD,EU,BOOKS,2026-03-02T01:00:00Z
";

/// Everything that is asked of both editions; `as_of` keeps it from depending on today.
fn asked(database: &Database) -> Vec<Value> {
    let span =
        ["--since", "2026-03-01", "--until", "2026-03-04", "--as-of", "2026-03-03T12:00:00Z"];
    let berlin = [&span[..], &["--tz", "Europe/Berlin"]].concat();
    let commands: [&[&str]; 8] = [
        &["revenue", "summary"],
        &["revenue", "region"],
        &["revenue", "region", "--total"],
        &["revenue", "category", "--currency", "EUR"],
        &["revenue", "total"],
        &["orders", "status"],
        &["orders", "region"],
        &["customer", "top"],
    ];
    let all = commands
        .iter()
        .flat_map(|command| [[command, &span[..]].concat(), [command, &berlin[..]].concat()]);
    all.map(|arguments| report(database, &arguments)).collect()
}

fn filled(database: &Database) {
    import(database, "revenue", REVENUE);
    import(database, "order", &hourly("2026-03-01T20:00:00Z", 8, "o"));
    import(
        database,
        "customer",
        "customerId,metricName,metricValue,timestamp\nc1,a,1,2026-03-01T00:00:00Z\n\
         c2,a,1,2026-03-01T00:00:00Z\nc2,b,1,2026-03-02T00:00:00Z\n",
    );
    let output = bss(database, &["metrics", "refresh", "--stale"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

/// Case M4.
#[test]
fn both_editions_say_the_same_and_it_is_right() {
    let community = {
        let _turn = support::pglite();
        wipe_community();
        let database = Database::community();
        filled(&database);
        asked(&database)
    };
    let database = Database::fresh();
    filled(&database);
    let apache = asked(&database);
    assert_eq!(apache, community);
    // Berlin's days begin an hour earlier, and are put together from hours.
    let sources: Vec<&str> =
        apache.iter().map(|r| r["meta"]["source"].as_str().expect("a source")).collect();
    assert_eq!(sources[..4], ["aggregate", "hourly-aggregate", "aggregate", "hourly-aggregate"]);
    let summary = ["day", "currency", "revenue", "costs", "profit", "orders", "averageOrderValue"];
    assert_eq!(
        lines(&apache[0], &summary),
        [
            "2026-03-02 EUR 50.00 60.25 -10.25 4 12.50",
            "2026-03-02 USD 10.00 0.00 10.00 0 null",
            "2026-03-01 IDR 150000.00 0.00 150000.00 3 50000.00",
            "2026-03-01 EUR 250.00 90.00 160.00 3 83.33",
        ]
    );
    // 2026-03-01T23:30Z is the second of March in Berlin.
    assert_eq!(
        lines(&apache[1], &["day", "currency", "revenue"]),
        [
            "2026-03-02 EUR 200.00",
            "2026-03-02 USD 10.00",
            "2026-03-01 IDR 150000.00",
            "2026-03-01 EUR 100.00"
        ]
    );
    let totals = &apache[0]["meta"]["totals"];
    let growth = |at: usize| totals[at]["growthRate"].as_str().unwrap_or("none").to_owned();
    assert_eq!(totals.as_array().map(Vec::len), Some(3));
    // The third of March is running: growth is from the first to the second.
    assert_eq!([growth(0), growth(1), growth(2)], ["-80", "-100", "none"]);
    assert_eq!(
        lines(&apache[4], &["region", "currency", "revenue", "orders", "averageOrderValue"]),
        [
            "UNKNOWN IDR 150000.00 3 50000.00",
            "EU EUR 150.00 6 25.00",
            "US EUR 150.00 1 150.00",
            "EU USD 10.00 0 null"
        ]
    );
    assert_eq!(
        lines(&apache[6], &["day", "productCategory", "revenue"]),
        ["2026-03-02 UNKNOWN 50.00", "2026-03-01 BOOKS 250.00"]
    );
    assert_eq!(lines(&apache[8], &["currency", "revenue"]).len(), 3);
    assert_eq!(
        lines(&apache[10], &["day", "status", "orders", "totalAmount"]),
        ["2026-03-02 COMPLETED 4 4.00", "2026-03-01 COMPLETED 4 4.00"]
    );
    assert_eq!(
        lines(&apache[12], &["region", "orders", "totalItems", "averageAmount"]),
        ["UNKNOWN 8 8 1.00"]
    );
    assert_eq!(lines(&apache[14], &["customerId", "activityCount"]), ["c2 2", "c1 1"]);
}

/// Case M7, of days.
#[test]
fn days_have_as_many_hours_as_their_zone_gives_them() {
    let database = Database::fresh();
    import(&database, "order", &hourly("2024-03-29T00:00:00Z", 96, "spring"));
    import(&database, "order", &hourly("2024-10-25T00:00:00Z", 96, "autumn"));
    import(&database, "order", &hourly("2022-11-04T00:00:00Z", 120, "west"));
    let orders = |day: &str, zone: &str| {
        let next = day.parse::<jiff::civil::Date>().expect("a day").tomorrow().expect("a day");
        let until = next.to_string();
        let range = ["--since", day, "--until", &until, "--tz", zone];
        let found = report(&database, &[&["orders", "status"][..], &range].concat());
        lines(&found, &["day", "orders"])
    };
    assert_eq!(orders("2024-03-31", "Europe/Berlin"), ["2024-03-31 23"]);
    assert_eq!(orders("2024-10-27", "Europe/Berlin"), ["2024-10-27 25"]);
    assert_eq!(orders("2022-11-06", "America/Chicago"), ["2022-11-06 25"]);
    assert_eq!(orders("2024-03-31", "UTC"), ["2024-03-31 24"]);
}

#[test]
fn a_service_that_stopped_reporting_is_not_healthy() {
    let database = Database::fresh();
    let now = jiff::Timestamp::from_millisecond(1_772_539_200_000).expect("an instant");
    let row = |service: &str, minutes: i64, gauges: &str| {
        format!("{service},{},{gauges}\n", now - jiff::SignedDuration::from_mins(minutes))
    };
    let mut text = "service,timestamp,cpu,memory,errors,p99\n".to_owned();
    for minute in 1..60 {
        text += &row("api", minute, "50,50,0.1,100");
        text += &row("web", minute, "75,,,");
        // One spike in an hour is no trouble.
        text += &row("spiky", minute, if minute == 30 { "10,10,0,5000" } else { "10,10,0,100" });
        text += &row("idle", minute, ",,,").replace(",,,\n", ",,0,\n").replace(",,0,", ",,0.0,");
    }
    text += &row("gone", 180, "1,1,0,1");
    import(&database, "system", &text);
    let at = ["--as-of", "2026-03-03T12:00:00Z"];
    let found = report(&database, &[&["system", "health"][..], &at].concat());
    assert_eq!(found["meta"]["overallHealth"], "SILENT");
    assert_eq!(
        lines(&found, &["serviceName", "health", "reports", "averageCpu", "latencyP99"]),
        [
            "gone SILENT 0 null null",
            "web WARNING 59 75.0 null",
            "api HEALTHY 59 50.0 100.0",
            "idle HEALTHY 59 null null",
            "spiky HEALTHY 59 10.0 100.0",
        ]
    );
    let checked =
        bss(&database, &[&["analytics", "system", "health", "--check"][..], &at].concat());
    assert_eq!(checked.status.code(), Some(6), "{}", shown(&checked));
    let compared = report(&database, &[&["system", "comparison"][..], &at].concat());
    assert_eq!(
        lines(&compared, &["serviceName", "reports", "averageErrorRate"]),
        ["api 59 0.10", "gone 1 0.00", "idle 59 0.00", "spiky 59 0.00", "web 59 null"]
            .map(|line| line.replace("0.10", "0.1").replace("0.00", "0.0"))
    );
    let hours = report(&database, &[&["system", "performance", "api"][..], &at].concat());
    assert_eq!(
        lines(&hours, &["hour", "reports", "averageCpu", "maxCpu"]),
        ["2026-03-03T11:00:00Z 59 50.0 50.0"]
    );
    let nothing = report(&database, &["system", "health", "--as-of", "2025-01-01"]);
    assert_eq!(nothing["meta"]["overallHealth"], "UNKNOWN");
}

/// Payments of three customers: usual ones around 20, one far off, and some without a score.
fn payments() -> String {
    let mut text =
        "paymentId,customerId,amount,currency,status,paymentMethod,fraudScore,timestamp\n"
            .to_owned();
    for n in 0..12 {
        let amount = 1900 + n * 20;
        let score = if n % 4 == 0 { String::new() } else { format!("{}", n * 5) };
        text += &format!(
            "p{n},c{},{}.{:02},EUR,COMPLETED,CARD,{score},2026-03-01T{n:02}:00:00Z\n",
            n % 2,
            amount / 100,
            amount % 100
        );
    }
    // Told twice, counted once; far off for this customer and usual for another.
    text += "far,c0,500.00,EUR,PENDING,CARD,90,2026-03-02T10:00:00Z\n";
    text += "far,c0,500.00,EUR,COMPLETED,CARD,90,2026-03-02T10:05:00Z\n";
    for n in 0..6 {
        text += &format!("rich{n},c9,50{n}.00,EUR,COMPLETED,,,2026-03-02T0{n}:00:00Z\n");
    }
    text += "yen,c0,900000,JPY,FAILED,WALLET,,2026-03-02T11:00:00Z\n";
    text
}

#[test]
fn fraud_reports_count_what_has_no_score_apart_and_name_payments() {
    let span =
        ["--since", "2026-03-01", "--until", "2026-03-03", "--as-of", "2026-03-02T23:00:00Z"];
    let all = |database: &Database| {
        import(database, "payment", &payments());
        let output = bss(database, &["metrics", "refresh", "--stale"]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        let commands: [&[&str]; 5] = [
            &["patterns"],
            &["score", "average"],
            &["payments", "status"],
            &["payments", "high-value", "--min-amount", "500", "--currency", "EUR"],
            &["payments", "unusual-amounts"],
        ];
        commands.map(|command| {
            let output = bss(database, &[&["fraud"], command, &span[..]].concat());
            assert_eq!(output.status.code(), Some(0), "{command:?}: {}", shown(&output));
            json(&output)
        })
    };
    let community = {
        let _turn = support::pglite();
        wipe_community();
        all(&Database::community())
    };
    let found = all(&Database::fresh());
    assert_eq!(found, community);
    let [patterns, average, status, high, unusual] = &found;
    assert_eq!(
        lines(
            patterns,
            &["paymentMethod", "status", "currency", "payments", "unscored", "averageFraudScore"]
        ),
        [
            "CARD PENDING EUR 1 0 90",
            "CARD COMPLETED EUR 13 3 36",
            "UNKNOWN COMPLETED EUR 6 6 null",
            "WALLET FAILED JPY 1 1 null",
        ]
    );
    assert_eq!(patterns["meta"]["unscored"], 10);
    assert_eq!(lines(average, &["averageFraudScore", "payments", "unscored"]), ["40.909 21 10"]);
    assert_eq!(
        lines(status, &["day", "status", "currency", "paymentCount", "totalAmount"]),
        [
            "2026-03-02 COMPLETED EUR 7 3515.00",
            "2026-03-02 FAILED JPY 1 900000.00",
            "2026-03-02 PENDING EUR 1 500.00",
            "2026-03-01 COMPLETED EUR 12 241.20",
        ]
    );
    assert_eq!(
        lines(high, &["paymentId", "amount"])[..3],
        ["rich5 505.00", "rich4 504.00", "rich3 503.00"]
    );
    assert_eq!(high["meta"]["found"], 8);
    // Named, once, with its last status; the rich one's payments are usual for him.
    assert_eq!(
        lines(unusual, &["paymentId", "customerId", "amount", "status", "median", "payments"]),
        ["far c0 500.00 COMPLETED 20.20 7"]
    );
}

#[test]
fn an_order_that_comes_back_to_a_status_counts_once() {
    let database = Database::fresh();
    let row = |id: &str, status: &str, hour: u32| {
        format!("{id},c,{status},1.00,1,EUR,2026-03-01T{hour:02}:00:00Z\n")
    };
    let text = [
        "orderId,customerId,status,totalAmount,itemsCount,currency,timestamp\n".to_owned(),
        row("back", "DELIVERED", 1),
        row("back", "PENDING", 2),
        row("back", "PENDING", 5),
        row("back", "DELIVERED", 8),
        row("back", "DELIVERED", 9),
        row("fast", "PENDING", 3),
        row("fast", "DELIVERED", 4),
        row("open", "PENDING", 6),
        row("never", "SHIPPED", 6),
    ];
    import(&database, "order", &text.concat());
    let range = ["--since", "2026-03-01", "--until", "2026-03-02"];
    let found = report(&database, &[&["orders", "fulfilment"][..], &range].concat());
    assert_eq!(
        lines(&found, &["orderId", "began", "ended", "hours"]),
        [
            "open 2026-03-01T06:00:00Z null null",
            "back 2026-03-01T02:00:00Z 2026-03-01T08:00:00Z 6.0",
            "fast 2026-03-01T03:00:00Z 2026-03-01T04:00:00Z 1.0",
        ]
    );
    let meta = ["orders", "fulfilled", "medianHours"].map(|key| found["meta"][key].to_string());
    assert_eq!(meta, ["3", "2", "\"3.50\""]);
    let same = ["orders", "fulfilment", "--from", "A", "--to", "A"];
    let refused = bss(&database, &[&["analytics"], &same[..]].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", shown(&refused));
}

#[test]
fn a_customer_is_shown_alone() {
    let database = Database::fresh();
    let text = "customerId,metricName,metricValue,labels,timestamp\n\
        c1,logins,3,\"{\"\"via\"\":\"\"web\"\"}\",2026-03-01T22:30:00Z\n\
        c1,logins,5,,2026-03-01T23:30:00Z\nc1,spend,1.5,,2026-03-01T23:30:00Z\n\
        c2,logins,100,,2026-03-01T23:30:00Z\n";
    import(&database, "customer", text);
    let range = ["--since", "2026-03-01", "--until", "2026-03-03"];
    let found = report(&database, &[&["customer", "metrics", "c1"][..], &range].concat());
    assert_eq!(
        lines(&found, &["timestamp", "metricName", "metricValue", "labels"]),
        [
            "2026-03-01T23:30:00Z logins 5.0 null",
            "2026-03-01T23:30:00Z spend 1.5 null",
            "2026-03-01T22:30:00Z logins 3.0 {\"via\":\"web\"}",
        ]
    );
    // The figures of this customer, in the days of the zone.
    let by_day = |zone: &str| {
        let of = ["customer", "aggregates", "c1", "--metric", "logins", "--tz", zone];
        let found = report(&database, &[&of[..], &range].concat());
        lines(&found, &["bucket", "count", "avg", "min", "max"])
    };
    assert_eq!(by_day("UTC"), ["2026-03-01T00:00:00Z 2 4.0 3.0 5.0"]);
    assert_eq!(
        by_day("Europe/Berlin"),
        ["2026-03-01T23:00:00Z 1 5.0 5.0 5.0", "2026-02-28T23:00:00Z 1 3.0 3.0 3.0"]
    );
    let cut =
        report(&database, &[&["customer", "metrics", "c1", "--limit", "1"][..], &range].concat());
    assert_eq!((&cut["meta"]["found"], &cut["meta"]["cut"]), (&3.into(), &true.into()));
}

#[test]
fn a_result_can_be_drawn() {
    let database = Database::fresh();
    import(&database, "revenue", REVENUE);
    let drawn = |arguments: &[&str]| {
        let mut command = database.bss();
        let span = ["--since", "2026-03-01", "--until", "2026-03-03"];
        let output = command.arg("analytics").args(arguments).args(span).ended().expect("bss");
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let days = drawn(&["revenue", "summary", "--plot"]);
    let euro = days.lines().find(|line| line.starts_with("EUR")).expect("a line");
    assert_eq!(euro, "EUR  \u{2588}\u{2581}  least 50  most 250  last 50", "{days}");
    let orders = drawn(&["revenue", "region", "--total", "--plot=orders", "--currency", "EUR"]);
    let bars: Vec<&str> = orders.lines().skip(2).collect();
    assert!(bars[0].starts_with("EU EUR") && bars[0].ends_with(" 6"), "{orders}");
    assert!(bars[1].starts_with("US EUR") && bars[1].ends_with(" 1"), "{orders}");
    let svg = drawn(&["revenue", "summary", "-o", "svg"]);
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    assert!(svg.contains("\n2026-03-01\n") && svg.contains("\n2026-03-02\n"), "{svg}");
}
