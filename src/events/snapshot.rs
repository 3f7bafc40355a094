//! A snapshot: the state of an aggregate as of one of its events, kept so that a later state costs
//! the events behind it only. A snapshot is a convenience: whatever is doubtful about one, the
//! events alone say what is true.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::content::BadContent;
use super::fold::{Rules, State};
use super::tree::Tree;
use super::{Aggregate, Event, Position, Upcasters};
use crate::domain::EventTime;

/// A snapshot as it is stored, one JSON object.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire<'a> {
    revision: u64,
    shard: u16,
    position: u64,
    link: Cow<'a, str>,
    schema: u32,
    /// Of the declared upcasters: with other ones the same events may make another state.
    upcasters: Cow<'a, str>,
    recorded_at: i64,
    time: i64,
    event_type: Cow<'a, str>,
    state: Box<RawValue>,
    checksum: Cow<'a, str>,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The form of its state.
    pub schema: u32,
    /// The fingerprint of the declared upcasters it was made with, as hexadecimal digits.
    pub upcasters: String,
    /// The state.
    pub state: State,
}

/// Why a snapshot is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its bytes are not those that were written.
    #[error("damaged: {0}")]
    Damaged(String),
    /// Its state has the form of another program.
    #[error("stale: its state has schema {found}, and this program's is {wanted}")]
    Schema {
        /// Its schema.
        found: u32,
        /// That of this program.
        wanted: u32,
    },
    /// It was made with other upcasters.
    #[error("stale: it was made with other events.upcasters")]
    Upcasters,
    /// Its event is not the one that the store has.
    #[error("foreign: the store has another event as revision {0}, or none")]
    Foreign(u64),
}

impl Unusable {
    /// One word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "damaged",
            Self::Schema { .. } | Self::Upcasters => "stale",
            Self::Foreign(_) => "foreign",
        }
    }
}

impl Snapshot {
    /// The snapshot of a state.
    #[must_use]
    pub fn of(state: State, rules: &Rules, upcasters: &Upcasters) -> Self {
        Self { schema: rules.schema, upcasters: digits(upcasters), state }
    }

    /// Its stored form.
    ///
    /// # Errors
    /// Never in practice.
    pub fn write(&self, aggregate: &Aggregate) -> Result<Vec<u8>, BadContent> {
        let json = |e: serde_json::Error| BadContent::Json(e.to_string());
        let state = &self.state;
        let mut wire = Wire {
            revision: state.revision,
            shard: state.position.shard,
            position: state.position.n,
            link: Cow::Borrowed(state.link.as_str()),
            schema: self.schema,
            upcasters: Cow::Borrowed(&self.upcasters),
            recorded_at: state.recorded_at.millis(),
            time: state.time.millis(),
            event_type: Cow::Borrowed(&state.event_type),
            state: state.data.to_raw()?,
            checksum: Cow::Borrowed(""),
        };
        let checksum = checksum(aggregate, &serde_json::to_vec(&wire).map_err(json)?);
        wire.checksum = Cow::Owned(checksum);
        serde_json::to_vec(&wire).map_err(json)
    }

    /// Reads a stored snapshot of an aggregate.
    ///
    /// # Errors
    /// [`Unusable::Damaged`].
    pub fn read(aggregate: &Aggregate, bytes: &[u8]) -> Result<Self, Unusable> {
        let damaged = |why: &dyn std::fmt::Display| Unusable::Damaged(why.to_string());
        let mut wire: Wire<'_> = serde_json::from_slice(bytes).map_err(|e| damaged(&e))?;
        let given = std::mem::take(&mut wire.checksum);
        let plain = serde_json::to_vec(&wire).map_err(|e| damaged(&e))?;
        if checksum(aggregate, &plain) != given {
            return Err(damaged(&"its checksum is that of other bytes"));
        }
        let state = State {
            revision: wire.revision,
            position: Position { shard: wire.shard, n: wire.position },
            link: wire.link.parse().map_err(|e: &str| damaged(&e))?,
            recorded_at: EventTime::from_millis(wire.recorded_at),
            time: EventTime::from_millis(wire.time),
            event_type: wire.event_type.into_owned(),
            data: Tree::read(wire.state.get()).map_err(|e| damaged(&e))?,
        };
        Ok(Self { schema: wire.schema, upcasters: wire.upcasters.into_owned(), state })
    }

