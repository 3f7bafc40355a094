//! The rules of fraud.

use super::micros;
use crate::cli::Failure;
use crate::config::Settings;
use crate::config::settings::Fraud;
use crate::domain::Money;
use crate::fraud::{Rules, Weights};

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
        wallet_methods: own.wallet_methods.clone(),
        processor_reasons: own.processor_reasons.clone(),
        high_value: amount("fraud.high_value", &own.high_value)?,
        weights: weights(own),
        score_half_life: micros(own.score_half_life),
        high_risk: own.high_risk,
        critical_risk: own.critical_risk,
        grace: micros(settings.streams.grace),
        customer_ttl: micros(own.customer_ttl),
    };
    rules.validated().map_err(|fault| refused(fault.setting).because(&fault))
}

fn weights(own: &Fraud) -> Weights {
    Weights {
        high_value_weight: own.high_value_weight,
        amount_ratio_weight: own.amount_ratio_weight,
        amount_ratio_half: own.amount_ratio_half,
        lately_weight: own.lately_weight,
        lately_half_life: micros(own.lately_half_life),
        merchant_weight: own.merchant_weight,
        merchant_prior: own.merchant_prior,
        merchant_window: micros(own.merchant_window),
        merchant_long_window: micros(own.merchant_long_window),
        merchant_wave: micros(own.merchant_wave),
        merchant_past: own.merchant_past,
        customer_weight: own.customer_weight,
        customer_prior: own.customer_prior,
        customer_window: micros(own.customer_window),
    }
}

fn refused(setting: &str) -> Failure {
    super::refused("fraud-detection", setting)
}

fn amount(setting: &'static str, text: &str) -> Result<Money, Failure> {
    Money::non_negative(text).map_err(|reject| {
        refused(setting).because(&crate::fraud::RuleFault { setting, detail: reject.to_string() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::commands::streams::rules::tests::settings;

    fn rules(options: &[(&str, &str)]) -> Result<Rules, Failure> {
        fraud_rules(&settings(options)?)
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
}
