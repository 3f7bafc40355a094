//! The events that tell orders and their sums, as JSON with their ids.
//!
//! Ids are deterministic: what an event is about, parts between slashes (a slash in a part is
//! `%2F`, a percent sign `%25`), then `/r<revision>` from the second on. Times in ids are
//! microseconds.

use crate::domain::{EventTime, Money, OrderEvent, json};
use crate::orders::counted::RevenueKey;
use crate::orders::customers::CustomerVersion;
use crate::orders::rules::OrderRules;
use crate::orders::sums::{RegionSums, RevenueSums};

/// What stands for a tier or a region that is not known.
pub const UNKNOWN: &str = "UNKNOWN";

/// Appends a part of an id. Empty is none: events have no empty texts.
fn part(text: &str, out: &mut Vec<u8>) {
    if text.bytes().all(|b| b != b'/' && b != b'%') {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'/' => out.extend_from_slice(b"%2F"),
            b'%' => out.extend_from_slice(b"%25"),
            other => out.push(other),
        }
    }
}

fn time_part(time: EventTime, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(time.micros()).as_bytes());
}

fn revision_part(revision: u32, out: &mut Vec<u8>) {
    if revision > 1 {
        out.extend_from_slice(b"/r");
        out.extend_from_slice(itoa::Buffer::new().format(revision).as_bytes());
    }
}

/// Appends the id of an order event's measurement: `<orderId>/<status>/<time>`.
pub fn write_metric_id(order: &OrderEvent<'_>, out: &mut Vec<u8>) {
    part(&order.order_id, out);
    out.push(b'/');
    part(&order.status, out);
    out.push(b'/');
    time_part(order.time, out);
}

/// Appends the id of an enriched order: `<orderId>/<status>/<time>/enriched[/r2]`.
pub fn write_enriched_id(order: &OrderEvent<'_>, revision: u32, out: &mut Vec<u8>) {
    write_metric_id(order, out);
    out.extend_from_slice(b"/enriched");
    revision_part(revision, out);
}

/// Appends the id of an order of high value: `<orderId>/<status>/<time>/high-value[/r2]`.
pub fn write_high_value_id(order: &OrderEvent<'_>, revision: u32, out: &mut Vec<u8>) {
    write_metric_id(order, out);
    out.extend_from_slice(b"/high-value");
    revision_part(revision, out);
}

/// Appends the JSON of an order with its customer; `customer` and `revision` as in
/// `Decision::Enriched`.
pub fn write_enriched(
    order: &OrderEvent<'_>,
    customer: Option<&CustomerVersion>,
    revision: u32,
    rules: &OrderRules,
    out: &mut Vec<u8>,
) {
    enriched_fields(order, customer, out);
    json::key("highValue", out);
    json::value(&rules.is_high_value(order), out);
    json::number_field("revision", revision, out);
    out.push(b'}');
}

/// Appends the JSON of an order of high value, with the threshold it is above.
pub fn write_high_value(
    order: &OrderEvent<'_>,
    customer: Option<&CustomerVersion>,
    revision: u32,
    rules: &OrderRules,
    out: &mut Vec<u8>,
) {
    enriched_fields(order, customer, out);
    json::money_field("threshold", rules.threshold(order.currency), out);
    json::number_field("revision", revision, out);
    out.push(b'}');
}

fn enriched_fields(order: &OrderEvent<'_>, customer: Option<&CustomerVersion>, out: &mut Vec<u8>) {
    out.reserve(512);
    out.extend_from_slice(b"{\"orderId\":");
    json::text(&order.order_id, out);
    json::text_field("customerId", &order.customer_id, out);
    json::optional_field("productId", order.product_id.as_deref(), out);
    json::money_field("totalAmount", order.total_amount, out);
    json::text_field("currency", order.currency.code(), out);
    json::number_field("itemsCount", order.items_count, out);
    json::text_field("status", &order.status, out);
    json::optional_field("region", order.region.as_deref(), out);
    json::key("itemCategories", out);
    out.push(b'[');
    for (at, name) in order.item_categories.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::text(name, out);
    }
    out.push(b']');
    json::time_field("timestamp", order.time, out);
    let profile = customer.and_then(|version| version.profile.as_ref());
    json::text_field("customerTier", profile.map_or(UNKNOWN, |p| &*p.tier), out);
    json::optional_field("customerRegion", profile.and_then(|p| p.region.as_deref()), out);
    if let Some(version) = customer {
        json::time_field("customerAsOf", version.since, out);
    }
    let reason = match customer {
        None => Some("absent"),
        Some(CustomerVersion { profile: None, .. }) => Some("deleted"),
        Some(_) => None,
    };
    json::optional_field("unmatchedReason", reason, out);
}

