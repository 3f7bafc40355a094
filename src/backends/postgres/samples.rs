//! Rows of any kind into their hypertable: COPY where it goes, a staging table where keys are there
//! already, halves where the server refuses a row.

use std::ops::Range;

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Json;
use sqlx::{Executor, Row};

use crate::backends::postgres::copy::EncodedRows;
use crate::backends::postgres::instant::Instant;
use crate::backends::postgres::{code, is_of_data, said};
use crate::metrics::batch::{Halving, Way};
use crate::metrics::kind::{Column, Form, Kind};

/// A row whose key is stored with other content.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The row, by its place among those sent.
    pub row: usize,
    /// What is stored.
    pub stored: Value,
}

/// What became of the rows that were sent.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Rows of a new key.
    pub stored: u64,
    /// Rows that were there with the same content.
    pub duplicates: u64,
    /// Rows of an event that counts already with another time.
    pub repeated: u64,
    /// Rows whose key was there with another revision: the highest is there now.
    pub corrected: u64,
    /// Rows that were there with other content.
    pub conflicting: Vec<Conflict>,
    /// Rows the server refuses for their data, with what it said.
    pub refused: Vec<(usize, String)>,
}

/// Writes rows of one kind; knows which way has been going well.
#[derive(Debug)]
pub struct SampleWriter {
    kind: Kind,
    way: Way,
}

type Answer<T> = std::result::Result<T, sqlx::Error>;

