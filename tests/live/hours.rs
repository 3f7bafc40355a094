//! Hourly aggregates answer for the days of any zone of whole hours as the rows do, on both editions;
//! and for the means of services over long ranges.

use std::collections::BTreeMap;
use std::fmt::Write;

use bss::analytics::facts::{
    Fact, Facts, ORDERS, PAYMENTS, Question, REVENUE, Source, in_whole_hours,
};
use bss::backends::postgres::facts::ask;
use bss::domain::EventTime;
use bss::generate::random::Random;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use sqlx::{Executor, PgConnection, Row};

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

/// Days around the changes of the clocks: Berlin's in spring and autumn, Chicago's in both.
const SPANS: [(&str, u64); 4] = [
    ("2022-11-04T00:00:00Z", 5),
    ("2023-03-10T00:00:00Z", 5),
    ("2024-03-29T00:00:00Z", 5),
    ("2024-10-25T00:00:00Z", 5),
];

const ZONES: [&str; 5] =
    ["UTC", "Europe/Berlin", "America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe"];

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn event_time(time: Timestamp) -> EventTime {
    EventTime::from_micros(time.as_microsecond())
}

/// Seeded instants: anywhere in the spans, and within a millisecond of whole hours and half hours.
fn times(random: &mut Random) -> Vec<Timestamp> {
    let mut all = Vec::new();
    for (first, days) in SPANS {
        for _ in 0..60 {
            let millis = i64::try_from(random.below(days * 86_400_000)).expect("small");
            all.push(instant(first) + jiff::SignedDuration::from_millis(millis));
        }
        for _ in 0..60 {
            let half = i64::try_from(random.below(days * 48)).expect("small") * 1_800_000;
            let millis = half + random.between(-1, 1);
            all.push(instant(first) + jiff::SignedDuration::from_millis(millis.max(0)));
        }
    }
    all
}

/// Rows of the three tables as statements.
fn rows(seed: u64, name: &str, times: &[Timestamp]) -> [String; 3] {
    let mut random = Random::of(seed, 78, 0);
    let mut values = [String::new(), String::new(), String::new()];
    for (n, time) in times.iter().enumerate() {
        let cents = random.below(1_000_000);
        let currency = *random.weighted(&[(4, "EUR"), (1, "USD")]);
        let region = *random.weighted(&[(2, "'EU'"), (1, "'US'"), (1, "NULL")]);
        let status = *random.weighted(&[(3, "COMPLETED"), (1, "FAILED")]);
        let score = *random.weighted(&[(1, "NULL"), (2, "12.125"), (1, "90.5")]);
        let comma = if n == 0 { "" } else { ", " };
        let amount = format!("{cents}::numeric / 100");
        let write = |into: &mut String, row: String| write!(into, "{comma}({row})").expect("text");
        write(
            &mut values[0],
            format!("'{time}', '{name}{n}', {amount}, 1, {amount} - 1, '{currency}', 2, {region}"),
        );
        write(
            &mut values[1],
            format!(
                "'{time}', '{name}{n}', '{name}{n}', 'c', '{status}', {amount}, '{currency}', 3, \
                 {region}"
            ),
        );
        write(
            &mut values[2],
            format!(
                "'{time}', '{name}{n}', '{name}{n}', 'c', '{status}', {amount}, '{currency}', {score}"
            ),
        );
    }
    let into = [
        "revenue_metrics (time, event_id, revenue, costs, profit, currency, orders_count, region)",
        "order_metrics (time, event_id, order_id, customer_id, status, total_amount, currency, \
         items_count, region)",
        "payment_metrics (time, event_id, payment_id, customer_id, status, amount, currency, \
         fraud_score)",
    ];
    [0, 1, 2].map(|at| format!("INSERT INTO bss.{} VALUES {}", into[at], values[at]))
}

async fn answer(connection: &mut PgConnection, question: &Question) -> Vec<Fact> {
    let asked = ask(connection, question).await;
    let (mut facts, all) = asked.unwrap_or_else(|e| panic!("{question:?}: {e}"));
    assert_eq!(facts.len(), all);
    facts.sort_by(|a, b| (a.day, &a.keys).cmp(&(b.day, &b.keys)));
    facts
}

