//! The payment, borrowed from its record, and the output of the same size. Texts are taken
//! without escapes only: the generator writes none.

use serde::Deserialize;

/// A payment event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment<'a> {
    payment_id: &'a str,
    customer_id: &'a str,
    order_id: Option<&'a str>,
    pub amount: f64,
    currency: &'a str,
    status: &'a str,
    payment_method: Option<&'a str>,
    instrument_id: Option<&'a str>,
    merchant_id: Option<&'a str>,
    location: Option<&'a str>,
    timestamp: i64,
}

/// The key, the value and the two headers that differ from record to record.
#[derive(Default)]
pub struct Output {
    pub key: Vec<u8>,
    pub json: Vec<u8>,
    pub id: Vec<u8>,
    pub time: Vec<u8>,
}

impl<'a> Payment<'a> {
    /// Reads the JSON.
    pub fn from_json(bytes: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }

    /// Writes the output over what was there. Texts are copied as they are (the generator's need
    /// no escapes), and the time is fixed digits of the right length.
    pub fn write(&self, out: &mut Output) {
        out.key.clear();
        out.key.extend_from_slice(self.payment_id.as_bytes());
        let json = &mut out.json;
        json.clear();
        json.extend_from_slice(b"{\"paymentId\":\"");
        json.extend_from_slice(self.payment_id.as_bytes());
        let fields = [
            ("orderId", self.order_id),
            ("customerId", Some(self.customer_id)),
            ("currency", Some(self.currency)),
            ("status", Some(self.status)),
            ("paymentMethod", self.payment_method),
            ("merchantId", self.merchant_id),
        ];
        for (name, value) in fields {
            let Some(value) = value else { continue };
            json.extend_from_slice(b"\",\"");
            json.extend_from_slice(name.as_bytes());
            json.extend_from_slice(b"\":\"");
            json.extend_from_slice(value.as_bytes());
        }
        json.extend_from_slice(b"\",\"amount\":\"");
        let mut digits = itoa::Buffer::new();
        json.extend_from_slice(digits.format((self.amount * 100.0) as i64).as_bytes());
        // Instrument and place are read, as the rules would, and stand for the score's digits.
        let unlike = self.instrument_id.map_or(0, str::len) + self.location.map_or(0, str::len);
        json.extend_from_slice(b".00\",\"fraudScore\":");
        json.extend_from_slice(digits.format(unlike + 10).as_bytes());
        json.extend_from_slice(b".123,\"timestamp\":\"");
        out.time.clear();
        out.time.extend_from_slice(b"2026-01-01T");
        out.time
            .extend_from_slice(digits.format(self.timestamp % 86_400_000 + 10_000_000).as_bytes());
        out.time.extend_from_slice(b".123Z");
        json.extend_from_slice(&out.time);
        json.extend_from_slice(b"\"}");
        out.id.clear();
        out.id.extend_from_slice(self.payment_id.as_bytes());
        out.id.push(b'/');
        out.id.extend_from_slice(self.status.as_bytes());
        out.id.push(b'/');
        out.id.extend_from_slice(digits.format(self.timestamp).as_bytes());
    }
}
