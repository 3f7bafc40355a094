//! Ends the process at a named step, so that tests can kill it exactly there; or makes the thread
//! panic there (`panic-` before the step) or stand still for ever (`hang-`).
//!
//! Only debug builds listen (`BSS_DEV_FAULT=step:n`: at the n-th time the step is reached); in a
//! release build the hook is empty.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The step to end at, if any.
#[derive(Debug, Default)]
pub struct Fault {
    #[cfg(debug_assertions)]
    step: Option<(String, AtomicU32)>,
    #[cfg(debug_assertions)]
    act: Act,
    /// The record of a `commit-` step is in the open transaction.
    #[cfg(debug_assertions)]
    armed: AtomicBool,
}

/// What happens at the step.
#[cfg(debug_assertions)]
#[derive(Clone, Copy, Debug, Default)]
enum Act {
    #[default]
    Kill,
    Panic,
    Hang,
}

impl Fault {
    /// Reads `step:n`; anything else never fires.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Self {
        #[cfg(debug_assertions)]
        {
            let (act, text) = match text {
                Some(t) if t.starts_with("panic-") => (Act::Panic, t.strip_prefix("panic-")),
                Some(t) if t.starts_with("hang-") => (Act::Hang, t.strip_prefix("hang-")),
                other => (Act::Kill, other),
            };
            let step = text
                .and_then(|t| t.rsplit_once(':'))
                .and_then(|(step, n)| Some((step.to_owned(), AtomicU32::new(n.parse().ok()?))));
            Self { step, act, armed: AtomicBool::new(false) }
        }
        #[cfg(not(debug_assertions))]
        {
            let _unused = text;
            Self {}
        }
    }

    /// Ends the process as `kill -9` would if it is time, or does what else was asked for.
    pub fn hit(&self, step: &str) {
        #[cfg(debug_assertions)]
        if let Some((at, left)) = &self.step {
            let armed = step == "before-commit" && self.armed.load(Ordering::SeqCst);
            if armed || (at == step && left.fetch_sub(1, Ordering::SeqCst) == 1) {
                self.act(step);
            }
        }
        #[cfg(not(debug_assertions))]
        let _unused = step;
    }

    #[cfg(debug_assertions)]
    fn act(&self, step: &str) {
        match self.act {
            Act::Kill => {}
            Act::Panic => std::panic::panic_any(format!("asked to panic at {step}")),
            Act::Hang => loop {
                std::thread::park();
            },
        }
        let own = rustix::process::getpid();
        let _refused = rustix::process::kill_process(own, rustix::process::Signal::KILL).is_err();
        std::process::abort();
    }

    /// Ends the process at the record `record-<partition>-<offset>`, or at the commit of the
    /// transaction that has the record (`commit-<partition>-<offset>`).
    pub fn hit_record(&self, partition: i32, offset: i64) {
        #[cfg(debug_assertions)]
        if let Some((at, _)) = &self.step {
            if at.starts_with("record-") {
                self.hit(&format!("record-{partition}-{offset}"));
            } else if at.starts_with("commit-") && *at == format!("commit-{partition}-{offset}") {
                self.armed.store(true, Ordering::SeqCst);
            }
        }
        #[cfg(not(debug_assertions))]
        let _unused = (partition, offset);
    }
}
