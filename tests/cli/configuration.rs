//! Layers, contexts, and what is refused.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Place, Shown, checkout};

const USER: &str = ".config/bss/bss.toml";

fn shown(place: &Place, arguments: &[&str], key: &str) -> (String, String) {
    let mut all = vec!["config", "show", key, "-o", "json"];
    all.extend(arguments);
    let shown = place.run(&all);
    let json: serde_json::Value = serde_json::from_str(shown.ok()).expect("JSON");
    let row = &json["rows"][0];
    let value = match &row["value"] {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (value, row["origin"].as_str().unwrap().to_owned())
}

#[test]
fn each_layer_overrides_the_one_below_and_is_named() {
    let key = "kafka.bootstrap";
    let place = Place::new();
    assert_eq!(shown(&place, &[], key), ("127.0.0.1:9092".into(), "built-in".into()));
    let place = place.file(USER, "[kafka]\nbootstrap = \"user:1\"\n");
    assert_eq!(shown(&place, &[], key), ("user:1".into(), format!("HOME/{USER}")));
    let place = place.file("bss.toml", "[kafka]\nbootstrap = \"local:1\"\n");
    assert_eq!(shown(&place, &[], key), ("local:1".into(), "./bss.toml".into()));
    let place = place.file(USER, "[context.c.kafka]\nbootstrap = \"context:1\"\n");
    let origin = format!("HOME/{USER} [context.c]");
    assert_eq!(shown(&place, &["--context", "c"], key), ("context:1".into(), origin));
    let place = place.with("BSS_KAFKA_BOOTSTRAP", "environment:1");
    let expected = ("environment:1".into(), "environment BSS_KAFKA_BOOTSTRAP".into());
    assert_eq!(shown(&place, &["--context", "c"], key), expected);
    let set = ["--context", "c", "--set", "kafka.bootstrap=option:1"];
    assert_eq!(shown(&place, &set, key), ("option:1".into(), "option --set".into()));
}

#[test]
fn a_named_file_replaces_the_files_but_not_environment_and_options() {
    let place = Place::new()
        .file(USER, "[kafka]\nbootstrap = \"user:1\"\npartitions = 3\n")
        .file("other.toml", "[kafka]\npartitions = 5\n")
        .with("BSS_KAFKA_REPLICATION_FACTOR", "2");
    let named = ["--config", "other.toml"];
    assert_eq!(shown(&place, &named, "kafka.bootstrap").0, "127.0.0.1:9092");
    assert_eq!(shown(&place, &named, "kafka.partitions"), ("5".into(), "other.toml".into()));
    assert_eq!(shown(&place, &named, "kafka.replication_factor").0, "2");
    let place = place.with("BSS_CONFIG", "other.toml");
    assert_eq!(shown(&place, &[], "kafka.partitions").0, "5");
    let gone = place.run(&["--config", "gone.toml", "config", "show"]);
    gone.fails(3, &["cannot read the configuration file gone.toml"]);
}

#[test]
fn the_file_of_the_working_directory_must_be_the_callers_own() {
    let place = Place::new().file("bss.toml", "[kafka]\npartitions = 7\n");
    let path = place.path().join("bss.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let run = place.run(&["config", "show", "kafka.partitions", "-o", "csv"]);
    run.is(
        0,
        "key,value,origin\nkafka.partitions,12,built-in\n",
        "warning: ./bss.toml was not read: others may write it; name it with --config to use it\n",
    );
    let named =
        place.run(&["--config", "bss.toml", "config", "show", "kafka.partitions", "-o", "csv"]);
    assert!(named.ok().contains("kafka.partitions,7,bss.toml"), "{named:?}");
}

#[test]
fn the_file_of_the_working_directory_runs_no_command() {
    for text in [
        "[redis]\npassword_command = \"touch ran\"\n",
        "[context.c.redis]\npassword_command = \"touch ran\"\n",
    ] {
        let place = Place::new().file("bss.toml", text);
        place
            .run(&["config", "validate"])
            .fails(3, &["redis.password_command is not allowed in ./bss.toml"]);
        assert!(!place.path().join("ran").exists());
    }
}

#[test]
fn unknown_keys_name_the_layer_and_the_nearest_key() {
    let at = |text: &str| Place::new().file(USER, text).run(&["config", "show"]);
    at("[kafka]\nbootstap = \"x:1\"\n").is(
        3,
        "",
        "error: unknown key in HOME/.config/bss/bss.toml: kafka.bootstap\n\
         hint: Did you mean `kafka.bootstrap`?\n",
    );
    at("[kafak]\nbootstrap = \"x:1\"\n").fails(3, &["[kafak]", "Did you mean `kafka`?"]);
    at("bootstrap = \"x:1\"\n").fails(3, &["[bootstrap]", "The sections are"]);
    // A context that is not in use is judged too.
    at("[context.c.kafka]\nbootstap = \"x:1\"\n").fails(3, &["[context.c]: kafka.bootstap"]);
    let by_variable = Place::new().with("BSS_KAFKA_BOOTSTAP", "x:1").run(&["config", "show"]);
    by_variable
        .fails(3, &["environment BSS_KAFKA_BOOTSTAP", "Did you mean `BSS_KAFKA_BOOTSTRAP`?"]);
    let by_option = Place::new().run(&["--set", "kafka.bootstap=x:1", "config", "show"]);
    by_option.fails(3, &["option --set: kafka.bootstap", "Did you mean `kafka.bootstrap`?"]);
}

#[test]
fn wrong_types_name_key_found_expected_and_layer() {
    let at = |text: &str| Place::new().file(USER, text).run(&["config", "show"]);
    at("[timescale]\nport = \"abc\"\n").is(
        3,
        "",
        "error: cannot use timescale.port of HOME/.config/bss/bss.toml\n  \
         caused by: found the text `abc`, expected a whole number\n",
    );
    at("[kafka]\nbootstrap = 9092\n").fails(3, &["found a whole number (9092), expected text"]);
    at("[timescale]\nport = 70000\n").fails(3, &["timescale.port of HOME", "70000"]);
    at("[streams]\ngrace = \"5 parsecs\"\n")
        .fails(3, &["streams.grace", "`5 parsecs` is not a duration"]);
    at("[streams]\nguarantee = \"maybe\"\n")
        .fails(3, &["streams.guarantee", "`maybe`", "exactly-once"]);
    let variable = Place::new().with("BSS_FRAUD_NO_HISTORY", "yes").run(&["config", "show"]);
    variable.fails(3, &["fraud.no_history of environment BSS_FRAUD_NO_HISTORY", "true or false"]);
}

#[test]
fn a_file_that_is_no_toml_gives_line_and_column_but_not_the_line() {
    let place = Place::new().file(USER, "[timescale]\npassword = \"hunter2\nport = 1\n");
    let shown = place.run(&["config", "show"]);
    shown.fails(
        3,
        &["cannot read the configuration file HOME/.config/bss/bss.toml", "line 2, column"],
    );
    assert!(!shown.all().contains("hunter2"), "{shown:?}");
}

#[test]
fn contradictions_name_both_keys_and_their_layers() {
    let at = |set: &[&str]| -> Shown {
        let mut arguments = vec!["config", "show"];
        set.iter().for_each(|s| arguments.extend(["--set", s]));
        Place::new().run(&arguments)
    };
    at(&["kafka.tls_ca=/ca.pem"]).fails(
        3,
        &[
            "kafka.tls_ca is set, but kafka.tls is off",
            "kafka.tls_ca from option --set, kafka.tls from built-in",
        ],
    );
    at(&["redis.tls=verify-full", "redis.tls_cert=/etc/hostname"])
        .fails(3, &["redis.tls_cert and redis.tls_key come together"]);
    at(&["kafka.sasl=plain", "kafka.user=u"])
        .fails(3, &["kafka.sasl is on, but kafka.password is not set"]);
    at(&["kafka.user=u"]).fails(3, &["kafka.user is set, but kafka.sasl is off"]);
    at(&["kafka.min_insync_replicas=2"])
        .fails(3, &["kafka.min_insync_replicas is 2, kafka.replication_factor 1"]);
    at(&["general.zone=Mars/Olympus"]).fails(3, &["general.zone is `Mars/Olympus`"]);
    at(&["kafka.bootstrap=localhost"]).fails(3, &["kafka.bootstrap is no list of addresses"]);
    at(&["streams.commit_interval=20s"])
        .fails(3, &["not shorter than streams.transaction_timeout"]);
}

#[test]
fn tls_that_is_on_verifies_in_full() {
    let place = Place::new().with("BSS_REDIS_TLS", "on");
    assert_eq!(shown(&place, &[], "redis.tls").0, "on");
    let weak = Place::new().with("BSS_REDIS_TLS", "require").run(&["config", "show", "redis.tls"]);
    assert!(weak.stderr.contains("checks no certificate"), "{weak:?}");
}

#[test]
fn an_unknown_context_lists_the_known_ones() {
    let none = Place::new().run(&["--context", "prod", "config", "show"]);
    none.fails(3, &["unknown context `prod`", "add [context.prod] to bss.toml"]);
    let place = Place::new().file(USER, "[context.prod]\nproduction = true\n[context.staging]\n");
    place.run(&["--context", "prdo", "config", "show"]).is(
        3,
        "",
        "error: unknown context `prdo`\n\
         hint: Did you mean `prod`?\n\
         hint: The contexts are prod, staging.\n",
    );
    let by_variable = place.with("BSS_CONTEXT", "test").run(&["config", "show", "-o", "json"]);
    assert!(by_variable.stderr.contains("\"code\":\"unknown-context\""), "{by_variable:?}");
}

#[test]
fn show_prints_one_key_a_section_or_a_near_miss() {
    let place = Place::new();
    let one = place.run(&["config", "show", "redis.port", "-o", "ndjson"]);
    one.is(0, "{\"key\":\"redis.port\",\"value\":6379,\"origin\":\"built-in\"}\n", "");
    let section = place.run(&["config", "show", "redis", "-o", "csv"]);
    assert!(section.ok().lines().skip(1).all(|l| l.starts_with("redis.")), "{section:?}");
    place.run(&["config", "show", "redis.prot"]).fails(2, &["Did you mean `redis.port`?"]);
}

#[test]
fn validate_tells_what_became_of_each_layer() {
    let place = Place::new()
        .file(USER, "[context.prod]\nproduction = true\n[context.test]\n")
        .with("BSS_REDIS_PORT", "6380");
    let shown = place.run(&["config", "validate", "-o", "csv"]);
    shown.is(
        0,
        "layer,state\nbuilt-in,read\n/etc/bss/bss.toml,absent\nHOME/.config/bss/bss.toml,read\n\
         ./bss.toml,absent\nenvironment,1 value\noption --set,0 values\n\
         [context.prod],\"valid, production\"\n[context.test],valid\n",
        "The configuration is valid.\n",
    );
    let place = place.file(USER, "[context.prod.redis]\npassword_file = \"gone\"\n");
    place
        .run(&["config", "validate"])
        .fails(3, &["context prod: cannot read the password file HOME/.config/bss/gone"]);
}

#[test]
fn the_example_configuration_is_valid() {
    let path = checkout("examples/bss.toml");
    let place = Place::new();
    let shown = place.run(&["--config", path.to_str().unwrap(), "config", "validate", "-o", "csv"]);
    assert!(shown.ok().contains("[context.production],\"valid, production\""), "{shown:?}");
}
