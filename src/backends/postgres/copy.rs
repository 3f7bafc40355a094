//! Rows in PostgreSQL's binary COPY form, built with sqlx's own encoders.

use std::ops::Range;

use rust_decimal::Decimal;
use sqlx::Encode;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgConnection, Postgres};

use crate::backends::postgres::instant::Instant;
use crate::backends::postgres::seen::Ids;
use crate::domain::EventTime;
use crate::metrics::sample::Sample;

/// The signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// The end of the data.
const TRAILER: &[u8] = &(-1_i16).to_be_bytes();

/// Rows of one kind in binary COPY form, their columns in the order of
/// [`crate::metrics::kind::Kind::columns`].
#[derive(Default)]
pub struct EncodedRows {
    buffer: PgArgumentBuffer,
    ends: Vec<usize>,
    event_id: Vec<u8>,
    span: Option<(EventTime, EventTime)>,
    corrects: bool,
    /// Kept only where each event id is to count once.
    ids: Option<Box<Ids>>,
}

impl EncodedRows {
    /// No rows yet; with `once` the id of each event is kept beside its row.
    #[must_use]
    pub fn new(once: bool) -> Self {
        Self { ids: once.then(Box::default), ..Self::default() }
    }

    /// Appends a row, or nothing.
    ///
    /// # Errors
    /// What sqlx's encoder says; nothing that a valid row holds makes it fail.
    pub fn push(&mut self, sample: &Sample<'_>, tenant: &str) -> Result<(), BoxDynError> {
        let start = self.buffer.len();
        let pushed = self.append(sample, tenant);
        if pushed.is_err() {
            self.buffer.truncate(start);
            return pushed;
        }
        self.ends.push(self.buffer.len());
        let time = sample.time();
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
        self.corrects |= sample.revision() > 1;
        if let Some(ids) = &mut self.ids {
            ids.push(tenant, sample.own_id(), time);
        }
        Ok(())
    }

    fn append(&mut self, sample: &Sample<'_>, tenant: &str) -> Result<(), BoxDynError> {
        let to = &mut self.buffer;
        let columns = i16::try_from(sample.kind().columns().len())?;
        to.extend_from_slice(&columns.to_be_bytes());
        value(to, &Instant(sample.time()))?;
        match sample {
            Sample::Customer(row) => {
                value(to, &row.customer_id.as_ref())?;
                value(to, &row.metric_name.as_ref())?;
                value(to, &row.value)?;
                json(to, row.labels.as_deref())?;
            }
            Sample::Order(row) => {
                value(to, &row.order_id.as_ref())?;
                value(to, &row.customer_id.as_ref())?;
                value(to, &row.status.as_ref())?;
                value(to, &row.total_amount.decimal())?;
                value(to, &row.currency.code())?;
                value(to, &i64::try_from(row.items_count)?)?;
                optional(to, row.region.as_deref())?;
                json(to, row.tags.as_deref())?;
            }
            Sample::Payment(row) => {
                value(to, &row.payment_id.as_ref())?;
                optional(to, row.order_id.as_deref())?;
                value(to, &row.customer_id.as_ref())?;
                value(to, &row.amount.decimal())?;
                value(to, &row.currency.code())?;
                value(to, &row.status.code())?;
                optional(to, row.payment_method.as_deref())?;
                optional(to, row.merchant_id.as_deref())?;
                optional(to, row.fraud_score.map(|s| Decimal::new(s.thousandths().into(), 3)))?;
            }
            Sample::Revenue(row) => {
                value(to, &row.revenue.decimal())?;
                value(to, &row.costs.decimal())?;
                value(to, &row.profit.decimal())?;
                value(to, &row.currency.code())?;
                value(to, &i64::try_from(row.orders_count)?)?;
                optional(to, row.region.as_deref())?;
                optional(to, row.product_category.as_deref())?;
            }
            Sample::System(row) => {
                value(to, &row.service_name.as_ref())?;
                let (cpu, memory, requests) = (row.cpu_usage, row.memory_usage, row.request_rate);
                for gauge in [cpu, memory, requests, row.error_rate, row.latency_p99] {
                    optional(to, gauge)?;
                }
            }
        }
        value(to, &tenant)?;
        self.event_id.clear();
        sample.write_event_id(&mut self.event_id);
        value(to, &self.event_id.as_slice())?;
        value(to, &sample.revision())
    }

    /// Whether a row is a correction of an earlier one.
    #[must_use]
    pub const fn corrects(&self) -> bool {
        self.corrects
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
        self.corrects = false;
        if let Some(ids) = &mut self.ids {
            ids.clear();
        }
    }

    /// The ids of the events, if each is to count once.
    #[must_use]
    pub fn ids(&self) -> Option<&Ids> {
        self.ids.as_deref()
    }

    /// The rows but those at `places`, which are in order; and where each was.
    #[must_use]
    pub fn without(&self, places: &[usize]) -> (Self, Vec<usize>) {
        let mut kept = Self { span: self.span, corrects: self.corrects, ..Self::default() };
        let mut left = Vec::with_capacity(self.len() - places.len());
        for row in (0..self.len()).filter(|row| places.binary_search(row).is_err()) {
            kept.buffer.extend_from_slice(self.rows(row..row + 1));
            kept.ends.push(kept.buffer.len());
            left.push(row);
        }
        (kept, left)
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

/// Appends a JSON text as `jsonb`: a version byte, then the text.
fn json(buffer: &mut PgArgumentBuffer, text: Option<&str>) -> Result<(), BoxDynError> {
    let versioned = text.map(|text| [b"\x01", text.as_bytes()].concat());
    optional(buffer, versioned.as_deref())
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
