//! Appending.

use std::collections::BTreeMap;

use redis::{Cmd, RedisError, RedisResult, Value};

use super::library::{APPEND, lacks};
use super::read::number;
use super::{Keys, Store};
use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::redis::connection::Connection;
use crate::backends::redis::passes;
use crate::domain::EventTime;
use crate::events::place::{bucket, id_key};
use crate::events::{Aggregate, Content, Digest, Expected, Link, Position};

/// Events that one call takes, at most: a server does nothing else meanwhile.
pub const LIMIT: usize = 1000;

/// What an append came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are stored.
    Stored {
        /// The revision of the first one.
        revision: u64,
        /// Its position.
        position: Position,
        /// The link of the last one.
        link: Link,
        /// When the server stored them.
        recorded_at: EventTime,
    },
    /// They were stored before, exactly these.
    Known {
        /// The revision of the first one.
        revision: u64,
        /// Its position.
        position: Position,
    },
    /// One of the ids is stored with another content.
    Other {
        /// Which of them, from 0.
        which: usize,
        /// The revision of the stored one.
        revision: u64,
    },
    /// Some are stored, others not: they were not appended together.
    Mixed {
        /// Which of them was stored or missing, from 0.
        which: usize,
    },
    /// The aggregate is not where the writer expected it.
    Conflict {
        /// How many events it has; its last revision is one less.
        events: u64,
    },
}

/// Events of one aggregate, ready to be sent: an append may be sent again as it is.
#[derive(Clone, Debug)]
pub struct Append {
    aggregate: Aggregate,
    shard: u16,
    command: Cmd,
}

