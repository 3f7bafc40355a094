//! A handler: a command that is given events on its standard input.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::cli::Failure;
use crate::ui::Ui;

/// Bytes of a handler's last words that are kept.
const WORDS: usize = 500;

/// How a handler ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has done the events.
    Done,
    /// It has not: why.
    Failed(String),
}

/// The command.
#[derive(Clone, Debug)]
pub struct Handler {
    command: Vec<OsString>,
}

impl Handler {
    /// A handler of a command and its arguments.
    #[must_use]
    pub const fn new(command: Vec<OsString>) -> Self {
        Self { command }
    }

    /// Gives lines to a process of its own and waits for its end. Its standard output is ours, its
    /// standard error is told.
    ///
    /// # Errors
    /// Exit 1 if it cannot be started: that is no fault of the event.
    pub async fn take(&self, lines: &[u8], ui: &Ui) -> Result<Ended, Failure> {
        let name = self.command.first().cloned().unwrap_or_default();
        let failed = |error: &std::io::Error| {
            Failure::failed(format!("could not run the handler {}", name.display()))
                .because(error)
                .hint(
                    "Give a program and its arguments behind --, such as: -- sh -c 'cat >> events'",
                )
        };
        // A group of its own: a Ctrl-C in the terminal is for us, the handler ends its event.
        let child = Command::new(&name)
            .args(self.command.iter().skip(1))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut child = child.map_err(|e| failed(&e))?;
        let words = converse(&mut child, lines, ui).await;
        let status = child.wait().await.map_err(|e| failed(&e))?;
        if status.success() {
            return Ok(Ended::Done);
        }
        let end = match status.code() {
            Some(code) => format!("exit {code}"),
            None => status.to_string(),
        };
        let reason = if words.is_empty() { end } else { format!("{end}: {words}") };
        Ok(Ended::Failed(reason))
    }
}

/// Writes the lines and tells what comes back; answers the last line of it.
async fn converse(child: &mut Child, lines: &[u8], ui: &Ui) -> String {
    let (input, errors) = (child.stdin.take(), child.stderr.take());
    let write = async {
        if let Some(mut input) = input {
            // A handler may end without reading all; how it ends says what that means.
            drop(input.write_all(lines).await);
            drop(input.shutdown().await);
        }
    };
    let listen = async {
        let mut last = String::new();
        if let Some(errors) = errors {
            let mut errors = BufReader::new(errors).split(b'\n');
            while let Ok(Some(line)) = errors.next_segment().await {
                let line = String::from_utf8_lossy(&line).into_owned();
                ui.status(&line);
                if !line.trim().is_empty() {
                    last = line.chars().take(WORDS).collect();
                }
            }
        }
        last
    };
    tokio::join!(write, listen).1
}
