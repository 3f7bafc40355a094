//! The events that tell prices, as JSON with their ids. An event's time is its window's end.

use std::io::Write as _;

use rust_decimal::Decimal;

use crate::domain::{Money, json};
use crate::pricing::{Limits, PriceWindow, Recommendation};

/// A written event: its deterministic id and its JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The `ce_id`.
    pub id: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl Written {
    /// Begins anew: the id `<product>/<start>-<end>[/r<revision>]`, times in microseconds, and the
    /// product.
    fn begin(&mut self, product: &str, window: PriceWindow, revision: u32) {
        self.id.clear();
        self.value.clear();
        let mut number = itoa::Buffer::new();
        self.id.extend_from_slice(product.as_bytes());
        self.id.push(b'/');
        self.id.extend_from_slice(number.format(window.start.micros()).as_bytes());
        self.id.push(b'-');
        self.id.extend_from_slice(number.format(window.end.micros()).as_bytes());
        if revision > 1 {
            self.id.extend_from_slice(b"/r");
            self.id.extend_from_slice(number.format(revision).as_bytes());
        }
        self.value.extend_from_slice(b"{\"productId\":");
        json::text(product, &mut self.value);
    }

    fn end(&mut self, window: PriceWindow, revision: u32) {
        json::time_field("windowStart", window.start, &mut self.value);
        json::time_field("windowEnd", window.end, &mut self.value);
        json::number_field("revision", revision, &mut self.value);
        self.value.push(b'}');
    }
}

/// Writes a recommendation that is to be given out.
pub fn write_recommendation(product: &str, told: &Recommendation, out: &mut Written) {
    out.begin(product, told.window, told.revision);
    let value = &mut out.value;
    json::money_field("recommendedPrice", told.price, value);
    optional_money("previousPrice", told.previous, value);
    json::text_field("currency", told.currency.code(), value);
    json::money_field("basePrice", told.base, value);
    optional_money("floor", told.floor, value);
    optional_money("ceiling", told.ceiling, value);
    json::text_field("rule", told.rule.code(), value);
    json::number_field("units", told.demand.units, value);
    json::number_field("orderCount", told.demand.orders, value);
    json::number_field("views", told.demand.views, value);
    json::thousandths_field("demand", thousandths(told.weighed), value);
    if let Some(expected) = told.expected {
        json::thousandths_field("expectedDemand", thousandths(expected), value);
        json::thousandths_field("learntShare", thousandths(told.learnt), value);
    }
    json::thousandths_field("demandFactor", thousandths(told.factor), value);
    decimal_field("requestedChange", told.change, value);
    decimal_field("unroundedPrice", told.unrounded, value);
    json::key("limits", value);
    json::value(&limits(told.limits), value);
    out.end(told.window, told.revision);
}

/// Writes that no recommendation stands any more: the product was taken from sale.
pub fn write_withdrawal(product: &str, window: PriceWindow, revision: u32, out: &mut Written) {
    out.begin(product, window, revision);
    out.value.extend_from_slice(b",\"withdrawn\":true");
    out.end(window, revision);
}

fn limits(limits: Limits) -> Vec<&'static str> {
    [(limits.max_change, "MAX_CHANGE"), (limits.floor, "FLOOR"), (limits.ceiling, "CEILING")]
        .into_iter()
        .filter_map(|(hit, name)| hit.then_some(name))
        .collect()
}

fn optional_money(name: &str, amount: Option<Money>, out: &mut Vec<u8>) {
    if let Some(amount) = amount {
        json::money_field(name, amount, out);
    }
}

/// Appends `,"name":"0.012345"`.
fn decimal_field(name: &str, number: Decimal, out: &mut Vec<u8>) {
    json::key(name, out);
    write!(out, "\"{}\"", number.round_dp(9).normalize()).expect("a buffer takes all");
}

#[expect(clippy::cast_possible_truncation, reason = "clamped far within the type")]
fn thousandths(number: f64) -> i64 {
    (number * 1000.0).round().clamp(0.0, 1e18) as i64
}
