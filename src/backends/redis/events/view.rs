//! The customers of the event store as a view in Redis: in each shard a hash of rows by id, and the
//! position that they stand for. Both change in one step of the server.

use std::collections::HashMap;

use redis::Value;

use super::library::{PROJECT, SWAP};
use super::read::{number, text};
use super::{Keys, Store};
use crate::backends::error::{BackendError, Kind, Result};
use crate::events::projection::{Build, Customer, Positions, fold};
use crate::events::{Event, Link};

/// How often a step is tried again when another process was faster.
const TRIES: u32 = 100;

impl Store {
    /// The keys of a view in a shard: its rows, and its position.
    fn view(&self, shard: u16, build: Build) -> [String; 2] {
        let part = format!("view:customers:{}", build.word());
        let keys = Keys::new(self.namespace(), shard);
        [keys.part(&part), keys.part(&format!("{part}:at"))]
    }

    /// How far a view has come in each shard.
    ///
    /// # Errors
    /// As the server says.
    pub async fn view_positions(&mut self, build: Build) -> Result<Positions> {
        let mut found = Positions::new();
        for shard in 0..self.shards() {
            let at = self.view_at(shard, build).await?;
            if let Some(at) = self.position(&at, shard)? {
                found.insert(shard, at);
            }
        }
        Ok(found)
    }

    /// `N LINK`; empty where there is no view.
    async fn view_at(&mut self, shard: u16, build: Build) -> Result<String> {
        let [_, at] = self.view(shard, build);
        let value = self.ask(redis::cmd("GET").arg(at), "read the position of a view").await?;
        Ok(text(&value).unwrap_or_default())
    }

    fn position(&self, at: &str, shard: u16) -> Result<Option<(u64, Link)>> {
        if at.is_empty() {
            return Ok(None);
        }
        let read = at
            .split_once(' ')
            .and_then(|(n, link)| Some((n.parse::<u64>().ok()?, link.parse::<Link>().ok()?)));
        let unreadable =
            || self.unreadable(&format!("read the position of the view of shard {shard}"));
        read.map(Some).ok_or_else(unreadable)
    }

    /// Folds the next events of one shard into a view, with their position, in one step. Events that it
    /// has already, from another process too, change nothing.
    ///
    /// # Errors
    /// What the server says; an event that cannot be read.
    pub async fn view_apply(&mut self, build: Build, events: &[Event]) -> Result<()> {
        let Some(last) = events.last() else { return Ok(()) };
        let shard = last.position.shard;
        let names = self.view(shard, build);
        for _ in 0..TRIES {
            let at = self.view_at(shard, build).await?;
            let done = self.position(&at, shard)?.map_or(0, |(n, _)| n);
            let new: Vec<&Event> = events.iter().filter(|e| e.position.n > done).collect();
            if new.is_empty() {
                return Ok(());
            }
            let rows = self.rows(&names[0], &new).await?;
            let rows = folded(rows, &new)?;
            let next = format!("{} {}", last.position.n, last.link);
            let mut args = vec![at.into_bytes(), next.into_bytes()];
            for (id, customer) in rows {
                args.extend([id.into_bytes(), customer.to_json().into_bytes()]);
            }
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            if number(&self.run(PROJECT, &names, &args, "write to a view").await?) == Some(1) {
                return Ok(());
            }
        }
        let what = format!("could not write to the view {}", names[0]);
        Err(BackendError::new(Kind::Conflict, what)
            .because(format!("another process was faster {TRIES} times"))
            .hint("One process that projects is enough; stop the others."))
    }

