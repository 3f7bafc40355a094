//! What a person or a script sees: results on standard output, all else on standard error.
//!
//! One [`Ui`] decides form, colour and quietness. It knows no room: commands hand it
//! [`report::Report`]s and sentences.

pub mod plot;
pub mod progress;
pub mod report;
pub mod svg;

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
    /// Bars, or sparklines over time, of one number column; see --plot.
    Plot,
    /// The same as an SVG document.
    Svg,
}

/// Why a result is not shown.
#[derive(Debug, thiserror::Error)]
pub enum NotShown {
    /// It cannot be drawn.
    #[error("{0}")]
    NotDrawn(String),
    /// It cannot be written.
    #[error(transparent)]
    NotWritten(#[from] std::io::Error),
}

/// Where output goes and how it looks.
#[derive(Clone, Debug)]
pub struct Ui {
    form: OutputForm,
    drawn: Option<String>,
    quiet: bool,
    color: bool,
    stdout_terminal: bool,
    stderr_terminal: bool,
    stdin_terminal: bool,
    plain: bool,
    logs: bool,
}

impl Ui {
    /// Decides colour from the terminal, `NO_COLOR` and `TERM`, which the caller read.
    #[must_use]
    pub fn new(form: OutputForm, quiet: bool, plain: bool) -> Self {
        let stdout_terminal = std::io::stdout().is_terminal();
        Self {
            form,
            drawn: None,
            quiet,
            color: !plain && stdout_terminal,
            stdout_terminal,
            stderr_terminal: std::io::stderr().is_terminal(),
            stdin_terminal: std::io::stdin().is_terminal(),
            plain,
            logs: false,
        }
    }

    /// Says whether logs go to standard error too; bars would be torn by them.
    #[must_use]
    pub const fn with_logs(mut self, logs: bool) -> Self {
        self.logs = logs;
        self
    }

    /// Draws this column instead of the first with numbers.
    #[must_use]
    pub fn drawing(mut self, column: Option<String>) -> Self {
        self.drawn = column;
        self
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
        self.terminal() && !self.quiet && !self.logs
    }

    /// Whether standard error is a terminal that takes colour.
    #[must_use]
    pub const fn terminal(&self) -> bool {
        self.stderr_terminal && !self.plain
    }

    /// Whether somebody is there to answer a question.
    #[must_use]
    pub const fn asks(&self) -> bool {
        self.stderr_terminal && self.stdin_terminal
    }

    /// Whether sentences on standard error are wanted.
    #[must_use]
    pub const fn talks(&self) -> bool {
        !self.quiet
    }

    /// Prints a result in the asked form. A closed pipe ends quietly.
    ///
    /// # Errors
    /// Any other failure of standard output; a result without numbers that is to be drawn.
    pub fn report(&self, report: &Report) -> Result<(), NotShown> {
        let mut text = Vec::new();
        match self.form {
            OutputForm::Plot => text.extend(self.plot(report)?.text(self.columns()).into_bytes()),
            OutputForm::Svg => {
                let drawn = svg::draw(&self.plot(report)?).map_err(NotShown::NotDrawn)?;
                text.extend(drawn.into_bytes());
            }
            form => report.render(form, self.color, &mut text)?,
        }
        if self.form == OutputForm::Csv && self.stdout_terminal {
            // A file gets the data as it is; a terminal must not be driven by it.
            text = visible(&String::from_utf8_lossy(&text)).into_owned().into_bytes();
        }
        Ok(self.write(&text)?)
    }

    fn plot(&self, report: &Report) -> Result<plot::Plot, NotShown> {
        plot::Plot::of(report, self.drawn.as_deref()).map_err(NotShown::NotDrawn)
    }

    /// How wide the terminal is; 80 off one.
    fn columns(&self) -> usize {
        let size = rustix::termios::tcgetwinsize(std::io::stdout());
        let columns = size.map_or(0, |size| usize::from(size.ws_col));
        if self.stdout_terminal && columns >= 40 { columns } else { 80 }
    }

    /// Prints text that is a result as it is (a completion script, a statement).
    ///
    /// # Errors
    /// Any failure of standard output but a closed pipe.
    pub fn write(&self, text: &[u8]) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text).and_then(|()| out.flush()) {
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Prints a part of a long result as it is; false once nobody reads it any more.
    ///
    /// # Errors
    /// Any failure of standard output but a closed pipe.
    pub fn pass(&self, text: &[u8]) -> std::io::Result<bool> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text).and_then(|()| out.flush()) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Asks a question on standard error and waits for a line. Call it only if [`Self::asks`].
    ///
    /// # Errors
    /// If standard input cannot be read.
    pub async fn ask(&self, question: &str) -> std::io::Result<String> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        {
            let mut stderr = std::io::stderr().lock();
            stderr.write_all(visible(question).as_bytes())?;
            stderr.flush()?;
        }
        // A thread of its own: it waits for the line even when nobody waits for it any more, and
        // must not hold the end of the process up.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line).map(|_| line);
            drop(sender.send(read));
        });
        receiver.await.unwrap_or_else(|_| Ok(String::new()))
    }

    /// Says that a list was cut and which option shows more.
    pub fn cut(&self, shown: usize, option: &str) {
        self.warning(format!("only the first {shown} are shown; {option} shows more"));
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
    let unsafe_char = |c: char| c != '\n' && drives_terminal(c);
    if !text.chars().any(unsafe_char) {
        return text.into();
    }
    text.chars()
        .map(|c| if unsafe_char(c) { c.escape_unicode().to_string() } else { c.to_string() })
        .collect::<String>()
        .into()
}

/// Control characters, and the Unicode ones that end a line or turn the reading direction.
fn drives_terminal(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
}
