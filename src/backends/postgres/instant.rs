//! `timestamptz` as an [`EventTime`], digit for digit.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{
    PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef, Postgres,
};
use sqlx::{Decode, Encode, Type};

use crate::domain::EventTime;

/// An instant on its way to or from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant(pub EventTime);

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in microseconds since 1970.
const ZERO: i64 = 946_684_800_000_000;

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("timestamptz")
    }
}

impl PgHasArrayType for Instant {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("_timestamptz")
    }
}

impl Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.micros().saturating_sub(ZERO);
        <i64 as Encode<Postgres>>::encode_by_ref(&micros, buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Instant {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.format() == PgValueFormat::Text {
            let time: jiff::Timestamp = value.as_str()?.parse()?;
            return Ok(Self(EventTime::from_micros(time.as_microsecond())));
        }
        let micros = i64::from_be_bytes(value.as_bytes()?.try_into()?);
        Ok(Self(EventTime::from_micros(micros.saturating_add(ZERO))))
    }
}