    /// The rows of the customers of some events.
    async fn rows(&mut self, key: &str, events: &[&Event]) -> Result<HashMap<String, Customer>> {
        let mut ids: Vec<&str> = events.iter().map(|e| e.aggregate.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut read = redis::cmd("HMGET");
        read.arg(key).arg(&ids);
        let Value::Array(values) = self.ask(&read, "read rows of a view").await? else {
            return Err(self.unreadable("read rows of a view"));
        };
        let mut rows = HashMap::new();
        for (id, value) in ids.into_iter().zip(values) {
            if let Value::BulkString(bytes) = value {
                rows.insert(id.to_owned(), self.row(id, &bytes)?);
            }
        }
        Ok(rows)
    }

    fn row(&self, id: &str, bytes: &[u8]) -> Result<Customer> {
        Customer::from_json(bytes).map_err(|e| {
            let what =
                format!("could not read the row of customer {id} in Redis at {}", self.place());
            BackendError::new(Kind::Refused, what)
                .because(e)
                .hint("Build it anew: bss events project customers --into redis --rebuild")
        })
    }

    /// All rows of a view with the positions they stand for.
    ///
    /// # Errors
    /// What the server says; [`Kind::Conflict`] if the view does not stand still.
    pub async fn view_all(
        &mut self,
        build: Build,
    ) -> Result<(Positions, HashMap<String, Customer>)> {
        let (mut positions, mut all) = (Positions::new(), HashMap::new());
        for shard in 0..self.shards() {
            let mut tries = 0;
            let (at, rows) = loop {
                let before = self.view_at(shard, build).await?;
                let rows = self.view_rows(shard, build).await?;
                if self.view_at(shard, build).await? == before {
                    break (before, rows);
                }
                tries += 1;
                if tries == TRIES {
                    let what =
                        format!("could not read the view of shard {shard} as of one instant");
                    return Err(BackendError::new(Kind::Conflict, what)
                        .because("it is written to all the time")
                        .hint("Stop `bss events project` meanwhile."));
                }
            };
            positions.extend(self.position(&at, shard)?.map(|at| (shard, at)));
            all.extend(rows);
        }
        Ok((positions, all))
    }

    async fn view_rows(&mut self, shard: u16, build: Build) -> Result<HashMap<String, Customer>> {
        let [key, _] = self.view(shard, build);
        let (mut rows, mut cursor) = (HashMap::new(), 0);
        loop {
            let mut scan = redis::cmd("HSCAN");
            scan.arg(&key).arg(cursor).arg("COUNT").arg(1000);
            let answer = self.ask(&scan, "walk a view").await?;
            let unreadable = || self.unreadable("walk a view");
            let Value::Array(parts) = answer else { return Err(unreadable()) };
            let [next, Value::Array(pairs)] =
                <[Value; 2]>::try_from(parts).map_err(|_| unreadable())?
            else {
                return Err(unreadable());
            };
            for pair in pairs.chunks_exact(2) {
                if let [Value::BulkString(id), Value::BulkString(row)] = pair {
                    let id = String::from_utf8_lossy(id).into_owned();
                    let row = self.row(&id, row)?;
                    rows.insert(id, row);
                }
            }
            cursor = number(&next).ok_or_else(unreadable)?;
            if cursor == 0 {
                return Ok(rows);
            }
        }
    }

    /// Empties the view that is built beside the live one.
    ///
    /// # Errors
    /// What the server says.
    pub async fn view_begin_anew(&mut self) -> Result<()> {
        for shard in 0..self.shards() {
            let [rows, at] = self.view(shard, Build::Next);
            self.ask(redis::cmd("UNLINK").arg(&rows), "empty a view").await?;
            let mut begin = redis::cmd("SET");
            begin.arg(at).arg(format!("0 {}", Link::START));
            self.ask(&begin, "empty a view").await?;
        }
        Ok(())
    }

    /// Puts what was built in the place of the live view, each shard in one step; false if the live one
    /// of a shard has come further, unless it is of a store that is no more. A shard whose view was put
    /// in its place already is left alone.
    ///
    /// # Errors
    /// What the server says.
    pub async fn view_swap(&mut self, of_another_store: bool) -> Result<bool> {
        let any: &[u8] = if of_another_store { b"any" } else { b"" };
        let mut whole = true;
        for shard in 0..self.shards() {
            let [live, live_at] = self.view(shard, Build::Live);
            let [built, built_at] = self.view(shard, Build::Next);
            let names = [live, live_at, built, built_at];
            let answer = self.run(SWAP, &names, &[any], "put a view in its place").await?;
            whole &= number(&answer) != Some(0);
        }
        Ok(whole)
    }
}

fn folded(
    mut rows: HashMap<String, Customer>,
    events: &[&Event],
) -> Result<HashMap<String, Customer>> {
    let mut changed = HashMap::new();
    for event in events {
        let id = event.aggregate.id();
        let before = changed.remove(id).or_else(|| rows.remove(id));
        let customer = fold(before, event).map_err(|e| {
            let what = format!("could not project the event at {}", event.position);
            BackendError::new(Kind::Refused, what)
                .because(e)
                .hint("See what is damaged: bss events verify")
        })?;
        changed.extend(customer.map(|customer| (customer.id.clone(), customer)));
    }
    Ok(changed)
}
