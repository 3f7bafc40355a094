//! Alerts and scores of a run equal an independent recomputation in SQL over the stored payments.
//!
//! RAPID_PAYMENTS by window functions; UNUSUAL_AMOUNT by the closed form of the decayed mean,
//! `sum(x_j 2^(-(t_i - t_j) / half-life)) / sum(2^(-(t_i - t_j) / half-life))` over the payments
//! before; the score by its formula. Payments are in order, one event each, as the closed form
//! supposes.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;
use sqlx::Row;

use crate::bounded::Bounded;
use crate::metrics_database::Database;
use crate::support::shown;

/// A small generator of its own, so that the input is the same on every machine for ever.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// Payments of 40 customers over about half a year: everyday ones, outliers, bursts.
fn payments() -> Vec<(u64, String)> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut payments = Vec::new();
    for customer in 0..40 {
        let usual = 1500 + dice.roll(20_000);
        let mut millis = 1_709_251_200_000 + dice.roll(86_400_000);
        let mut in_burst = 0;
        for n in 0..160 {
            if in_burst == 0 && dice.roll(40) == 0 {
                in_burst = 5 + dice.roll(30);
            }
            millis += if in_burst > 0 {
                in_burst -= 1;
                1 + dice.roll(25_000)
            } else {
                600_000 + dice.roll(2 * 86_400_000)
            };
            let cents = usual * (70 + dice.roll(60)) / 100;
            let cents = match dice.roll(25) {
                0 => cents * (2 + dice.roll(12)),
                1 => 100_000 * (1 + dice.roll(15)),
                _ => cents,
            };
            let currency = if dice.roll(12) == 0 { "USD" } else { "EUR" };
            let status = match dice.roll(20) {
                0 => r#""DECLINED""#,
                1 => r#""FAILED","failureReason":"insufficient_funds""#,
                2 => r#""REFUNDED""#,
                3 => r#""PENDING""#,
                _ => r#""COMPLETED""#,
            };
            let line = format!(
                "{{\"paymentId\":\"c{customer}-{n}\",\"customerId\":\"c{customer}\",\
                 \"amount\":\"{}.{:02}\",\"currency\":\"{currency}\",\"status\":{status},\
                 \"timestamp\":{millis}}}",
                cents / 100,
                cents % 100
            );
            payments.push((millis, line));
        }
    }
    payments.sort();
    payments
}

/// The rules again, over the stored payments.
const RECOMPUTED: &str = "
WITH payment AS (
  SELECT customer_id, payment_id, currency, time, amount::float8 AS x, amount, fraud_score,
         status <> 'REFUNDED' AS counted,
         status NOT IN ('REFUNDED', 'FAILED', 'DECLINED') AS history
  FROM bss.payment_metrics
), windowed AS (
  SELECT *,
    count(*) FILTER (WHERE counted) OVER (PARTITION BY customer_id ORDER BY time
      RANGE BETWEEN '299.999999 seconds' PRECEDING AND CURRENT ROW) AS rapid,
    count(*) FILTER (WHERE counted) OVER (PARTITION BY customer_id ORDER BY time
      RANGE BETWEEN '3599.999999 seconds' PRECEDING AND CURRENT ROW) AS hour
  FROM payment
), burst AS (
  SELECT *, sum(CASE WHEN counted AND rapid <= 10 THEN 1 ELSE 0 END)
    OVER (PARTITION BY customer_id ORDER BY time) AS burst
  FROM windowed
), ranked AS (
  SELECT *,
    count(*) FILTER (WHERE counted AND rapid > 10) OVER so_far AS high,
    count(*) FILTER (WHERE counted AND rapid > 20) OVER so_far AS critical
  FROM burst
  WINDOW so_far AS (PARTITION BY customer_id, burst ORDER BY time)
), judged AS (
  SELECT r.*, h.n, h.mean, h.deviation
  FROM ranked r CROSS JOIN LATERAL (
    SELECT max(n) AS n, max(mean) AS mean,
           sqrt(sum(w * (x - mean) ^ 2) / sum(w)) AS deviation
    FROM (
      SELECT w, x, count(*) OVER () AS n, sum(w * x) OVER () / sum(w) OVER () AS mean
      FROM (
        SELECT p.x, 2 ^ (-extract(epoch FROM r.time - p.time)::float8 / (30 * 86400.0)) AS w
        FROM payment p
        WHERE p.history AND p.customer_id = r.customer_id AND p.currency = r.currency
          AND p.time < r.time
      ) weighed
    ) averaged
  ) h
)
SELECT payment_id, rapid, n, mean, fraud_score::float8 AS fraud_score,
  counted AND rapid > 10 AND rapid <= 20 AND high = 1 AS rapid_high,
  counted AND rapid > 20 AND critical = 1 AS rapid_critical,
  counted AND n >= 5 AND mean > 0 AND x > 5 * mean AS by_ratio,
  counted AND n >= 20 AND deviation > 0 AND x > mean + 4 * deviation AS by_deviations,
  x / mean AS ratio,
  CASE WHEN NOT counted THEN 0 ELSE 100 * (1
    - (1 - CASE WHEN hour > 20 THEN 0.85 WHEN hour > 10 THEN 0.70 WHEN hour > 5 THEN 0.50
           ELSE 0 END)
    * (1 - CASE WHEN x > 100 THEN 0.5 * ((x - 100) / 150) ^ 2 / (1 + ((x - 100) / 150) ^ 2)
           ELSE 0 END)) END AS score