impl Store {
    /// Prepares an append.
    ///
    /// # Errors
    /// [`Kind::Refused`] for no events or too many, or too large ones.
    pub fn prepare(
        &self,
        aggregate: &Aggregate,
        expected: Expected,
        contents: &[Content<'_>],
    ) -> Result<Append> {
        let what = || format!("could not append to {aggregate}");
        let refused = |why: String| BackendError::new(Kind::Refused, what()).because(why);
        if contents.is_empty() || contents.len() > LIMIT {
            return Err(refused(format!("one append takes 1 to {LIMIT} events")));
        }
        let shard = self.shard_of(aggregate);
        let keys = Keys::new(self.namespace(), shard);
        let mut names = vec![keys.tail(), keys.head(), keys.log(), keys.index(aggregate)];
        let mut parts = Vec::with_capacity(contents.len());
        for content in contents {
            let envelope = content.envelope().map_err(|e| refused(e.to_string()))?;
            if envelope.len() > self.max_event_bytes() {
                return Err(refused(format!(
                    "the event {} has {} bytes; events.max_event_bytes is {}",
                    content.id,
                    envelope.len(),
                    self.max_event_bytes()
                )));
            }
            let id = id_key(aggregate, &content.id);
            names.push(keys.ids(bucket(&id)));
            parts.push((id, Digest::of(aggregate, &envelope), envelope));
        }
        let expected = expected.to_string();
        let mut args: Vec<&[u8]> = vec![expected.as_bytes(), aggregate.as_str().as_bytes()];
        for (id, digest, envelope) in &parts {
            args.extend([id.as_slice(), digest.bytes().as_slice(), envelope.as_slice()]);
        }
        let command = self.calls().command(APPEND, &names, &args);
        Ok(Append { aggregate: aggregate.clone(), shard, command })
    }

    /// Appends events of one aggregate, all or none. An answer that was lost is asked for again
    /// once: the ids make that safe.
    ///
    /// # Errors
    /// As the server says; [`Kind::Unreachable`] or [`Kind::TimedOut`] where nobody knows whether
    /// they are stored: the same append again tells. [`Kind::Refused`] if the store is full.
    /// [`Kind::TimedOut`], not transient, if they are stored but fewer replicas than
    /// `events.replicas` have them.
    pub async fn append(&mut self, append: &Append) -> Result<Outcome> {
        let mut answer = append.command.query_async::<Value>(&mut self.connection).await;
        if let Err(error) = &answer {
            if lacks(error) {
                self.load_functions().await?;
                answer = append.command.query_async(&mut self.connection).await;
            } else if passes(error) {
                self.reconnect().await?;
                answer = append.command.query_async(&mut self.connection).await;
            }
        }
        let value = answer.map_err(|e| self.refused(e, &append.aggregate))?;
        let outcome = self.outcome(&value, append)?;
        self.confirm(std::slice::from_ref(&outcome)).await?;
        Ok(outcome)
    }

    /// Sends several appends at once and answers in their order. Unlike [`Store::append`] it asks
    /// nothing again but what the server had no function for.
    ///
    /// # Errors
    /// If the connection broke: each append is then stored or not.
    pub async fn append_all(&mut self, appends: &[Append]) -> Result<Vec<Result<Outcome>>> {
        let mut answers = self.send_all(&appends.iter().collect::<Vec<_>>()).await?;
        let unknown = |answer: &RedisResult<Value>| answer.as_ref().is_err_and(lacks);
        if answers.iter().any(unknown) {
            self.load_functions().await?;
            let lacking = answers.iter().zip(appends).filter(|(answer, _)| unknown(answer));
            let lacking: Vec<&Append> = lacking.map(|(_, append)| append).collect();
            let again = self.send_all(&lacking).await?;
            for (answer, told) in answers.iter_mut().filter(|answer| unknown(answer)).zip(again) {
                *answer = told;
            }
        }
        let told = answers.into_iter().zip(appends).map(|(answer, append)| {
            let value = answer.map_err(|e| self.refused(e, &append.aggregate))?;
            self.outcome(&value, append)
        });
        let outcomes: Vec<Result<Outcome>> = told.collect();
        let stored: Vec<Outcome> = outcomes.iter().flatten().cloned().collect();
        self.confirm(&stored).await?;
        Ok(outcomes)
    }

    async fn send_all(&mut self, appends: &[&Append]) -> Result<Vec<RedisResult<Value>>> {
        // A cluster's shards lie on several servers, which no pipeline reaches together.
        let apart = matches!(self.connection, Connection::Cluster(_));
        let mut groups: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
        for (i, append) in appends.iter().enumerate() {
            groups.entry(if apart { append.shard } else { 0 }).or_default().push(i);
        }
        let mut answers = Vec::with_capacity(appends.len());
        for group in groups.into_values() {
            let mut pipeline = redis::pipe();
            pipeline.ignore_errors();
            for i in &group {
                pipeline.add_command(appends[*i].command.clone());
            }
            let sent = pipeline.query_async::<Vec<RedisResult<Value>>>(&mut self.connection).await;
            answers
                .extend(group.into_iter().zip(sent.map_err(|e| self.failed(e, "append events"))?));
        }
        answers.sort_by_key(|(i, _)| *i);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    /// Waits until as many replicas as `events.replicas` says have what was stored on this connection.
    async fn confirm(&mut self, outcomes: &[Outcome]) -> Result<()> {
        let wanted = self.replicas();
        if wanted == 0 {
            return Ok(());
        }
        // The server waits for the last write of a connection; a repetition wrote nothing on it.
        for outcome in outcomes {
            if let Outcome::Known { position, .. } = outcome {
                let asked = Keys::new(self.namespace(), position.shard).part("confirmed");
                self.ask(redis::cmd("SET").arg(asked).arg(position.n), "confirm events").await?;
            }
        }
        if !outcomes.iter().any(|o| matches!(o, Outcome::Stored { .. } | Outcome::Known { .. })) {
            return Ok(());
        }
        let mut wait = redis::cmd("WAIT");
        wait.arg(wanted).arg(self.replicas_timeout_ms());
        let answer = self.ask(&wait, "wait for replicas").await?;
        let replicated = number(&answer).unwrap_or(0);
        if replicated >= u64::from(wanted) {
            return Ok(());
        }
        let what = format!("stored, not confirmed (replicated to {replicated} of {wanted})");
        Err(BackendError::new(Kind::TimedOut, what)
            .because(format!("the replicas of Redis at {} did not answer in time", self.place()))
            .hint("The same append again is safe: it stores nothing twice and waits for the replicas.")
            .hint("Which replicas there are: bss setup redis; how many are wanted: events.replicas")
            .transient(false))
    }

    fn refused(&self, error: RedisError, aggregate: &Aggregate) -> BackendError {
        let full = error.code() == Some("OOM");
        let failed = self.failed(error, &format!("append to {aggregate}"));
        if full {
            return failed
                .hint("The store is full; this append wrote nothing. Raise the server's maxmemory, or archive: bss events archive");
        }
        failed
    }

    fn outcome(&self, value: &Value, append: &Append) -> Result<Outcome> {
        outcome(value, append.shard).unwrap_or_else(|| {
            if matches!(value, Value::Array(parts) if parts.len() == 1) {
                return Err(self.absent(append.shard));
            }
            let what = format!("could not append to {} in {}", append.aggregate, self.place());
            Err(BackendError::new(Kind::Internal, what).because("an answer that cannot be read"))
        })
    }
}

/// An answer of the function as an outcome; `None` if it is none.
fn outcome(value: &Value, shard: u16) -> Option<Result<Outcome>> {
    let Value::Array(parts) = value else { return None };
    let text = |i: usize| match parts.get(i)? {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
        Value::Int(number) => Some(number.to_string()),
        Value::SimpleString(text) => Some(text.clone()),
        _ => None,
    };
    let number = |i: usize| text(i)?.parse::<u64>().ok();
    let which = |i: usize| usize::try_from(number(i)?.checked_sub(1)?).ok();
    let position = |i: usize| Some(Position { shard, n: number(i)? });
    let outcome = match text(0)?.as_str() {
        "ok" => Outcome::Stored {
            revision: number(1)?,
            position: position(2)?,
            link: text(3)?.parse().ok()?,
            recorded_at: EventTime::from_millis(text(4)?.parse().ok()?),
        },
        "known" => Outcome::Known { revision: number(1)?, position: position(2)? },
        "other" => Outcome::Other { which: which(1)?, revision: number(2)? },
        "mixed" => Outcome::Mixed { which: which(1)? },
        "conflict" => Outcome::Conflict { events: number(1)? },
        _ => return None,
    };
    Some(Ok(outcome))
}
