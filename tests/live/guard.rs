//! The guard before a change, where it stands between an operator and a real cluster.

use std::process::{Command, Output};

use crate::bounded::{Bounded, end_of};
use crate::support::{bss, shown, unique};

/// `bss setup kafka` for an application of its own on a production context whose address the
/// environment overrides, as it does in every live test.
fn setup_kafka(home: &std::path::Path, application: &str, arguments: &[&str]) -> Output {
    let config = "[context.prod]\nproduction = true\n[context.prod.kafka]\nbootstrap = \"k1:9\"\n";
    std::fs::write(home.join("prod.toml"), config).expect("file");
    let mut command: Command = bss(home);
    command
        .env("BSS_GENERAL_APPLICATION", application)
        .env("BSS_KAFKA_TOPIC_PREFIX", application)
        .env("BSS_KAFKA_PARTITIONS", "1")
        .args(["--config", "prod.toml", "--context", "prod", "setup", "kafka"])
        .args(arguments)
        .stdin(std::process::Stdio::null());
    command.ended().expect("the program starts")
}

#[test]
fn a_production_context_with_an_overridden_address_demands_the_host() {
    let home = tempfile::tempdir().expect("folder");
    let application = unique("guard");
    for yes in [None, Some("--yes"), Some("--yes=prod")] {
        let output = setup_kafka(home.path(), &application, &Vec::from_iter(yes));
        let text = shown(&output);
        assert_eq!(output.status.code(), Some(2), "{yes:?} {text}");
        for part in [
            "error: refused to ",
            "bootstrap from environment BSS_KAFKA_BOOTSTRAP",
            "context prod is production",
            "kafka.bootstrap by environment BSS_KAFKA_BOOTSTRAP",
            "hint: Add --yes=127.0.0.1 if that is what you want.",
        ] {
            assert!(text.contains(part), "no `{part}` in {text}");
        }
    }
    // Nothing was created by the refused ones.
    let plan = setup_kafka(home.path(), &application, &["--check", "-o", "json"]);
    assert_eq!(plan.status.code(), Some(6), "{}", shown(&plan));
    let agreed = setup_kafka(home.path(), &application, &["--yes=127.0.0.1"]);
    assert_eq!(agreed.status.code(), Some(0), "{}", shown(&agreed));
    let check = setup_kafka(home.path(), &application, &["--check"]);
    assert_eq!(check.status.code(), Some(0), "{}", shown(&check));
}

/// Runs `bss setup kafka` on a terminal and types `typed`; standard output and error, exit code.
fn on_terminal(application: &str, typed: &str) -> (String, Option<i32>) {
    use std::io::{Read, Write};
    use std::process::Stdio;
    let home = tempfile::tempdir().expect("folder");
    let inner = bss(home.path());
    let mut command = Command::new("script");
    command.args(["-qec", &format!("{} setup kafka", env!("CARGO_BIN_EXE_bss")), "/dev/null"]);
    command.env_clear();
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command
        .env("BSS_GENERAL_APPLICATION", application)
        .env("BSS_KAFKA_TOPIC_PREFIX", application)
        .env("BSS_KAFKA_PARTITIONS", "1")
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("script, which every Debian has");
    let mut keyboard = child.stdin.take().expect("a keyboard");
    let mut screen = child.stdout.take().expect("a screen");
    let mut seen = Vec::new();
    let mut byte = [0];
    // Typed before the question is there, a control key would reach somebody else.
    while !seen.ends_with(b" to go on: ") && screen.read(&mut byte).expect("a screen") == 1 {
        seen.push(byte[0]);
    }
    keyboard.write_all(typed.as_bytes()).expect("typed");
    screen.read_to_end(&mut seen).expect("a screen");
    let status = end_of(&mut child);
    drop(keyboard);
    (String::from_utf8_lossy(&seen).into_owned(), status.code())
}

#[test]
fn on_a_terminal_only_the_word_agrees() {
    let application = unique("guard");
    let (text, status) = on_terminal(&application, "no\n");
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("Type yes to go on: "), "{text}");
    assert!(text.contains("`yes` was not typed"), "{text}");
    let (text, status) = on_terminal(&application, "yes\n");
    assert_eq!(status, Some(0), "{text}");
}

#[test]
fn ctrl_c_at_the_question_ends_it() {
    let (text, status) = on_terminal(&unique("guard"), "\u{3}");
    assert_eq!(status, Some(130), "{text}");
    assert!(text.contains("error: interrupted"), "{text}");
}
