//! The numbers of dynamic-pricing.

use super::micros;
use crate::cli::Failure;
use crate::config::Settings;
use crate::pricing::{PricingFault, PricingRules};

/// How `settings` want demand turned into prices.
///
/// # Errors
/// A number that makes no sense, by the name of its setting: exit 3.
pub fn pricing_rules(settings: &Settings) -> Result<PricingRules, Failure> {
    let own = &settings.pricing;
    let part = |setting, text: &str| {
        PricingRules::part_from(setting, text).map_err(|fault| refused(&fault))
    };
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
    rules.validated().map_err(|fault| refused(&fault))
}

fn refused(fault: &PricingFault) -> Failure {
    refused_pricing(fault.setting).because(fault)
}

/// A setting of dynamic-pricing that makes no sense.
#[must_use]
pub fn refused_pricing(setting: &str) -> Failure {
    super::refused("dynamic-pricing", setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::commands::streams::rules::tests::settings;

    fn prices(options: &[(&str, &str)]) -> Result<PricingRules, Failure> {
        pricing_rules(&settings(options)?)
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
