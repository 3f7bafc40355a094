//! What the store is measured by: the server's own command, and its memory.

use redis::Value;

use super::{Keys, Store};
use crate::backends::error::Result;

impl Store {
    /// Adds entries to a stream beside the log with `XADD`, unchecked, all in one pipeline.
    ///
    /// # Errors
    /// As the server says.
    pub async fn raw_add(&mut self, entries: &[Vec<u8>]) -> Result<()> {
        let key = Keys::new(self.namespace(), 0).part("raw");
        let mut pipeline = redis::pipe();
        for entry in entries {
            pipeline.cmd("XADD").arg(&key).arg("*").arg("e").arg(entry).ignore();
        }
        let sent = pipeline.query_async::<()>(&mut self.connection).await;
        sent.map_err(|e| self.failed(e, "add entries"))
    }

    /// The bytes that the server's data takes.
    ///
    /// # Errors
    /// As the server says.
    pub async fn used_memory(&mut self) -> Result<u64> {
        let told = self.ask(redis::cmd("INFO").arg("memory"), "ask for the memory").await?;
        let text = match told {
            Value::BulkString(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Value::VerbatimString { text, .. } => text,
            _ => String::new(),
        };
        let used = text.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(used.and_then(|bytes| bytes.trim().parse().ok()).unwrap_or(0))
    }
}
