//! The guard before anything is deleted: it never waits for nobody.

use bss::cli::confirm::{Decision, Guard};
use bss::config::{Backend, Sources, layers};

use crate::support::Place;

/// The guard of a production context in a file, its host overridden by the environment or not.
fn guard(overridden: bool) -> Guard {
    let place = Place::new().file(
        "bss.toml",
        "[context.prod]\nproduction = true\n[context.prod.redis]\nhost = \"r1.example\"\n",
    );
    let variable = ("BSS_REDIS_HOST".to_owned(), "r9.example".to_owned());
    let sources = Sources {
        file: Some(place.path().join("bss.toml")),
        variables: if overridden { vec![variable] } else { Vec::new() },
        context: Some("prod".to_owned()),
        ..Sources::default()
    };
    Guard::new(&layers::resolve(&sources).unwrap(), &[Backend::Redis])
}

#[test]
fn a_refusal_names_the_target_its_origin_and_the_literal_next_step() {
    let Decision::Refused(failure) = guard(true).decide("trim the events", Some("prod"), false)
    else {
        panic!("not refused");
    };
    let mut text = Vec::new();
    failure.print(&mut text);
    let text = String::from_utf8(text).unwrap();
    for part in [
        "error: refused to trim the events: --yes=prod does not name the target\n",
        "the target is Redis database 0 at r9.example:6379",
        "host from environment BSS_REDIS_HOST",
        "context prod is production",
        "redis.host by environment BSS_REDIS_HOST",
        "hint: Add --yes=r9.example if that is what you want.\n",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    assert_eq!(failure.status.code(), 2);
}

#[test]
fn a_file_cannot_take_production_back() {
    let place = Place::new()
        .file(".config/bss/bss.toml", "[context.prod]\nproduction = true\n")
        .file("bss.toml", "[context.prod]\nproduction = false\n");
    let shown = place.run(&["config", "validate", "-o", "csv"]);
    assert!(shown.ok().contains("[context.prod],\"valid, production\""), "{shown:?}");
}
