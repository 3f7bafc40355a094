//! What only a terminal sees. `script` gives the program one.

use std::process::{Command, Stdio};

use crate::support::Place;

/// Standard output and error of the program on a terminal.
fn on_terminal(place: &Place, arguments: &str) -> String {
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_bss"));
    let inner = place.command();
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env_clear();
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let output = command
        .current_dir(place.path())
        .stdin(Stdio::null())
        .output()
        .expect("script, which every Debian has");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_terminal_gets_colour_unless_told_otherwise() {
    let xterm = || Place::new().with("TERM", "xterm");
    let text = on_terminal(&xterm(), "config show redis.port");
    assert!(text.contains("\u{1b}[1mKEY"), "{text:?}");
    for place in [xterm().with("NO_COLOR", "1"), Place::new().with("TERM", "dumb")] {
        let text = on_terminal(&place, "-v config show redis.port");
        assert!(text.contains("KEY") && !text.contains('\u{1b}'), "{text:?}");
    }
    let text = on_terminal(&xterm(), "--no-color -v config show redis.port");
    assert!(text.contains("KEY") && !text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn control_characters_from_data_reach_no_terminal() {
    let place = Place::new()
        .with("TERM", "xterm")
        .file(".config/bss/bss.toml", "[redis]\nuser = \"\\u001b[31mred\\u009b2J\\u202e\"\n");
    for form in ["table", "json", "ndjson", "csv"] {
        let text = on_terminal(&place, &format!("config show redis.user --no-color -o {form}"));
        assert!(text.contains("red"), "{form}: {text:?}");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{form}: {text:?}");
    }
    // A file gets the data as it is.
    let file = place.run(&["config", "show", "redis.user", "-o", "csv"]);
    assert!(file.ok().contains("\u{1b}[31mred\u{9b}2J\u{202e}"), "{file:?}");
}
