//! The rules said again, as plainly as can be: everything is kept and each answer is worked out
//! from all of it. Slow, and no line shared with the real thing but the shape of an alert.

use std::collections::BTreeSet;

use crate::domain::payment::{PaymentStatus, Score};
use crate::domain::{EventTime, PaymentEvent};
use crate::fraud::alert::{Alert, HighRisk, RiskLevel, Rule, Seen, Severity};
use crate::fraud::{Assessment, Parts, Rules};

const HOUR: i64 = 3_600_000_000;

struct Past {
    payment: PaymentEvent<'static>,
    counted: bool,
}

/// A customer's payments in a currency, and this payment among them.
struct Usual {
    payments: u32,
    mean: f64,
    deviation: f64,
    /// This amount / the usual one, 0 where there is no saying.
    ratio: f64,
    lately: f64,
}

#[derive(Default)]
pub(super) struct Naive {
    past: Vec<Past>,
    rapid_level: u8,
    card_testing_told: bool,
    risk: f64,
    risk_level: u8,
}

impl Naive {
    fn latest(&self) -> Option<EventTime> {
        self.past.iter().map(|p| p.payment.time).max()
    }

    /// Ids of counted payments in `(end - window, end]`, in order of time.
    fn counted(&self, end: EventTime, window: i64) -> Vec<String> {
        let mut inside: Vec<&Past> = self
            .past
            .iter()
            .filter(|p| p.counted && p.payment.time <= end)
            .filter(|p| end.micros_since(p.payment.time) < window)
            .collect();
        inside.sort_by_key(|p| p.payment.time);
        inside.iter().map(|p| p.payment.payment_id.to_string()).collect()
    }

    /// What the payments of a currency came to, from the first one on.
    fn history(&self, of: &PaymentEvent<'_>, rules: &Rules) -> Usual {
        let (mut n, mut w, mut mean, mut m2, mut last) = (0, 0.0_f64, 0.0, 0.0, i64::MIN);
        let (mut usual, mut lately) = (0.0_f64, 0.0);
        let ratio = |x: f64, n: u32, usual: f64, w: f64| {
            if n < rules.unusual_min_payments || usual <= 0.0 {
                return 0.0;
            }
            x / (usual * (1.0 + 0.5 / w.max(1.0).sqrt()))
        };
        let left = |t: i64| {
            let half = rules.weights.lately_half_life as f64;
            move |last: i64| if t <= last { 1.0 } else { (-((t - last) as f64) / half).exp2() }
        };
        for past in self.past.iter().filter(|p| p.counted && p.payment.currency == of.currency) {
            if [PaymentStatus::Failed, PaymentStatus::Declined].contains(&past.payment.status) {
                continue;
            }
            let (x, t) = (past.payment.amount.to_f64(), past.payment.time.micros());
            let f = if last == i64::MIN || t <= last {
                1.0
            } else {
                (-((t - last) as f64) / rules.history_half_life as f64).exp2()
            };
            if n > 0 {
                let above = ((ratio(x, n, usual, w) - 2.0) / 2.0).clamp(0.0, 1.0);
                lately = lately * left(t)(last) + above;
            }
            let cut = if n >= rules.unusual_min_payments { x.min(2.0 * usual) } else { x };
            w = w * f + 1.0;
            usual += (cut - usual) / w;
            let d = x - mean;
            mean += d / w;
            m2 = m2 * f + d * (x - mean);
            n += 1;
            last = last.max(t);
        }
        Usual {
            payments: n,
            mean,
            deviation: if n == 0 { 0.0 } else { (m2 / w).sqrt() },
            ratio: ratio(of.amount.to_f64(), n, usual, w),
            lately: if n == 0 { 0.0 } else { lately * left(of.time.micros())(last) },
        }
    }