/// The sums of the first measure by day, as PostgreSQL's own calendar has them.
async fn by_calendar(
    connection: &mut PgConnection,
    facts: &Facts,
    zone: &str,
    (since, until): (Timestamp, Timestamp),
) -> BTreeMap<String, String> {
    let query = format!(
        "SELECT (time AT TIME ZONE '{zone}')::date::text, trim_scale(({})::numeric)::text \
         FROM bss.{} WHERE time >= '{since}' AND time < '{until}' GROUP BY 1",
        facts.measures[0].1, facts.hypertable
    );
    let rows = sqlx::query(&query).fetch_all(connection).await.expect(&query);
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// Asks every question of every source that may answer it.
async fn compare(connection: &mut PgConnection) {
    for (facts, dimension) in [(REVENUE, "region"), (ORDERS, "status"), (PAYMENTS, "status")] {
        for (zone, (first, days)) in ZONES.iter().flat_map(|z| SPANS.iter().map(move |s| (z, s))) {
            let tz = TimeZone::get(zone).expect("a zone");
            // The first midnight of the zone, to another one.
            let first = instant(first).to_zoned(tz.clone()).start_of_day().expect("a day");
            let days = i64::try_from(*days).expect("small") + 1;
            let end = first.saturating_add(jiff::Span::new().days(days));
            let span = (first.timestamp(), end.timestamp());
            let hours = in_whole_hours(
                &tz,
                (event_time(span.0), event_time(span.1)),
                event_time(Timestamp::MAX),
            );
            // Lord Howe is half an hour off in its winter only, which none of these spans is in.
            assert_eq!(hours, *zone != "Asia/Kolkata", "{zone}");
            for (daily, by) in
                [(true, vec![dimension, "currency"]), (true, vec![]), (false, vec![])]
            {
                let question = |source| Question {
                    facts,
                    source,
                    tenant: "default".to_owned(),
                    since: event_time(span.0),
                    until: event_time(span.1),
                    daily: daily.then(|| (*zone).to_owned()),
                    by: by.clone(),
                    only: Vec::new(),
                    most: None,
                };
                let wanted = answer(connection, &question(Source::Rows)).await;
                assert!(!wanted.is_empty(), "{zone} {span:?}");
                if hours {
                    let found = answer(connection, &question(Source::Hourly)).await;
                    assert_eq!(found, wanted, "{} {zone} {span:?} {by:?}", facts.hypertable);
                }
                if *zone == "UTC" {
                    let found = answer(connection, &question(Source::Aggregate)).await;
                    assert_eq!(found, wanted, "{} by day {span:?}", facts.hypertable);
                }
                if daily && by.is_empty() {
                    let day = |time: EventTime| {
                        let time = Timestamp::from_microsecond(time.micros()).expect("an instant");
                        time.to_zoned(tz.clone()).date().to_string()
                    };
                    let told: BTreeMap<String, String> = wanted
                        .iter()
                        .map(|f| (day(f.day.expect("a day")), f.value(0).normalize().to_string()))
                        .collect();
                    assert_eq!(told, by_calendar(connection, &facts, zone, span).await, "{zone}");
                }
            }
        }
    }
}

fn metrics(database: &Database, arguments: &[&str]) -> Value {
    let output = database.bss().args(arguments).args(["-o", "json"]).ended().expect("bss");
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
    json(&output)
}

fn fill(database: &Database, seed: u64, name: &str, times: &[Timestamp]) {
    database.work(async |connection| {
        for statement in rows(seed, name, times) {
            connection.execute(statement.as_str()).await.unwrap_or_else(|e| panic!("{e}"));
        }
    });
}

fn hours_answer_as_rows_do(database: &Database) {
    let mut random = Random::of(1, 79, 0);
    let times = times(&mut random);
    let (late, first): (Vec<Timestamp>, Vec<Timestamp>) =
        times.into_iter().partition(|_| random.happens(0.2));
    fill(database, 1, "a", &first);
    metrics(database, &["metrics", "refresh", "--stale"]);
    database.work(compare);
    // Late rows, taken in when asked; then newer ones than any refresh has seen.
    fill(database, 2, "late", &late);
    metrics(database, &["metrics", "refresh", "--stale"]);
    let newest: Vec<Timestamp> = (0..30)
        .map(|n| instant("2024-10-30T00:00:00Z") + jiff::SignedDuration::from_mins(37 * n))
        .collect();
    fill(database, 3, "new", &newest);
    database.work(compare);
    let sources = |zone: &str| {
        let zone = format!("--tz={zone}");
        let range = ["--since", "2024-10-26", "--until", "2024-10-29", &zone];
        let report =
            metrics(database, &[&["analytics", "revenue", "summary"], &range[..]].concat());
        (report["meta"]["source"].as_str().expect("a source").to_owned(), report["rows"].clone())
    };
    assert_eq!(sources("UTC").0, "aggregate");
    assert_eq!(sources("Europe/Berlin").0, "hourly-aggregate");
    assert_eq!(sources("Asia/Kolkata").0, "rows");
    // An offset is east where it is plus.
    assert_eq!(sources("+05:30").1, sources("Asia/Kolkata").1);
    assert_eq!(sources("-05:00"), sources("America/Chicago"));
}

#[test]
fn hours_answer_for_every_zone_on_the_apache_edition() {
    hours_answer_as_rows_do(&Database::fresh());
}

#[test]
fn hours_answer_for_every_zone_on_the_community_edition() {
    let _turn = support::pglite();
    wipe_community();
    hours_answer_as_rows_do(&Database::community());
}

/// Means and the highest cpu of a service over whole hours, as the rows have them.
fn means_of_rows(database: &Database, group: &str, range: &str) -> Vec<[f64; 5]> {
    database.work(async |connection| {
        let query = format!(
            "SELECT avg(cpu_usage), avg(memory_usage), avg(request_rate), avg(error_rate), \
             max(cpu_usage) FROM bss.system_metrics WHERE {range} GROUP BY {group} ORDER BY {group}"
        );
        let rows = sqlx::query(&query).fetch_all(connection).await.expect(&query);
        let number = |row: &sqlx::postgres::PgRow, at: usize| {
            row.get::<Option<f64>, _>(at).unwrap_or(f64::NAN)
        };
        rows.iter().map(|row| [0, 1, 2, 3, 4].map(|at| number(row, at))).collect()
    })
}

fn services_over_long_ranges(database: &Database) {
    // Forty days, a report each 25 minutes of two services; one never tells of its memory.
    let insert = "INSERT INTO bss.system_metrics (time, service_name, cpu_usage, memory_usage,
             request_rate, error_rate, latency_p99, event_id)
         SELECT TIMESTAMPTZ '2026-01-01' + n * INTERVAL '25 minutes', s, 10 + 60 * abs(sin(n)),
                CASE WHEN s = 'api' THEN 30 + 20 * cos(n) END, n % 97 / 7.0, n % 11 / 10.0,
                100 + n % 300, s || n
         FROM generate_series(0, 2303) n, unnest(ARRAY['api', 'web']) s";
    database.work(async |connection| {
        connection.execute(insert).await.expect(insert);
    });
    metrics(database, &["metrics", "refresh", "system_hourly", "--stale"]);
    let asked = |command: &[&str], since: &str| {
        let range = ["--since", since, "--until", "2026-02-10T00:00:00Z"];
        metrics(database, &[&["analytics", "system"], command, &range].concat())
    };
    let numbers = |row: &Value| {
        ["averageCpu", "averageMemory", "averageRequestRate", "averageErrorRate"]
            .map(|key| row[key].as_f64().unwrap_or(f64::NAN))
    };
    let near = |found: f64, wanted: f64| {
        (found.is_nan() && wanted.is_nan()) || (found - wanted).abs() <= 0.0051
    };
    let since = "2026-01-05T07:30:00Z";
    let compared = asked(&["comparison"], since);
    assert_eq!(compared["meta"]["source"], "hourly-aggregate");
    // The range is widened to whole hours, and says so.
    assert_eq!(compared["meta"]["since"], "2026-01-05T07:00:00Z");
    let mut found = compared["rows"].as_array().expect("rows").clone();
    found.sort_by_key(|row| row["serviceName"].to_string());
    let wanted = means_of_rows(database, "service_name", "time >= '2026-01-05 07:00Z'");
    assert_eq!(found.len(), wanted.len());
    for (row, wanted) in found.iter().zip(&wanted) {
        let all = numbers(row).into_iter().zip(*wanted).all(|(f, w)| near(f, w));
        assert!(all && row["latencyP99"].is_null(), "{row} is not {wanted:?}");
    }
    let report = asked(&["performance", "api"], since);
    let hour = "time_bucket('1 hour', time)";
    let range = "time >= '2026-01-05 07:00Z' AND service_name = 'api'";
    let mut wanted = means_of_rows(database, hour, range);
    wanted.reverse();
    let found = report["rows"].as_array().expect("rows");
    assert_eq!(found.len(), wanted.len());
    for (row, wanted) in found.iter().zip(&wanted) {
        let max = near(row["maxCpu"].as_f64().expect("a number"), wanted[4]);
        let all = numbers(row).into_iter().zip(*wanted).all(|(f, w)| near(f, w));
        assert!(all && max, "{row} is not {wanted:?}");
    }
    // A shorter range is answered from the rows, with percentiles.
    let short = asked(&["performance", "api"], "2026-02-01");
    assert_eq!(short["meta"]["source"], "rows");
    assert!(short["rows"][0]["latencyP99"].is_number(), "{}", short["rows"][0]);
}

#[test]
fn means_of_services_come_from_hours_over_long_ranges_on_both_editions() {
    services_over_long_ranges(&Database::fresh());
    let _turn = support::pglite();
    wipe_community();
    services_over_long_ranges(&Database::community());
}
