//! The numbers of customer-activity.

use super::micros;
use crate::activity::ActivityRules;
use crate::cli::Failure;
use crate::config::Settings;
use crate::config::settings::EmitMode;

/// How `settings` want activity cut and weighed.
///
/// # Errors
/// A number that makes no sense, by the name of its setting: exit 3.
pub fn activity_rules(settings: &Settings) -> Result<ActivityRules, Failure> {
    let own = &settings.activity;
    let default_weight = ActivityRules::weight_from(&own.default_weight)
        .map_err(|fault| refused_activity("activity.default_weight").because(&fault))?;
    Ok(ActivityRules {
        window: micros(own.window),
        session_gap: micros(own.session_gap),
        grace: micros(settings.streams.grace),
        updates: own.emit == EmitMode::Updates,
        weights: ActivityRules::weights_from(&own.weights)
            .map_err(|fault| refused_activity("activity.weights").because(&fault))?,
        default_weight,
    })
}

/// A setting of customer-activity that makes no sense.
#[must_use]
pub fn refused_activity(setting: &str) -> Failure {
    super::refused("customer-activity", setting)
}
