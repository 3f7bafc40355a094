//! Holds scores and alerts against what is known.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::EventTime;
use crate::domain::payment::Score;
use crate::fraud::Rule;
use crate::fraud::evaluation::cards::{Card, card_precision};
use crate::fraud::evaluation::history::{History, Payment, Told};
use crate::fraud::evaluation::labels::{Labels, Unlisted, Verdict};
use crate::fraud::evaluation::ranking::{Ranking, in_top};

/// Scores above this raise the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// As the operator gave it.
    pub shown: String,
    /// The highest score that is not above it.
    pub score: Score,
}

/// Which customers are known as defrauded on a day, so that their payments tell nothing new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// How long after its payment a fraud is known whose label does not say when, in microseconds.
    pub delay: i64,
    /// Only frauds paid from this instant on are known.
    pub since: Option<EventTime>,
}

/// What is asked.
pub struct Terms<'a> {
    /// Payments from this instant on count.
    pub since: Option<EventTime>,
    /// Payments before this instant count.
    pub until: Option<EventTime>,
    /// The first instant of the day of an instant.
    pub day: &'a dyn Fn(EventTime) -> EventTime,
    /// The thresholds of the score.
    pub thresholds: &'a [Threshold],
    /// How many customers are looked into on a day.
    pub cards: usize,
    /// The top of the ranking, as a part of all.
    pub top: f64,
    /// Leave out customers who are known as defrauded when a day begins.
    pub leave_out: Option<Known>,
    /// What a payment is that no label names.
    pub unlisted: Unlisted,
}

/// What raises the question whether a payment is fraud.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// A score above a threshold, as given.
    Score(String),
    /// Alerts of a rule.
    Rule(String),
    /// Alerts of all rules together.
    AnyRule,
}

/// A count of what was found, and of how much there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Found.
    pub found: u64,
    /// In all.
    pub of: u64,
}

impl Found {
    /// The share found; none of nothing.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.of > 0).then(|| self.found as f64 / self.of as f64)
    }
}

/// How good one way to raise the question is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Which.
    pub by: By,
    /// How often it was raised: payments above the threshold, or alerts.
    pub fired: u64,
    /// ... about a fraud; an alert about several payments if one of them was.
    pub right: u64,
    /// ... about genuine payments only.
    pub wrong: u64,
    /// Frauds that it was raised about, of all (for a threshold: of all that have a score).
    pub frauds: Found,
    /// The same by kind of fraud, in the order of [`Labels::scenarios`].
    pub scenarios: Vec<Found>,
}

impl Decision {
    /// ... about payments of which nothing is known.
    #[must_use]
    pub const fn unknown(&self) -> u64 {
        self.fired - self.right - self.wrong
    }

    /// How much of what is known was right; none if nothing is.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        Found { found: self.right, of: self.right + self.wrong }.share()
    }

    /// The share of frauds found; none if there are none.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        self.frauds.share()
    }

    /// The harmonic mean of precision and recall: 0 if nothing was found, none if there was nothing
    /// to find.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let recall = self.recall()?;
        let precision = self.precision().unwrap_or_default();
        if precision + recall > 0.0 {
            return Some(2.0 * precision * recall / (precision + recall));
        }
        Some(0.0)
    }
}

/// How good score and rules are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation {
    /// Payments that were judged.
    pub payments: u64,
    /// ... of which something is known.
    pub labelled: u64,
    /// ... and that were fraud.
    pub frauds: u64,
    /// Payments without a score; they are in no measure of the score.
    pub unscored: u64,
    /// ... that were fraud.
    pub unscored_frauds: u64,
    /// Payments left out, since their customer was known as defrauded.
    pub left_out: u64,
    /// Payments with a label that are in the range, left out or not.
    pub with_label: u64,
    /// See [`Ranking::auc`].
    pub auc: Option<f64>,
    /// See [`Ranking::average_precision`].
    pub average_precision: Option<f64>,
    /// See [`card_precision`].
    pub card_precision: Option<f64>,
    /// How many payments the top of the ranking is.
    pub top: u64,
    /// Frauds of each kind: how many of them are in the top, as expected where equals share the last
    /// places, and how many there are.
    pub top_scenarios: Vec<(f64, u64)>,
    /// The same of all frauds.
    pub top_frauds: (f64, u64),
    /// By threshold, by rule, by all rules.
    pub decisions: Vec<Decision>,
}