/// Appends the JSON of an order event's measurement (a row of `order_metrics`).
pub fn write_metric(order: &OrderEvent<'_>, out: &mut Vec<u8>) {
    out.reserve(256);
    out.extend_from_slice(b"{\"orderId\":");
    json::text(&order.order_id, out);
    json::text_field("customerId", &order.customer_id, out);
    json::text_field("status", &order.status, out);
    json::money_field("totalAmount", order.total_amount, out);
    json::text_field("currency", order.currency.code(), out);
    json::number_field("itemsCount", order.items_count, out);
    json::optional_field("region", order.region.as_deref(), out);
    json::time_field("timestamp", order.time, out);
    out.push(b'}');
}

/// The result of one window.
#[derive(Clone, Copy, Debug)]
pub struct WindowResult<A> {
    /// Its first instant.
    pub start: EventTime,
    /// The first instant behind it.
    pub end: EventTime,
    /// 1 for its first result; each later one replaces those before.
    pub revision: u32,
    /// What the orders came to.
    pub sums: A,
}

/// Appends the id of a region's window: `<region>/<start>-<end>[/r<revision>]`.
pub fn write_region_id<A>(region: &str, result: &WindowResult<A>, out: &mut Vec<u8>) {
    part(region, out);
    window_part(result, out);
}

fn window_part<A>(result: &WindowResult<A>, out: &mut Vec<u8>) {
    out.push(b'/');
    time_part(result.start, out);
    out.push(b'-');
    time_part(result.end, out);
    revision_part(result.revision, out);
}

/// Appends the JSON of a region's window; `region` is [`UNKNOWN`] for orders without one.
pub fn write_region(region: &str, result: &WindowResult<&RegionSums>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"region\":");
    json::text(region, out);
    json::time_field("windowStart", result.start, out);
    json::time_field("windowEnd", result.end, out);
    json::number_field("orders", result.sums.orders(), out);
    json::key("amounts", out);
    out.push(b'{');
    for (at, (currency, units)) in result.sums.amounts().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::text(currency.code(), out);
        out.extend_from_slice(b":\"");
        Money::write_units(units, out);
        out.push(b'"');
    }
    out.push(b'}');
    json::number_field("revision", result.revision, out);
    out.push(b'}');
}

/// Appends the id of a window's revenue, which is what the row in `revenue_metrics` is known by:
/// `<region>/<category>/<currency>/<start>-<end>[/r<revision>]`, empty where unknown.
pub fn write_revenue_id<A>(key: &RevenueKey, result: &WindowResult<A>, out: &mut Vec<u8>) {
    part(key.region.as_deref().unwrap_or_default(), out);
    out.push(b'/');
    part(key.category.as_deref().unwrap_or_default(), out);
    out.push(b'/');
    out.extend_from_slice(&key.currency.bytes());
    window_part(result, out);
}

/// Appends the JSON of a window's revenue (a row of `revenue_metrics`) at the window's start.
/// Costs are zero: orders do not say what they cost the shop, and the row must have a number.
pub fn write_revenue(key: &RevenueKey, result: &WindowResult<&RevenueSums>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"revenue\":\"");
    Money::write_units(result.sums.units(), out);
    out.extend_from_slice(b"\",\"costs\":\"0.00\"");
    json::text_field("currency", key.currency.code(), out);
    json::number_field("ordersCount", result.sums.orders(), out);
    json::optional_field("region", key.region.as_deref(), out);
    json::optional_field("productCategory", key.category.as_deref(), out);
    json::time_field("timestamp", result.start, out);
    json::time_field("windowEnd", result.end, out);
    json::number_field("revision", result.revision, out);
    out.push(b'}');
}
