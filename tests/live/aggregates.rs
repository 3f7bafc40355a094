//! Aggregates give the same answers on both editions, whatever comes and in which order: continuous
//! aggregates on one, rollups on the other.

use std::process::Output;

use bss::generate::random::Random;
use serde_json::Value;
use sqlx::{Connection, Executor};

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

const VIEWS: [&str; 10] = [
    "revenue_daily",
    "customer_activity_daily",
    "payment_status_daily",
    "revenue_breakdown_daily",
    "order_status_daily",
    "payment_pattern_daily",
    "revenue_breakdown_hourly",
    "order_status_hourly",
    "payment_pattern_hourly",
    "system_hourly",
];

fn metrics(database: &Database, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(["metrics"]).args(arguments).args(["-o", "json"]).ended().expect("bss")
}

fn succeeds(database: &Database, arguments: &[&str]) -> Value {
    let output = metrics(database, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
    json(&output)
}

fn executes(database: &Database, statement: &str) {
    database.work(async |connection| {
        connection.execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    });
}

/// Everything that the views say.
pub fn answers(database: &Database) -> Vec<String> {
    database.work(async |connection| {
        let mut all = Vec::new();
        for view in VIEWS {
            let query =
                format!("SELECT '{view} ' || to_jsonb(v)::text FROM bss.{view} v ORDER BY 1");
            let rows: Vec<String> =
                sqlx::query_scalar(&query).fetch_all(&mut *connection).await.expect(&query);
            all.extend(rows);
        }
        all
    })
}

/// An instant some hours ago, the same for both editions however long they take.
fn ago(base: &str, hours: u64) -> String {
    format!("(TIMESTAMPTZ '{base}' - INTERVAL '{hours} hours')")
}

/// One step of a script: what is done, as SQL or as arguments of `bss metrics`.
enum Step {
    Sql(String),
    Metrics(&'static [&'static str]),
}

/// `count` rows of one of the tables, some days in the past.
fn rows(random: &mut Random, base: &str, name: &str) -> String {
    let (count, oldest) = (random.below(20) + 1, [12, 100, 700, 3000][at(random.below(4))]);
    let values: Vec<String> = (0..count)
        .map(|n| {
            let (time, id) = (ago(base, random.below(oldest)), format!("{name}-{n}"));
            let (amount, who) = (random.below(100_000), random.below(4));
            let currency = *random.weighted(&[(3, "EUR"), (1, "USD")]);
            match name.as_bytes()[0] % 3 {
                0 => format!(
                    "({time}, '{id}', {amount}::numeric / 100, 1, {amount}::numeric / 100 - 1, \
                     '{currency}', {who}, 'EU')"
                ),
                1 => format!("({time}, '{id}', 'c{who}', 'm', {amount})"),
                _ => {
                    let score = if who == 0 { "NULL".to_owned() } else { format!("{who}.125") };
                    let status = *random.weighted(&[(3, "COMPLETED"), (1, "FAILED")]);
                    format!(
                        "({time}, '{id}', 'c{who}', {amount}::numeric / 100, '{currency}', \
                         '{status}', {score}, '{id}')"
                    )
                }
            }
        })
        .collect();
    let into = match name.as_bytes()[0] % 3 {
        0 => {
            "revenue_metrics (time, event_id, revenue, costs, profit, currency, orders_count, region)"
        }
        1 => "customer_metrics (time, event_id, customer_id, metric_name, metric_value)",
        _ => {
            "payment_metrics (time, payment_id, customer_id, amount, currency, status, \
             fraud_score, event_id)"
        }
    };
    format!("INSERT INTO bss.{into} VALUES {}", values.join(", "))
}

