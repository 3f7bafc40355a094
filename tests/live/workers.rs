//! `bss metrics import --workers N`: the same rows and the same sum as with one, killed or not.

use std::process::Output;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::support::shown;

const START: i64 = 1_767_225_600_000;
const FATES: [&str; 6] = ["read", "stored", "duplicate", "corrected", "conflicting", "rejected"];

/// 2000 rows in batches of 50: payments that come again in the next batches, some of them with another
/// amount, a few that are broken.
fn payments() -> String {
    let mut text = "payment_id,customer_id,amount,status,timestamp\n".to_owned();
    for n in 0..2000_i64 {
        let id = if n % 5 == 4 { n - 61 } else { n };
        let amount = match n {
            n if n % 35 == 34 => "9.99".to_owned(),
            n if n % 500 == 13 => "abc".to_owned(),
            _ => format!("{}.50", id.rem_euclid(100)),
        };
        text.push_str(&format!("p{id},c,{amount},COMPLETED,{}\n", START + id * 1000));
    }
    text
}

fn import(database: &Database, kind: &str, text: &str, more: &[&str]) -> Output {
    std::fs::write(database.home().join("rows.csv"), text).expect("written");
    let mut command = database.bss();
    command.args(["metrics", "import", kind, "rows.csv", "--batch", "50", "-o", "json"]);
    command.args(more).ended().expect("bss")
}

fn fates(output: &Output) -> [u64; 6] {
    let row = &json(output)["rows"][0];
    FATES.map(|key| row[key].as_u64().unwrap_or_else(|| panic!("{key}: {}", shown(output))))
}

#[test]
fn however_many_workers_the_sum_is_the_same() {
    let text = payments();
    let counted = ["1", "2", "4"].map(|workers| {
        let database = Database::fresh();
        let output = import(&database, "payment", &text, &["--workers", workers]);
        assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
        let first = fates(&output);
        assert_eq!(database.payments(), first[1], "{workers}");
        // Again, past the ledger: by the keys alone.
        let again = import(&database, "payment", &text, &["--workers", workers, "--reload"]);
        let again = fates(&again);
        assert_eq!((again[1], again[4] + again[2]), (0, first[1] + first[2] + first[4]));
        first
    });
    assert_eq!(counted[0], counted[1]);
    assert_eq!(counted[0], counted[2]);
    let [_, stored, duplicate, _, conflicting, rejected] = counted[0];
    assert!(stored > 1500 && duplicate > 200 && conflicting > 20 && rejected > 2, "{counted:?}");
}

#[test]
fn killed_at_each_step_with_several_workers_every_row_counts_once() {
    // Repeated rows say the same, so that what is stored does not depend on which comes first.
    let text = payments().replace(",9.99,", ",1.00,");
    let lines = text.lines().filter(|l| !l.contains("abc"));
    let same = |l: &str| {
        let mut parts: Vec<&str> = l.split(',').collect();
        if parts[2] != "amount" {
            parts[2] = "1.00";
        }
        parts.join(",") + "\n"
    };
    let text: String = lines.map(same).collect();
    let undisturbed = Database::fresh();
    let whole = fates(&import(&undisturbed, "payment", &text, &[]));
    assert_eq!(whole[0], whole[1] + whole[2]);
    for fault in [
        "import-before-commit:1",
        "import-after-batch:1",
        "import-before-commit:5",
        "import-after-batch:5",
    ] {
        let database = Database::fresh();
        std::fs::write(database.home().join("rows.csv"), &text).expect("written");
        let mut command = database.bss();
        command.args(["metrics", "import", "payment", "rows.csv", "--batch", "50"]);
        let killed = command.args(["--workers", "3"]).env("BSS_DEV_FAULT", fault).ended();
        assert_eq!(killed.expect("bss").status.code(), None, "{fault}");
        let there = database.payments();
        assert!(there < whole[1], "{fault}: {there}");
        let rest = fates(&import(&database, "payment", &text, &["--workers", "3"]));
        assert_eq!((rest[0], rest[1]), (whole[0], whole[1] - there), "{fault}");
        assert_eq!(rest[1] + rest[2], rest[0], "{fault}");
        assert_eq!(database.digest(), undisturbed.digest(), "{fault}");
        let again = fates(&import(&database, "payment", &text, &["--workers", "3"]));
        assert_eq!((again[1], again[2]), (0, whole[0]), "{fault}");
    }
}

#[test]
fn corrections_take_the_place_of_what_they_correct_whichever_batch_they_are_in() {
    let mut text = "eventId,revenue,costs,orders,revision,timestamp\n".to_owned();
    for n in 0..600_u32 {
        // Rising for some, falling for others, each in the same and in other batches.
        let (id, step) = (n % 40, n / 40 % 5);
        let revision = if id % 2 == 0 { step + 1 } else { 5 - step };
        text.push_str(&format!("e{id},{revision},0,1,{revision},{START}\n"));
    }
    let counted = ["1", "4"].map(|workers| {
        let database = Database::fresh();
        let output = import(&database, "revenue", &text, &["--workers", workers]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        let best = "SELECT count(*) FROM bss.revenue_metrics WHERE revision = 5 AND revenue = 5";
        assert_eq!(database.count(best), 40, "{workers}");
        assert_eq!(database.count("SELECT count(*) FROM bss.revenue_metrics"), 40, "{workers}");
        fates(&output)
    });
    assert_eq!(counted[0], counted[1]);
}

#[test]
fn events_count_once_with_several_workers_too() {
    let mut text = "eventId,customerId,metricName,metricValue,timestamp\n".to_owned();
    for n in 0..1000_i64 {
        text.push_str(&format!("e{},c,m,1,{}\n", n % 300, START + n * 1000));
    }
    let database = Database::fresh();
    let output = import(&database, "customer", &text, &["--workers", "4", "--once-per-id"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert_eq!(fates(&output)[..3], [1000, 300, 700]);
    assert_eq!(database.count("SELECT count(*) FROM bss.customer_metrics"), 300);
}

#[test]
fn one_transaction_has_one_worker() {
    let database = Database::fresh();
    let output = import(&database, "payment", &payments(), &["--workers", "2", "--strict"]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
}
