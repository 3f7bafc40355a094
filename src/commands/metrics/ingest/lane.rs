//! One topic on its way into one hypertable.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Kind;
use super::judge::{Aside, Judged, Whose, judge};
use crate::backends::kafka::intake::{Batch, Bounds, Intake, Taken};
use crate::backends::kafka::letters::{Letter, Letters};
use crate::backends::postgres::alerts::Written;
use crate::backends::postgres::ingest::{Store, Stored};
use crate::backends::postgres::{self, hypertable};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::setup::timescale::declared;
use crate::domain::payment::Currency;
use crate::domain::{EventTime, Reason, Reject};
use crate::metrics::decode::Rules;
use crate::metrics::kind as metrics;
use crate::metrics::tally::Tally;
use crate::runtime::Fault;
use crate::timescale::policies;
use crate::timescale::spec::Spec;
use crate::topics;

/// Batches dropped in a row after which another process is told of.
const FENCED: u32 = 10;
/// How long dead letters may take to be acknowledged.
const LETTERS: std::time::Duration = std::time::Duration::from_secs(30);

/// The group under which the offsets are stored.
pub fn group(context: &Context) -> String {
    format!("{}-ingest", context.settings().general.application)
}

/// One topic, read in order.
pub struct Lane {
    kind: Kind,
    topic: String,
    /// Away while a thread reads.
    intake: Option<Intake>,
    store: Store,
    letters: Arc<Letters>,
    rules: Rules,
    skew: i64,
    whose: Whose,
    size: usize,
    tally: Tally,
    fenced: u32,
    /// What is declared of the table, for its aggregates' refresh windows.
    spec: Spec,
}

impl Lane {
    /// Connects to both servers and takes up the stored offsets.
    ///
    /// # Errors
    /// A server is unreachable, a topic or table is missing.
    pub async fn open(kind: Kind, once: bool, context: &Context) -> Result<Self, Failure> {
        let settings = context.settings();
        let table = kind.metric().map_or("fraud_alerts", metrics::Kind::hypertable);
        let topic = topics::name(&settings.kafka.topic_prefix, kind.subject());
        let group = group(context);
        let mut connection = postgres::connect(&settings.timescale).await?;
        let floor = hypertable::floor(&mut connection, table).await?;
        let currency = Currency::new(&settings.general.currency)
            .map_err(|e| Failure::config("cannot use general.currency").because(&e))?;
        let (kafka, name, own) = (settings.kafka.clone(), topic.clone(), group.clone());
        let (mut intake, bounds) = blocking(move || Intake::open(&kafka, &own, &name)).await??;
        let letters = topics::dead_letters(&settings.general.application);
        let letters = Arc::new(Letters::open(&settings.kafka, letters)?);
        let tenant = settings.general.tenant.clone();
        let fault = Fault::parse(context.environment.fault.as_deref());
        let mut store = Store::new(connection, group, topic.clone(), tenant.clone(), fault);
        let next = begin(&mut store, &topic, &bounds, context).await?;
        intake.start(next)?;
        Ok(Self {
            kind,
            topic,
            intake: Some(intake),
            store,
            letters,
            rules: Rules { currency, round: false, latest: context.now(), floor },
            skew: i64::try_from(settings.general.max_skew.as_micros()).unwrap_or(i64::MAX),
            whose: Whose { tenant, once },
            size: usize::try_from(settings.metrics.batch.max(1)).unwrap_or(usize::MAX),
            tally: Tally::default(),
            fenced: 0,
            spec: declared(&settings.timescale)?,
        })
    }

    /// The topic.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// What has become of the records so far.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Ends the connection in good order.
    ///
    /// # Errors
    /// A lost connection.
    pub async fn close(self) -> Result<(), Failure> {
        Ok(self.store.close().await?)
    }

    /// Carries batch by batch until it is stopped, or with `once` until the end is reached.
    ///
    /// # Errors
    /// A lost server, a second process that keeps moving the offsets.
    pub async fn run(&mut self, once: bool, context: &Context) -> Result<(), Failure> {
        context.ui.status(format!("Reading {} as {}.", self.topic, group(context)));
        while !context.shutdown.asked() {
            let Some(mut intake) = self.intake.take() else { break };
            if once && intake.caught_up() {
                self.intake = Some(intake);
                break;
            }
            let size = self.size;
            let (intake, batch) = blocking(move || {
                let batch = intake.take(size);
                (intake, batch)
            })
            .await?;
            self.intake = Some(intake);
            let batch = batch?;
            if !batch.moved.is_empty() {
                self.rules.latest = context.now().plus_micros(self.skew);
                self.carry(batch, context.now()).await?;
            }
        }
        Ok(())
    }

    /// Stores one batch with its offsets, what is set aside in the dead letters first.
    async fn carry(&mut self, batch: Batch, now: EventTime) -> Result<(), Failure> {
        let judged = judge(self.kind, &self.topic, &batch.records, &self.rules, &self.whose);
        let Some(stored) = self.store.write(&batch.moved, &judged.rows).await? else {
            return self.fall_back().await;
        };
        self.fenced = 0;
        let mut tally = Tally { read: count(batch.records.len()), ..Tally::default() };
        let old = self
            .window(now)
            .map_or(0, |(start, _)| judged.times.iter().filter(|time| **time < start).count());
        let aside = outcome(self.kind, judged, stored, &mut tally);
        if tally.stored + tally.corrected > 0 {
            tally.outside = count(old);
        }
        for each in &aside {
            tally.aside(each.reject.reason);
        }
        if !tally.balances() {
            let what = format!("the sum of topic \"{}\" does not come out", self.topic);
            return Err(Failure::new(ExitStatus::Bug, what));
        }
        if !aside.is_empty() {
            let letters: Vec<Letter> =
                aside.iter().map(|a| letter(&self.topic, &batch.records[a.record], a)).collect();
            let writer = Arc::clone(&self.letters);
            blocking(move || writer.send(&letters, LETTERS)).await??;
        }
        self.store.commit().await?;
        self.tally.add(&tally);
        Ok(())
    }

