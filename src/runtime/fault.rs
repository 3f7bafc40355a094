//! Ends the process at a named step, so that tests can kill it exactly there.
//!
//! Only debug builds listen (`BSS_DEV_FAULT=step:n`: at the n-th time the step is reached); in a
//! release build the hook is empty.

#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU32, Ordering};

/// The step to end at, if any.
#[derive(Debug, Default)]
pub struct Fault {
    #[cfg(debug_assertions)]
    step: Option<(String, AtomicU32)>,
}

impl Fault {
    /// Reads `step:n`; anything else never fires.
    #[must_use]
    pub fn parse(text: Option<&str>) -> Self {
        #[cfg(debug_assertions)]
        {
            let step = text
                .and_then(|t| t.rsplit_once(':'))
                .and_then(|(step, n)| Some((step.to_owned(), AtomicU32::new(n.parse().ok()?))));
            Self { step }
        }
        #[cfg(not(debug_assertions))]
        {
            let _unused = text;
            Self {}
        }
    }

    /// Ends the process as `kill -9` would if it is time.
    pub fn hit(&self, step: &str) {
        #[cfg(debug_assertions)]
        if let Some((at, left)) = &self.step
            && at == step
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            let own = rustix::process::getpid();
            let _refused =
                rustix::process::kill_process(own, rustix::process::Signal::KILL).is_err();
            std::process::abort();
        }
        #[cfg(not(debug_assertions))]
        let _unused = step;
    }

    /// Ends the process at the record `record-<partition>-<offset>`.
    pub fn hit_record(&self, partition: i32, offset: i64) {
        #[cfg(debug_assertions)]
        if let Some((at, _)) = &self.step
            && at.starts_with("record-")
        {
            self.hit(&format!("record-{partition}-{offset}"));
        }
        #[cfg(not(debug_assertions))]
        let _unused = (partition, offset);
    }
}
