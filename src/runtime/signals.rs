//! SIGINT and SIGTERM: the first asks for a clean stop, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::watch;

use crate::cli::ExitStatus;

/// A shared wish to stop. Cheap to clone and to ask.
#[derive(Clone, Debug)]
pub struct Shutdown {
    asked: Arc<AtomicU8>,
    sender: Arc<watch::Sender<bool>>,
}

#[expect(clippy::exit, reason = "the second signal ends at once")]
fn end_at_once(status: ExitStatus) -> ! {
    std::process::exit(i32::from(status.code()))
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { asked: Arc::new(AtomicU8::new(0)), sender: Arc::new(watch::Sender::new(false)) }
    }
}

impl Shutdown {
    /// Listens for the process's signals. Must be called inside the runtime.
    ///
    /// # Errors
    /// If the handlers cannot be installed.
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let shutdown = Self::default();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let told = shutdown.clone();
        tokio::spawn(async move {
            loop {
                let status = tokio::select! {
                    _ = interrupt.recv() => ExitStatus::Interrupted,
                    _ = terminate.recv() => ExitStatus::Terminated,
                };
                if told.asked() {
                    end_at_once(status);
                }
                told.ask(status);
            }
        });
        Ok(shutdown)
    }

    /// Asks for a clean stop.
    pub fn ask(&self, status: ExitStatus) {
        self.asked.store(status.code().max(1), Ordering::SeqCst);
        self.sender.send_replace(true);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != 0
    }

    /// The exit code of an interrupted one-shot command.
    #[must_use]
    pub fn status(&self) -> ExitStatus {
        if self.asked.load(Ordering::SeqCst) == ExitStatus::Terminated.code() {
            ExitStatus::Terminated
        } else {
            ExitStatus::Interrupted
        }
    }

    /// Waits until a stop is asked for.
    pub async fn wait(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as self, so this ends only when the wish is there.
        drop(receiver.wait_for(|asked| *asked).await);
    }
}
