//! Recorded payments and labels: read from files or topics, and run through the rules again.

mod feedback;
mod labels;
mod payments;
pub mod replay;
mod rows;

pub use feedback::Feedback;
pub use labels::{ReadLabels, read_labels};

use serde_json::json;

use crate::cli::Failure;
use crate::commands::Context;
use crate::domain::Reject;

/// How many records that were set aside are named; the others are only counted.
const NAMED: usize = 20;

/// Records of a file that were set aside.
#[derive(Debug, Default)]
pub struct Rejects {
    /// How many.
    pub count: u64,
    /// The first of them: line and fault.
    pub first: Vec<(u64, Reject)>,
}

impl Rejects {
    /// Notes one of `line`.
    pub fn note(&mut self, line: u64, reject: Reject) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push((line, reject));
        }
    }

    /// The first of them as JSON.
    pub fn json(&self) -> serde_json::Value {
        let one = |(line, reject): &(u64, Reject)| {
            json!({
                "line": line,
                "reason": reject.reason.code(),
                "field": Some(reject.field).filter(|f| !f.is_empty()),
                "detail": reject.detail,
            })
        };
        self.first.iter().map(one).collect()
    }

    /// Names the first of them; `what` were set aside, in `name`.
    pub fn warn(&self, context: &Context, what: &str, name: &str) {
        if self.count == 0 {
            return;
        }
        context.ui.warning(format!("{} {what} of {name} were set aside", self.count));
        for (line, reject) in &self.first {
            context.ui.status(format!("  line {line}: {reject}"));
        }
    }
}

/// A CSV file whose header does not name what is needed.
fn bad_header(name: &str, why: &str, needed: &str) -> Failure {
    Failure::failed(format!("cannot read {name} as CSV: {why}"))
        .code("bad-header")
        .hint(format!("The first row names the columns: {needed}"))
}
