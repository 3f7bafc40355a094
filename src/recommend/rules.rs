//! The numbers of recommendations.

use std::collections::BTreeMap;
use std::fmt;

use crate::recommend::index::Bounds;

/// How recommendations are made.
#[derive(Clone, Debug, PartialEq)]
pub struct RecommendRules {
    /// Interests halve in this time, in microseconds.
    pub half_life: i64,
    /// A pause longer than this ends a session, in microseconds.
    pub session_gap: i64,
    /// The most products of a session that are kept.
    pub session_items: usize,
    /// So long after its end plus the gap a session counts as known everywhere, in microseconds.
    pub settle: i64,
    /// Finished sessions that are learned from, at most.
    pub sessions: usize,
    /// None older than this beside the newest, in microseconds.
    pub session_ttl: i64,
    /// The newest sessions with a product that are looked at.
    pub recent: usize,
    /// The sessions most like the customer's that recommend.
    pub neighbours: usize,
    /// What products seen right before or after the last one weigh beside neighbours, 0 to 1.
    pub next_weight: f64,
    /// What the neighbours of found products weigh, beside the found ones, 0 to 1.
    pub beyond_weight: f64,
    /// A product of the customer's only interest scores `1 + interest_boost` times as much.
    pub interest_boost: f64,
    /// How many products are recommended.
    pub top_n: usize,
    /// What was bought is not recommended for this long, in microseconds.
    pub bought_for: i64,
    /// A customer not heard of for this long is forgotten, in microseconds.
    pub customer_ttl: i64,
    /// What a view weighs as interest.
    pub view_weight: f64,
    /// What other types of activity weigh; one that is not named weighs nothing.
    pub weights: BTreeMap<String, f64>,
    /// The types of activity that buy a product.
    pub bought: Vec<String>,
    /// How often what is popular is counted anew, in microseconds of event time.
    pub popular_every: i64,
    /// Over how many of the newest sessions.
    pub popular_sessions: usize,
    /// Length of a trending window, in microseconds.
    pub trending_window: i64,
    /// From one trending window to the next, in microseconds.
    pub trending_advance: i64,
    /// How many products trend.
    pub trending_top_n: usize,
    /// How far out of order a view may come for trends, in microseconds.
    pub grace: i64,
}

/// A number that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// The setting, as in the configuration file.
    pub setting: &'static str,
    /// What is wrong with it: found and expected.
    pub detail: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.detail)
    }
}

impl std::error::Error for RuleFault {}

/// The most products of a session or a list, and the most neighbours: each view costs as much.
const MOST: usize = 1000;
/// The most sessions that are learned from.
const MOST_SESSIONS: usize = 10_000_000;
/// The largest weight of an act.
const MAX_WEIGHT: f64 = 1e6;

impl Default for RecommendRules {
    fn default() -> Self {
        const MINUTE: i64 = 60_000_000;
        const DAY: i64 = 24 * 60 * MINUTE;
        let weights = [("ADD_TO_CART", 3.0), ("PURCHASE", 5.0)];
        Self {
            half_life: 7 * DAY,
            session_gap: 30 * MINUTE,
            session_items: 100,
            settle: 5 * MINUTE,
            sessions: 100_000,
            session_ttl: 365 * DAY,
            recent: 100,
            neighbours: 50,
            next_weight: 0.15,
            beyond_weight: 0.2,
            interest_boost: 0.25,
            top_n: 10,
            bought_for: 90 * DAY,
            customer_ttl: 90 * DAY,
            view_weight: 1.0,
            weights: weights.map(|(name, weight)| (name.to_owned(), weight)).into(),
            bought: vec!["PURCHASE".to_owned()],
            popular_every: 60 * MINUTE,
            popular_sessions: 5000,
            trending_window: 60 * MINUTE,
            trending_advance: 5 * MINUTE,
            trending_top_n: 10,
            grace: 10 * MINUTE,
        }
    }
}