    /// Whether it is of this program.
    ///
    /// # Errors
    /// [`Unusable::Schema`], [`Unusable::Upcasters`].
    pub fn fits(&self, rules: &Rules, upcasters: &Upcasters) -> Result<(), Unusable> {
        if self.schema != rules.schema {
            return Err(Unusable::Schema { found: self.schema, wanted: rules.schema });
        }
        if self.upcasters != digits(upcasters) {
            return Err(Unusable::Upcasters);
        }
        Ok(())
    }

    /// Whether the store has its event. Of one that was archived the position is left, by which it
    /// is known then.
    ///
    /// # Errors
    /// [`Unusable::Foreign`].
    pub fn belongs(&self, position: Position, event: Option<&Event>) -> Result<(), Unusable> {
        let same = position == self.state.position
            && event.is_none_or(|e| e.link == self.state.link && e.revision == self.state.revision);
        if same { Ok(()) } else { Err(Unusable::Foreign(self.state.revision)) }
    }
}

fn digits(upcasters: &Upcasters) -> String {
    format!("{:016x}", upcasters.fingerprint())
}

/// The first 32 hexadecimal digits of the SHA-256 of a snapshot without its checksum, for its
/// aggregate.
fn checksum(aggregate: &Aggregate, bytes: &[u8]) -> String {
    let hash = Sha256::new()
        .chain_update(aggregate.as_str())
        .chain_update([0])
        .chain_update(bytes)
        .finalize();
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Link;
    use crate::events::fold::MERGED;

    fn snapshot() -> Snapshot {
        let state = State {
            revision: 50,
            position: Position { shard: 0, n: 77 },
            link: Link::START,
            recorded_at: EventTime::from_millis(1_795_550_400_000),
            time: EventTime::from_millis(1_795_550_300_000),
            event_type: "Made".to_owned(),
            data: Tree::read(r#"{"amount":12.3400,"name":"\u0007ä"}"#).unwrap(),
        };
        Snapshot::of(state, &MERGED, &Upcasters::default())
    }

    #[test]
    fn it_reads_back_for_its_aggregate_alone_and_every_changed_byte_shows() {
        let one: Aggregate = "order/1".parse().unwrap();
        let bytes = snapshot().write(&one).unwrap();
        assert_eq!(Snapshot::read(&one, &bytes).unwrap(), snapshot());
        let other = Snapshot::read(&"order/2".parse().unwrap(), &bytes).unwrap_err();
        assert_eq!(other.word(), "damaged");
        for i in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[i] ^= 1;
            assert!(Snapshot::read(&one, &changed).is_err(), "byte {i}");
        }
        assert!(Snapshot::read(&one, &bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn one_of_another_program_or_another_history_is_told() {
        let taken = snapshot();
        let none = Upcasters::default();
        assert_eq!(taken.fits(&MERGED, &none), Ok(()));
        let newer = Rules { schema: 2, ..MERGED };
        let stale = taken.fits(&newer, &none).unwrap_err();
        assert_eq!(stale.to_string(), "stale: its state has schema 1, and this program's is 2");
        let declared = Upcasters::new(&[], &["A 1: remove x".to_owned()]).unwrap();
        assert_eq!(taken.fits(&MERGED, &declared), Err(Unusable::Upcasters));
        let position = taken.state.position;
        let mut event = Event {
            position,
            aggregate: "order/1".parse().unwrap(),
            revision: 50,
            recorded_at: taken.state.recorded_at,
            link: Link::START,
            envelope: Vec::new(),
        };
        assert_eq!(taken.belongs(position, Some(&event)), Ok(()));
        assert_eq!(taken.belongs(position, None), Ok(()));
        assert!(taken.belongs(Position { n: 78, ..position }, None).is_err());
        event.link = Link::from_bytes(&[b'a'; 32]).unwrap();
        assert_eq!(taken.belongs(position, Some(&event)), Err(Unusable::Foreign(50)));
    }
}
