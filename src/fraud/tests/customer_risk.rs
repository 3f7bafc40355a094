//! The score of a payment and of its customer.

use super::given::{Customer, at, payment};
use crate::domain::PaymentEvent;
use crate::domain::payment::{PaymentStatus, Score};
use crate::fraud::RiskLevel;

/// `count` payments of one euro, one a second, from `start` on.
fn burst(customer: &mut Customer, prefix: &str, start: i64, count: i64) -> Vec<u32> {
    (0..count)
        .map(|n| customer.pays(&payment(&format!("{prefix}{n}"), start + n, "1.00")))
        .map(|answer| answer.score.thousandths())
        .collect()
}

#[test]
fn velocity_scores_by_distinct_payments_of_an_hour() {
    let mut customer = Customer::default();
    let scores = burst(&mut customer, "p", 0, 22);
    assert_eq!(scores[4..6], [0, 50_000]);
    assert_eq!(scores[9..11], [50_000, 70_000]);
    assert_eq!(scores[19..21], [70_000, 85_000]);
    // An hour later the first one is out of (t - 1 h, t].
    let answer = customer.pays(&payment("later", 3600 + 5, "1.00"));
    assert_eq!(answer.score.thousandths(), 70_000, "p6 to p21 and this one");
}

#[test]
fn amount_and_ratio_join() {
    let mut customer = Customer::default();
    for n in 0..5 {
        customer.pays(&payment(&format!("h{n}"), n * 7200, "500.00"));
    }
    let answer = customer.pays(&payment("x", 90_000, "5000.00"));
    // Five payments: the usual 500 counts as 500 (1 + 0.5 / sqrt(5)), a little more for their age.
    let above = 10.0 / (1.0 + 0.5 / 4.97_f64.sqrt()) - 1.0;
    let ratio = 0.95 * above * above / (above * above + 9.0);
    assert!((answer.parts.amount_ratio - ratio).abs() < 1e-3, "{:?}", answer.parts);
    // 4900 above a tenth of the high value, half at 150.
    let high = 0.5 * 4900.0 * 4900.0 / (4900.0 * 4900.0 + 150.0 * 150.0);
    assert!((answer.parts.high_value - high).abs() < 1e-9, "{:?}", answer.parts);
    assert_eq!(answer.score, answer.parts.score());
    assert_eq!(answer.high_risk.unwrap().reasons, ["amount-ratio", "high-value"]);
}

#[test]
fn each_limit_is_told_once_until_the_score_has_fallen() {
    // What was unusual two days ago would still raise the last burst.
    let mut customer = Customer::with(|rules| rules.weights.lately_weight = 0.0);
    let level = |customer: &mut Customer, id: &str, seconds: i64, amount: &str| {
        let answer = customer.pays(&payment(id, seconds, amount));
        answer.high_risk.map(|risk| (risk.level, risk.score.thousandths()))
    };
    burst(&mut customer, "p", 0, 20);
    // Above 20 in an hour: 85. With 10,000 on top: 1 - 0.15 x 0.7, and the ratio makes it more.
    assert_eq!(level(&mut customer, "a", 20, "1.00"), Some((RiskLevel::High, 85_000)));
    assert_eq!(level(&mut customer, "b", 21, "1.00"), None, "told");
    let critical = level(&mut customer, "c", 22, "10000.00").unwrap();
    assert_eq!(critical.0, RiskLevel::Critical);
    assert!(critical.1 > 98_000, "{critical:?}");
    assert_eq!(level(&mut customer, "d", 23, "1.00"), None);
    // 8 h: x 0.79, below 90 and above 75: not told, but the next rise above 90 is.
    assert_eq!(level(&mut customer, "e", 8 * 3600, "1.00"), None);
    assert!((75.0..90.0).contains(&customer.state.risk), "{}", customer.state.risk);
    assert_eq!(level(&mut customer, "f", 8 * 3600 + 1, "90000.00").unwrap().0, RiskLevel::Critical);
    // Two days: below 75, both are told again.
    assert_eq!(level(&mut customer, "g", 56 * 3600, "1.00"), None);
    assert!(customer.state.risk < 75.0);
    burst(&mut customer, "q", 56 * 3600 + 1, 19);
    assert_eq!(level(&mut customer, "h", 56 * 3600 + 60, "1.00"), Some((RiskLevel::High, 85_000)));
}

#[test]
fn a_refund_scores_nothing_and_lets_the_customers_score_decay() {
    let mut customer = Customer::default();
    burst(&mut customer, "p", 0, 21);
    let refund =
        PaymentEvent { status: PaymentStatus::Refunded, ..payment("r", 20 + 86_400, "90000.00") };
    let answer = customer.pays(&refund);
    assert_eq!(answer.score, Score::default());
    assert_eq!(answer.high_risk, None);
    assert!((customer.state.risk - 42.5).abs() < 1e-9, "{}", customer.state.risk);
    assert_eq!(customer.state.last_seen(), at(20 + 86_400));
}

#[test]
fn the_same_payment_gives_the_same_score_beside_other_customers_limits() {
    let mut customer = Customer::with(|rules| {
        rules.high_risk = 40.0;
        rules.critical_risk = 69.0;
    });
    let levels: Vec<_> = (0..12)
        .filter_map(|n| customer.pays(&payment(&format!("p{n}"), n, "1.00")).high_risk)
        .map(|risk| (risk.payment_id, risk.level))
        .collect();
    let expected = [("p5".to_owned(), RiskLevel::High), ("p10".to_owned(), RiskLevel::Critical)];
    assert_eq!(levels, expected);
}