impl RecommendRules {
    /// Gives the rules back if their numbers make sense together.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn validated(self) -> Result<Self, RuleFault> {
        self.spans()?;
        self.counts()?;
        let weights = self.weights.iter().map(|(name, w)| (&**name, *w));
        for (name, weight) in std::iter::once(("view_weight", self.view_weight)).chain(weights) {
            if !(0.0..=MAX_WEIGHT).contains(&weight) {
                let own = name == "view_weight";
                let setting = if own { "recommend.view_weight" } else { "recommend.weights" };
                let detail = format!("{name} = {weight} is not from 0 to {MAX_WEIGHT}");
                return Err(RuleFault { setting, detail });
            }
        }
        for (setting, share, most) in [
            ("recommend.next_weight", self.next_weight, 1.0),
            ("recommend.beyond_weight", self.beyond_weight, 1.0),
            ("recommend.interest_boost", self.interest_boost, 10.0),
        ] {
            if !(0.0..=most).contains(&share) {
                let detail = format!("{share} is not from 0 to {most}");
                return Err(RuleFault { setting, detail });
            }
        }
        Ok(self)
    }

    fn spans(&self) -> Result<(), RuleFault> {
        for (setting, span) in [
            ("recommend.half_life", self.half_life),
            ("recommend.session_gap", self.session_gap),
            ("recommend.session_ttl", self.session_ttl),
            ("recommend.bought_for", self.bought_for),
            ("recommend.customer_ttl", self.customer_ttl),
            ("recommend.popular_every", self.popular_every),
            ("recommend.trending_window", self.trending_window),
            ("recommend.trending_advance", self.trending_advance),
        ] {
            if span <= 0 {
                return Err(RuleFault {
                    setting,
                    detail: "must be longer than nothing".to_owned(),
                });
            }
        }
        if self.trending_advance > self.trending_window {
            return Err(RuleFault {
                setting: "recommend.trending_advance",
                detail: "is longer than recommend.trending_window: times between windows would \
                         count in none"
                    .to_owned(),
            });
        }
        Ok(())
    }

    fn counts(&self) -> Result<(), RuleFault> {
        for (setting, count, least, most) in [
            ("recommend.session_items", self.session_items, 2, MOST),
            ("recommend.sessions", self.sessions, 1, MOST_SESSIONS),
            ("recommend.recent", self.recent, 1, 10 * MOST),
            ("recommend.neighbours", self.neighbours, 1, MOST),
            ("recommend.top_n", self.top_n, 1, MOST),
            ("recommend.popular_sessions", self.popular_sessions, 1, MOST_SESSIONS),
            ("recommend.trending_top_n", self.trending_top_n, 1, MOST),
        ] {
            if !(least..=most).contains(&count) {
                let detail = format!("{count} is not from {least} to {most}");
                return Err(RuleFault { setting, detail });
            }
        }
        Ok(())
    }

    /// How much the model holds.
    #[must_use]
    pub const fn bounds(&self) -> Bounds {
        Bounds { sessions: self.sessions, ttl: self.session_ttl }
    }

    /// How many slots each of `writers` has in the table of finished sessions.
    #[must_use]
    pub fn slots(&self, writers: u32) -> u32 {
        let slots = self.sessions.div_ceil(writers.max(1) as usize).max(1);
        u32::try_from(slots).unwrap_or(u32::MAX)
    }

    /// Reads weights written as `TYPE=WEIGHT`.
    ///
    /// # Errors
    /// The first that is not.
    pub fn weights_from(texts: &[String]) -> Result<BTreeMap<String, f64>, RuleFault> {
        let read = |text: &String| {
            let parts = text.split_once('=').map(|(name, weight)| (name.trim(), weight.trim()));
            let parts = parts.filter(|(name, _)| !name.is_empty());
            let weight = parts.and_then(|(name, weight)| Some((name, weight.parse::<f64>().ok()?)));
            match weight {
                Some((name, weight)) if (0.0..=MAX_WEIGHT).contains(&weight) => {
                    Ok((name.to_owned(), weight))
                }
                _ => Err(RuleFault {
                    setting: "recommend.weights",
                    detail: format!("`{text}` is no weight: TYPE=WEIGHT, from 0 to {MAX_WEIGHT}"),
                }),
            }
        };
        texts.iter().map(read).collect()
    }
}
