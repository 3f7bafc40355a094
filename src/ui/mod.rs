//! What a person or a script sees: results on standard output, all else on standard error.
//!
//! One [`Ui`] decides form, colour and quietness. It knows no room: commands hand it
//! [`report::Report`]s and sentences.

pub mod progress;
pub mod report;

use std::io::{IsTerminal, Write};

pub use progress::Progress;
pub use report::{Cell, Column, Report};

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputForm {
    /// A table for people.
    #[default]
    Table,
    /// One JSON document: `{"meta": ..., "rows": [...]}`.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// CSV with a header.
    Csv,
}

/// Where output goes and how it looks.
#[derive(Clone, Debug)]
pub struct Ui {
    form: OutputForm,
    quiet: bool,
    color: bool,
    stderr_terminal: bool,
}

impl Ui {
    /// Decides colour from the terminal, `NO_COLOR` and `TERM`, which the caller read.
    #[must_use]
    pub fn new(form: OutputForm, quiet: bool, plain: bool) -> Self {
        Self {
            form,
            quiet,
            color: !plain && std::io::stdout().is_terminal(),
            stderr_terminal: !plain && std::io::stderr().is_terminal(),
        }
    }

    /// The asked form.
    #[must_use]
    pub const fn form(&self) -> OutputForm {
        self.form
    }

    /// Whether results may carry colour.
    #[must_use]
    pub const fn color(&self) -> bool {
        self.color
    }

    /// Whether bars may be drawn on standard error.
    #[must_use]
    pub const fn draws(&self) -> bool {
        self.stderr_terminal && !self.quiet
    }

    /// Whether sentences on standard error are wanted.
    #[must_use]
    pub const fn talks(&self) -> bool {
        !self.quiet
    }

    /// Prints a result in the asked form. A closed pipe ends quietly.
    ///
    /// # Errors
    /// Any other failure of standard output.
    pub fn report(&self, report: &Report) -> std::io::Result<()> {
        let mut text = Vec::new();
        report.render(self.form, self.color, &mut text)?;
        self.write(&text)
    }

    /// Prints text that is a result as it is (a completion script, a statement).
    ///
    /// # Errors
    /// As [`Self::report`].
    pub fn write(&self, text: &[u8]) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text).and_then(|()| out.flush()) {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// What was done, as a sentence with a period.
    pub fn status(&self, sentence: impl AsRef<str>) {
        if self.talks() {
            say(sentence.as_ref());
        }
    }

    /// Something the operator should know.
    pub fn warning(&self, sentence: impl AsRef<str>) {
        say(&format!("warning: {}", sentence.as_ref()));
    }

    /// A literal next step.
    pub fn hint(&self, sentence: impl AsRef<str>) {
        if self.talks() {
            say(&format!("hint: {}", sentence.as_ref()));
        }
    }
}

fn say(line: &str) {
    // A closed standard error leaves nothing to tell.
    drop(writeln!(std::io::stderr().lock(), "{}", visible(line)));
}

/// Text with control characters (and the Unicode ones that turn the reading direction) shown as
/// escapes, so that data cannot drive a terminal. Newlines stay.
#[must_use]
pub fn visible(text: &str) -> std::borrow::Cow<'_, str> {
    let unsafe_char = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.chars().any(unsafe_char) {
        return text.into();
    }
    text.chars()
        .map(|c| if unsafe_char(c) { c.escape_unicode().to_string() } else { c.to_string() })
        .collect::<String>()
        .into()
}