/// A payment and what is known of it.
#[derive(Clone, Copy)]
struct Case<'a> {
    payment: &'a Payment,
    verdict: Option<Verdict>,
    day: EventTime,
}

/// Holds a history against labels.
#[must_use]
pub fn evaluate(history: &History, labels: &Labels, terms: &Terms<'_>) -> Evaluation {
    let known = known(history, labels, terms);
    let out = |customer: u32, day| known.get(&customer).is_some_and(|at| *at < day);
    let mut found = Evaluation::default();
    let mut cases: Vec<Case<'_>> = Vec::new();
    for payment in history.payments().iter().filter(|p| within(p.time, terms)) {
        let verdict = labels.verdict(&payment.id, terms.unlisted);
        // What a list of frauds does not name is no label of the file.
        found.with_label += u64::from(labels.verdict(&payment.id, Unlisted::Unknown).is_some());
        let day = (terms.day)(payment.time);
        if out(payment.customer, day) {
            found.left_out += 1;
            continue;
        }
        found.payments += 1;
        found.labelled += u64::from(verdict.is_some());
        let fraud = verdict.is_some_and(|v| v.fraud);
        found.frauds += u64::from(fraud);
        if payment.score.is_none() {
            found.unscored += 1;
            found.unscored_frauds += u64::from(fraud);
        }
        cases.push(Case { payment, verdict, day });
    }
    rank(&mut found, &cases, history, labels, terms);
    for threshold in terms.thresholds {
        found.decisions.push(above(threshold, &cases, labels.scenarios().len()));
    }
    let alerts = history.alerts().iter().filter(|alert| {
        let customer = history.customer(&alert.customer);
        within(alert.time, terms) && !customer.is_some_and(|c| out(c, (terms.day)(alert.time)))
    });
    let alerts: Vec<&Told> = alerts.collect();
    let judged: HashMap<&str, Case<'_>> = cases.iter().map(|c| (&*c.payment.id, *c)).collect();
    found.decisions.extend(rules(&alerts, &judged, labels, terms));
    found
}

fn within(time: EventTime, terms: &Terms<'_>) -> bool {
    terms.since.is_none_or(|since| time >= since) && terms.until.is_none_or(|until| time < until)
}

/// When each customer was first known as defrauded.
fn known(history: &History, labels: &Labels, terms: &Terms<'_>) -> HashMap<u32, EventTime> {
    let Some(known) = terms.leave_out else { return HashMap::new() };
    let mut first: HashMap<u32, EventTime> = HashMap::new();
    for payment in labels.frauds().filter_map(|id| history.place(id)) {
        let payment = &history.payments()[payment];
        if known.since.is_some_and(|since| payment.time < since) {
            continue;
        }
        let at = labels.verdict(&payment.id, Unlisted::Unknown).and_then(|v| v.known_at);
        let at = at.unwrap_or_else(|| payment.time.plus_micros(known.delay));
        let own = first.entry(payment.customer).or_insert(at);
        *own = at.min(*own);
    }
    first
}