impl SampleWriter {
    /// A writer of rows of `kind`.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self { kind, way: Way::default() }
    }

    /// The table, for messages.
    #[must_use]
    pub fn table(&self) -> String {
        format!("hypertable bss.{}", self.kind.hypertable())
    }

    /// Writes `rows`, sorted by their key and each key once, inside the open transaction. Where they
    /// bring their ids, those of an event that counts already with another time are left out.
    ///
    /// # Errors
    /// Anything but a refused row: a lost connection, a missing table, a deadlock. The
    /// transaction must then be rolled back.
    pub async fn write(
        &mut self,
        connection: &mut PgConnection,
        rows: &EncodedRows,
    ) -> Answer<Outcome> {
        let Some(ids) = rows.ids() else { return self.send(connection, rows).await };
        let repeated = ids.note(connection, self.kind).await?;
        let (kept, places) = rows.without(&repeated);
        let mut outcome = self.send(connection, &kept).await?;
        for conflict in &mut outcome.conflicting {
            conflict.row = places[conflict.row];
        }
        for (row, _) in &mut outcome.refused {
            *row = places[*row];
        }
        let refused = outcome.refused.iter().map(|(row, _)| *row);
        ids.withdraw(connection, self.kind, refused).await?;
        outcome.repeated = u64::try_from(repeated.len()).unwrap_or(u64::MAX);
        Ok(outcome)
    }

    async fn send(&mut self, connection: &mut PgConnection, rows: &EncodedRows) -> Answer<Outcome> {
        let mut outcome = Outcome::default();
        let copies = self.way.copies();
        let mut met = false;
        let mut halving = Halving::new(rows.len());
        while let Some(range) = halving.next_range() {
            connection.execute("SAVEPOINT rows").await?;
            let mut sent = if copies && !met {
                let table = format!("bss.{}", self.kind.hypertable());
                rows.send(connection, &copy(self.kind, &table), range.clone())
                    .await
                    .map(|stored| Outcome { stored, ..Outcome::default() })
            } else {
                self.stage(connection, rows, range.clone()).await
            };
            if let Err(error) = &sent
                && code(error).as_deref() == Some("23505")
            {
                met = true;
                connection.execute("ROLLBACK TO SAVEPOINT rows").await?;
                sent = self.stage(connection, rows, range.clone()).await;
            }
            match sent {
                Ok(part) => {
                    connection.execute("RELEASE SAVEPOINT rows").await?;
                    outcome.stored += part.stored;
                    outcome.duplicates += part.duplicates;
                    outcome.corrected += part.corrected;
                    outcome.conflicting.extend(part.conflicting);
                }
                Err(error) if is_of_data(&error) => {
                    connection.execute("ROLLBACK TO SAVEPOINT rows").await?;
                    if let Some(row) = halving.refused(range) {
                        outcome.refused.push((row, said(&error)));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let repeats = outcome.duplicates + outcome.corrected > 0;
        self.way.went(copies, met || !copies && repeats);
        Ok(outcome)
    }

    async fn stage(
        &self,
        connection: &mut PgConnection,
        rows: &EncodedRows,
        range: Range<usize>,
    ) -> Answer<Outcome> {
        let Some((from, to)) = rows.span() else { return Ok(Outcome::default()) };
        // The bounds are written out, so that only the chunks they touch are planned.
        let bounds = format!("t.time >= '{from}' AND t.time <= '{to}'");
        connection.execute(make(self.kind).as_str()).await?;
        let sent =
            rows.send(connection, &copy(self.kind, &staging(self.kind)), range.clone()).await?;
        let mut replaced = 0;
        if rows.corrects() {
            // A correction takes the place of what it corrects: sums over rows stay right.
            let delete = format!(
                "DELETE FROM bss.{} t USING {} s WHERE {} AND t.revision < s.revision AND {bounds}",
                self.kind.hypertable(),
                staging(self.kind),
                same_key(self.kind)
            );
            replaced = connection.execute(delete.as_str()).await?.rows_affected();
        }
        let columns = names(self.kind, "");
        let insert = format!(
            "INSERT INTO bss.{} ({columns}) SELECT {columns} FROM {} ORDER BY place \
             ON CONFLICT DO NOTHING",
            self.kind.hypertable(),
            staging(self.kind)
        );
        let written = connection.execute(insert.as_str()).await?.rows_affected();
        let stored = written - replaced;
        let mut outcome = Outcome { stored, corrected: replaced, ..Outcome::default() };
        if written == sent {
            return Ok(outcome);
        }
        let (older, conflicting) = self.met(connection, &bounds, range.start).await?;
        outcome.conflicting = conflicting;
        outcome.corrected += older;
        let conflicting = u64::try_from(outcome.conflicting.len()).unwrap_or(u64::MAX);
        outcome.duplicates = sent - written - older - conflicting;
        Ok(outcome)
    }

    /// Of the staged rows whose key is stored: how many have a higher revision there, and which
    /// other content.
    async fn met(
        &self,
        connection: &mut PgConnection,
        bounds: &str,
        first: usize,
    ) -> Answer<(u64, Vec<Conflict>)> {
        let content = |of: &str| {
            let own = self.kind.columns().iter().filter(|c| c.is_content());
            own.map(|c| format!("{of}.{}", c.name)).collect::<Vec<_>>().join(", ")
        };
        let select = format!(
            "SELECT s.place, t.revision > s.revision AS newer, {} \
             FROM {} s JOIN bss.{} t ON {} WHERE {bounds} AND (t.revision > s.revision OR \
             ({}) IS DISTINCT FROM ({})) ORDER BY s.place",
            names(self.kind, "t."),
            staging(self.kind),
            self.kind.hypertable(),
            same_key(self.kind),
            content("t"),
            content("s"),
        );
        let found = sqlx::query(&select).persistent(false).fetch_all(connection).await?;
        let (mut older, mut conflicting) = (0, Vec::new());
        for row in &found {
            if row.try_get("newer")? {
                older += 1;
                continue;
            }
            let place: i64 = row.try_get("place")?;
            let at = usize::try_from(place - 1).unwrap_or(0);
            conflicting.push(Conflict { row: first + at, stored: to_json(self.kind, row)? });
        }
        Ok((older, conflicting))
    }
}

/// The staging table. Where a server has one backend for all, temporary tables are shared, so it
/// lives no longer than the transaction.
fn staging(kind: Kind) -> String {
    format!("bss_staged_{}", kind.name())
}

/// Makes it, empty.
fn make(kind: Kind) -> String {
    let typed = |c: &Column| format!("{} {}", c.name, sql_type(c.form));
    let columns: Vec<String> = kind.columns().iter().map(typed).collect();
    let name = staging(kind);
    format!(
        "CREATE TEMP TABLE IF NOT EXISTS {name} (place bigint GENERATED ALWAYS AS IDENTITY, {}) \
         ON COMMIT DROP; TRUNCATE {name} RESTART IDENTITY",
        columns.join(", ")
    )
}

const fn sql_type(form: Form) -> &'static str {
    match form {
        Form::Text => "text",
        Form::Time => "timestamptz",
        Form::Money | Form::Score => "numeric",
        Form::Count => "bigint",
        Form::Real => "double precision",
        Form::Json => "jsonb",
        Form::Revision => "integer",
    }
}

fn copy(kind: Kind, table: &str) -> String {
    format!("COPY {table} ({}) FROM STDIN BINARY", names(kind, ""))
}

/// The names of the columns, in order, each with `of` in front.
pub(super) fn names(kind: Kind, of: &str) -> String {
    let names = kind.columns().iter().map(|c| format!("{of}{}", c.name));
    names.collect::<Vec<_>>().join(", ")
}

fn same_key(kind: Kind) -> String {
    let keys = kind.columns().iter().filter(|c| c.is_key);
    keys.map(|c| format!("t.{0} = s.{0}", c.name)).collect::<Vec<_>>().join(" AND ")
}

/// Reads a row with all columns of a kind: the fields of files and records, amounts as text.
pub(super) fn to_json(kind: Kind, row: &PgRow) -> Answer<Value> {
    let mut object = Map::new();
    for column in kind.columns().iter().filter(|c| c.name != "tenant") {
        object.insert(column.field.to_owned(), field(column, row)?);
    }
    Ok(Value::Object(object))
}

fn field(column: &Column, row: &PgRow) -> Answer<Value> {
    let name = column.name;
    Ok(match column.form {
        Form::Text => row.try_get::<Option<String>, _>(name)?.into(),
        Form::Time => row.try_get::<Instant, _>(name)?.0.to_string().into(),
        Form::Money | Form::Score => {
            let number = row.try_get::<Option<Decimal>, _>(name)?.map(|n| n.normalize());
            let places = if column.form == Form::Money { 2 } else { 0 };
            let text = number.map(|mut n| {
                n.rescale(n.scale().max(places));
                n.to_string()
            });
            text.into()
        }
        Form::Count => row.try_get::<i64, _>(name)?.into(),
        Form::Real => row.try_get::<Option<f64>, _>(name)?.into(),
        Form::Json => row.try_get::<Option<Json<Value>>, _>(name)?.map_or(Value::Null, |j| j.0),
        Form::Revision => row.try_get::<i32, _>(name)?.into(),
    })
}
