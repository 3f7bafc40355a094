//! Logs for developers and operators of long runs, on standard error.
//!
//! Logs are never the user interface: results, sentences and errors go through [`crate::ui`] and
//! [`crate::cli::Failure`]. ERROR means that data was lost or a human must act.

use tracing_subscriber::EnvFilter;

/// What is logged, and how.
#[derive(Clone, Debug, Default)]
pub struct Logging {
    /// How often `-v` was given: warn, info, debug, trace.
    pub verbose: u8,
    /// Whether the command runs until it is stopped: info from the start.
    pub long: bool,
    /// `BSS_LOG`, which overrides the above.
    pub directives: Option<String>,
    /// JSON, one object a line, for collectors.
    pub json: bool,
    /// Colour.
    pub color: bool,
}

impl Logging {
    fn level(&self) -> &'static str {
        match self.verbose + u8::from(self.long) {
            0 => "warn",
            1 => "bss=info,warn",
            2 => "bss=debug,info",
            _ => "trace",
        }
    }
}

/// Sets logging up.
///
/// # Errors
/// What is wrong with the directives.
pub fn init(logging: &Logging) -> Result<(), String> {
    let filter = match &logging.directives {
        Some(directives) => EnvFilter::try_new(directives).map_err(|e| e.to_string())?,
        None => EnvFilter::new(logging.level()),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(logging.color);
    // A second call (tests) keeps the first subscriber.
    let _installed =
        if logging.json { builder.json().try_init().is_ok() } else { builder.try_init().is_ok() };
    Ok(())
}
