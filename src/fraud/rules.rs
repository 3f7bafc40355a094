//! The numbers of the rules, and which of them make sense together.

use std::fmt;

use crate::domain::Money;
use crate::domain::PaymentEvent;
use crate::domain::payment::PaymentStatus;
use crate::fraud::weights::Weights;

/// A second in microseconds.
const SECOND: i64 = 1_000_000;
/// A day in microseconds.
const DAY: i64 = 86_400 * SECOND;

/// The window of the score's velocity part: one hour, in microseconds.
pub const VELOCITY_WINDOW: i64 = 3600 * SECOND;

/// Every number of the rules. Spans are microseconds; amounts are in the payment's own currency.
///
/// The default is what `default.toml` says. Make others with [`Rules::validated`].
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// RAPID_PAYMENTS looks at payments in `(t - rapid_window, t]`.
    pub rapid_window: i64,
    /// More than this many distinct payments: HIGH.
    pub rapid_high: u32,
    /// More than this many: CRITICAL.
    pub rapid_critical: u32,
    /// UNUSUAL_AMOUNT: more than this many times the customer's mean.
    pub unusual_ratio: f64,
    /// ... with at least this many payments before it.
    pub unusual_min_payments: u32,
    /// UNUSUAL_AMOUNT: more than this many standard deviations above the mean.
    pub unusual_deviations: f64,
    /// ... with at least this many payments before it.
    pub unusual_deviations_min_payments: u32,
    /// How long until a payment weighs half in mean and deviation.
    pub history_half_life: i64,
    /// Whether a first payment in a currency is told (NO_HISTORY).
    pub no_history: bool,
    /// CARD_TESTING looks at declines in `(t - card_testing_window, t]`.
    pub card_testing_window: i64,
    /// At least this many small declines.
    pub card_testing_declines: u32,
    /// ... with at least this many instruments.
    pub card_testing_instruments: u32,
    /// Ways to pay that make a token for each try: all of a customer's such payments are with one
    /// instrument a way.
    pub wallet_methods: Vec<String>,
    /// A decline up to this amount is small.
    pub card_testing_max_amount: Money,
    /// Whether LOCATION_CHANGE is told.
    pub location_change: bool,
    /// A change of place within this span is told.
    pub location_window: i64,
    /// Known relays (VPN exits, proxies): no place where a customer is.
    pub relay_locations: Vec<String>,
    /// Failure reasons that are the processor's own; such failures do not count.
    pub processor_reasons: Vec<String>,
    /// A high amount: the score's part of it is nothing up to a tenth of this, half of
    /// its most at a quarter.
    pub high_value: Money,
    /// What each part of the score weighs.
    pub weights: Weights,
    /// How long until the customer's score is half of what it was.
    pub score_half_life: i64,
    /// A customer's score above this is HIGH, 0 to 100.
    pub high_risk: f64,
    /// A customer's score above this is CRITICAL, 0 to 100.
    pub critical_risk: f64,
    /// How far out of order a payment may come with the rules still seeing all it needs.
    pub grace: i64,
    /// A customer not seen for this long (in stream time) is forgotten.
    pub customer_ttl: i64,
}

impl Default for Rules {
    fn default() -> Self {
        let amount = |units: u32| Money::from_decimal(units.into()).unwrap_or_default();
        let reasons = ["processor_unavailable", "processor_error", "network_error", "timeout"];
        let wallets = ["WALLET", "APPLE_PAY", "GOOGLE_PAY", "SAMSUNG_PAY", "PAYPAL"];
        Self {
            rapid_window: 300 * SECOND,
            rapid_high: 10,
            rapid_critical: 20,
            unusual_ratio: 5.0,
            unusual_min_payments: 5,
            unusual_deviations: 4.0,
            unusual_deviations_min_payments: 20,
            history_half_life: 30 * DAY,
            no_history: false,
            card_testing_window: 600 * SECOND,
            card_testing_declines: 5,
            card_testing_instruments: 3,
            wallet_methods: wallets.map(str::to_owned).to_vec(),
            card_testing_max_amount: amount(5),
            location_change: true,
            location_window: 7200 * SECOND,
            relay_locations: Vec::new(),
            processor_reasons: reasons.map(str::to_owned).to_vec(),
            high_value: amount(1000),
            weights: Weights::default(),
            score_half_life: DAY,
            high_risk: 75.0,
            critical_risk: 90.0,
            grace: 600 * SECOND,
            customer_ttl: 90 * DAY,
        }
    }
}

/// A number that makes no sense, by the name of its setting.
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

