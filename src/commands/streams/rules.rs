//! The topologies' numbers, from the settings.

use std::time::Duration;

use crate::activity::ActivityRules;
use crate::cli::Failure;
use crate::config::Settings;
use crate::config::settings::EmitMode;
use crate::domain::Money;
use crate::fraud::Rules;
use crate::recommend::RecommendRules;

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

/// How `settings` want recommendations made.
///
/// # Errors
/// A number that makes no sense, by the name of its setting: exit 3.
pub fn recommend_rules(settings: &Settings) -> Result<RecommendRules, Failure> {
    let own = &settings.recommend;
    let weights = RecommendRules::weights_from(&own.weights)
        .map_err(|fault| refused_recommend(fault.setting).because(&fault))?;
    let rules = RecommendRules {
        half_life: micros(own.half_life),
        session_gap: micros(own.session_gap),
        session_items: count(own.session_items),
        settle: micros(own.settle),
        sessions: count(own.sessions),
        session_ttl: micros(own.session_ttl),
        recent: count(own.recent),
        neighbours: count(own.neighbours),
        next_weight: own.next_weight,
        beyond_weight: own.beyond_weight,
        interest_boost: own.interest_boost,
        top_n: count(own.top_n),
        bought_for: micros(own.bought_for),
        customer_ttl: micros(own.customer_ttl),
        view_weight: own.view_weight,
        weights,
        bought: own.bought.clone(),
        popular_every: micros(own.popular_every),
        popular_sessions: count(own.popular_sessions),
        trending_window: micros(own.trending_window),
        trending_advance: micros(own.trending_advance),
        trending_top_n: count(own.trending_top_n),
        grace: micros(settings.streams.grace),
    };
    rules.validated().map_err(|fault| refused_recommend(fault.setting).because(&fault))
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A setting of recommendation that makes no sense.
#[must_use]
pub fn refused_recommend(setting: &str) -> Failure {
    Failure::config("cannot use the settings of recommendation")
        .hint(format!("Set another value: `--set {setting}=VALUE`, or in the configuration file."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::config::layers::{Sources, resolve};

    fn settings(options: &[(&str, &str)]) -> Settings {
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        resolve(&Sources { options, ..Sources::default() }).unwrap().settings
    }

    fn rules(options: &[(&str, &str)]) -> Result<Rules, Failure> {
        fraud_rules(&settings(options))
    }

    #[test]
    fn the_built_in_settings_are_the_default_rules() {
        assert_eq!(rules(&[]).unwrap(), Rules::default());
        assert_eq!(recommend_rules(&settings(&[])).unwrap(), RecommendRules::default());
    }

    #[test]
    fn settings_of_recommendation_arrive_or_are_refused_by_name() {
        let changed = [("recommend.top_n", "3"), ("recommend.weights", "SHARE=2")];
        let rules = recommend_rules(&settings(&changed)).unwrap();
        assert_eq!((rules.top_n, rules.weights["SHARE"]), (3, 2.0));
        for (key, value) in [
            ("recommend.weights", "SHARE=-1"),
            ("recommend.next_weight", "1.5"),
            ("recommend.trending_advance", "2h"),
            ("recommend.sessions", "0"),
        ] {
            let failure = recommend_rules(&settings(&[(key, value)])).unwrap_err();
            assert_eq!(failure.status, ExitStatus::Config);
            assert!(failure.causes[0].starts_with(key), "{:?}", failure.causes);
            assert!(failure.hints[0].contains(&format!("--set {key}=VALUE")));
        }
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