FROM judged";

/// What is told of a payment: by rule and severity, the number the rule saw.
type Told = BTreeMap<(String, String), f64>;

fn recomputed(database: &Database) -> (Told, usize, f64) {
    database.work(async |connection| {
        let rows = sqlx::query(RECOMPUTED).fetch_all(connection).await.expect("recomputed");
        let (mut told, mut worst) = (Told::new(), 0.0_f64);
        for row in &rows {
            let payment: String = row.get("payment_id");
            let mut tell = |rule: &str, seen: f64| {
                told.insert((payment.clone(), rule.to_owned()), seen);
            };
            let flag = |name| row.get::<Option<bool>, _>(name).unwrap_or_default();
            let rapid = i32::try_from(row.get::<i64, _>("rapid")).expect("a small count");
            for (set, rule) in [
                (flag("rapid_high"), "RAPID_PAYMENTS HIGH"),
                (flag("rapid_critical"), "RAPID_PAYMENTS CRITICAL"),
            ] {
                if set {
                    tell(rule, rapid.into());
                }
            }
            if flag("by_ratio") || flag("by_deviations") {
                tell("UNUSUAL_AMOUNT HIGH", row.get("ratio"));
            }
            let (stored, score): (f64, f64) = (row.get("fraud_score"), row.get("score"));
            worst = worst.max((stored - score).abs());
        }
        (told, rows.len(), worst)
    })
}

#[test]
fn alerts_and_scores_equal_a_recomputation_in_sql() {
    let database = Database::fresh();
    let payments = payments();
    let input = payments.iter().fold(String::new(), |mut text, (_, line)| {
        writeln!(text, "{line}").expect("written");
        text
    });
    std::fs::write(database.home().join("payments.ndjson"), input).expect("written");
    let arguments = ["streams", "test", "--input", "payments.ndjson", "-o", "ndjson"];
    // The usual amount is no plain mean: the room's own oracle has the parts that stand on it.
    let plain = ["--set", "fraud.amount_ratio_weight=0", "--set", "fraud.lately_weight=0"];
    let output = database.bss().args(arguments).args(plain).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));

    let (mut scored, mut told) = (String::new(), Told::new());
    for line in String::from_utf8(output.stdout).expect("text").lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let (value, topic) = (&row["value"], row["topic"].as_str().expect("a topic"));
        if topic.ends_with("payment.metrics") {
            writeln!(scored, "{value}").expect("written");
        } else if topic.ends_with("fraud.alerts") {
            let text = |name: &str| value[name].as_str().expect(name).to_owned();
            let payment = value["paymentIds"].as_array().and_then(|ids| ids.last());
            let payment = payment.and_then(Value::as_str).expect("a payment").to_owned();
            let rule = format!("{} {}", text("rule"), text("severity"));
            let seen = value["values"].get("count").or_else(|| value["values"].get("ratio"));
            let before = told.insert((payment, rule), seen.and_then(Value::as_f64).expect("seen"));
            assert_eq!(before, None, "told twice: {line}");
        }
    }
    std::fs::write(database.home().join("scored.ndjson"), scored).expect("written");
    let arguments = ["metrics", "import", "payment", "scored.ndjson"];
    let output = database.bss().args(arguments).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    assert_eq!(database.payments(), payments.len() as u64);

    let (expected, rows, worst) = recomputed(&database);
    assert_eq!(rows, payments.len());
    assert!(worst <= 0.000_501, "a score is {worst} off; stored are three decimals");
    let kinds: BTreeMap<&str, usize> = expected.keys().fold(BTreeMap::new(), |mut kinds, key| {
        *kinds.entry(key.1.as_str()).or_default() += 1;
        kinds
    });
    assert!(kinds.len() == 3 && kinds.values().all(|n| *n >= 10), "{kinds:?}");
    let places = |told: &Told| told.keys().cloned().collect::<Vec<_>>();
    assert_eq!(places(&told), places(&expected));
    for (place, seen) in &expected {
        assert!((told[place] - seen).abs() <= 0.000_501, "{place:?}: {} {seen}", told[place]);
    }
}
