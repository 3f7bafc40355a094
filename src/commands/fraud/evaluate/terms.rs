//! The options that say what is judged, and how.

use std::time::Duration;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::cli::{Failure, range};
use crate::commands::Context;
use crate::commands::analytics::asking::DAY;
use crate::commands::fraud::recorded::Feedback;
use crate::commands::streams::topologies::micros;
use crate::config::settings::parse_span;
use crate::domain::EventTime;
use crate::domain::payment::Score;
use crate::fraud::evaluation::{Known, Labels, Terms, Threshold, Unlisted};
use crate::metrics::query::threshold;

/// What is judged, and how.
#[derive(Debug, clap::Args)]
pub struct TermsArgs {
    /// Judge scores above this, 0 to 100 (can be repeated)
    #[arg(long, value_name = "SCORE", value_parser = threshold, default_values = ["75", "90"])]
    threshold: Vec<Decimal>,
    /// What a payment is that no label names [default: genuine if the labels only list frauds]
    #[arg(long, value_enum, value_name = "WHAT")]
    unlisted: Option<UnlistedArg>,
    /// How long after its payment a label is known that does not say when
    #[arg(long, value_name = "SPAN", value_parser = parse_span, default_value = "7d")]
    label_delay: Duration,
    /// Let the rules learn each label once it is known, as in a run
    #[arg(long)]
    pub feedback: bool,
    /// On each day leave out customers who are known as defrauded when it begins
    #[arg(long)]
    leave_out_known: bool,
    /// Only frauds paid since then make a customer known
    #[arg(long, value_name = "TIME", requires = "leave_out_known")]
    known_since: Option<String>,
    /// Customers that are looked into each day, for card precision
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    cards: u32,
    /// The highest scores of which recall is told, in percent of all
    #[arg(long, value_name = "PERCENT", default_value = "1", value_parser = percent)]
    top: Decimal,
}

/// What a payment is that no label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum UnlistedArg {
    /// It is genuine
    Genuine,
    /// Nothing is known of it
    Unknown,
}

fn percent(text: &str) -> Result<Decimal, String> {
    let value = text.trim().parse::<Decimal>().ok();
    let value = value.filter(|p| *p > Decimal::ZERO && *p <= Decimal::ONE_HUNDRED);
    value.map(|p| p.normalize()).ok_or_else(|| format!("`{text}` is not within 0 and 100"))
}

/// Which payments are judged.
#[derive(Clone, Debug)]
pub struct Span {
    /// From this instant on.
    pub since: Option<EventTime>,
    /// Before this instant.
    pub until: Option<EventTime>,
    /// Whose days they are.
    pub zone: TimeZone,
    /// For people and scripts.
    pub range: Option<range::Range>,
}

impl Span {
    /// The range of the options. Stored payments without one are of the last 30 days, recorded ones
    /// are all that there are.
    ///
    /// # Errors
    /// As [`range::resolve`].
    pub fn of(context: &Context, stored: bool) -> Result<Self, Failure> {
        let (global, settings) = (&context.global, context.settings());
        if stored {
            let range = range::resolve(global, settings, context.now(), DAY * 30)?;
            let (since, until) = (Some(range.since), Some(range.until));
            return Ok(Self { since, until, zone: range.zone.clone(), range: Some(range) });
        }
        let (since, until) = range::given(global, settings, context.now())?;
        Ok(Self { since, until, zone: range::zone(global, settings)?, range: None })
    }

    /// The range for a title.
    pub fn title(&self) -> String {
        if let Some(range) = &self.range {
            return range.title();
        }
        let end = |time: Option<EventTime>, open: &str| {
            time.map_or_else(|| open.to_owned(), |t| t.to_string())
        };
        let (since, until) = (end(self.since, "the first"), end(self.until, "the last"));
        format!("{since} to {until}, zone {}", crate::domain::time::zone_name(&self.zone))
    }
}

/// What is judged, and how, as far as the options say it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The thresholds, the lowest first.
    pub thresholds: Vec<Threshold>,
    /// What a payment is that no label names.
    pub unlisted: Unlisted,
    /// How long after its payment a label is known that does not say when, in microseconds.
    pub delay: i64,
    /// Whether labels come back to the rules.
    pub feedback: bool,
    /// Whom to leave out.
    pub leave_out: Option<Known>,
    /// How many customers are looked into on a day.
    pub cards: u32,
    /// The top of the ranking, in percent.
    pub top: Decimal,
}

impl TermsArgs {
    /// Resolves the options.
    ///
    /// # Errors
    /// A time that cannot be read.
    pub fn plan(&self, context: &Context, labels: &Labels) -> Result<Plan, Failure> {
        let delay = micros(self.label_delay);
        let zone = range::zone(&context.global, context.settings())?;
        let since = self
            .known_since
            .as_ref()
            .map(|text| range::instant("--known-since", text, context.now(), &zone));
        let since = since.transpose()?;
        Ok(Plan {
            thresholds: thresholds(&self.threshold),
            unlisted: match self.unlisted {
                Some(UnlistedArg::Genuine) => Unlisted::Genuine,
                Some(UnlistedArg::Unknown) => Unlisted::Unknown,
                None => labels.unlisted(),
            },
            delay,
            feedback: self.feedback,
            leave_out: self.leave_out_known.then_some(Known { delay, since }),
            cards: self.cards,
            top: self.top,
        })
    }
}

/// Thresholds in order, each once; scores have three decimals.
fn thresholds(given: &[Decimal]) -> Vec<Threshold> {
    let mut given = given.to_vec();
    given.sort_unstable();
    given.dedup();
    let one = |t: Decimal| Threshold {
        shown: t.normalize().to_string(),
        score: Score::from_thousandths(
            (t * Decimal::ONE_THOUSAND).floor().to_u32().unwrap_or_default(),
        ),
    };
    given.into_iter().map(one).collect()
}

impl Plan {
    /// How labels come back, if they do.
    pub fn returns(&self) -> Option<Feedback> {
        self.feedback.then_some(Feedback { delay: self.delay, unlisted: self.unlisted })
    }

    /// What the room is asked.
    pub fn terms<'a>(&'a self, span: &Span, day: &'a dyn Fn(EventTime) -> EventTime) -> Terms<'a> {
        Terms {
            since: span.since,
            until: span.until,
            day,
            thresholds: &self.thresholds,
            cards: usize::try_from(self.cards).unwrap_or(usize::MAX),
            top: (self.top / Decimal::ONE_HUNDRED).to_f64().unwrap_or_default(),
            leave_out: self.leave_out,
            unlisted: self.unlisted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_exact_to_what_a_score_can_be() {
        let given = ["90", "75.0", "75", "0.0005"].map(|t| threshold(t).unwrap());
        let found: Vec<(String, u32)> =
            thresholds(&given).into_iter().map(|t| (t.shown, t.score.thousandths())).collect();
        let expected = [("0.0005", 0), ("75", 75_000), ("90", 90_000)];
        assert_eq!(found, expected.map(|(shown, score)| (shown.to_owned(), score)));
    }

    #[test]
    fn a_top_is_a_part() {
        assert_eq!(percent("0.50").unwrap().to_string(), "0.5");
        for text in ["0", "-1", "100.1", "NaN", ""] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
