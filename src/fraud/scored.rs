//! The payment with its score, as it goes to `bss.payment.metrics`.

use crate::domain::PaymentEvent;
use crate::domain::json;
use crate::fraud::score::Parts;

/// Appends the JSON of a payment with its score and what the score is made of.
pub fn write_scored_payment(payment: &PaymentEvent<'_>, parts: &Parts, out: &mut Vec<u8>) {
    out.reserve(320);
    out.extend_from_slice(b"{\"paymentId\":");
    json::text(&payment.payment_id, out);
    json::optional_field("orderId", payment.order_id.as_deref(), out);
    json::text_field("customerId", &payment.customer_id, out);
    json::money_field("amount", payment.amount, out);
    json::text_field("currency", payment.currency.code(), out);
    json::text_field("status", payment.status.code(), out);
    json::optional_field("paymentMethod", payment.payment_method.as_deref(), out);
    json::optional_field("merchantId", payment.merchant_id.as_deref(), out);
    json::score_field("fraudScore", parts.score(), out);
    parts.write_json(out);
    json::time_field("timestamp", payment.time, out);
    out.push(b'}');
}

/// Appends the scored payment's `ce_id`: `<paymentId>/<status>/<time in milliseconds>`.
pub fn write_scored_id(payment: &PaymentEvent<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(payment.payment_id.as_bytes());
    out.push(b'/');
    out.extend_from_slice(payment.status.code().as_bytes());
    out.push(b'/');
    out.extend_from_slice(itoa::Buffer::new().format(payment.time.millis()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::payment::Currency;

    fn written(event: &str) -> String {
        let eur = Currency::new("EUR").unwrap();
        let payment = PaymentEvent::from_json(event.as_bytes(), eur, None).unwrap();
        let mut out = Vec::new();
        write_scored_payment(&payment, &Parts { velocity: 0.123_45, ..Parts::default() }, &mut out);
        out.push(b' ');
        write_scored_id(&payment, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_fields_and_only_what_is_there() {
        assert_eq!(
            written(
                r#"{"paymentId":"p1","customerId":"c1","orderId":"o1","amount":12.3,"currency":"USD",
                "status":"COMPLETED","paymentMethod":"CARD","instrumentId":"i","merchantId":"m1",
                "location":"Rome","timestamp":"2024-01-01T00:00:00Z"}"#
            ),
            r#"{"paymentId":"p1","orderId":"o1","customerId":"c1","amount":"12.30","currency":"USD","status":"COMPLETED","paymentMethod":"CARD","merchantId":"m1","fraudScore":12.345,"scoreParts":{"velocity":12.345},"timestamp":"2024-01-01T00:00:00Z"} p1/COMPLETED/1704067200000"#
        );
        assert_eq!(
            written(
                r#"{"paymentId":"a\"b\\c\n","customerId":"c1","amount":"0.0001","status":"DECLINED",
                "timestamp":1704067200001}"#
            ),
            "{\"paymentId\":\"a\\\"b\\\\c\\n\",\"customerId\":\"c1\",\"amount\":\"0.0001\",\
             \"currency\":\"EUR\",\"status\":\"DECLINED\",\"fraudScore\":12.345,\
             \"scoreParts\":{\"velocity\":12.345},\
             \"timestamp\":\"2024-01-01T00:00:00.001Z\"} a\"b\\c\n/DECLINED/1704067200001"
        );
    }
}
