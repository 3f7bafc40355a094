//! The epoch of a shard, and what the store has at a position.

use redis::{RedisError, Value};

use super::library::{EPOCH, lacks};
use super::{Direction, Keys, Store};
use crate::backends::error::Result;
use crate::events::relay::Standing;
use crate::events::{Epoch, Position};

impl Store {
    /// The epoch of a shard; a server with another run id than the one that is noted begins one. A
    /// server that takes no writes now keeps the one that is noted.
    ///
    /// # Errors
    /// As the server says.
    pub async fn epoch(&mut self, shard: u16) -> Result<Epoch> {
        let meta = Keys::new(self.namespace(), shard).meta();
        let names = [meta.clone()];
        let mut answer = self
            .calls()
            .command(EPOCH, &names, &[])
            .query_async::<Value>(&mut self.connection)
            .await;
        if answer.as_ref().is_err_and(lacks) {
            self.load_functions().await?;
            let command = self.calls().command(EPOCH, &names, &[]);
            answer = command.query_async(&mut self.connection).await;
        }
        let told = match answer {
            Err(error) if takes_nothing(&error) => {
                let mut noted = redis::cmd("HGET");
                noted.arg(meta).arg("epoch");
                self.ask(&noted, "read the epoch").await?
            }
            answer => answer.map_err(|e| self.failed(e, "count the epoch"))?,
        };
        let text = match &told {
            Value::BulkString(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            _ => "",
        };
        Ok(text.parse().unwrap_or_default())
    }

    /// What a shard has: floor, head, and the link at a position.
    ///
    /// # Errors
    /// As the server says.
    pub async fn standing(&mut self, position: Position) -> Result<Standing> {
        let Position { shard, n } = position;
        // In this order: what is trimmed or appended meanwhile makes no gap.
        let head = self.head(shard).await?.0;
        let found = self.read(position, Direction::Forward, 1).await?;
        let at = found.first().filter(|event| event.position.n == n).map(|event| event.link);
        Ok(Standing { floor: self.floor(shard).await?, head, at })
    }
}

/// Whether a server takes no writes now: full, a replica, or its disk fails.
pub(super) fn takes_nothing(error: &RedisError) -> bool {
    matches!(error.code(), Some("OOM" | "READONLY" | "MISCONF"))
}
