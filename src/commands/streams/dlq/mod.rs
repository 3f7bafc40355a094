//! `bss streams dlq`: list, explain and requeue dead letters.

pub mod explain;
pub mod list;
pub mod requeue;

use std::collections::BTreeSet;

use crate::backends::kafka::aside::AsideReader;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::OriginArgs;
use crate::domain::Reason;
use crate::streams::letters::Position;
use crate::streams::letters::choice::Choice;

/// List, explain and requeue dead letters
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Dlq {
    List(list::ListArgs),
    Explain(explain::ExplainArgs),
    Requeue(requeue::RequeueArgs),
}

impl Dlq {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Explain(args) => explain::run(args, context).await,
            Self::Requeue(args) => requeue::run(args, context).await,
        }
    }
}

/// Which dead letters are meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ChoiceArgs {
    #[command(flatten)]
    origin: OriginArgs,
    /// Only letters with this reason, such as broken-json (can be repeated)
    #[arg(long = "reason", value_name = "REASON", hide_possible_values = true,
        value_parser = Reason::ALL.map(Reason::code))]
    reasons: Vec<String>,
}

impl ChoiceArgs {
    /// The choice, with the time range of the global options.
    ///
    /// # Errors
    /// A range that cannot be read: exit 2.
    pub fn choice(&self, context: &Context) -> Result<Choice, Failure> {
        Ok(Choice { reasons: self.reasons.clone(), ..self.origin.choice(context)? })
    }
}

/// There is no letter at a position: what the partition holds, and how to see them.
fn unknown(topic: &str, positions: &BTreeSet<Position>, reader: &AsideReader) -> Failure {
    let named: Vec<String> = positions.iter().map(ToString::to_string).collect();
    let mut failure = Failure::failed(format!(
        "there is no dead letter at {} in topic \"{topic}\"",
        named.join(", ")
    ))
    .code("not-found");
    let partitions: BTreeSet<i32> = positions.iter().map(|p| p.partition).collect();
    for partition in partitions {
        failure.causes.push(match reader.bounds(partition) {
            Some((first, end)) if first < end => {
                format!("partition {partition} holds offsets {first} to {}", end - 1)
            }
            Some(_) => format!("partition {partition} is empty"),
            None => format!("there is no partition {partition}"),
        });
    }
    failure.hint("List the letters with `bss streams dlq list`.")
}
