//! A payment as a row: its natural key and its content.

use std::cmp::Ordering;

use crate::domain::PaymentEvent;

/// Orders payments by their natural key (payment, time, status); the tenant is the same in one
/// load. Rows are sent in this order, so that two loads cannot wait for each other in a circle.
#[must_use]
pub fn key_order(a: &PaymentEvent<'_>, b: &PaymentEvent<'_>) -> Ordering {
    a.payment_id
        .as_ref()
        .cmp(b.payment_id.as_ref())
        .then_with(|| a.time.cmp(&b.time))
        .then_with(|| a.status.cmp(&b.status))
}

/// Whether two payments of one key say the same in all that is stored.
#[must_use]
pub fn same_content(a: &PaymentEvent<'_>, b: &PaymentEvent<'_>) -> bool {
    a.customer_id == b.customer_id
        && a.order_id == b.order_id
        && a.amount == b.amount
        && a.currency == b.currency
        && a.payment_method == b.payment_method
        && a.merchant_id == b.merchant_id
        && a.fraud_score == b.fraud_score
}

/// Writes the identity of a payment's event: `<payment>/<status>/<milliseconds>`.
pub fn write_event_id(payment: &PaymentEvent<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(payment.payment_id.as_bytes());
    out.push(b'/');
    out.extend_from_slice(payment.status.code().as_bytes());
    out.push(b'/');
    out.extend_from_slice(itoa::Buffer::new().format(payment.time.millis()).as_bytes());
}

/// The payment as a JSON object, for the files and letters that set records aside.
#[must_use]
pub fn to_json(payment: &PaymentEvent<'_>) -> serde_json::Value {
    let text = |t: &Option<std::borrow::Cow<'_, str>>| t.as_deref().map(str::to_owned);
    serde_json::json!({
        "paymentId": payment.payment_id,
        "customerId": payment.customer_id,
        "orderId": text(&payment.order_id),
        "amount": payment.amount.to_string(),
        "currency": payment.currency.code(),
        "status": payment.status.code(),
        "paymentMethod": text(&payment.payment_method),
        "merchantId": text(&payment.merchant_id),
        "fraudScore": payment.fraud_score.map(|s| s.to_string()),
        "timestamp": payment.time.to_string(),
    })
}