fn at(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

fn script(seed: u64, base: &str) -> Vec<Step> {
    let mut random = Random::of(seed, 77, 0);
    let mut steps = Vec::new();
    for n in 0..10 {
        let table = ["revenue_metrics", "customer_metrics", "payment_metrics"][at(random.below(3))];
        let some = random.below(5);
        steps.push(match random.below(10) {
            0..=5 => {
                let letter = ["c", "a", "b"][at(random.below(3))];
                Step::Sql(rows(&mut random, base, &format!("{letter}{seed}-{n}")))
            }
            6 => Step::Sql(format!(
                "DELETE FROM bss.{table} WHERE abs(hashtext(event_id)) % 5 = {some}"
            )),
            7 => Step::Sql(format!(
                "UPDATE bss.{table} SET tenant = 'other' \
                 WHERE abs(hashtext(event_id)) % 7 = {some}"
            )),
            8 => Step::Metrics(&["policies", "run", "--all"]),
            _ => Step::Metrics(&["refresh", "--stale"]),
        });
    }
    steps
}

/// The answers after each step.
fn played(database: &Database, base: &str, seed: u64) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for step in script(seed, base) {
        match step {
            Step::Sql(statement) => executes(database, &statement),
            Step::Metrics(arguments) => drop(succeeds(database, arguments)),
        }
        all.push(answers(database));
    }
    // Whatever came, what is stale is mended, and the views say what the rows do.
    succeeds(database, &["refresh", "--stale"]);
    let sums = database.work(async |connection| {
        let query = "SELECT concat_ws(' ', (SELECT sum(total_revenue) FROM bss.revenue_daily) = \
                     (SELECT sum(revenue) FROM bss.revenue_metrics), \
                     (SELECT sum(activity_count) FROM bss.customer_activity_daily) = \
                     (SELECT count(*) FROM bss.customer_metrics), \
                     (SELECT sum(payment_count) FROM bss.payment_status_daily) = \
                     (SELECT count(*) FROM bss.payment_metrics))";
        let sums: String = sqlx::query_scalar(query).fetch_one(connection).await.expect(query);
        sums
    });
    assert!(!sums.contains('f'), "seed {seed}: {sums}");
    all
}

#[test]
fn both_editions_give_the_same_answers_whatever_comes() {
    let seeds: Vec<u64> = (0..6).collect();
    let base = Database::fresh().work(async |connection| {
        let query = "SELECT now()::text";
        let now: String = sqlx::query_scalar(query).fetch_one(connection).await.expect(query);
        now
    });
    let community: Vec<_> = {
        let _turn = support::pglite();
        let each = seeds.iter().map(|seed| {
            // A watermark never goes back: each script begins with none.
            wipe_community();
            played(&Database::community(), &base, *seed)
        });
        each.collect()
    };
    for (seed, wanted) in seeds.iter().zip(community) {
        let found = played(&Database::fresh(), &base, *seed);
        for (step, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            assert_eq!(found, wanted, "seed {seed}, step {step}");
        }
    }
}

/// Case T1.
#[test]
fn late_rows_are_taken_in_when_asked_and_a_second_time_does_nothing() {
    let database = Database::fresh();
    let insert = |id: &str, age: &str| {
        executes(
            &database,
            &format!(
                "INSERT INTO bss.revenue_metrics (time, event_id, revenue, costs, profit, currency, \
                 orders_count) VALUES (now() - INTERVAL '{age}', '{id}', 10, 0, 10, 'EUR', 1)"
            ),
        );
    };
    let sum =
        || database.count("SELECT coalesce(sum(total_revenue), 0)::bigint FROM bss.revenue_daily");
    insert("a", "3 days");
    succeeds(&database, &["policies", "run"]);
    insert("late", "90 days");
    insert("b", "2 days");
    // The policy looks only inside its window.
    succeeds(&database, &["policies", "run", "--all", "revenue_daily"]);
    assert_eq!(sum(), 20);
    let refreshed = |arguments: &[&str]| {
        let document = succeeds(&database, arguments);
        let rows = document["rows"].as_array().expect("rows").clone();
        let row = rows.iter().find(|r| r["aggregate"] == "revenue_daily").expect("the row").clone();
        row["buckets"].as_u64().expect("buckets")
    };
    assert_eq!(refreshed(&["refresh", "--stale"]), 1);
    assert_eq!(sum(), 30);
    assert_eq!(refreshed(&["refresh", "--stale"]), 0);
    insert("later", "60 days");
    assert_eq!(refreshed(&["refresh", "revenue_daily", "--since", "30d"]), 0);
    assert_eq!(refreshed(&["refresh", "revenue_daily", "--since", "61d"]), 1);
    assert_eq!(sum(), 40);
    executes(
        &database,
        "INSERT INTO bss.retention_floor (hypertable, floor, dropped_before) \
         VALUES ('revenue_metrics', date_trunc('day', now() - INTERVAL '50 days'), now())",
    );
    let below = metrics(&database, &["refresh", "revenue_daily", "--since", "61d"]);
    assert_eq!(below.status.code(), Some(1), "{}", shown(&below));
    assert!(shown(&below).contains("below-floor"), "{}", shown(&below));
    for (arguments, says) in [
        (&["refresh"][..], "either --stale or --since"),
        (&["refresh", "--stale", "--since", "1d"], "either --stale or --since"),
        (&["refresh", "revenue_weekly", "--stale"], "no aggregate `revenue_weekly`"),
        (&["policies", "run", "revenue_weekly"], "no policy is declared on `revenue_weekly`"),
    ] {
        let output = metrics(&database, arguments);
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
        assert!(shown(&output).contains(says), "{}", shown(&output));
    }
}

