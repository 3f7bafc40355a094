//! Which events a command takes: options that several commands share.

use crate::cli::{Failure, range};
use crate::commands::Context;
use crate::domain::EventTime;
use crate::events::filter::{Filter, Pattern};

/// Options that choose events.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ChoiceArgs {
    /// Only events of these types, such as CustomerCreated or 'Customer*' (can be repeated)
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<Pattern>,
    /// Only events of this type of aggregate, such as customer (can be repeated)
    #[arg(long = "category", value_name = "TYPE")]
    categories: Vec<String>,
    /// Only events of this conversation
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Only events that this event or command caused
    #[arg(long, value_name = "ID")]
    causation: Option<String>,
    /// Only events of this actor
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
}

impl ChoiceArgs {
    /// The filter of the options, with `--since` and `--until` (over the time of recording).
    ///
    /// # Errors
    /// Exit 2 for a time that cannot be read.
    pub fn filter(&self, context: &Context) -> Result<Filter, Failure> {
        let settings = context.settings();
        let (since, until) = range::given(&context.global, settings, context.now())?;
        Ok(Filter {
            types: self.types.clone(),
            categories: self.categories.clone(),
            correlation: self.correlation.clone(),
            causation: self.causation.clone(),
            actor: self.actor.clone(),
            since: since.map(EventTime::millis),
            until: until.map(EventTime::millis),
        })
    }
}
