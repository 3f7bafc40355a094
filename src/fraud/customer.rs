//! One customer's state, and what a payment means in its light.

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::payment::{PaymentStatus, Score};
use crate::domain::{EventTime, PaymentEvent, heap};
use crate::fraud::alert::{Alert, HighRisk, RiskLevel, Rule, Seen, Severity};
use crate::fraud::declines::{Decline, Declines};
use crate::fraud::history::{Histories, decay};
use crate::fraud::labels::Labels;
use crate::fraud::merchant::MerchantHistory;
use crate::fraud::recent::{Counts, Entry, Recent};
use crate::fraud::rules::{Rules, VELOCITY_WINDOW};
use crate::fraud::score::{self, Parts};

/// How much of something was told already; it is told again only after it has fallen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// Nothing.
    #[default]
    Nothing,
    /// HIGH.
    High,
    /// CRITICAL.
    Critical,
}

/// Where the customer last paid from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) name: Box<str>,
    pub(super) time: EventTime,
}

/// What is remembered of one customer; bounded, whatever the customer does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerState {
    pub(super) recent: Recent,
    pub(super) histories: Histories,
    pub(super) declines: Declines,
    pub(super) labels: Labels,
    pub(super) place: Option<Place>,
    /// The largest event time seen.
    pub(super) latest: Option<EventTime>,
    /// The customer's score at `latest`, 0 to 100.
    pub(super) risk: f64,
    pub(super) rapid_told: Told,
    pub(super) risk_told: Told,
    pub(super) card_testing_told: bool,
}

/// What one payment means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assessment {
    /// Seen before with the same id, status and time: nothing was done, nothing is to be told.
    pub duplicate: bool,
    /// The payment's score.
    pub score: Score,
    /// What it is made of.
    pub parts: Parts,
    /// Almost always empty.
    pub alerts: Vec<Alert>,
    /// The customer's score rose above a limit.
    pub high_risk: Option<HighRisk>,
}

