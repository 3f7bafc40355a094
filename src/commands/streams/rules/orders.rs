//! The numbers of order-enrichment.

use super::micros;
use crate::cli::Failure;
use crate::config::Settings;
use crate::config::settings::EmitMode;
use crate::domain::Money;
use crate::orders::OrderRules;

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
    super::refused("order-enrichment", setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::commands::streams::rules::tests::settings;

    fn orders(options: &[(&str, &str)]) -> Result<OrderRules, Failure> {
        order_rules(&settings(options)?)
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
