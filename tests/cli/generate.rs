//! `streams generate` into files: the same bytes each time, options that make sense.

use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Place, checkout, run};

const START: &str = "--start=2026-01-05T00:00:00Z";

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn two_runs_give_the_same_file_and_the_summary_counts_it() {
    let place = Place::new();
    let options = ["--count=3000", "--duplicates=0.01", "--broken=0.01", START, "-o", "json"];
    let run = |file: &str| {
        let arguments = [&["streams", "generate"][..], &options, &["--output-file", file]].concat();
        place.run(&arguments)
    };
    let (first, second) = (run("a.ndjson"), run("b.ndjson"));
    let read = |file: &str| std::fs::read_to_string(place.path().join(file)).unwrap();
    let text = read("a.ndjson");
    assert_eq!(text, read("b.ndjson"));
    assert_eq!(first.stderr, "3000 records with --seed 1 --start 2026-01-05T00:00:00Z.\n");
    assert_eq!(first.ok().replace("a.ndjson", ""), second.ok().replace("b.ndjson", ""));
    let report: Value = serde_json::from_str(first.ok()).expect("JSON");
    assert_eq!((&report["meta"]["seed"], &report["meta"]["customers"]), (&1.into(), &1000.into()));
    assert_eq!(report["meta"]["start"], "2026-01-05T00:00:00Z");
    let lines = lines(&text);
    assert_eq!(lines.len(), 3000);
    let mut broken = 0;
    for row in report["rows"].as_array().unwrap() {
        let own: Vec<&Value> = lines.iter().filter(|l| l["topic"] == row["topic"]).collect();
        assert_eq!(own.len() as u64, row["records"].as_u64().unwrap(), "{row}");
        assert!(row["firstTime"].as_str().unwrap() < row["lastTime"].as_str().unwrap());
        broken += row["broken"].as_u64().unwrap();
    }
    let sound = |line: &&Value| line["value"]["customerId"] == line["key"];
    let good = lines.iter().filter(sound).count() as u64;
    // A wrong time is the one fault that leaves the customer in place.
    assert!(broken > 5 && good > 3000 - broken && good < 3000, "{broken} {good}");
}

#[test]
fn one_kind_is_plain_values_that_a_topology_takes() {
    let place = Place::new();
    let arguments =
        ["streams", "generate", "payment-events", "--count=500", "--output-file", "p.ndjson"];
    let made = place.run(&arguments);
    assert!(made.ok().contains("bss.payment.events"), "{made:?}");
    let text = std::fs::read_to_string(place.path().join("p.ndjson")).unwrap();
    assert!(lines(&text).iter().all(|payment| payment["paymentId"].is_string()));
    let tested = place.run(&["streams", "test", "--input", "p.ndjson", "-o", "csv"]);
    tested.ok();
    assert!(
        tested.stderr.starts_with("500 read = 500 processed + 0 duplicate + 0 late + 0 future"),
        "{}",
        tested.stderr
    );
}

#[test]
fn a_folder_gets_a_file_for_each_kind() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("made")).unwrap();
    let arguments = ["streams", "generate", "order-events", "payment-events", "--count=200"];
    let arguments = [&arguments[..], &["--output-file=made", START, "-o", "csv"]].concat();
    let report = place.run(&arguments);
    for (subject, id) in [("order.events", "orderId"), ("payment.events", "paymentId")] {
        let file = place.path().join(format!("made/{subject}.ndjson"));
        let rows = lines(&std::fs::read_to_string(file).unwrap());
        assert!(rows.iter().all(|row| row[id].is_string()));
        assert!(report.ok().contains(&format!("bss.{subject},{},", rows.len())), "{report:?}");
    }
    assert_eq!(std::fs::read_dir(place.path().join("made")).unwrap().count(), 2);
    place.run(&arguments).fails(2, &["refused to overwrite made"]);
}