impl CustomerState {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        let lists =
            self.recent.heap() + self.histories.heap() + self.declines.heap() + self.labels.heap();
        lists + heap::optional_text(self.place.as_ref().map(|place| &*place.name))
    }

    /// The largest event time seen, of payments and labels; the epoch before the first.
    #[must_use]
    pub fn last_seen(&self) -> EventTime {
        self.latest.max(self.labels.latest()).unwrap_or_default()
    }

    /// Takes one payment of this customer in and says what it means. `payment` must not be later
    /// than [`Rules::lateness_limit`] allows; beyond `grace` windows may lack what was forgotten.
    /// `merchant` is what is known of the payment's merchant, if anything is.
    pub fn assess(
        &mut self,
        payment: &PaymentEvent<'_>,
        merchant: Option<&MerchantHistory>,
        rules: &Rules,
    ) -> Assessment {
        let hash = xxh3_64(payment.payment_id.as_bytes());
        let mut counted_before = false;
        for entry in self.recent.of(hash) {
            if entry.time == payment.time && entry.status == payment.status {
                return Assessment { duplicate: true, ..Assessment::default() };
            }
            counted_before |= entry.counted;
        }
        let counted = !counted_before && rules.counts(payment);
        let newest = self.latest.is_none_or(|latest| payment.time >= latest);
        let mut answer = Assessment::default();
        let mut parts = Parts::default();
        if !matches!(payment.status, PaymentStatus::Refunded | PaymentStatus::Cancelled) {
            let confirmed = self.confirmed(payment.time, rules);
            let mut counts = self.recent.counts(payment.time, rules.rapid_window, VELOCITY_WINDOW);
            counts.rapid += u32::from(counted);
            counts.velocity += u32::from(counted);
            if counted {
                self.rapid_payments(payment, counts, newest, rules, &mut answer.alerts);
            }
            parts = self.amount(payment, counted, rules, &mut answer.alerts);
            parts.velocity = score::velocity(counts.velocity);
            if self.card_testing(payment, hash, newest, rules, &mut answer.alerts) {
                parts.card_testing = score::CARD_TESTING;
            }
            self.location(payment, rules, &mut answer.alerts);
            let known = merchant.map(|history| history.known(payment.time, &rules.weights));
            parts.merchant_history = known.map_or(0.0, |risk| risk.weight(&rules.weights));
            parts.customer_history = confirmed;
            answer.score = parts.score();
        }
        answer.parts = parts;
        answer.high_risk = self.customer_risk(payment, &parts, answer.score, rules);
        self.remember(payment, hash, counted, rules);
        answer
    }

    /// RAPID_PAYMENTS: once per burst and severity.
    fn rapid_payments(
        &mut self,
        payment: &PaymentEvent<'_>,
        counts: Counts,
        newest: bool,
        rules: &Rules,
        alerts: &mut Vec<Alert>,
    ) {
        let count = counts.rapid;
        let (severity, limit) = if count > rules.rapid_critical && self.rapid_told < Told::Critical
        {
            self.rapid_told = Told::Critical;
            (Severity::Critical, rules.rapid_critical)
        } else if count > rules.rapid_high && self.rapid_told < Told::High {
            self.rapid_told = Told::High;
            (Severity::High, rules.rapid_high)
        } else {
            if count <= rules.rapid_high && newest {
                self.rapid_told = Told::Nothing;
            }
            return;
        };
        let start = payment.time.plus_micros(-rules.rapid_window);
        let mut payment_ids: Vec<String> = self
            .recent
            .texts()
            .filter(|(e, _)| e.counted && e.time > start && e.time <= payment.time)
            .map(|(_, id)| id.to_owned())
            .collect();
        payment_ids.push(payment.payment_id.to_string());
        let seen = Seen::Rapid { count, limit };
        alerts.push(Alert {
            payment_ids,
            window_start: start,
            ..Alert::about(Rule::RapidPayments, severity, payment, seen)
        });
    }

    /// UNUSUAL_AMOUNT and NO_HISTORY, then the payment becomes history; the amount's parts of
    /// the score.
    fn amount(
        &mut self,
        payment: &PaymentEvent<'_>,
        counted: bool,
        rules: &Rules,
        alerts: &mut Vec<Alert>,
    ) -> Parts {
        let amount = payment.amount.to_f64();
        let history = self.histories.of(payment.currency);
        let ratio = history.and_then(|h| h.ratio(amount, rules));
        let lately = history.map_or(0.0, |h| h.lately(payment.time, rules));
        if counted {
            match history {
                Some(history) => {
                    if let Some(seen) = history.unusual(amount, rules) {
                        let rule = Rule::UnusualAmount;
                        alerts.push(Alert::about(rule, Severity::High, payment, seen));
                    }
                }
                None if rules.no_history => {
                    let rule = Rule::NoHistory;
                    alerts.push(Alert::about(rule, Severity::Medium, payment, Seen::First));
                }
                None => {}
            }
            if !matches!(payment.status, PaymentStatus::Failed | PaymentStatus::Declined) {
                self.histories.learn(payment.currency, amount, payment.time, rules);
            }
        }
        Parts {
            amount_ratio: score::amount_ratio(ratio, rules),
            high_value: score::high_value(payment.amount, rules),
            unusual_lately: score::unusual_lately(lately, rules),
            ..Parts::default()
        }
    }

    /// The weight of the customer's confirmed frauds, as known at `time`.
    fn confirmed(&self, time: EventTime, rules: &Rules) -> f64 {
        let frauds = self.labels.frauds(time, rules.weights.customer_window);
        let payments = self.histories.all().iter().map(|h| h.weight).sum();
        score::customer_history(frauds, payments, rules)
    }

    /// CARD_TESTING: once per burst. Says whether this payment is one of a burst.
    fn card_testing(
        &mut self,
        payment: &PaymentEvent<'_>,
        hash: u64,
        newest: bool,
        rules: &Rules,
        alerts: &mut Vec<Alert>,
    ) -> bool {
        if payment.status != PaymentStatus::Declined
            || payment.amount > rules.card_testing_max_amount
        {
            return false;
        }
        let instrument = rules.instrument(payment).map_or(0, |id| xxh3_64(id.as_bytes()));
        self.declines.insert(Decline { time: payment.time, payment: hash, instrument });
        let tested = self.declines.tested(payment.time, rules.card_testing_window);
        if tested.payments < rules.card_testing_declines {
            if newest {
                self.card_testing_told = false;
            }
            return false;
        }
        if tested.instruments < rules.card_testing_instruments {
            return false;
        }
        if !self.card_testing_told {
            self.card_testing_told = true;
            alerts.push(self.card_testing_alert(
                payment,
                tested.payments,
                tested.instruments,
                rules,
            ));
        }
        true
    }

    fn card_testing_alert(
        &self,
        payment: &PaymentEvent<'_>,
        count: u32,
        instruments: u32,
        rules: &Rules,
    ) -> Alert {
        let start = payment.time.plus_micros(-rules.card_testing_window);
        let mut payment_ids: Vec<String> = Vec::new();
        let declined = self.recent.texts().filter(|(e, _)| {
            e.status == PaymentStatus::Declined
                && e.time > start
                && e.time <= payment.time
                && self.declines.contains(e.hash, e.time)
        });
        for id in declined.map(|(_, id)| id).chain([payment.payment_id.as_ref()]) {
            if !payment_ids.iter().any(|known| known == id) {
                payment_ids.push(id.to_owned());
            }
        }
        let max_amount = rules.card_testing_max_amount;
        let seen = Seen::Declines { count, instruments, max_amount };
        Alert {
            payment_ids,
            window_start: start,
            ..Alert::about(Rule::CardTesting, Severity::High, payment, seen)
        }
    }

    /// LOCATION_CHANGE; a known relay is told of but is no place where the customer is.
    fn location(&mut self, payment: &PaymentEvent<'_>, rules: &Rules, alerts: &mut Vec<Alert>) {
        let Some(to) = payment.location.as_deref().filter(|_| rules.location_change) else {
            return;
        };
        let relay = rules.relay_locations.iter().any(|known| known == to);
        let Some(place) = &mut self.place else {
            if !relay {
                self.place = Some(Place { name: to.into(), time: payment.time });
            }
            return;
        };
        let moved = *place.name != *to;
        let apart = payment.time.micros_since(place.time).abs();
        if moved && apart <= rules.location_window {
            let seen = Seen::Moved { from: place.name.to_string(), to: to.to_owned(), relay };
            alerts.push(Alert {
                window_start: place.time.min(payment.time),
                window_end: place.time.max(payment.time),
                ..Alert::about(Rule::LocationChange, Severity::Low, payment, seen)
            });
        }
        if !relay && payment.time >= place.time {
            place.time = payment.time;
            if moved {
                place.name = to.into();
            }
        }
    }

    /// The customer's score: what is left of the old one, or this payment's if that is more.
    fn customer_risk(
        &mut self,
        payment: &PaymentEvent<'_>,
        parts: &Parts,
        score: Score,
        rules: &Rules,
    ) -> Option<HighRisk> {
        let elapsed = self.latest.map_or(0, |latest| payment.time.micros_since(latest));
        let own = f64::from(score.thousandths()) / 1000.0;
        if self.risk > 0.0 {
            self.risk *= decay(elapsed, rules.score_half_life);
        }
        self.risk = self.risk.max(own);
        let told = self.risk_told;
        self.risk_told = if self.risk > rules.critical_risk {
            Told::Critical
        } else if self.risk > rules.high_risk {
            Told::High
        } else {
            Told::Nothing
        };
        let level = match self.risk_told {
            Told::Critical if told < Told::Critical => RiskLevel::Critical,
            Told::High if told < Told::High => RiskLevel::High,
            _ => return None,
        };
        Some(HighRisk {
            payment_id: payment.payment_id.to_string(),
            // Only a payment's own score can make the customer's rise, so this is exact.
            score: Score::from_fraction(self.risk / 100.0),
            level,
            reasons: parts.reasons(),
            time: payment.time,
        })
    }

    /// The payment becomes the past; what is too old is forgotten.
    fn remember(&mut self, payment: &PaymentEvent<'_>, hash: u64, counted: bool, rules: &Rules) {
        let latest = self.latest.map_or(payment.time, |latest| latest.max(payment.time));
        self.latest = Some(latest);
        let texts_from = latest.plus_micros(-rules.text_retention());
        let entry =
            Entry { hash, time: payment.time, text_len: 0, status: payment.status, counted };
        self.recent.insert(entry, &payment.payment_id, texts_from);
        self.recent.forget(latest.plus_micros(-rules.retention()), texts_from);
        self.declines.forget(latest.plus_micros(-rules.decline_retention()));
    }
}
