//! Ctrl-C and SIGTERM.

use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Place;

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn end_within(child: &mut Child, limit: Duration) -> Option<i32> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if start.elapsed() > limit {
            child.kill().unwrap();
            panic!("still running {limit:?} after the signal");
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

/// Starts a command against servers that accept and never answer; returns once it waits.
fn waiting(arguments: &[&str]) -> (Place, TcpListener, std::net::TcpStream, Child) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let place = Place::new()
        .with("BSS_REDIS_PORT", &port.to_string())
        .with("BSS_REDIS_CONNECT_TIMEOUT", "60s")
        .with("BSS_KAFKA_BOOTSTRAP", &format!("127.0.0.1:{port}"))
        .with("BSS_KAFKA_CONNECT_TIMEOUT", "60s");
    let mut command = place.command();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    listener.set_nonblocking(true).unwrap();
    let start = Instant::now();
    let socket = loop {
        if let Ok((socket, _)) = listener.accept() {
            break socket;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{arguments:?} did not connect");
        std::thread::park_timeout(Duration::from_millis(10));
    };
    (place, listener, socket, child)
}

#[test]
fn a_one_shot_command_ends_with_the_signals_code() {
    for (asked, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (place, _listener, _socket, mut child) = waiting(&["setup", "redis"]);
        signal(&child, asked);
        assert_eq!(end_within(&mut child, Duration::from_secs(5)), Some(code));
        let output = child.wait_with_output().unwrap();
        let shown = place.shown(&output);
        assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("", "error: interrupted\n"));
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_place, _listener, _socket, mut child) = waiting(&["streams", "run"]);
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(5) {
        signal(&child, Signal::INT);
        std::thread::park_timeout(Duration::from_millis(50));
    }
    let code = end_within(&mut child, Duration::from_secs(1));
    // Zero where the command stopped cleanly before the second one came.
    assert!(matches!(code, Some(130 | 0)), "{code:?}");
}

#[test]
fn a_command_that_waits_for_a_secret_can_be_interrupted() {
    let place = Place::new().file(
        ".config/bss/bss.toml",
        "[redis]\npassword_command = \"touch started; exec sleep 60\"\n",
    );
    let mut command = place.command();
    command.args(["setup", "redis"]).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    while !place.path().join("started").exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "the secret's command did not start");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    signal(&child, Signal::INT);
    assert_eq!(end_within(&mut child, Duration::from_secs(5)), Some(130));
}
