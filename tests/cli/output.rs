//! Forms of output: parseable, plain off a terminal, quiet when the reader leaves.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::support::{Place, run};

#[test]
fn standard_output_parses_as_a_whole_with_logs_and_warnings_beside_it() {
    let place = Place::new().with("BSS_REDIS_TLS", "require");
    for verbosity in ["-v", "-vv", "-vvv"] {
        let shown = place.run(&["config", "show", "-o", "json", verbosity]);
        let json: serde_json::Value = serde_json::from_str(shown.ok()).expect("JSON");
        assert!(json["rows"].as_array().is_some_and(|r| r.len() > 50));
        assert!(shown.stderr.contains("warning: "), "{}", shown.stderr);
        let shown = place.run(&["config", "show", "-o", "ndjson", verbosity]);
        for line in shown.ok().lines() {
            serde_json::from_str::<serde_json::Value>(line).expect("JSON");
        }
    }
}

#[test]
fn a_file_gets_no_escape_codes() {
    let calm = Place::new();
    let dumb = Place::new().with("TERM", "dumb").with("NO_COLOR", "1");
    for place in [calm, dumb] {
        for arguments in [
            &["config", "show"][..],
            &["--help"],
            &["config", "shwo"],
            &["-vv", "config", "validate"],
        ] {
            let shown = place.run(arguments);
            assert!(!shown.all().contains('\u{1b}'), "{arguments:?}");
        }
    }
}

#[test]
fn quiet_leaves_results_and_errors() {
    run(&["-q", "config", "validate", "-o", "csv"]).is(
        0,
        "layer,state\nbuilt-in,read\n/etc/bss/bss.toml,absent\nHOME/.config/bss/bss.toml,absent\n\
         ./bss.toml,absent\nenvironment,0 values\noption --set,0 values\n",
        "",
    );
    run(&["-q", "config", "show", "x.y"]).fails(2, &["error: unknown configuration key"]);
}

/// A reader that takes one line and leaves, as `head -1` does, before the rest is written.
fn head(arguments: &[&str]) {
    let place = Place::new();
    let mut child = place
        .command()
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    {
        let mut reader = BufReader::with_capacity(16, child.stdout.take().unwrap());
        reader.read_line(&mut first).unwrap();
    }
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let status = child.wait().unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{arguments:?}: {first}");
    assert!(!first.is_empty());
}

#[test]
fn a_reader_that_leaves_early_ends_the_program_quietly() {
    for form in ["table", "json", "ndjson", "csv"] {
        head(&["config", "show", "-o", form]);
    }
    // More than a pipe holds (64 KiB): the write really meets the closed end.
    head(&["completions", "bash"]);
    head(&["completions", "zsh"]);
    head(&["--help"]);
    head(&["man"]);
}

#[test]
fn a_closed_standard_output_and_error_are_quiet_too() {
    let place = Place::new();
    let status = place
        .command()
        .args(["config", "shwo"])
        .stdout(Stdio::null())
        .stderr(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let place = Place::new();
    for arguments in [&["config", "show"][..], &["completions", "bash"], &["--help"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = place.command().args(arguments).stdout(full).output().unwrap();
        let shown = place.shown(&output);
        shown.fails(1, &["error: could not write the result\n", "No space left on device"]);
    }
}

#[test]
fn numbers_keep_their_digits() {
    let set =
        ["--set", "streams.max_transaction_records=4000000000", "--set", "fraud.high_value=0.10"];
    let mut arguments = vec!["config", "show", "-o", "ndjson"];
    arguments.extend(set);
    let shown = run(&arguments);
    assert!(shown.ok().contains("\"streams.max_transaction_records\",\"value\":4000000000,"));
    assert!(shown.ok().contains("\"fraud.high_value\",\"value\":\"0.10\","));
}

#[test]
fn a_result_without_numbers_cannot_be_drawn_and_nothing_is_both_drawn_and_listed() {
    let shown = run(&["config", "show", "--plot"]);
    shown.fails(2, &["error: there is no number in this result to draw", "Leave --plot out"]);
    let shown = run(&["config", "show", "-o", "svg"]);
    shown.fails(2, &["there is no number in this result to draw"]);
    let shown = run(&["config", "show", "-o", "csv", "--plot"]);
    shown.fails(2, &["--plot draws and --output lists"]);
}
