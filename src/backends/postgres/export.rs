//! Rows as the server writes them.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use sqlx::postgres::PgConnection;

use crate::analytics::outgoing::{Outgoing, Written};
use crate::backends::error::Result;
use crate::backends::postgres::fault;

/// What the server writes, piece by piece.
pub struct Pieces<'c> {
    stream: BoxStream<'c, std::result::Result<Vec<u8>, sqlx::Error>>,
    what: String,
}

/// Begins to write the rows of one snapshot.
///
/// # Errors
/// A missing table, a lost connection.
pub async fn begin<'c>(
    connection: &'c mut PgConnection,
    outgoing: &Outgoing,
    form: Written,
) -> Result<Pieces<'c>> {
    let what = format!("could not export hypertable bss.{}", outgoing.kind.hypertable());
    let statement = outgoing.copy(form);
    match connection.copy_out_raw(&statement).await {
        Ok(stream) => {
            let stream = stream.map(|piece| piece.map(|bytes| bytes.to_vec())).boxed();
            Ok(Pieces { stream, what })
        }
        Err(e) => Err(fault(e, what)),
    }
}

impl Pieces<'_> {
    /// The next piece; it may end within a row. `None` at the end.
    ///
    /// # Errors
    /// The connection broke, or the statement was stopped.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        match self.stream.next().await {
            None => Ok(None),
            Some(Ok(piece)) => Ok(Some(piece)),
            Some(Err(e)) => Err(fault(e, self.what.clone())),
        }
    }
}
