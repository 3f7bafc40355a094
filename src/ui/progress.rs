//! Progress of long work: a bar on a terminal, rare plain lines elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::domain::progress;
use crate::ui::Ui;

/// Work that is done by then shows no bar at all.
const FIRST_DRAW: Duration = Duration::from_millis(250);
/// How often a plain line is written where no bar can be drawn.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// One piece of long work: done so far of an expected total, with rate and time left.
pub struct Progress {
    what: String,
    bar: Option<ProgressBar>,
    talks: bool,
    done: u64,
    total: Option<u64>,
    started: Instant,
    last_line: Instant,
}

impl Progress {
    /// Starts showing `what`; `total` in the same unit as [`Self::advance`], if known.
    #[must_use]
    pub fn start(ui: &Ui, what: impl Into<String>, total: Option<u64>) -> Self {
        let what = what.into();
        let bar = ui.draws().then(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
            let form = if total.is_some() {
                "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta} left"
            } else {
                "{msg} {spinner} {human_pos} {per_sec} {elapsed}"
            };
            if let Ok(style) = ProgressStyle::with_template(form) {
                bar.set_style(style);
            }
            bar.set_message(super::visible(&what).replace('\n', " "));
            bar
        });
        let now = Instant::now();
        Self { what, bar, talks: ui.talks(), done: 0, total, started: now, last_line: now }
    }

    /// Tells that `done` in all are done.
    pub fn set(&mut self, done: u64) {
        self.done = done;
        if let Some(bar) = &self.bar {
            if bar.is_hidden() && self.started.elapsed() >= FIRST_DRAW {
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(4));
            }
            bar.set_position(done);
        } else if self.talks && self.last_line.elapsed() >= PLAIN_EVERY {
            self.last_line = Instant::now();
            self.line();
        }
    }

    /// Tells that `more` were done since the last call.
    pub fn advance(&mut self, more: u64) {
        self.set(self.done + more);
    }

    /// Corrects the expected total.
    pub fn expect(&mut self, total: u64) {
        self.total = Some(total);
        if let Some(bar) = &self.bar {
            bar.set_length(total);
        }
    }

    /// Ends the display; the caller says in a sentence what came of it.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self) {
        let words = progress::words(self.done, self.total, self.started.elapsed());
        super::say(&format!("{}: {words}", self.what));
    }
}
