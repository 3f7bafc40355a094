//! Waiting until a server answers.

use std::time::{Duration, Instant};

use crate::backends::BackendError;
use crate::cli::Failure;
use crate::commands::Context;
use crate::config::settings::parse_span;
use crate::ui::Progress;

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(300);

/// Reads the value of `--wait`.
///
/// # Errors
/// What is wrong with the text.
pub fn span(text: &str) -> Result<Duration, String> {
    parse_span(text)
}

/// Tries until it succeeds, fails for a reason that time does not mend, or `limit` is over;
/// without a limit tries once.
///
/// # Errors
/// The last attempt's.
pub async fn until<T>(
    context: &Context,
    what: &str,
    limit: Option<Duration>,
    mut attempt: impl AsyncFnMut() -> Result<T, BackendError>,
) -> Result<T, Failure> {
    let start = Instant::now();
    let mut progress = None;
    loop {
        let error = match attempt().await {
            Ok(value) => {
                if let Some(progress) = progress {
                    Progress::finish(progress);
                }
                return Ok(value);
            }
            Err(error) => error,
        };
        let Some(limit) = limit else { return Err(error.into()) };
        if !error.transient || start.elapsed() >= limit {
            if let Some(progress) = progress {
                Progress::finish(progress);
            }
            let waited = start.elapsed().as_secs();
            let failure = Failure::from(error);
            return Err(if waited == 0 {
                failure
            } else {
                failure.hint(format!("Waited {waited} s; --wait=DURATION waits longer."))
            });
        }
        let progress = progress.get_or_insert_with(|| {
            Progress::start(&context.ui, format!("waiting for {what}, seconds"), None)
        });
        progress.set(start.elapsed().as_secs());
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = context.shutdown.wait() => {
                return Err(Failure::new(context.shutdown.status(), "interrupted"));
            }
        }
    }
}