    /// Where the refresh window of the table's aggregates begins, and their names.
    pub fn window(&self, now: EventTime) -> Option<(EventTime, Vec<String>)> {
        policies::window(&self.spec, self.kind.metric()?.hypertable(), now)
    }

    /// Another process has moved an offset: go on from where it is.
    async fn fall_back(&mut self) -> Result<(), Failure> {
        self.fenced += 1;
        if self.fenced >= FENCED {
            return Err(Failure::new(
                ExitStatus::Conflict,
                format!("another process carries topic \"{}\"", self.topic),
            )
            .because(&std::io::Error::other(format!(
                "{FENCED} batches in a row found their offsets in bss.ingest_offset moved"
            )))
            .hint("Stop one of the two, or give one a name of its own with general.application."));
        }
        let stored = self.store.offsets().await?;
        if let Some(intake) = &mut self.intake {
            intake.restart(stored)?;
        }
        Ok(())
    }
}

/// The offsets to start at: the stored ones, or the first ones that are there.
async fn begin(
    store: &mut Store,
    topic: &str,
    bounds: &[Bounds],
    context: &Context,
) -> Result<BTreeMap<i32, i64>, Failure> {
    let mut next = BTreeMap::new();
    for &Bounds { partition, first, end } in bounds {
        let stored = store.offset(partition, first).await?;
        if stored < first {
            let gone = first - stored;
            return Err(Failure::failed(format!(
                "cannot go on at offset {stored} of partition {partition} of topic \"{topic}\": \
                 retention deleted {gone} records before they were stored"
            ))
            .code("gap")
            .hint(format!(
                "To go on without them: UPDATE bss.ingest_offset SET next_offset = {first} WHERE \
                 kafka_group = '{}' AND topic = '{topic}' AND partition = {partition};",
                group(context)
            )));
        }
        if stored > end {
            return Err(Failure::new(
                ExitStatus::Conflict,
                format!(
                    "cannot go on at offset {stored} of partition {partition} of topic \
                     \"{topic}\": it ends at {end}"
                ),
            )
            .hint(format!(
                "Was the topic made anew? Then: DELETE FROM bss.ingest_offset WHERE kafka_group = \
                 '{}' AND topic = '{topic}'; what is stored counts as duplicate.",
                group(context)
            )));
        }
        next.insert(partition, stored);
    }
    Ok(next)
}

/// Counts what became of the rows; gives everything that is set aside.
fn outcome(kind: Kind, judged: Judged, stored: Stored, tally: &mut Tally) -> Vec<Aside> {
    let Judged { records, mut aside, duplicates, corrected, .. } = judged;
    (tally.duplicate, tally.corrected) = (duplicates, corrected);
    let key = kind.metric().map_or("alert and time", metrics::Kind::key_in_words);
    let refused = |record, said: String| Aside {
        record,
        reject: Reject::new(Reason::Refused, "", said),
        stored: None,
    };
    let conflicting = |record, stored| {
        let detail = format!("{key} are stored with other content");
        let reject = Reject::new(Reason::Conflicting, "", detail);
        Aside { record, reject, stored: Some(stored) }
    };
    match stored {
        Stored::Samples(outcome) => {
            tally.stored = outcome.stored;
            tally.duplicate += outcome.duplicates + outcome.repeated;
            tally.repeated = outcome.repeated;
            tally.corrected += outcome.corrected;
            aside.extend(outcome.refused.into_iter().map(|(row, s)| refused(records[row], s)));
            let conflicts = outcome.conflicting.into_iter();
            aside.extend(conflicts.map(|c| conflicting(records[c.row], c.stored)));
        }
        Stored::Alerts(outcomes) => {
            for (record, outcome) in records.into_iter().zip(outcomes) {
                match outcome {
                    Ok(Written::Stored) => tally.stored += 1,
                    Ok(Written::Duplicate) => tally.duplicate += 1,
                    Ok(Written::Conflicting(there)) => {
                        let there = serde_json::json!({
                            "alertId": there.alert_id,
                            "description": there.description,
                            "paymentIds": there.payment_ids,
                            "values": there.values,
                        });
                        aside.push(conflicting(record, there));
                    }
                    Err(said) => aside.push(refused(record, said)),
                }
            }
        }
    }
    aside
}

fn letter(topic: &str, record: &Taken, aside: &Aside) -> Letter {
    let mut headers: Vec<(&'static str, Vec<u8>)> = vec![
        ("bss_topology", b"metrics-ingest".to_vec()),
        ("bss_topic", topic.into()),
        ("bss_partition", record.partition.to_string().into_bytes()),
        ("bss_offset", record.offset.to_string().into_bytes()),
        ("bss_reason", aside.reject.reason.code().into()),
        ("bss_field", aside.reject.field.into()),
        ("bss_detail", aside.reject.detail.clone().into_bytes()),
    ];
    if record.value.is_none() {
        headers.push(("bss_tombstone", b"true".to_vec()));
    }
    if let Some(stored) = &aside.stored {
        headers.push(("bss_stored", stored.to_string().into_bytes()));
    }
    Letter { key: record.key.clone(), value: record.value.clone(), headers }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Runs work that waits on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Failure::new(ExitStatus::Bug, "a question to Kafka panicked").because(&e))
}