#[test]
fn a_dash_is_standard_output_and_a_closed_pipe_ends_it() {
    let place = Place::new();
    let arguments = ["streams", "generate", "product-catalog", "--products=20", "--count=20"];
    let shown = place.run(&[&arguments[..], &["--output-file=-", START]].concat());
    let rows = lines(shown.ok());
    assert_eq!(rows.len(), 20);
    assert!(
        rows.iter().all(|row| row["basePrice"].is_string() && row["expectedDemand"].is_number())
    );
    let mut child = place
        .command()
        .args(["streams", "generate", "--span=100d", "--output-file=-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut start = [0; 100];
    child.stdout.take().unwrap().read_exact(&mut start).expect("some output");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_stop_ends_it_with_the_count() {
    // Without an end it follows the clock and a stop is its end; else it was cut short.
    stopped(&[], 0, "");
    stopped(&["--count=100000000"], 130, "Stopped before the end.\n");
}

#[track_caller]
fn stopped(options: &[&str], status: i32, told: &str) {
    let place = Place::new();
    let mut child = place
        .command()
        .args(["streams", "generate", "--rate=1000/s", "--output-file=-"])
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = [0; 1];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).expect("an event");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("told");
    let mut rest = String::from_utf8(first.to_vec()).unwrap();
    stdout.read_to_string(&mut rest).expect("the rest");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    let count = lines(&rest).len();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("{count} records with --seed 1 --start 20")), "{count}: {said}");
    assert!(said.ends_with(told), "{said}");
}

#[test]
fn a_file_that_holds_something_is_asked_about() {
    let place = Place::new().file("mine.txt", "precious");
    let arguments = ["streams", "generate", "--count=5", "--output-file", "mine.txt"];
    place.run(&arguments).fails(2, &["refused to overwrite mine.txt", "hint: Add --yes"]);
    let kept = std::fs::read_to_string(place.path().join("mine.txt")).unwrap();
    assert_eq!(kept, "precious");
    place.run(&[&arguments[..], &["--yes"]].concat()).ok();
    let text = std::fs::read_to_string(place.path().join("mine.txt")).unwrap();
    assert_eq!(lines(&text).len(), 5);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    for (option, part) in [
        ("--rate=0", "a whole number of records a second from 1"),
        ("--rate=fast", "a whole number of records a second from 1"),
        ("--count=0", "'0' for '--count <N>'"),
        ("--span=0s", "must be more than 0"),
        ("--span=soon", "is not a duration"),
        ("--span=99999999d", "at most 36500d"),
        ("--customers=0", "'0' for '--customers <N>'"),
        ("--out-of-order=1.5", "a number from 0 to 1"),
        ("--broken=NaN", "a number from 0 to 1"),
        ("--start=noon", "cannot read the time `noon` of --start"),
        ("--start=1970-01-01", "is before 1990"),
        ("--cloud-events", "cannot be used with"),
    ] {
        run(&["streams", "generate", "--output-file=-", option]).fails(2, &[part]);
    }
    run(&["streams", "generate", "payments"]).fails(2, &["payment-events"]);
}

#[test]
fn events_ahead_of_now_are_warned_of() {
    let shown = run(&["streams", "generate", "--count=3", "--output-file=-", "--start=2100-01-01"]);
    shown.ok();
    assert!(shown.stderr.contains("warning: some events lie in the future"), "{shown:?}");
}

#[test]
fn a_broker_that_is_not_there_is_exit_4_before_any_question() {
    let place = Place::new().with("BSS_KAFKA_CONNECT_TIMEOUT", "300ms");
    place
        .run(&["streams", "generate", "--count=5", "--set", "kafka.bootstrap=127.0.0.1:1"])
        .fails(4, &["Kafka at 127.0.0.1:1"]);
}

/// The command in `examples/README.md` makes the files beside it: whoever changes what is made
/// makes them anew and sees the difference.
#[test]
fn the_examples_are_what_their_command_makes() {
    let readme = std::fs::read_to_string(checkout("examples/README.md")).unwrap();
    let from = readme.find("bss streams generate").expect("the command");
    let command = readme[from..].split("\n```").next().unwrap().replace("\\\n", " ");
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("examples/shop")).unwrap();
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    place.run(&arguments).ok();
    let mut count = 0;
    for entry in std::fs::read_dir(checkout("examples/shop")).unwrap() {
        let path = entry.unwrap().path();
        let made = place.path().join("examples/shop").join(path.file_name().unwrap());
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            std::fs::read_to_string(made).unwrap(),
            "{} is stale: run the command in examples/README.md",
            path.display()
        );
        count += 1;
    }
    assert_eq!(count, 7);
}
