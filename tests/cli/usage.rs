//! First errors: each names what is wrong and the next step.

use crate::support::{Place, run};

#[test]
fn a_misspelt_command_or_option_has_a_near_miss() {
    run(&["config", "shwo"]).is(
        2,
        "",
        "error: unrecognized subcommand 'shwo'\n\
         hint: A similar subcommand exists: 'show'.\n\
         hint: Usage: bss config [OPTIONS] <COMMAND>\n",
    );
    run(&["config", "show", "--ouput", "json"]).fails(
        2,
        &[
            "error: unexpected argument '--ouput' found\n",
            "hint: A similar argument exists: '--output'.\n",
        ],
    );
    run(&["-o", "yaml", "config", "show"]).fails(
        2,
        &[
            "error: invalid value 'yaml' for '--output <FORM>'\n",
            "Possible values: table, json, ndjson, csv, plot, svg.\n",
        ],
    );
}

#[test]
fn usage_errors_have_the_asked_form() {
    for form in ["json", "ndjson"] {
        let shown = run(&["config", "shwo", "-o", form]);
        assert_eq!((shown.status, shown.stdout.as_str()), (Some(2), ""), "{shown:?}");
        let error: serde_json::Value = serde_json::from_str(&shown.stderr).expect("JSON");
        assert_eq!(error["error"]["code"], "usage");
        assert_eq!(error["error"]["exitCode"], 2);
        assert_eq!(error["error"]["message"], "unrecognized subcommand 'shwo'");
        assert!(error["error"]["hints"][0].as_str().unwrap().contains("'show'"));
    }
}

#[test]
fn a_missing_argument_is_named() {
    run(&["completions"]).fails(
        2,
        &[
            "error: the following required arguments were not provided: <SHELL>\n",
            "Usage: bss completions",
        ],
    );
}

#[test]
fn commands_are_not_guessed_from_prefixes() {
    run(&["conf", "show"]).fails(2, &["unrecognized subcommand 'conf'"]);
}

#[test]
fn an_unknown_man_page_is_named() {
    run(&["man", "streams", "fly"]).is(
        2,
        "",
        "error: no command `bss streams fly`\nhint: `bss --help` lists the commands.\n",
    );
}

#[test]
fn wrong_log_directives_are_a_configuration_error() {
    let place = Place::new().with("BSS_LOG", "bss=loud");
    place.run(&["config", "show"]).fails(3, &["error: cannot read BSS_LOG\n"]);
}

#[test]
fn each_exit_code_stands_alone() {
    let codes = bss::cli::exit::MEANINGS.map(|(status, _)| status.code());
    let mut sorted = codes.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted, codes);
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 70, 130, 143]);
}

#[test]
fn an_option_that_would_do_nothing_is_refused() {
    for option in ["--since=1h", "--until=today", "--as-of=today", "--tz=UTC"] {
        let name = option.split('=').next().unwrap();
        run(&["config", "show", option]).fails(2, &[name, "means nothing here"]);
    }
}

#[test]
fn a_mapping_is_checked_before_any_server_is_asked() {
    let place = Place::new();
    let import = |arguments: &[&str]| {
        place.run(&[&["metrics", "import", "revenue", "lines.csv"], arguments].concat())
    };
    import(&["--map", "revenu=Price"]).is(
        2,
        "",
        "error: cannot use --map and --constant as given\n  \
         caused by: a row of kind revenue has no field `revenu`\n\
         hint: Did you mean `revenue`?\n",
    );
    import(&["--constant", "costs=none"]).fails(
        2,
        &["caused by: field costs cannot have this value: `none` is not a decimal number\n"],
    );
    import(&["--where", "Quantity>many"]).fails(2, &["`many` is not a number"]);
    import(&["--workers", "2", "--strict"]).fails(2, &["cannot be used with"]);
    import(&["--since", "1d"]).fails(2, &["--since means nothing here"]);
    // With the file at hand, its columns too.
    std::fs::write(place.path().join("lines.csv"), "Quantity,Price\n").expect("written");
    import(&["--map", "revenue=Quantity*Prise"]).is(
        1,
        "",
        "error: cannot read lines.csv as CSV: it has no column `Prise`; it has Quantity, Price\n\
         hint: Did you mean `Price`?\n",
    );
}
