//! What answers say of how they were made: which rows have expired, at which rates sums of several
//! currencies were put together, and of which hours the days of a zone.

use std::process::Output;

use serde_json::Value;
use sqlx::Executor;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::support::{self, shown};

fn bss(database: &Database, arguments: &[&str], status: i32) -> Output {
    let output = database.bss().args(arguments).args(["-o", "json"]).ended().expect("bss");
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {}", shown(&output));
    output
}

fn executes(database: &Database, statement: &str) {
    database.work(async |connection| {
        connection.execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    });
}

/// Revenue of an hour each, over the change to winter in Berlin, in two currencies.
fn sell(database: &Database) {
    executes(
        database,
        "INSERT INTO bss.revenue_metrics (time, revenue, costs, profit, currency, orders_count, \
         region, event_id) SELECT TIMESTAMPTZ '2025-10-20T00:10:00Z' + n * INTERVAL '1 hour', \
         n + 0.5, 1, n - 0.5, CASE WHEN n % 4 = 0 THEN 'USD' ELSE 'EUR' END, 2, 'EU', 'e' || n \
         FROM generate_series(0, 299) n",
    );
    bss(database, &["metrics", "refresh", "--stale"], 0);
}

const RANGE: [&str; 6] =
    ["--since", "2025-10-21", "--until", "2025-10-31", "--as-of", "2025-11-05T00:00:00Z"];

#[test]
fn an_answer_from_rows_says_that_some_have_expired() {
    let database = Database::fresh();
    sell(&database);
    for table in ["revenue_metrics", "order_metrics", "customer_metrics"] {
        let floor = format!(
            "INSERT INTO bss.retention_floor (hypertable, floor, dropped_before) \
             VALUES ('{table}', '2025-10-25T00:00:00Z', '2025-10-25T00:00:00Z')"
        );
        executes(&database, &floor);
    }
    let says = |arguments: &[&str], more: &[&str]| {
        let output = bss(&database, &[arguments, &RANGE, more].concat(), 0);
        let warned = String::from_utf8_lossy(&output.stderr).contains("have expired");
        let meta = json(&output)["meta"]["expiredBefore"].clone();
        assert_eq!(warned, meta == "2025-10-25T00:00:00Z", "{}", shown(&output));
        assert!(warned || meta.is_null(), "{meta}");
        warned
    };
    // The days of Kathmandu are not made of whole hours in UTC.
    let rows = ["--tz", "Asia/Kathmandu"];
    for command in [
        &["analytics", "revenue", "summary"][..],
        &["analytics", "revenue", "total"],
        &["analytics", "revenue", "region"],
        &["analytics", "revenue", "category"],
        &["analytics", "orders", "status"],
        &["analytics", "orders", "region"],
        &["analytics", "customer", "top"],
        &["metrics", "query", "revenue", "--bucket", "1d"],
    ] {
        assert!(says(command, &rows), "{command:?}");
        assert!(!says(command, &["--tz", "UTC"]), "{command:?}: the aggregate has them still");
    }
    for command in [
        &["analytics", "orders", "fulfilment"][..],
        &["analytics", "customer", "metrics", "c1"],
        &["analytics", "customer", "aggregates", "c1"],
    ] {
        assert!(says(command, &[]), "{command:?}");
    }
    let later = ["--since", "2025-10-26", "--until", "2025-10-31", "--tz", "Asia/Kathmandu"];
    let output = bss(&database, &[&["analytics", "revenue", "total"][..], &later].concat(), 0);
    assert!(json(&output)["meta"]["expiredBefore"].is_null(), "{}", shown(&output));
}