impl Rules {
    /// Gives the rules back if their numbers make sense together.
    ///
    /// # Errors
    /// The first setting that does not.
    pub fn validated(self) -> Result<Self, RuleFault> {
        let fault = |setting, detail: String| Err(RuleFault { setting, detail });
        let spans = [
            ("fraud.rapid_window", self.rapid_window),
            ("fraud.history_half_life", self.history_half_life),
            ("fraud.card_testing_window", self.card_testing_window),
            ("fraud.location_window", self.location_window),
            ("fraud.score_half_life", self.score_half_life),
            ("fraud.customer_ttl", self.customer_ttl),
        ];
        for (setting, span) in spans {
            if span <= 0 {
                return fault(setting, "must be longer than nothing".to_owned());
            }
        }
        if self.grace < 0 {
            return fault("streams.grace", "must not be negative".to_owned());
        }
        if self.rapid_critical <= self.rapid_high {
            let (critical, high) = (self.rapid_critical, self.rapid_high);
            let detail = format!("{critical} must be more than fraud.rapid_high = {high}");
            return fault("fraud.rapid_critical", detail);
        }
        if !(self.unusual_ratio.is_finite() && self.unusual_ratio >= 1.0) {
            return fault("fraud.unusual_ratio", format!("{} is below 1", self.unusual_ratio));
        }
        if !(self.unusual_deviations.is_finite() && self.unusual_deviations > 0.0) {
            let detail = format!("{} is not above 0", self.unusual_deviations);
            return fault("fraud.unusual_deviations", detail);
        }
        for (setting, count) in [
            ("fraud.unusual_min_payments", self.unusual_min_payments),
            ("fraud.unusual_deviations_min_payments", self.unusual_deviations_min_payments),
            ("fraud.card_testing_declines", self.card_testing_declines),
            ("fraud.card_testing_instruments", self.card_testing_instruments),
        ] {
            if count == 0 {
                return fault(setting, "must be 1 or more".to_owned());
            }
        }
        for (setting, amount) in [
            ("fraud.card_testing_max_amount", self.card_testing_max_amount),
            ("fraud.high_value", self.high_value),
        ] {
            if amount <= Money::default() {
                return fault(setting, format!("{amount} is not above 0"));
            }
        }
        self.weights.check()?;
        let risk = 0.0..=100.0;
        if !(risk.contains(&self.high_risk) && risk.contains(&self.critical_risk)) {
            let detail =
                format!("{} and {} must be within 0 to 100", self.high_risk, self.critical_risk);
            return fault("fraud.high_risk and fraud.critical_risk", detail);
        }
        if self.critical_risk < self.high_risk {
            let detail = format!(
                "{} must not be below fraud.high_risk = {}",
                self.critical_risk, self.high_risk
            );
            return fault("fraud.critical_risk", detail);
        }
        Ok(self)
    }

    /// How far behind stream time a payment may be: grace and the velocity window; later ones
    /// are late.
    #[must_use]
    pub const fn lateness_limit(&self) -> i64 {
        self.grace.saturating_add(VELOCITY_WINDOW)
    }

    /// How long a payment is remembered behind the customer's latest.
    pub(super) fn retention(&self) -> i64 {
        VELOCITY_WINDOW.max(self.rapid_window).saturating_add(self.grace)
    }

    /// How long a payment's id is kept as text, for alerts to name it.
    pub(super) fn text_retention(&self) -> i64 {
        self.rapid_window.max(self.card_testing_window).saturating_add(self.grace)
    }

    /// What a payment is paid with, as far as that tells one instrument from another.
    #[must_use]
    pub fn instrument<'a>(&'a self, payment: &'a PaymentEvent<'_>) -> Option<&'a str> {
        let method = payment.payment_method.as_deref().unwrap_or_default();
        let wallet = self.wallet_methods.iter().find(|own| own.eq_ignore_ascii_case(method));
        wallet.map(String::as_str).or(payment.instrument_id.as_deref())
    }

    /// How long a small decline is remembered.
    pub(super) fn decline_retention(&self) -> i64 {
        self.card_testing_window.saturating_add(self.grace)
    }

    /// Whether a payment tells about its customer: not money going back, not withdrawn, not
    /// failed for the processor's own reasons.
    #[must_use]
    pub fn counts(&self, payment: &PaymentEvent<'_>) -> bool {
        match payment.status {
            PaymentStatus::Refunded | PaymentStatus::Cancelled => false,
            PaymentStatus::Failed => !payment
                .failure_reason
                .as_deref()
                .is_some_and(|reason| self.processor_reasons.iter().any(|own| own == reason)),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(change: impl FnOnce(&mut Rules)) -> String {
        let mut rules = Rules::default();
        change(&mut rules);
        rules.validated().unwrap_err().to_string()
    }

    #[test]
    fn the_default_is_valid() {
        assert_eq!(Rules::default().validated(), Ok(Rules::default()));
        assert_eq!(Rules::default().lateness_limit(), 4200 * SECOND);
    }

    #[test]
    fn each_senseless_number_is_named() {
        for (shown, expected) in [
            (fault(|r| r.rapid_window = 0), "fraud.rapid_window: must be longer than nothing"),
            (fault(|r| r.grace = -1), "streams.grace: must not be negative"),
            (
                fault(|r| r.rapid_critical = 10),
                "fraud.rapid_critical: 10 must be more than fraud.rapid_high = 10",
            ),
            (fault(|r| r.unusual_ratio = 0.5), "fraud.unusual_ratio: 0.5 is below 1"),
            (fault(|r| r.unusual_ratio = f64::NAN), "fraud.unusual_ratio: NaN is below 1"),
            (fault(|r| r.unusual_deviations = 0.0), "fraud.unusual_deviations: 0 is not above 0"),
            (
                fault(|r| r.card_testing_declines = 0),
                "fraud.card_testing_declines: must be 1 or more",
            ),
            (fault(|r| r.high_value = Money::default()), "fraud.high_value: 0.00 is not above 0"),
            (
                fault(|r| r.critical_risk = 101.0),
                "fraud.high_risk and fraud.critical_risk: 75 and 101 must be within 0 to 100",
            ),
            (
                fault(|r| r.critical_risk = 70.0),
                "fraud.critical_risk: 70 must not be below fraud.high_risk = 75",
            ),
        ] {
            assert_eq!(shown, expected);
        }
    }
}
