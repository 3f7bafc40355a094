//! The help of every command, as one file: it cannot change unnoticed.

use crate::support::{Place, golden, run};

/// Every command's path, groups included, in the order of the help.
pub fn commands() -> Vec<Vec<String>> {
    fn collect(command: &clap::Command, path: &[String], out: &mut Vec<Vec<String>>) {
        out.push(path.to_vec());
        for child in command.get_subcommands().filter(|c| !c.is_hide_set()) {
            let mut path = path.to_vec();
            path.push(child.get_name().to_owned());
            collect(child, &path, out);
        }
    }
    let mut out = Vec::new();
    collect(&bss::cli::command(), &[], &mut out);
    out
}

#[test]
fn the_parser_is_consistent() {
    bss::cli::command().debug_assert();
}

#[test]
fn help_of_every_command() {
    let place = Place::new();
    let mut text = String::new();
    for path in commands() {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let shown = place.run(&arguments);
        assert_eq!(shown.stderr, "", "{path:?}");
        // The global options are the same everywhere; the root shows them.
        let own = match shown.ok().split_once("Global options:") {
            Some((own, rest)) if path.is_empty() => format!("{own}Global options:{rest}"),
            Some((own, _)) => own.to_owned(),
            None => panic!("no global options in {path:?}"),
        };
        text.push_str(&format!("$ bss {}\n{}\n\n", arguments.join(" "), own.trim_end()));
    }
    golden("help.txt", &text);
}

#[test]
fn every_command_says_what_it_does_in_one_line() {
    fn check(command: &clap::Command) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && about.len() <= 80, "{}: `{about}`", command.get_name());
        assert!(!about.ends_with('.'), "{}: `{about}`", command.get_name());
        command.get_subcommands().for_each(check);
    }
    bss::cli::command().get_subcommands().for_each(check);
}

#[test]
fn every_option_says_what_it_does() {
    fn check(command: &clap::Command) {
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{} {}", command.get_name(), argument.get_id());
        }
        command.get_subcommands().for_each(check);
    }
    check(&bss::cli::command());
}

#[test]
fn no_command_given_shows_the_help_on_standard_error() {
    let shown = run(&[]);
    assert_eq!((shown.status, shown.stdout.as_str()), (Some(2), ""));
    assert!(shown.stderr.contains("Usage: bss"), "{shown:?}");
}

#[test]
fn the_help_lists_the_exit_codes_and_nothing_else_lists_others() {
    let help = run(&["--help"]);
    let man = run(&["man"]);
    let readme = std::fs::read_to_string(crate::support::checkout("README.md")).unwrap();
    for (status, meaning) in bss::cli::exit::MEANINGS {
        let code = status.code();
        assert!(help.ok().contains(&format!("{code:>3}  {meaning}\n")), "{code}");
        assert!(man.ok().contains(&format!("\\fB{code}\\fR\n{meaning}\n")), "{code}");
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "{code}");
    }
}
