//! Lines of CSV as payment events.

use std::borrow::Cow;

use crate::domain::{Reason, Reject, json};

/// The fields of a payment event and the names that a column may have.
const FIELDS: [(&str, &[&str]); 12] = [
    ("paymentId", &["paymentId", "payment_id"]),
    ("customerId", &["customerId", "customer_id"]),
    ("amount", &["amount"]),
    ("timestamp", &["timestamp", "time"]),
    ("currency", &["currency"]),
    ("status", &["status"]),
    ("orderId", &["orderId", "order_id"]),
    ("paymentMethod", &["paymentMethod", "payment_method", "method"]),
    ("merchantId", &["merchantId", "merchant_id", "terminalId", "terminal_id"]),
    ("instrumentId", &["instrumentId", "instrument_id"]),
    ("location", &["location"]),
    ("failureReason", &["failureReason", "failure_reason"]),
];
/// So many of them, the first, must be there.
const NEEDED: usize = 4;

/// Which column of a CSV file of payments holds which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentColumns {
    fields: Vec<Option<&'static str>>,
}

impl PaymentColumns {
    /// What is needed of a header.
    pub const NEEDED: &str = "paymentId, customerId, amount and timestamp; as known are currency, \
         status (COMPLETED if there is no such column), orderId, paymentMethod, merchantId, \
         instrumentId, location and failureReason.";

    /// Reads a header row: camelCase or `snake_case` names in any order. Other columns are read over.
    ///
    /// # Errors
    /// What is wrong with the header, for a person.
    pub fn from_header(names: &[String]) -> Result<Self, String> {
        let mut fields: Vec<Option<&'static str>> = Vec::new();
        for name in names {
            let own = FIELDS.iter().find(|(_, names)| names.contains(&name.as_str()));
            let field = own.map(|(field, _)| *field);
            if let Some(field) = field.filter(|f| fields.contains(&Some(*f))) {
                return Err(format!("the header names {field} twice"));
            }
            fields.push(field);
        }
        let missing: Vec<&str> = FIELDS[..NEEDED]
            .iter()
            .map(|(field, _)| *field)
            .filter(|field| !fields.contains(&Some(*field)))
            .collect();
        if missing.is_empty() {
            return Ok(Self { fields });
        }
        Err(format!("the header lacks {}; it has {}", missing.join(", "), names.join(", ")))
    }

    /// Appends a row as a JSON payment event. What its fields hold is checked by whoever reads it.
    ///
    /// # Errors
    /// Other columns than the header's.
    pub fn write_json(&self, row: &[Cow<'_, str>], out: &mut Vec<u8>) -> Result<(), Reject> {
        if row.len() != self.fields.len() {
            let detail = format!("{} columns; the header has {}", row.len(), self.fields.len());
            return Err(Reject::new(Reason::BrokenCsv, "", detail));
        }
        out.push(b'{');
        if !self.fields.contains(&Some("status")) {
            out.extend_from_slice(b"\"status\":\"COMPLETED\"");
        }
        for (field, text) in self.fields.iter().zip(row) {
            let Some(field) = field.filter(|_| !text.is_empty()) else { continue };
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            json::text(field, out);
            out.push(b':');
            json::text(text.trim(), out);
        }
        out.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::PaymentEvent;
    use crate::domain::payment::Currency;

    fn columns(header: &str) -> Result<PaymentColumns, String> {
        PaymentColumns::from_header(&header.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    fn json_of(header: &str, row: &[&str]) -> Result<String, Reject> {
        let row: Vec<Cow<'_, str>> = row.iter().map(|f| Cow::Borrowed(*f)).collect();
        let mut out = Vec::new();
        columns(header).unwrap().write_json(&row, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_row_becomes_an_event() {
        let header = "payment_id,time,customer_id,terminal_id,amount,note";
        let row = ["p\"1", "2018-06-11T00:00:24Z", "3711", "8121", "75.81", "x"];
        let json = json_of(header, &row).unwrap();
        let eur = Currency::new("EUR").unwrap();
        let payment = PaymentEvent::from_json(json.as_bytes(), eur, None).unwrap();
        assert_eq!(payment.payment_id, "p\"1");
        assert_eq!(payment.merchant_id.as_deref(), Some("8121"));
        assert_eq!((payment.amount.to_string(), payment.currency), ("75.81".to_owned(), eur));
        let none =
            json_of("status,paymentId,customerId,amount,timestamp", &["", "p", "c", "1", ""]);
        assert_eq!(none.unwrap(), r#"{"paymentId":"p","customerId":"c","amount":"1"}"#);
        let few = json_of(header, &row[..3]).unwrap_err();
        assert_eq!(
            (few.reason, few.detail.as_str()),
            (Reason::BrokenCsv, "3 columns; the header has 6")
        );
    }

    #[test]
    fn a_header_must_name_what_is_needed_once() {
        let lacks = columns("payment_id,amount,x").unwrap_err();
        assert_eq!(lacks, "the header lacks customerId, timestamp; it has payment_id, amount, x");
        let twice = columns("terminal_id,merchantId").unwrap_err();
        assert_eq!(twice, "the header names merchantId twice");
    }
}
