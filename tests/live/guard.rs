//! The guard before a change, where it stands between an operator and a real cluster.

use std::process::{Command, Output};

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
    command.output().expect("the program starts")
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