    pub(super) fn assess(&mut self, payment: &PaymentEvent<'static>, rules: &Rules) -> Assessment {
        let same = |p: &&Past| p.payment.payment_id == payment.payment_id;
        if self
            .past
            .iter()
            .filter(same)
            .any(|p| (p.payment.time, p.payment.status) == (payment.time, payment.status))
        {
            return Assessment { duplicate: true, ..Assessment::default() };
        }
        let latest = self.latest();
        let remembered = |p: &&Past| {
            latest.is_some_and(|l| l.micros_since(p.payment.time) <= HOUR + rules.grace)
        };
        let before = self.past.iter().filter(same).filter(remembered).any(|p| p.counted);
        let counted = !before && rules.counts(payment);
        let newest = latest.is_none_or(|l| payment.time >= l);
        let back = [PaymentStatus::Refunded, PaymentStatus::Cancelled].contains(&payment.status);
        let mut answer = Assessment::default();
        let mut parts = Parts::default();
        if !back {
            self.rapid(payment, counted, newest, rules, &mut answer);
            let usual = self.amount(payment, counted, rules, &mut answer);
            let hour = self.counted(payment.time, HOUR).len() + usize::from(counted);
            parts.velocity = [(20, 0.85), (10, 0.70), (5, 0.50)]
                .iter()
                .find(|(limit, _)| hour > *limit)
                .map_or(0.0, |(_, weight)| *weight);
            let above = (usual.ratio - 1.0).max(0.0);
            parts.amount_ratio = 0.95 * (above * above) / (above * above + 9.0);
            let large = (payment.amount.to_f64() - 100.0).max(0.0);
            parts.high_value = 0.5 * (large * large) / (large * large + 22_500.0);
            parts.unusual_lately = 0.3 * usual.lately / (usual.lately + 1.0);
            let testing = self.card_testing(payment, newest, rules, &mut answer);
            parts.card_testing = if testing { 0.80 } else { 0.0 };
            self.place(payment, rules, &mut answer);
        }
        let weights = [
            (parts.velocity, "velocity"),
            (parts.amount_ratio, "amount-ratio"),
            (parts.high_value, "high-value"),
            (parts.card_testing, "card-testing"),
            (parts.unusual_lately, "unusual-lately"),
        ];
        answer.parts = parts;
        let harmless: f64 = weights.iter().map(|(weight, _)| 1.0 - weight).product();
        answer.score = Score::from_fraction(1.0 - harmless);
        let elapsed = latest.map_or(0, |l| payment.time.micros_since(l).max(0));
        let left = (-(elapsed as f64) / rules.score_half_life as f64).exp2();
        self.risk = (self.risk * left).max(f64::from(answer.score.thousandths()) / 1000.0);
        let level =
            u8::from(self.risk > rules.high_risk) + u8::from(self.risk > rules.critical_risk);
        if level > self.risk_level {
            answer.high_risk = Some(HighRisk {
                payment_id: payment.payment_id.to_string(),
                score: answer.score,
                level: if level == 2 { RiskLevel::Critical } else { RiskLevel::High },
                reasons: weights
                    .iter()
                    .filter(|(w, _)| *w >= 0.05)
                    .map(|(_, name)| *name)
                    .collect(),
                time: payment.time,
            });
        }
        self.risk_level = level;
        self.past.push(Past { payment: payment.clone(), counted });
        answer
    }

