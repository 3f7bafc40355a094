//! `bss analytics revenue forecast`: the same on both editions, whole days of the zone, currencies apart.

use std::process::Output;

use jiff::civil::Date;
use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

fn bss(database: &Database, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(arguments).args(["-o", "json"]).ended().expect("bss")
}

fn forecast(database: &Database, arguments: &[&str]) -> Output {
    bss(database, &[&["analytics", "revenue", "forecast"], arguments].concat())
}

fn report(database: &Database, arguments: &[&str]) -> Value {
    let output = forecast(database, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
    json(&output)
}

#[track_caller]
fn fails(database: &Database, arguments: &[&str], status: i32, part: &str) {
    let output = forecast(database, arguments);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(status) && text.contains(part), "{}", shown(&output));
    assert!(output.stdout.is_empty(), "{}", shown(&output));
}

fn import(database: &Database, rows: &str) {
    let text =
        format!("revenue,costs,ordersCount,currency,region,productCategory,timestamp\n{rows}");
    std::fs::write(database.home().join("rows.csv"), text).expect("written");
    for command in
        [&["metrics", "import", "revenue", "rows.csv"][..], &["metrics", "refresh", "--stale"]]
    {
        let output = bss(database, command);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    }
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

fn later(day: Date, days: i64) -> Date {
    day.checked_add(jiff::Span::new().days(days)).expect("a day")
}

/// Twenty weeks from Monday 2025-10-13 on, to the last of February and a bit of the first of March: two
/// regions in euros, one of them not named on Mondays; a few days of rupiahs.
fn weeks() -> String {
    let first = date("2025-10-13");
    let mut text = String::new();
    for n in 0..139_i64 {
        let (day, week) = (later(first, n), [100, 110, 120, 130, 150, 200, 0]);
        let weekday = week[usize::try_from(n % 7).expect("a weekday")];
        if weekday > 0 {
            let region = if n % 7 == 0 { "" } else { "EU" };
            text += &format!("{weekday}.25,40,2,EUR,{region},BOOKS,{day}T10:00:00Z\n");
            text += &format!("{}.50,5,1,EUR,US,TOYS,{day}T20:00:00Z\n", 10 + n);
        }
    }
    for n in 134..139 {
        text += &format!("150000,0,3,IDR,ID,TOYS,{}T12:00:00Z\n", later(first, n));
    }
    text + "7.00,1,1,EUR,EU,BOOKS,2026-03-01T06:00:00Z\n"
}

const AS_OF: [&str; 2] = ["--as-of", "2026-03-01T12:00:00Z"];

fn asked(database: &Database) -> Vec<Value> {
    let commands: [&[&str]; 8] = [
        &["--currency", "EUR"],
        &["--currency", "EUR", "--tz", "Europe/Berlin"],
        &["--currency", "EUR", "--by", "region", "--horizon", "7", "--interval", "95"],
        &["--currency", "EUR", "--category", "TOYS", "--method", "linear", "--horizon", "3"],
        &["--region", "UNKNOWN", "--gaps", "missing", "--since", "2025-10-13"],
        &["--currency", "EUR", "--method", "ets", "--history", "30"],
        &["--currency", "EUR", "--by", "category", "--method", "combined"],
        &["--currency", "EUR", "--method", "mstl", "--gaps", "missing"],
    ];
    commands.into_iter().map(|c| report(database, &[c, &AS_OF[..]].concat())).collect()
}

#[test]
fn both_editions_forecast_the_same() {
    let community = {
        let _turn = support::pglite();
        wipe_community();
        let database = Database::community();
        import(&database, &weeks());
        asked(&database)
    };
    let database = Database::fresh();
    import(&database, &weeks());
    let apache = asked(&database);
    assert_eq!(apache, community);
    let [days, berlin, regions, linear, unknown, ets, ..] = &apache[..] else { panic!() };
    assert_eq!(
        (&days["meta"]["source"], &berlin["meta"]["source"]),
        (&"aggregate".into(), &"hourly-aggregate".into())
    );
    let rows = |report: &Value| report["rows"].as_array().expect("rows").clone();
    assert_eq!(rows(days).len(), 14);
    // The first of March has begun: it is the first to be forecast, and a Sunday, on which nothing came.
    assert_eq!(days["meta"]["running"], "2026-03-01");
    assert_eq!(
        (&rows(days)[0]["day"], &rows(days)[0]["forecast"]),
        (&"2026-03-01".into(), &"0.00".into())
    );
    assert_eq!(
        (&rows(days)[0]["lower80"], &rows(days)[0]["upper95"]),
        (&"0.00".into(), &"0.00".into())
    );
    let monday: f64 = rows(days)[1]["forecast"].as_str().expect("money").parse().expect("a number");
    // 100.25 and 10.50 + 140.
    assert!((monday - 250.75).abs() < 12.0, "{monday}");
    let facts = &days["meta"]["forecasts"][0];
    assert_eq!(
        (&facts["history"]["buckets"], &facts["history"]["from"]),
        (&139.into(), &"2025-10-13".into())
    );
    // One method is far better than the others on such regular weeks, so nothing is combined.
    assert_eq!(facts["backtest"]["methods"].as_array().map(Vec::len), Some(6));
    assert!(facts["slope"].as_str().expect("money").starts_with(['0', '1']), "{facts}");
    let total: f64 = rows(days)
        .iter()
        .map(|r| r["forecast"].as_str().expect("money").parse::<f64>().expect("a number"))
        .sum();
    assert_eq!(facts["total"], format!("{total:.2}"));
    let of: Vec<&Value> = regions["meta"]["forecasts"]
        .as_array()
        .expect("forecasts")
        .iter()
        .map(|f| &f["region"])
        .collect();
    assert_eq!(of, ["EU", "UNKNOWN", "US"]);
    assert_eq!(rows(regions).len(), 21);
    assert!(rows(regions)[0].get("lower80").is_none());
    let linear = &linear["meta"]["forecasts"][0];
    assert_eq!((&linear["method"], &linear["slopePer"]), (&"linear".into(), &"day".into()));
    let unknown = &unknown["meta"]["forecasts"][0]["history"];
    assert_eq!(
        (&unknown["buckets"], &unknown["missing"], &unknown["mean"]),
        (&139.into(), &119.into(), &"100.25".into())
    );
    assert_eq!(ets["meta"]["forecasts"][0]["history"]["buckets"], 30);
}

#[test]
fn too_little_is_an_error_with_what_is_needed() {
    let database = Database::fresh();
    fails(&database, &AS_OF, 1, "there is none");
    import(&database, &weeks());
    let rupiahs = [&["--currency", "IDR"][..], &AS_OF].concat();
    fails(&database, &rupiahs, 1, "revenue in IDR: 5 whole days of history, 7 are needed");
    let one = ["--since", "2026-02-28", "--as-of", "2026-03-01T12:00:00Z", "--currency", "EUR"];
    fails(&database, &one, 1, "revenue in EUR: 1 whole day of history, 7 are needed");
    fails(&database, &["--since", "today"], 1, "0 whole days of history");
    let mstl = [&["--method", "mstl", "--history", "10", "--currency", "EUR"][..], &AS_OF].concat();
    fails(&database, &mstl, 1, "10 whole days of history, 15 are needed");
    let months =
        [&["--bucket", "month", "--currency", "EUR", "--since", "2026-01-01"][..], &AS_OF].concat();
    fails(&database, &months, 1, "2 whole months of history, 3 are needed");
    fails(&database, &["--currency", "XXX"], 1, "there is none");
    // One currency of two can be forecast: that is told, and what is missing too.
    let both = forecast(&database, &AS_OF);
    assert_eq!(both.status.code(), Some(7), "{}", shown(&both));
    let found = json(&both);
    assert_eq!(found["meta"]["forecasts"].as_array().map(Vec::len), Some(1));
    let skipped = &found["meta"]["skipped"][0];
    assert_eq!(
        (&skipped["currency"], &skipped["found"], &skipped["needed"]),
        (&"IDR".into(), &5.into(), &7.into())
    );
}

#[test]
fn a_running_month_takes_nothing_from_the_next() {
    let database = Database::fresh();
    let mut rows = String::new();
    for month in 1..7 {
        rows += &format!("3000,0,1,EUR,EU,BOOKS,2026-{month:02}-11T10:00:00Z\n");
        if month % 2 == 1 {
            rows += &format!("1000,0,1,USD,EU,BOOKS,2026-{month:02}-11T10:00:00Z\n");
        }
    }
    for day in 1..4 {
        rows += &format!("100,0,1,EUR,EU,BOOKS,2026-07-{day:02}T10:00:00Z\n");
    }
    import(&database, &rows);
    for now in ["2026-07-03T12:00:00Z", "2026-07-28T12:00:00Z"] {
        let found = report(&database, &["--bucket", "month", "--horizon", "1", "--as-of", now]);
        let rows = found["rows"].as_array().expect("rows");
        let next = |at: usize| {
            let text = |key: &str| rows[at][key].as_str().expect("a text");
            format!("{} {} {}", text("month"), text("currency"), text("forecast"))
        };
        assert_eq!(
            (next(0), next(1)),
            ("2026-07-01 EUR 3000.00".into(), "2026-07-01 USD 500.00".into())
        );
        assert_eq!(found["meta"]["forecasts"][1]["history"]["mean"], "500.00");
        assert_eq!(found["meta"]["running"], "2026-07-01");
    }
}

#[test]
fn days_are_those_of_the_zone_also_when_the_clocks_change() {
    let database = Database::fresh();
    // An amount an hour around the change in Berlin: a day of 23 hours, and days of 24.
    let first: jiff::Timestamp = "2026-03-14T23:00:00Z".parse().expect("an instant");
    let rows: String = (0..24 * 21 - 1)
        .map(|n| format!("1,0,1,EUR,EU,BOOKS,{}\n", first + jiff::SignedDuration::from_hours(n)))
        .collect();
    import(&database, &rows);
    let zone = ["--tz", "Europe/Berlin", "--as-of", "2026-04-05T10:00:00Z", "--method"];
    let found = report(&database, &[&zone[..], &["seasonal-naive"]].concat());
    let history = &found["meta"]["forecasts"][0]["history"];
    let ends = (&history["from"], &history["to"], &history["buckets"]);
    assert_eq!(ends, (&"2026-03-15".into(), &"2026-04-04".into(), &21.into()));
    // 20 days of 24 and the 29th of March of 23; a week later it is told again by the naive method only.
    assert_eq!(history["mean"], "23.95");
    let rows = found["rows"].as_array().expect("rows");
    assert_eq!((&rows[0]["day"], &rows[0]["forecast"]), (&"2026-04-05".into(), &"23.00".into()));
    assert_eq!((&rows[1]["day"], &rows[1]["forecast"]), (&"2026-04-06".into(), &"24.00".into()));
}

#[test]
fn growing_sales_are_forecast_to_grow_and_any_amounts_are_borne() {
    let database = Database::fresh();
    let first = date("2026-01-01");
    let mut rows = String::new();
    for n in 0..30_i64 {
        let day = later(first, n);
        rows += &format!("{},0,1,EUR,EU,BOOKS,{day}T10:00:00Z\n", 1000 + 50 * n);
        rows += &format!("0,0,0,NIL,EU,BOOKS,{day}T10:00:00Z\n");
        rows += &format!("{}00000000000000.0001,0,1,BIG,EU,BOOKS,{day}T10:00:00Z\n", 1 + n % 7);
        rows += &format!("-{}.00,0,1,OUT,EU,BOOKS,{day}T10:00:00Z\n", n + 1);
    }
    import(&database, &rows);
    let of = |currency: &str, method: &str| {
        let at = ["--as-of", "2026-01-31T10:00:00Z", "--horizon", "7", "--method", method];
        report(&database, &[&at[..], &["--currency", currency]].concat())
    };
    let linear = of("EUR", "linear");
    assert_eq!(linear["rows"][0]["forecast"], "2500.00");
    assert_eq!(linear["rows"][6]["forecast"], "2800.00");
    assert_eq!(linear["meta"]["forecasts"][0]["slope"], "50.00");
    let auto = of("EUR", "auto");
    let last: f64 = auto["rows"][6]["forecast"].as_str().expect("money").parse().expect("a number");
    assert!(last > 2450.0, "{last}");
    for currency in ["NIL", "OUT"] {
        let found = of(currency, "auto");
        let rows = found["rows"].as_array().expect("rows");
        assert!(rows.iter().all(|r| r["forecast"] == "0.00"), "{found}");
    }
    assert_eq!(of("OUT", "auto")["meta"]["forecasts"][0]["slope"], "-1.00");
    assert_eq!(of("BIG", "seasonal-naive")["rows"][0]["forecast"], "300000000000000.00");
}
