//! Rows in PostgreSQL's binary COPY form, built with sqlx's own encoders.

use std::ops::Range;

use rust_decimal::Decimal;
use sqlx::Encode;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgConnection, Postgres};

use crate::backends::postgres::instant::Instant;
use crate::domain::{EventTime, PaymentEvent};
use crate::metrics::sample::write_event_id;

/// The columns of an encoded payment, in order.
pub const PAYMENT_COLUMNS: &str = "time, payment_id, order_id, customer_id, amount, currency, \
                                   status, payment_method, merchant_id, fraud_score, tenant, \
                                   event_id";
/// How many they are.
const PAYMENT_COLUMN_COUNT: i16 = 12;

/// The signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// The end of the data.
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();

/// Payments in binary COPY form.
#[derive(Default)]
pub struct EncodedPayments {
    buffer: PgArgumentBuffer,
    ends: Vec<usize>,
    event_id: Vec<u8>,
    span: Option<(EventTime, EventTime)>,
}

impl EncodedPayments {
    /// Appends a row, or nothing.
    ///
    /// # Errors
    /// What sqlx's encoder says; nothing that a valid payment holds makes it fail.
    pub fn push(&mut self, payment: &PaymentEvent<'_>, tenant: &str) -> Result<(), BoxDynError> {
        let start = self.buffer.len();
        let pushed = self.append(payment, tenant);
        if pushed.is_err() {
            self.buffer.truncate(start);
            return pushed;
        }
        self.ends.push(self.buffer.len());
        let (first, last) = self.span.unwrap_or((payment.time, payment.time));
        self.span = Some((first.min(payment.time), last.max(payment.time)));
        Ok(())
    }

    fn append(&mut self, payment: &PaymentEvent<'_>, tenant: &str) -> Result<(), BoxDynError> {
        let buffer = &mut self.buffer;
        buffer.extend_from_slice(&PAYMENT_COLUMN_COUNT.to_be_bytes());
        value(buffer, &Instant(payment.time))?;
        value(buffer, &payment.payment_id.as_ref())?;
        optional(buffer, payment.order_id.as_deref())?;
        value(buffer, &payment.customer_id.as_ref())?;
        value(buffer, &payment.amount.decimal())?;
        value(buffer, &payment.currency.code())?;
        value(buffer, &payment.status.code())?;
        optional(buffer, payment.payment_method.as_deref())?;
        optional(buffer, payment.merchant_id.as_deref())?;
        optional(buffer, payment.fraud_score.map(|s| Decimal::new(s.thousandths().into(), 3)))?;
        value(buffer, &tenant)?;
        self.event_id.clear();
        write_event_id(payment, &mut self.event_id);
        value(buffer, &self.event_id.as_slice())
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The earliest and the latest event time.
    #[must_use]
    pub const fn span(&self) -> Option<(EventTime, EventTime)> {
        self.span
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.ends.clear();
        self.span = None;
    }

    /// The bytes of the rows in `range`, without header and trailer.
    fn rows(&self, range: Range<usize>) -> &[u8] {
        let start = range.start.checked_sub(1).map_or(0, |before| self.ends[before]);
        let end = range.end.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.buffer[start..end]
    }

    /// Sends the rows in `range` to the table that `statement` copies into.
    ///
    /// # Errors
    /// What the server says.
    pub async fn send(
        &self,
        connection: &mut PgConnection,
        statement: &str,
        range: Range<usize>,
    ) -> Result<u64, sqlx::Error> {
        let mut copy = connection.copy_in_raw(statement).await?;
        copy.send(HEADER).await?;
        copy.send(self.rows(range)).await?;
        copy.send(TRAILER).await?;
        copy.finish().await
    }
}

/// Appends one value, its length first.
fn value<'q, T: Encode<'q, Postgres>>(
    buffer: &mut PgArgumentBuffer,
    value: &T,
) -> Result<(), BoxDynError> {
    let at = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    let length = match value.encode_by_ref(buffer)? {
        IsNull::Yes => -1,
        IsNull::No => i32::try_from(buffer.len() - at - 4)?,
    };
    buffer[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn optional<'q, T: Encode<'q, Postgres>>(
    buffer: &mut PgArgumentBuffer,
    content: Option<T>,
) -> Result<(), BoxDynError> {
    match content {
        Some(content) => value(buffer, &content),
        None => {
            buffer.extend_from_slice(&(-1_i32).to_be_bytes());
            Ok(())
        }
    }
}
