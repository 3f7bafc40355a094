//! The topologies' numbers, from the settings.

use std::time::Duration;

use crate::activity::ActivityRules;
use crate::cli::Failure;
use crate::config::Settings;
use crate::config::settings::EmitMode;
use crate::domain::Money;
use crate::fraud::Rules;
use crate::orders::OrderRules;

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

/// How `settings` want orders joined, judged and counted.
///
/// # Errors
/// An amount that is none, by the name of its setting: exit 3.
pub fn order_rules(settings: &Settings) -> Result<OrderRules, Failure> {
    let own = &settings.orders;
    Ok(OrderRules {
        wait: micros(own.wait),
        correct_for: micros(own.correct_for),
        history: micros(own.history),
        remember_for: micros(own.remember_for),
        high_value: Money::non_negative(&own.high_value)
            .map_err(|reject| refused_orders("orders.high_value").because(&reject))?,
        high_value_by_currency: OrderRules::thresholds_from(&own.high_value_by_currency)
            .map_err(|fault| refused_orders("orders.high_value_by_currency").because(&fault))?,
        no_revenue: own.no_revenue.clone(),
        window: micros(own.window),
        grace: micros(settings.streams.grace),
        updates: own.emit == EmitMode::Updates,
    })
}

/// A setting of order-enrichment that makes no sense.
#[must_use]
pub fn refused_orders(setting: &str) -> Failure {
    Failure::config("cannot use the settings of order-enrichment")
        .hint(format!("Set another value: `--set {setting}=VALUE`, or in the configuration file."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::config::layers::{Sources, resolve};

    fn settings(options: &[(&str, &str)]) -> Result<Settings, Failure> {
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        resolve(&Sources { options, ..Sources::default() }).map(|resolved| resolved.settings)
    }

    fn rules(options: &[(&str, &str)]) -> Result<Rules, Failure> {
        fraud_rules(&settings(options)?)
    }

    fn orders(options: &[(&str, &str)]) -> Result<OrderRules, Failure> {
        order_rules(&settings(options)?)
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

    #[test]
    fn settings_arrive_in_the_rules_of_orders() {
        let built_in = orders(&[]).unwrap();
        assert_eq!((built_in.wait, built_in.correct_for), (2_000_000, 86_400_000_000));
        assert_eq!(built_in.history, 86_400_000_000);
        assert_eq!((built_in.window, built_in.updates), (3_600_000_000, false));
        assert_eq!(built_in.high_value.to_string(), "1000.00");
        assert!(!built_in.is_revenue("REFUNDED") && built_in.is_revenue("COMPLETED"));
        let rules = orders(&[
            ("orders.wait", "0s"),
            ("orders.high_value_by_currency", "JPY=150000,USD=1100"),
            ("orders.no_revenue", "LOST"),
            ("orders.emit", "updates"),
            ("streams.grace", "1m"),
        ])
        .unwrap();
        assert_eq!((rules.wait, rules.grace, rules.updates), (0, 60_000_000, true));
        let jpy = crate::domain::payment::Currency::new("JPY").unwrap();
        assert_eq!(rules.threshold(jpy).to_string(), "150000.00");
        assert!(!rules.is_revenue("LOST") && rules.is_revenue("REFUNDED"));
    }

    #[test]
    fn a_senseless_setting_of_orders_is_refused_by_name() {
        for (key, value, cause) in [
            ("orders.high_value", "-1", "negative in amount: -1.00 is below zero"),
            (
                "orders.high_value_by_currency",
                "JPY",
                "`JPY` is no threshold: CURRENCY=AMOUNT such as JPY=150000, each currency once",
            ),
        ] {
            let failure = orders(&[(key, value)]).unwrap_err();
            assert_eq!(failure.status, ExitStatus::Config);
            assert_eq!(failure.causes, [cause]);
            assert!(failure.hints[0].contains(&format!("--set {key}=VALUE")));
        }
        for (key, value, text) in [
            ("orders.window", "0s", "orders.window is zero"),
            (
                "orders.remember_for",
                "1d",
                "orders.remember_for (86400s) is shorter than orders.wait and orders.correct_for \
                 (86402s)",
            ),
        ] {
            let failure = orders(&[(key, value)]).unwrap_err();
            assert_eq!((failure.status, &*failure.message), (ExitStatus::Config, text));
        }
    }
}
