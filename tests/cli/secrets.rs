//! A secret shows in no output, whatever happens.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::Place;

/// Every character that breaks a URL or a shell.
const SECRET: &str = "hunter2%41#?@:/ '\"\\&;$(id)";

fn file_with_secret(extra: &str) -> Place {
    let toml = format!("[timescale]\npassword = {}\n{extra}", toml::Value::from(SECRET));
    Place::new().file(".config/bss/bss.toml", &toml)
}

fn shows_none(text: &str) {
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn configuration_and_logs_mask_it() {
    let place = file_with_secret("");
    for arguments in [
        &["config", "show"][..],
        &["config", "show", "-o", "json"],
        &["config", "show", "-vvv"],
        &["config", "validate", "-vvv", "-o", "json"],
    ] {
        let shown = place.run(arguments);
        assert_eq!(shown.status, Some(0), "{shown:?}");
        shows_none(&shown.all());
    }
    let shown = place.run(&["config", "show", "timescale.password", "-o", "csv"]);
    assert!(shown.ok().contains("timescale.password,(set),"), "{shown:?}");
}

#[test]
fn an_unreachable_server_is_named_without_it() {
    let place = file_with_secret("port = 1\nconnect_timeout = \"2s\"\n")
        .with("BSS_REDIS_PORT", "1")
        .with("BSS_REDIS_PASSWORD", SECRET)
        .with("BSS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
        .with("BSS_KAFKA_CONNECT_TIMEOUT", "1s");
    for form in ["table", "json"] {
        let shown = place.run(&["setup", "redis", "-vvv", "-o", form]);
        assert_eq!(shown.status, Some(4), "{shown:?}");
        assert!(shown.stderr.contains("at 127.0.0.1:1"), "{shown:?}");
        shows_none(&shown.all());
        let shown = place.run(&["doctor", "-vvv", "-o", form]);
        assert_eq!(shown.status, Some(4), "{shown:?}");
        assert!(shown.stdout.contains("at 127.0.0.1:1"), "{shown:?}");
        shows_none(&shown.all());
    }
}

#[test]
fn a_url_in_place_of_a_host_is_refused_without_it() {
    let url = "postgres://bss:hunter2@db1:5432/bss";
    let shown = Place::new().with("BSS_TIMESCALE_HOST", url).run(&["config", "show"]);
    shown.fails(3, &["timescale.host is no host name"]);
    shows_none(&shown.all());
    let shown = Place::new().with("BSS_KAFKA_BOOTSTRAP", url).run(&["config", "show"]);
    shown.fails(3, &["kafka.bootstrap is no list of addresses"]);
    shows_none(&shown.all());
}

#[test]
fn a_password_of_the_wrong_type_is_not_shown() {
    let place = Place::new().file(".config/bss/bss.toml", "[redis]\npassword = [\"hunter2\"]\n");
    let shown = place.run(&["config", "show"]);
    shown.fails(3, &["cannot use redis.password", "found a list, expected text"]);
    shows_none(&shown.all());
}

#[test]
fn one_given_as_an_option_warns() {
    let shown =
        Place::new().run(&["--set", "redis.password=hunter2", "config", "show", "redis.password"]);
    assert_eq!(shown.status, Some(0));
    assert!(shown.stderr.contains("redis.password stands in the process list"), "{shown:?}");
    assert!(shown.stderr.contains("BSS_REDIS_PASSWORD"), "{shown:?}");
    shows_none(&shown.all());
}

#[test]
fn a_higher_layer_replaces_the_way_and_one_layer_gives_one_way() {
    let place = file_with_secret("").with("BSS_TIMESCALE_PASSWORD_FILE", "/gone");
    let shown = place.run(&["config", "show", "timescale.password", "-o", "csv"]);
    assert!(shown.ok().contains("timescale.password,,environment"), "{shown:?}");
    let both = file_with_secret("password_file = \"x\"\n").run(&["config", "show"]);
    both.fails(3, &["both timescale.password", "and timescale.password_file", "one way only"]);
    shows_none(&both.all());
}

/// The server asks for the password in clear text, as PostgreSQL's protocol allows, and gets it
/// byte for byte: nothing on the way treats it as part of a URL.
#[test]
fn every_character_arrives() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut length = [0; 4];
        socket.read_exact(&mut length).unwrap();
        let mut startup = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        socket.read_exact(&mut startup).unwrap();
        // AuthenticationCleartextPassword
        socket.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).unwrap();
        let mut head = [0; 5];
        socket.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes(head[1..].try_into().unwrap());
        let mut password = vec![0; usize::try_from(length).unwrap() - 4];
        socket.read_exact(&mut password).unwrap();
        sender.send(String::from_utf8(password).unwrap()).unwrap();
    });
    let place = file_with_secret(&format!("port = {port}\nconnect_timeout = \"5s\"\n"))
        .with("BSS_REDIS_PORT", "1")
        .with("BSS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
        .with("BSS_KAFKA_CONNECT_TIMEOUT", "1s");
    let shown = place.run(&["doctor"]);
    assert_eq!(shown.status, Some(4), "{shown:?}");
    shows_none(&shown.all());
    let received = receiver.recv_timeout(std::time::Duration::from_secs(5)).expect("a password");
    assert_eq!(received.trim_end_matches('\0'), SECRET);
}

#[test]
fn a_bug_ends_with_70_and_says_where_but_not_what() {
    let place = file_with_secret("").with("BSS_DEV_FAULT", "panic");
    let shown = place.run(&["config", "validate", "-vvv"]);
    shown.fails(70, &["error: internal error at src/cli/mod.rs:", "hint: This is a bug in bss "]);
    shows_none(&shown.all());
    let json = place.run(&["config", "validate", "-o", "json"]);
    json.fails(70, &["\"code\":\"bug\"", "\"exitCode\":70"]);
    shows_none(&json.all());
}