/// The measures of the score as a ranking, over payments that have one and of which something is
/// known.
fn rank(
    found: &mut Evaluation,
    cases: &[Case<'_>],
    history: &History,
    labels: &Labels,
    terms: &Terms<'_>,
) {
    let scored = || cases.iter().filter_map(|c| Some((c, c.payment.score?, c.verdict?)));
    let ranking = Ranking::of(scored().map(|(_, score, verdict)| (score, verdict.fraud)));
    found.auc = ranking.auc();
    found.average_precision = ranking.average_precision();
    // By name, so that nothing depends on the order in which payments came.
    let customer = |case: &Case<'_>| &*history.customers()[case.payment.customer as usize];
    let cards = scored().map(|(case, score, verdict)| Card {
        day: case.day,
        customer: customer(case),
        score,
        fraud: verdict.fraud,
    });
    found.card_precision = card_precision(cards, terms.cards).filter(|_| found.frauds > 0);
    let kinds = labels.scenarios().len();
    let all = scored().count() as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is a count"
    )]
    let top = (all * terms.top.clamp(0.0, 1.0)).floor() as u64;
    found.top = top;
    let group = |v: Verdict| v.fraud.then(|| v.scenario.unwrap_or(kinds));
    let inside = in_top(scored().map(|(_, score, v)| (score, group(v))), top, kinds + 1);
    let mut of = vec![0_u64; kinds + 1];
    scored().filter_map(|(_, _, v)| group(v)).for_each(|kind| of[kind] += 1);
    found.top_frauds = (inside.iter().sum(), of.iter().sum());
    found.top_scenarios = inside.into_iter().zip(of).take(kinds).collect();
}

/// Counts one way to raise the question; `found` are the frauds that it was raised about.
fn decision<'a>(
    by: By,
    raised: impl IntoIterator<Item = Option<bool>>,
    frauds: impl Iterator<Item = (&'a Case<'a>, bool)>,
    kinds: usize,
) -> Decision {
    let none = vec![Found::default(); kinds];
    let mut own =
        Decision { by, fired: 0, right: 0, wrong: 0, frauds: Found::default(), scenarios: none };
    for about in raised {
        own.fired += 1;
        own.right += u64::from(about == Some(true));
        own.wrong += u64::from(about == Some(false));
    }
    for (case, found) in frauds {
        let scenario = case.verdict.and_then(|v| v.scenario);
        let counts = scenario.map(|at| &mut own.scenarios[at]);
        for count in [Some(&mut own.frauds), counts].into_iter().flatten() {
            count.of += 1;
            count.found += u64::from(found);
        }
    }
    own
}

fn is_fraud(case: &Case<'_>) -> bool {
    case.verdict.is_some_and(|v| v.fraud)
}

fn above(threshold: &Threshold, cases: &[Case<'_>], kinds: usize) -> Decision {
    let high = |case: &Case<'_>| case.payment.score.is_some_and(|s| s > threshold.score);
    let raised = cases.iter().filter(|c| high(c)).map(|c| c.verdict.map(|v| v.fraud));
    let scored = cases.iter().filter(|c| c.payment.score.is_some());
    let frauds = scored.filter(|c| is_fraud(c)).map(|c| (c, high(c)));
    decision(By::Score(threshold.shown.clone()), raised, frauds, kinds)
}

/// A line for each rule, those that told nothing among them, and one for all together.
fn rules(
    alerts: &[&Told],
    judged: &HashMap<&str, Case<'_>>,
    labels: &Labels,
    terms: &Terms<'_>,
) -> Vec<Decision> {
    let mut by_rule: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    for rule in Rule::ALL {
        by_rule.entry(rule.code()).or_default();
    }
    for alert in alerts {
        by_rule.entry(&alert.rule).or_default().push(alert);
    }
    let of = |by: By, alerts: &[&Told]| {
        let named: HashSet<&str> =
            alerts.iter().flat_map(|a| a.payment_ids.iter().map(String::as_str)).collect();
        let raised = alerts.iter().map(|alert| about(alert, labels, terms.unlisted));
        let frauds = judged.values().filter(|c| is_fraud(c));
        let frauds = frauds.map(|c| (c, named.contains(&*c.payment.id)));
        decision(by, raised, frauds, labels.scenarios().len())
    };
    let mut lines: Vec<Decision> =
        by_rule.iter().map(|(rule, own)| of(By::Rule((*rule).to_owned()), own)).collect();
    lines.push(of(By::AnyRule, alerts));
    lines
}

/// Whether an alert is about a fraud; none if nothing is known of its payments.
fn about(alert: &Told, labels: &Labels, unlisted: Unlisted) -> Option<bool> {
    let known = alert.payment_ids.iter().filter_map(|id| labels.verdict(id, unlisted));
    known.map(|v| v.fraud).reduce(|a, b| a || b)
}
