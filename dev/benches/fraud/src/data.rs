//! The labelled payments, from the files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::path::Path;

use bss::domain::payment::{Currency, PaymentStatus};
use bss::domain::{EventTime, Money, PaymentEvent};
use flate2::read::GzDecoder;

/// A payment and what it turned out to be.
pub struct Payment {
    /// The payment, as the topology would see it.
    pub event: PaymentEvent<'static>,
    /// 0 if genuine, else the kind of fraud, 1 to 3.
    pub scenario: usize,
}

fn rows(path: &Path) -> Result<csv::Reader<GzDecoder<File>>, Box<dyn Error>> {
    let file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(csv::Reader::from_reader(GzDecoder::new(file)))
}

/// Reads all payments, in order of time.
pub fn read(dir: &Path) -> Result<Vec<Payment>, Box<dyn Error>> {
    let mut scenarios: HashMap<String, usize> = HashMap::new();
    for row in rows(&dir.join("labels.csv.gz"))?.records() {
        let row = row?;
        scenarios.insert(row[0].to_owned(), row[1].parse()?);
    }
    let currency = Currency::new("EUR")?;
    let mut payments = Vec::new();
    for row in rows(&dir.join("payments.csv.gz"))?.records() {
        let row = row?;
        let owned = |at: usize| Cow::Owned(row[at].to_owned());
        let event = PaymentEvent {
            payment_id: owned(0),
            customer_id: owned(2),
            order_id: None,
            amount: Money::non_negative(&row[4])?,
            currency,
            status: PaymentStatus::Completed,
            payment_method: None,
            instrument_id: None,
            merchant_id: Some(owned(3)),
            location: None,
            failure_reason: None,
            fraud_score: None,
            time: EventTime::from_event_text(&time(&row[1]))?,
        };
        let scenario = scenarios.get(&row[0]).copied().unwrap_or_default();
        payments.push(Payment { event, scenario });
    }
    // Stable: payments of one second stay in order of their ids.
    payments.sort_by_key(|payment| payment.event.time);
    Ok(payments)
}

/// The file's time as RFC 3339: UTC where no zone is given.
fn time(text: &str) -> String {
    let text = text.replacen(' ', "T", 1);
    if text.ends_with('Z') || text.contains('+') { text } else { text + "Z" }
}
