//! The topologies' numbers, from the settings.

use std::time::Duration;

use crate::activity::ActivityRules;
use crate::cli::Failure;
use crate::config::Settings;
use crate::config::settings::EmitMode;
use crate::domain::Money;
use crate::fraud::Rules;
use crate::pricing::{PricingFault, PricingRules};

/// The rules that `settings` ask for.
///
/// # Errors
/// A number that makes no sense, by the name of its setting: exit 3.
pub fn fraud_rules(settings: &Settings) -> Result<Rules, Failure> {
    let own = &settings.fraud;
    let rules = Rules {
        rapid_window: micros(own.rapid_window),
        rapid_high: own.rapid_high,
        rapid_critical: own.rapid_critical,
        unusual_ratio: own.unusual_ratio,
        unusual_min_payments: own.unusual_min_payments,
        unusual_deviations: own.unusual_deviations,
        unusual_deviations_min_payments: own.unusual_deviations_min_payments,
        history_half_life: micros(own.history_half_life),
        no_history: own.no_history,
        card_testing_window: micros(own.card_testing_window),
        card_testing_declines: own.card_testing_declines,
        card_testing_instruments: own.card_testing_instruments,
        card_testing_max_amount: amount(
            "fraud.card_testing_max_amount",
            &own.card_testing_max_amount,
        )?,
        location_change: own.location_change,
        location_window: micros(own.location_window),
        relay_locations: own.relay_locations.clone(),
        processor_reasons: own.processor_reasons.clone(),
        high_value: amount("fraud.high_value", &own.high_value)?,
        score_half_life: micros(own.score_half_life),
        high_risk: own.high_risk,
        critical_risk: own.critical_risk,
        grace: micros(settings.streams.grace),
        customer_ttl: micros(own.customer_ttl),
    };
    rules.validated().map_err(|fault| refused(fault.setting).because(&fault))
}

fn refused(setting: &str) -> Failure {
    Failure::config("cannot use the fraud rules' settings")
        .hint(format!("Set another value: `--set {setting}=VALUE`, or in the configuration file."))
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

fn amount(setting: &'static str, text: &str) -> Result<Money, Failure> {
    Money::non_negative(text).map_err(|reject| {
        refused(setting).because(&crate::fraud::RuleFault { setting, detail: reject.to_string() })
    })
}

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
    Failure::config("cannot use the settings of customer-activity")
        .hint(format!("Set another value: `--set {setting}=VALUE`, or in the configuration file."))
}

/// How `settings` want demand turned into prices.
///
/// # Errors
/// A number that makes no sense, by the name of its setting: exit 3.
pub fn pricing_rules(settings: &Settings) -> Result<PricingRules, Failure> {
    let own = &settings.pricing;
    let part =
        |setting, text: &str| PricingRules::part_from(setting, text).map_err(refused_pricing);
    let rules = PricingRules {
        window: micros(own.window),
        grace: micros(settings.streams.grace),
        sensitivity: own.sensitivity,
        max_change: part("pricing.max_change", &own.max_change)?,
        hysteresis: part("pricing.hysteresis", &own.hysteresis)?,
        view_weight: own.view_weight,
        damping: micros(own.damping),
        prior_demand: own.prior_demand,
        expectation_half_life: micros(own.expectation_half_life),
        catalog_windows: own.catalog_windows,
        silent_windows: own.silent_windows,
        max_order_units: own.max_order_units,
        order_memory: micros(own.order_memory),
        ignored_statuses: own.ignored_statuses.clone(),
    };
    rules.validated().map_err(refused_pricing)
}

#[expect(clippy::needless_pass_by_value, reason = "the cause is taken along")]
fn refused_pricing(fault: PricingFault) -> Failure {
    let setting = fault.setting;
    Failure::config("cannot use the settings of dynamic-pricing")
        .hint(format!("Set another value: `--set {setting}=VALUE`, or in the configuration file."))
        .because(&fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::config::layers::{Sources, resolve};

    fn rules(options: &[(&str, &str)]) -> Result<Rules, Failure> {
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let resolved = resolve(&Sources { options, ..Sources::default() }).unwrap();
        fraud_rules(&resolved.settings)
    }

    #[test]
    fn the_built_in_settings_are_the_default_rules() {
        assert_eq!(rules(&[]).unwrap(), Rules::default());
    }

    #[test]
    fn settings_arrive_in_the_rules() {
        let rules = rules(&[
            ("fraud.relay_locations", "Tor,Exit Node 7"),
            ("fraud.rapid_window", "90s"),
            ("fraud.high_value", "250"),
            ("streams.grace", "1m"),
        ])
        .unwrap();
        assert_eq!(rules.relay_locations, ["Tor", "Exit Node 7"]);
        assert_eq!((rules.rapid_window, rules.grace), (90_000_000, 60_000_000));
        assert_eq!(rules.high_value.to_string(), "250.00");
    }

    #[test]
    fn a_senseless_number_is_refused_by_name() {
        for (key, value, cause) in [
            (
                "fraud.rapid_critical",
                "5",
                "fraud.rapid_critical: 5 must be more than fraud.rapid_high = 10",
            ),
            (
                "fraud.high_value",
                "lots",
                "fraud.high_value: bad-amount in amount: `lots` is not a decimal number",
            ),
        ] {
            let failure = rules(&[(key, value)]).unwrap_err();
            assert_eq!(failure.status, ExitStatus::Config);
            assert_eq!(failure.causes, [cause]);
            assert!(failure.hints[0].contains(&format!("--set {key}=VALUE")));
        }
    }

    fn prices(options: &[(&str, &str)]) -> Result<PricingRules, Failure> {
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let resolved = resolve(&Sources { options, ..Sources::default() }).unwrap();
        pricing_rules(&resolved.settings)
    }

    #[test]
    fn pricing_has_its_defaults_and_takes_settings() {
        assert_eq!(prices(&[]).unwrap(), PricingRules::default());
        let rules = prices(&[
            ("pricing.window", "1h"),
            ("pricing.damping", "0s"),
            ("pricing.max_change", "0.25"),
            ("pricing.ignored_statuses", "LOST"),
        ])
        .unwrap();
        assert_eq!((rules.window, rules.damping), (3_600_000_000, 0));
        assert_eq!(rules.max_change.to_string(), "0.25");
        assert!(rules.counts("CANCELLED") && !rules.counts("LOST"));
    }

    #[test]
    fn senseless_pricing_is_refused_by_name() {
        for (key, value, cause) in [
            (
                "pricing.window",
                "7m",
                "pricing.window: must be a part of an hour, or whole hours that divide a week",
            ),
            ("pricing.max_change", "much", "pricing.max_change: `much` is not a decimal number"),
            ("pricing.hysteresis", "1", "pricing.hysteresis: 1 is not within 0 to less than 1"),
            ("pricing.sensitivity", "-1", "pricing.sensitivity: -1 is not within 0 to 10"),
        ] {
            let failure = prices(&[(key, value)]).unwrap_err();
            assert_eq!(failure.status, ExitStatus::Config);
            assert_eq!(failure.causes, [cause]);
            assert!(failure.hints[0].contains(&format!("--set {key}=VALUE")));
        }
    }
}
