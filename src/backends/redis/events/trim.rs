//! Trimming what is archived.

use redis::Value;

use super::library::TRIM;
use super::read::{number, text};
use super::{Keys, Store};
use crate::backends::error::Result;
use crate::events::{Link, Position};

/// What a trim came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trimmed {
    /// So many events are gone from the log.
    Done(u64),
    /// A reader has not got so far.
    Behind {
        /// Which, `KIND:NAME`.
        reader: String,
        /// Up to where it has done everything.
        position: u64,
    },
    /// The log does not have this event with this link.
    Differs,
}

impl Store {
    /// Trims a shard up to a position with its link, which stay noted as what stands before the
    /// first event. Unless forced, no reader may be behind.
    ///
    /// # Errors
    /// As the server says; [`crate::backends::Kind::Missing`] if the shard was never made.
    pub async fn trim(&mut self, upto: Position, link: Link, forced: bool) -> Result<Trimmed> {
        let keys = Keys::new(self.namespace(), upto.shard);
        let n = upto.n.to_string();
        let force = if forced { "force" } else { "" };
        let args = [n.as_bytes(), link.as_str().as_bytes(), force.as_bytes()];
        let what = format!("trim up to {upto}");
        let names = [keys.head(), keys.log(), keys.readers()];
        let value = self.run(TRIM, &names, &args, &what).await?;
        let Value::Array(parts) = value else { return Err(self.unreadable(&what)) };
        let part = |i: usize| parts.get(i).and_then(text);
        match part(0).as_deref() {
            Some("ok") => Ok(Trimmed::Done(parts.get(1).and_then(number).unwrap_or(0))),
            Some("behind") => Ok(Trimmed::Behind {
                reader: part(1).unwrap_or_default(),
                position: part(2).and_then(|at| at.parse().ok()).unwrap_or(0),
            }),
            Some("differs") => Ok(Trimmed::Differs),
            _ => Err(self.absent(upto.shard)),
        }
    }
}