/// Case M4.
#[test]
fn revenue_in_one_currency_names_its_rates() {
    let database = Database::fresh();
    executes(
        &database,
        "INSERT INTO bss.revenue_metrics (time, revenue, costs, profit, currency, orders_count, \
         event_id) VALUES ('2025-10-21T10:00:00Z', 150000, 0, 150000, 'IDR', 3, 'a'), \
         ('2025-10-21T11:00:00Z', 10, 4, 6, 'USD', 1, 'b'), \
         ('2025-10-22T11:00:00Z', 5, 1, 4, 'USD', 1, 'c')",
    );
    let summary = |more: &[&str], status| {
        bss(&database, &[&["analytics", "revenue", "summary"][..], &RANGE, more].concat(), status)
    };
    let plain = json(&summary(&[], 0));
    let revenue = |document: &Value| -> Vec<String> {
        let rows = document["rows"].as_array().expect("rows");
        let text = |r: &Value, key: &str| r[key].as_str().expect("text").to_owned();
        let line = |r: &Value| format!("{} {}", text(r, "revenue"), text(r, "currency"));
        rows.iter().map(line).collect()
    };
    assert_eq!(revenue(&plain), ["5.00 USD", "150000.00 IDR", "10.00 USD"], "never 150010");
    assert!(plain["meta"]["rates"].is_null());
    let output = summary(&["--in", "USD", "--rate", "IDR=0.000061@2025-10-20"], 0);
    let converted = json(&output);
    assert_eq!(revenue(&converted), ["5.00 USD", "19.15 USD"]);
    let rate = serde_json::json!([{ "currency": "IDR", "rate": "0.000061", "date": "2025-10-20" }]);
    assert_eq!((&converted["meta"]["rates"], &converted["meta"]["in"]), (&rate, &"USD".into()));
    let totals = &converted["meta"]["totals"][0];
    assert_eq!((&totals["totalRevenue"], &totals["totalOrders"]), (&"24.15".into(), &5.into()));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("24.15 USD (IDR at 0.000061 of 2025-10-20) revenue"), "{told}");
    // Without a day the rate is of the day of the report.
    for report in [&["total"][..], &["region", "--total"], &["category", "--total"]] {
        let arguments = ["--in", "USD", "--rate", "IDR=0.000061"];
        let arguments = [&["analytics", "revenue"][..], report, &RANGE, &arguments].concat();
        let document = json(&bss(&database, &arguments, 0));
        assert_eq!(revenue(&document), ["24.15 USD"], "{report:?}");
        assert_eq!(document["meta"]["rates"][0]["date"], "2025-11-05", "{report:?}");
    }
    let refused = shown(&summary(&["--in", "EUR", "--rate", "USD=0.9"], 1));
    assert!(refused.contains("revenue in IDR, but no rate of it in EUR"), "{refused}");
    for wrong in [&["--rate", "IDR=1"][..], &["--in", "USD", "--rate", "IDR=x"]] {
        summary(wrong, 2);
    }
}

/// The days of another zone come of the hourly aggregate where its clocks differ by whole hours, and
/// are those that the rows give.
fn days_of_zones(database: &Database) {
    sell(database);
    for (zone, hourly) in
        [("Europe/Berlin", true), ("America/Chicago", true), ("Asia/Kathmandu", false)]
    {
        let query = ["metrics", "query", "revenue", "--bucket", "1d", "-m", "count,sum:revenue"];
        let document = json(&bss(database, &[&query[..], &RANGE, &["--tz", zone]].concat(), 0));
        let meta = &document["meta"];
        let source = if hourly { "aggregate" } else { "rows" };
        assert_eq!(meta["source"], source, "{zone}: {meta}");
        assert!(!hourly || meta["aggregate"] == "revenue_breakdown_hourly", "{meta}");
        let (since, until) = (meta["since"].as_str(), meta["until"].as_str());
        let sql = format!(
            "SELECT concat_ws(' ', to_char(time AT TIME ZONE '{zone}', 'YYYY-MM-DD'), currency, \
             count(*), sum(revenue)::numeric(20,2)) FROM bss.revenue_metrics WHERE time >= '{}' \
             AND time < '{}' GROUP BY to_char(time AT TIME ZONE '{zone}', 'YYYY-MM-DD'), currency \
             ORDER BY 1",
            since.expect("since"),
            until.expect("until")
        );
        let wanted: Vec<String> = database.work(async |connection| {
            sqlx::query_scalar(&sql).fetch_all(connection).await.expect("days")
        });
        let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        let line = |row: &Value| {
            let cells = ["bucket", "currency", "count", "sumRevenue"].map(|key| text(&row[key]));
            cells.join(" ")
        };
        let mut found: Vec<String> =
            document["rows"].as_array().expect("rows").iter().map(line).collect();
        found.sort();
        assert_eq!(found, wanted, "{zone}");
        assert!(found.len() >= 20, "{found:?}");
    }
}

#[test]
fn days_of_other_zones_are_put_together_of_hours() {
    days_of_zones(&Database::fresh());
    let _turn = support::pglite();
    days_of_zones(&Database::community());
}
