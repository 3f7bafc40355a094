//! Addresses, unique names and waiting for the live tests.
#![allow(dead_code, reason = "each theme uses a part")]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).ok().filter(|v| !v.is_empty()).unwrap_or_else(|| default.to_owned())
}

/// Kafka's bootstrap address.
pub fn kafka() -> String {
    variable("BSS_TEST_KAFKA", "127.0.0.1:19092")
}

/// The Apache edition: `(host, port)`; user and password `postgres`.
pub fn postgres() -> (String, u16) {
    address(&variable("BSS_TEST_POSTGRES", "127.0.0.1:15432"))
}

/// The Community edition behind PGlite: `(host, port)`; user `postgres`, no password.
pub fn community() -> (String, u16) {
    address(&variable("BSS_TEST_COMMUNITY", "127.0.0.1:15433"))
}

/// Redis: `(host, port)`.
pub fn redis() -> (String, u16) {
    address(&variable("BSS_TEST_REDIS", "127.0.0.1:16379"))
}

fn address(text: &str) -> (String, u16) {
    let (host, port) = text.rsplit_once(':').expect("HOST:PORT");
    (host.to_owned(), port.parse().expect("a port"))
}

/// PGlite has one backend: whoever holds this guard has it, across the test processes.
pub struct Turn {
    _inside: MutexGuard<'static, ()>,
    _across: std::fs::File,
}

/// Waits for the turn on PGlite.
pub fn pglite() -> Turn {
    static INSIDE: Mutex<()> = Mutex::new(());
    let inside = INSIDE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = std::env::temp_dir().join("bss-test-pglite.lock");
    let file = std::fs::File::create(path).expect("lock file");
    file.lock().expect("lock");
    Turn { _inside: inside, _across: file }
}

/// A name that no other test and no earlier run has used.
pub fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let time = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_millis();
    format!("{what}_{}_{time}_{n}", std::process::id())
}

/// Waits until `ready` gives a value, at most `limit`; `what` is told when it does not.
pub fn wait_for<T>(what: &str, limit: Duration, mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        // Between two looks at a condition, never a synchronisation by itself.
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// The program with a cleared environment, pointed at the test servers, state in `home`.
pub fn bss(home: &std::path::Path) -> Command {
    // For long runs by hand, a release build.
    let program = std::env::var("BSS_TEST_BINARY");
    let mut command =
        Command::new(program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_bss").to_owned()));
    let (pg_host, pg_port) = postgres();
    let (redis_host, redis_port) = redis();
    command
        .env_clear()
        .env("HOME", home)
        .env("TERM", "dumb")
        .env("BSS_KAFKA_BOOTSTRAP", kafka())
        .env("BSS_TIMESCALE_HOST", pg_host)
        .env("BSS_TIMESCALE_PORT", pg_port.to_string())
        .env("BSS_TIMESCALE_PASSWORD", "postgres")
        .env("BSS_REDIS_HOST", redis_host)
        .env("BSS_REDIS_PORT", redis_port.to_string())
        .current_dir(home);
    command
}

/// Standard output, standard error and status together, for assertions that show everything.
pub fn shown(output: &Output) -> String {
    format!(
        "status {:?}\n--- stdout\n{}--- stderr\n{}",
        output.status.code(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A path inside the checkout.
pub fn checkout(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
