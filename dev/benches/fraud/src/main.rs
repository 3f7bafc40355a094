//! How well the streaming fraud score finds labelled frauds, by the protocol of the fraud detection
//! handbook: customers known as defrauded before a test day are left out of it.
//!
//! ```text
//! fraud --data DIR [--labels on|off] [--from 2018-08-08] [--days 7]
//! ```
//! DIR holds `payments.csv.gz` and `labels.csv.gz`. Payments go in order of time through the room's
//! own `CustomerState::assess`; with labels on, each payment's outcome comes back seven days after
//! it, through `learn_label` and `MerchantHistory::learn`. Nothing is trained. Without `--labels`
//! both are run. Other test days than the default show weeks before (calibration) or after.

mod data;
mod measures;

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;

use bss::domain::{EventTime, FraudLabel};
use bss::fraud::{CustomerState, MerchantHistory, Rules};
use data::Payment;
use measures::{Measures, Tested};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;
/// How long after a payment its outcome is known.
const DELAY: i64 = 7 * DAY;

struct Options {
    data: PathBuf,
    labels: Option<bool>,
    /// The first test day, as days since the epoch.
    from: i64,
    days: i64,
}

fn options(arguments: &[String]) -> Result<Options, Box<dyn Error>> {
    let mut found =
        Options { data: PathBuf::new(), labels: None, from: day_of("2018-08-08")?, days: 7 };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} lacks a value", pair[0]).into()) };
        match (name.as_str(), value.as_str()) {
            ("--data", dir) => found.data = dir.into(),
            ("--labels", "on") => found.labels = Some(true),
            ("--labels", "off") => found.labels = Some(false),
            ("--from", day) => found.from = day_of(day)?,
            ("--days", days) => found.days = days.parse()?,
            _ => return Err(format!("unknown option {name} {value}").into()),
        }
    }
    if found.data.as_os_str().is_empty() {
        return Err("usage: fraud --data DIR [--labels on|off] [--from DAY] [--days N]".into());
    }
    Ok(found)
}

fn day_of(text: &str) -> Result<i64, Box<dyn Error>> {
    let time = EventTime::from_event_text(&format!("{text}T00:00:00Z"))?;
    Ok(time.micros().div_euclid(DAY))
}

/// Scores in thousandths, payment by payment.
fn scores(payments: &[Payment], labels: bool, rules: &Rules) -> Vec<u32> {
    let mut customers: HashMap<&str, CustomerState> = HashMap::new();
    let mut merchants: HashMap<&str, MerchantHistory> = HashMap::new();
    let mut due = payments.iter().peekable();
    let mut scores = Vec::with_capacity(payments.len());
    for payment in payments {
        while labels
            && let Some(known) =
                due.next_if(|p| p.event.time.plus_micros(DELAY) <= payment.event.time)
        {
            let label = FraudLabel {
                payment_id: known.event.payment_id.as_ref().into(),
                customer_id: known.event.customer_id.as_ref().into(),
                merchant_id: known.event.merchant_id.as_deref().map(Into::into),
                fraud: known.scenario > 0,
                labelled_at: known.event.time.plus_micros(DELAY),
                payment_time: Some(known.event.time),
                amount: None,
                currency: None,
            };
            let state = customers.entry(known.event.customer_id.as_ref()).or_default();
            if let Some(change) = state.learn_label(&label)
                && let Some(merchant) = known.event.merchant_id.as_deref()
            {
                merchants.entry(merchant).or_default().learn(change);
            }
        }
        let merchant = payment.event.merchant_id.as_deref().and_then(|id| merchants.get(id));
        let state = customers.entry(payment.event.customer_id.as_ref()).or_default();
        scores.push(state.assess(&payment.event, merchant, rules).score.thousandths());
    }
    scores
}

/// The payments of the test days: on each without the customers whose frauds were known by then.
/// Known are frauds from two weeks before the first test day (the handbook's training week) on.
fn tested(payments: &[Payment], scores: &[u32], options: &Options) -> Vec<Tested> {
    let day = |payment: &Payment| payment.event.time.micros().div_euclid(DAY);
    let mut first_fraud: HashMap<&str, i64> = HashMap::new();
    for payment in payments.iter().filter(|p| p.scenario > 0 && day(p) >= options.from - 14) {
        first_fraud.entry(payment.event.customer_id.as_ref()).or_insert_with(|| day(payment));
    }
    let customers: HashMap<&str, usize> = first_customers(payments);
    let inside = payments.iter().zip(scores).filter(|(payment, _)| {
        let day = day(payment);
        let known = first_fraud.get(payment.event.customer_id.as_ref());
        (options.from..options.from + options.days).contains(&day)
            && known.is_none_or(|first| *first > day - 8)
    });
    inside
        .map(|(payment, score)| Tested {
            score: *score,
            scenario: payment.scenario,
            day: day(payment),
            customer: customers[payment.event.customer_id.as_ref()],
        })
        .collect()
}

fn first_customers(payments: &[Payment]) -> HashMap<&str, usize> {
    let mut numbers = HashMap::new();
    for payment in payments {
        let next = numbers.len();
        numbers.entry(payment.event.customer_id.as_ref()).or_insert(next);
    }
    numbers
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let options = options(&arguments)?;
    let payments = data::read(&options.data)?;
    println!("| method | payments | frauds | {} |", Measures::HEADER);
    println!("|--|--|--|--|--|--|--|--|--|");
    for labels in [false, true] {
        if options.labels.is_some_and(|asked| asked != labels) {
            continue;
        }
        let scores = scores(&payments, labels, &Rules::default());
        let tested = tested(&payments, &scores, &options);
        let frauds = tested.iter().filter(|t| t.scenario > 0).count();
        let name = if labels { "bss, labels 7 days late" } else { "bss, no labels" };
        println!("| {name} | {} | {frauds} | {} |", tested.len(), Measures::of(&tested));
    }
    println!(
        "| handbook's best, no terminal risk (random forest) | 58264 | 385 | 0.604 | 0.206 | 0.073 | 1.00 / 0.00 / 0.82 | | |"
    );
    println!(
        "| handbook's best each (logistic regression, forest) | 58264 | 385 | 0.870 | 0.658 | 0.291 | 1.00 / 0.66 / 0.74 | | |"
    );
    Ok(())
}
