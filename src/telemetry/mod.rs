//! Logs for developers and operators of long runs, on standard error.

use tracing_subscriber::EnvFilter;

/// Sets logging up: `-v` info, `-vv` debug, `-vvv` trace; `BSS_LOG` overrides. JSON where
/// standard error is no terminal and the command runs long.
pub fn init(verbose: u8, json: bool, color: bool) {
    let level = match verbose {
        0 => "warn",
        1 => "bss=info,warn",
        2 => "bss=debug,info",
        _ => "trace",
    };
    #[expect(clippy::disallowed_methods, reason = "logging is set up before the settings are read")]
    let asked = std::env::var("BSS_LOG").ok();
    let filter = asked
        .and_then(|directives| EnvFilter::try_new(directives).ok())
        .unwrap_or_else(|| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(color);
    // A second call (tests) keeps the first subscriber.
    let _installed =
        if json { builder.json().try_init().is_ok() } else { builder.try_init().is_ok() };
}
