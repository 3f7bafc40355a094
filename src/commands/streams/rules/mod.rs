//! The topologies' numbers, from the settings.

mod activity;
mod fraud;
mod orders;
mod pricing;
mod recommend;

use std::time::Duration;

use crate::cli::Failure;

pub use activity::{activity_rules, refused_activity};
pub use fraud::fraud_rules;
pub use orders::{order_rules, refused_orders};
pub use pricing::{pricing_rules, refused_pricing};
pub use recommend::{recommend_rules, refused_recommend};

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// A setting of `what` that makes no sense.
fn refused(what: &str, setting: &str) -> Failure {
    Failure::config(format!("cannot use the settings of {what}"))
        .hint(format!("Set another value: `--set {setting}=VALUE`, or in the configuration file."))
}

#[cfg(test)]
mod tests {
    use crate::cli::Failure;
    use crate::config::Settings;
    use crate::config::layers::{Sources, resolve};

    /// The built-in settings with some options.
    pub fn settings(options: &[(&str, &str)]) -> Result<Settings, Failure> {
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Ok(resolve(&Sources { options, ..Sources::default() })?.settings)
    }
}
