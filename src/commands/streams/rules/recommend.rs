//! The numbers of recommendation.

use super::micros;
use crate::cli::Failure;
use crate::config::Settings;
use crate::recommend::RecommendRules;

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
    super::refused("recommendation", setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::commands::streams::rules::tests::settings;

    #[test]
    fn settings_of_recommendation_arrive_or_are_refused_by_name() {
        let changed = [("recommend.top_n", "3"), ("recommend.weights", "SHARE=2")];
        let rules = recommend_rules(&settings(&changed).unwrap()).unwrap();
        assert_eq!((rules.top_n, rules.weights["SHARE"]), (3, 2.0));
        for (key, value) in [
            ("recommend.weights", "SHARE=-1"),
            ("recommend.next_weight", "1.5"),
            ("recommend.trending_advance", "2h"),
            ("recommend.sessions", "0"),
        ] {
            let failure = recommend_rules(&settings(&[(key, value)]).unwrap()).unwrap_err();
            assert_eq!(failure.status, ExitStatus::Config);
            assert!(failure.causes[0].starts_with(key), "{:?}", failure.causes);
            assert!(failure.hints[0].contains(&format!("--set {key}=VALUE")));
        }
    }
}