    fn rapid(
        &mut self,
        payment: &PaymentEvent<'static>,
        counted: bool,
        newest: bool,
        rules: &Rules,
        answer: &mut Assessment,
    ) {
        if !counted {
            return;
        }
        let mut ids = self.counted(payment.time, rules.rapid_window);
        ids.push(payment.payment_id.to_string());
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "distinct");
        let count = u32::try_from(ids.len()).unwrap();
        let level = u8::from(count > rules.rapid_high) + u8::from(count > rules.rapid_critical);
        if level > self.rapid_level {
            self.rapid_level = level;
            let (severity, limit) = if level == 2 {
                (Severity::Critical, rules.rapid_critical)
            } else {
                (Severity::High, rules.rapid_high)
            };
            answer.alerts.push(Alert {
                payment_ids: ids,
                window_start: payment.time.plus_micros(-rules.rapid_window),
                ..Alert::about(Rule::RapidPayments, severity, payment, Seen::Rapid { count, limit })
            });
        } else if level == 0 && newest {
            self.rapid_level = 0;
        }
    }

    /// Tells of an unusual amount.
    fn amount(
        &self,
        payment: &PaymentEvent<'static>,
        counted: bool,
        rules: &Rules,
        answer: &mut Assessment,
    ) -> Usual {
        let amount = payment.amount.to_f64();
        let usual = self.history(payment, rules);
        let (n, mean, deviation) = (usual.payments, usual.mean, usual.deviation);
        let enough = n >= rules.unusual_min_payments && mean > 0.0;
        let by_ratio = enough && amount > rules.unusual_ratio * mean;
        let by_deviations = n >= rules.unusual_deviations_min_payments
            && deviation > 0.0
            && amount > mean + rules.unusual_deviations * deviation;
        let rounded = |x: f64| (x * 1000.0).round() / 1000.0;
        if counted && (by_ratio || by_deviations) {
            let mean_shown = rust_decimal::Decimal::from_f64_retain(mean).unwrap().round_dp(4);
            let seen = Seen::Unusual {
                mean: crate::domain::Money::from_decimal(mean_shown).unwrap(),
                ratio: Some(rounded(amount / mean)),
                deviations: (deviation > 0.0).then(|| rounded((amount - mean) / deviation)),
                payments: n,
                by_ratio,
            };
            answer.alerts.push(Alert::about(Rule::UnusualAmount, Severity::High, payment, seen));
        }
        if counted && rules.no_history && n == 0 {
            let seen = Seen::First;
            answer.alerts.push(Alert::about(Rule::NoHistory, Severity::Medium, payment, seen));
        }
        usual
    }

    fn card_testing(
        &mut self,
        payment: &PaymentEvent<'static>,
        newest: bool,
        rules: &Rules,
        answer: &mut Assessment,
    ) -> bool {
        let small = |p: &PaymentEvent<'static>| {
            p.status == PaymentStatus::Declined && p.amount <= rules.card_testing_max_amount
        };
        if !small(payment) {
            return false;
        }
        let mut inside: Vec<&PaymentEvent<'static>> = self
            .past
            .iter()
            .map(|p| &p.payment)
            .chain([payment])
            .filter(|p| small(p) && p.time <= payment.time)
            .filter(|p| payment.time.micros_since(p.time) < rules.card_testing_window)
            .collect();
        inside.sort_by_key(|p| p.time);
        let mut ids: Vec<String> = Vec::new();
        for event in &inside {
            if !ids.contains(&event.payment_id.to_string()) {
                ids.push(event.payment_id.to_string());
            }
        }
        let count = u32::try_from(ids.len()).unwrap();
        let instruments: BTreeSet<_> = inside
            .iter()
            .map(|p| match p.payment_method.as_deref() {
                Some(wallet) if rules.wallet_methods.contains(&wallet.to_owned()) => Some(wallet),
                _ => p.instrument_id.as_deref(),
            })
            .collect();
        let instruments = u32::try_from(instruments.len()).unwrap();
        if count < rules.card_testing_declines {
            self.card_testing_told &= !newest;
            return false;
        }
        if instruments < rules.card_testing_instruments {
            return false;
        }
        if !self.card_testing_told {
            let max_amount = rules.card_testing_max_amount;
            answer.alerts.push(Alert {
                payment_ids: ids,
                window_start: payment.time.plus_micros(-rules.card_testing_window),
                ..Alert::about(
                    Rule::CardTesting,
                    Severity::High,
                    payment,
                    Seen::Declines { count, instruments, max_amount },
                )
            });
        }
        self.card_testing_told = true;
        true
    }

    fn place(&self, payment: &PaymentEvent<'static>, rules: &Rules, answer: &mut Assessment) {
        let Some(to) = payment.location.as_deref() else { return };
        // The last place: of the payments up to now that say one, those that moved time on.
        let mut last: Option<(&str, EventTime)> = None;
        for past in self.past.iter().map(|p| &p.payment) {
            let Some(place) = past.location.as_deref() else { continue };
            let back = [PaymentStatus::Refunded, PaymentStatus::Cancelled].contains(&past.status);
            let relay = rules.relay_locations.iter().any(|r| r == place);
            if !back && !relay && last.is_none_or(|(_, time)| past.time >= time) {
                last = Some((place, past.time));
            }
        }
        let Some((place, time)) = last else { return };
        if place == to || payment.time.micros_since(time).abs() > rules.location_window {
            return;
        }
        let relay = rules.relay_locations.iter().any(|r| r == to);
        let seen = Seen::Moved { from: place.to_owned(), to: to.to_owned(), relay };
        answer.alerts.push(Alert {
            window_start: time.min(payment.time),
            window_end: time.max(payment.time),
            ..Alert::about(Rule::LocationChange, Severity::Low, payment, seen)
        });
    }
}