/// Case T5.
#[test]
fn policies_that_do_not_run_are_found() {
    let database = Database::fresh();
    let check = || {
        let output = metrics(&database, &["policies", "check"]);
        let document = json(&output);
        let rows = document["rows"].as_array().expect("rows").clone();
        let health = |row: &Value| {
            let text = |key: &str| row[key].as_str().expect("text").to_owned();
            (text("policy"), text("object"), text("health"))
        };
        let bad = |h: &(String, String, String)| !["fine", "new"].contains(&h.2.as_str());
        (output.status.code(), rows.iter().map(health).filter(bad).collect::<Vec<_>>())
    };
    assert_eq!(check(), (Some(0), vec![]), "new ones need not have run");
    let age = |what: &str| executes(&database, &format!("UPDATE bss.policy_run SET {what}"));
    age("created_at = now() - INTERVAL '30 hours' WHERE policy = 'refresh'");
    let found = check();
    assert_eq!(found.0, Some(6));
    let names: Vec<&str> = found.1.iter().map(|(_, object, _)| object.as_str()).collect();
    assert_eq!(names, VIEWS);
    assert!(found.1.iter().all(|(_, _, health)| health == "never ran"), "{found:?}");
    succeeds(&database, &["policies", "run"]);
    assert_eq!(check(), (Some(0), vec![]));
    age("finished_at = now() - INTERVAL '4 hours' WHERE object = 'revenue_daily_v1'");
    let overdue = ("refresh".to_owned(), "revenue_daily".to_owned(), "overdue".to_owned());
    assert_eq!(check(), (Some(6), vec![overdue]));
    // A run that fails is named, the others go on, and the next good run mends it.
    let row = "INSERT INTO bss.revenue_metrics (time, event_id, revenue, costs, profit, currency, \
               orders_count) VALUES (now() - INTERVAL '2 days', 'e', 1, 0, 1, 'EUR', 1)";
    executes(&database, row);
    executes(&database, "ALTER TABLE bss.revenue_daily_v1 RENAME TO gone");
    let output = metrics(&database, &["policies", "run", "--all"]);
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    let failed = ("refresh".to_owned(), "revenue_daily".to_owned(), "failed".to_owned());
    let found = check();
    assert_eq!(found.0, Some(6));
    assert!(found.1.contains(&failed) || found.1.is_empty(), "{found:?}");
    executes(&database, "ALTER TABLE bss.gone RENAME TO revenue_daily_v1");
    succeeds(&database, &["policies", "run", "--all"]);
    assert_eq!(check(), (Some(0), vec![]));
}

#[test]
fn a_policy_that_others_hold_is_busy_and_no_failed_run() {
    let database = Database::fresh();
    let row = "INSERT INTO bss.revenue_metrics (time, event_id, revenue, costs, profit, currency, \
               orders_count) VALUES (now() - INTERVAL '2 days', 'e', 1, 0, 1, 'EUR', 1)";
    executes(&database, row);
    let runs = || {
        let output =
            metrics(&database, &["policies", "run", "revenue_daily", "revenue_breakdown_daily"]);
        let document = json(&output);
        let rows = document["rows"].as_array().expect("rows").clone();
        let outcome = |r: &Value| r["outcome"].as_str().expect("a word").to_owned();
        (output.status.code(), rows.iter().map(outcome).collect::<Vec<_>>())
    };
    let noted = "SELECT count(*) FROM bss.policy_run WHERE object = 'revenue_daily_v1' \
                 AND started_at IS NULL AND failure IS NULL";
    database.work(async |connection| {
        // As a run that is at work does.
        let mut other = connection.begin().await.expect("begun");
        let hold = "SELECT FROM bss.rollup WHERE name = 'revenue_daily_v1' FOR UPDATE";
        other.execute(hold).await.expect(hold);
        let words = |all: [&str; 2]| all.map(str::to_owned).to_vec();
        // The other policy is run all the same.
        let elsewhere = std::thread::scope(|scope| scope.spawn(runs).join().expect("ended"));
        assert_eq!(elsewhere, (Some(5), words(["busy", "done"])));
        other.rollback().await.expect("let go");
    });
    assert_eq!(database.count(noted), 1, "as if it had not been begun");
    succeeds(&database, &["policies", "check"]);
    assert_eq!(runs(), (Some(0), vec!["done".to_owned(), "not due".to_owned()]));
}
