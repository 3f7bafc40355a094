//! Runs recorded payments through one set of rules or several, side by side.

use std::cell::RefCell;
use std::sync::Arc;

use serde::Deserialize;

use super::Rejects;
use super::feedback::{Feedback, Returning};
use super::payments::PaymentColumns;
use super::rows::{Row, Rows};
use crate::backends::kafka::aside::{AsideReader, Start};
use crate::cli::Failure;
use crate::commands::Context;
use crate::commands::streams::aside::interrupted;
use crate::commands::streams::bench::{Bench, Line, Recorded};
use crate::commands::streams::place::Place;
use crate::commands::streams::topologies;
use crate::config::Settings;
use crate::config::settings::Kafka;
use crate::domain::payment::{Currency, Score};
use crate::domain::{EventTime, PaymentEvent};
use crate::fraud::evaluation::{Labels, Told};
use crate::metrics::alert::Alert;
use crate::runtime::Shutdown;
use crate::streams::checkpoint::Counts;
use crate::streams::driver::Limits;
use crate::streams::letters::AsideRecord;
use crate::streams::topologies::fraud_detection;
use crate::streams::topology::Topology;
use crate::topics::{self, subject};

/// The topology's sources, by position.
const PAYMENTS: usize = 0;
const LABELS: usize = 1;

/// What came out of a record.
pub enum Event<'a> {
    /// A payment was made.
    Paid(&'a PaymentEvent<'a>),
    /// A set of rules gave a payment a score.
    Scored(usize, &'a str, Score),
    /// A set of rules told something.
    Told(usize, Told),
}

/// What is to be run.
pub struct Job {
    /// The rules, each as a topology of its own.
    rules: Vec<Arc<dyn Topology>>,
    limits: Limits,
    kafka: Kafka,
    currency: Currency,
    now: EventTime,
    shutdown: Shutdown,
    place: Place,
    /// The payments' topic: of a file of several kinds, and where the place is `kafka`.
    payments: String,
    scored: String,
    alerts: String,
    labels: Arc<Labels>,
    feedback: Option<Feedback>,
}

/// What became of the records.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Payments, whatever became of them; labels that came back are not counted.
    pub counts: Counts,
    /// Labels that came back.
    pub returned: u64,
    /// Payments that cannot be read, with their lines.
    pub rejects: Rejects,
    /// Lines of a file that are of topics which the rules do not read.
    pub skipped: u64,
}

impl Job {
    /// A run of `place` through each of `rules`.
    ///
    /// # Errors
    /// Settings that make no sense (exit 3).
    pub fn new(
        context: &Context,
        rules: &[&Settings],
        place: Place,
        labels: Arc<Labels>,
        feedback: Option<Feedback>,
    ) -> Result<Self, Failure> {
        let settings = context.settings();
        let build = |settings: &&Settings| topologies::build(fraud_detection::NAME, settings);
        let topic = |subject| topics::name(&settings.kafka.topic_prefix, subject);
        Ok(Self {
            rules: rules.iter().map(build).collect::<Result<_, _>>()?,
            limits: topologies::limits(settings),
            kafka: settings.kafka.clone(),
            currency: topologies::currency(settings)?,
            now: context.now(),
            shutdown: context.shutdown.clone(),
            place,
            payments: topic(subject::PAYMENT_EVENTS),
            scored: topic(subject::PAYMENT_METRICS),
            alerts: topic(subject::FRAUD_ALERTS),
            labels,
            feedback,
        })
    }

    /// Runs it; waits on files and servers. What comes out is handed to `each`, in order.
    ///
    /// # Errors
    /// A file or topic that cannot be read; interrupted.
    pub fn run(&self, each: &mut dyn FnMut(Event<'_>)) -> Result<Replayed, Failure> {
        let partitions = self.kafka.partitions;
        let mut replay = Replay {
            job: self,
            benches: self
                .rules
                .iter()
                .map(|rules| Bench::new(&**rules, self.limits, partitions, self.now))
                .collect(),
            returning: self.feedback.map(|terms| Returning::new(&self.labels, terms)),
            done: Replayed::default(),
            each,
        };
        match &self.place {
            Place::File(path) => replay.file(Rows::open(path)?)?,
            Place::Kafka => replay.topic(&self.payments)?,
            Place::Topic(name) => replay.topic(name)?,
        }
        let mut done = replay.done;
        for (at, bench) in replay.benches.iter_mut().enumerate() {
            bench.drain()?;
            if at == 0 {
                done.counts.add(&bench.counts());
                done.skipped = bench.skipped();
            }
        }
        // A payment has one label, so each that came back was processed.
        done.counts.processed = done.counts.processed.saturating_sub(done.returned);
        Ok(done)
    }
}

struct Replay<'a> {
    job: &'a Job,
    benches: Vec<Bench<'a>>,
    returning: Option<Returning<'a>>,
    done: Replayed,
    each: &'a mut dyn FnMut(Event<'_>),
}

impl Replay<'_> {
    fn file(&mut self, mut rows: Rows) -> Result<(), Failure> {
        let columns = match &rows.header {
            None => None,
            Some(names) => Some(
                PaymentColumns::from_header(names)
                    .map_err(|why| super::bad_header(&rows.name(), &why, PaymentColumns::NEEDED))?,
            ),
        };
        let shutdown = self.job.shutdown.clone();
        let mut json = Vec::new();
        rows.each(&shutdown, &mut |line, row| {
            let event = match (row, &columns) {
                (Err(reject), _) => Err(reject),
                (Ok(Row::Json(bytes)), _) => return self.line(line, bytes),
                (Ok(Row::Csv(fields)), Some(columns)) => {
                    json.clear();
                    columns.write_json(&fields, &mut json)
                }
                (Ok(Row::Csv(_)), None) => Ok(()),
            };
            match event {
                Ok(()) => self.line(line, &json),
                Err(reject) => {
                    self.done.counts.rejected += 1;
                    self.done.rejects.note(line, reject);
                    Ok(())
                }
            }
        })
    }

    /// A line: a payment, or a record of some topic.
    fn line(&mut self, number: u64, line: &[u8]) -> Result<(), Failure> {
        let several = Line::of(line);
        if several.as_ref().is_some_and(|l| l.topic != self.job.payments) {
            return self.step(&mut |bench| bench.line(line));
        }
        let content = several.as_ref().map(|l| l.content().unwrap_or_default());
        let value = content.as_ref().map_or(line, |c| c.as_bytes());
        match PaymentEvent::from_json(value, self.job.currency, None) {
            Ok(payment) if several.is_none() => {
                let key = payment.customer_id.as_bytes();
                let record = Recorded {
                    source: PAYMENTS,
                    partition: None,
                    key: Some(key),
                    value: Some(line),
                    timestamp: None,
                };
                self.payment(&payment, &record)
            }
            Ok(payment) => {
                self.before(&payment, None)?;
                self.step(&mut |bench| bench.line(line))
            }
            Err(reject) => {
                self.done.rejects.note(number, reject);
                self.step(&mut |bench| bench.line(line))
            }
        }
    }

    /// All payments of a topic, in order of event time as far as each partition's own order allows:
    /// so labels come back between the payments where they belong.
    fn topic(&mut self, topic: &str) -> Result<(), Failure> {
        let mut records = self.job.records(topic)?;
        records.sort_by_key(|(reached, _)| *reached);
        for (_, record) in &records {
            if self.job.shutdown.asked() {
                return Err(Failure::new(self.job.shutdown.status(), "interrupted"));
            }
            let recorded = Recorded {
                source: PAYMENTS,
                partition: Some(record.position.partition),
                key: record.key.as_deref(),
                value: record.value.as_deref(),
                timestamp: record.time,
            };
            let value = record.value.as_deref().unwrap_or_default();
            match PaymentEvent::from_json(value, self.job.currency, record.time) {
                Ok(payment) => self.payment(&payment, &recorded)?,
                // Named by the topology's dead letters; here it is counted.
                Err(_) => self.step(&mut |bench| bench.take(&recorded))?,
            }
        }
        Ok(())
    }

    fn payment(
        &mut self,
        payment: &PaymentEvent<'_>,
        record: &Recorded<'_>,
    ) -> Result<(), Failure> {
        self.before(payment, record.partition)?;
        self.step(&mut |bench| bench.take(record))
    }

    /// Brings the labels back that are known by the time of a payment, and tells of it.
    fn before(
        &mut self,
        payment: &PaymentEvent<'_>,
        partition: Option<i32>,
    ) -> Result<(), Failure> {
        // A payment of the future is set aside; it must not let labels in that nobody knows.
        let latest = self.job.now.plus_micros(self.job.limits.max_skew);
        let time = payment.time.min(latest);
        while let Some((customer, partition, json)) =
            self.returning.as_mut().and_then(|r| r.next(time))
        {
            self.done.returned += 1;
            self.step(&mut |bench| {
                bench.take(&Recorded {
                    source: LABELS,
                    partition,
                    key: Some(customer.as_bytes()),
                    value: Some(&json),
                    timestamp: None,
                })
            })?;
        }
        if let Some(returning) = &mut self.returning {
            returning.paid(payment, partition);
        }
        (self.each)(Event::Paid(payment));
        Ok(())
    }

    /// Lets every set of rules take a step, and hands on what it says.
    fn step(
        &mut self,
        step: &mut dyn FnMut(&mut Bench<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for (at, bench) in self.benches.iter_mut().enumerate() {
            step(bench)?;
            let sinks = &self.job.rules[at].describe().sinks;
            for record in bench.outputs.iter() {
                let (topic, value) = (&sinks[record.sink].topic, record.value.unwrap_or_default());
                if *topic == self.job.scored
                    && let Ok(scored) = serde_json::from_slice::<Scored<'_>>(value)
                {
                    let score = Score::from_fraction(scored.fraud_score / 100.0);
                    (self.each)(Event::Scored(at, &scored.payment_id, score));
                } else if *topic == self.job.alerts
                    && let Ok(alert) = Alert::from_json(value)
                {
                    (self.each)(Event::Told(at, told(alert)));
                }
            }
            bench.outputs.clear();
        }
        Ok(())
    }
}

/// What matters of a scored payment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Scored<'a> {
    #[serde(borrow)]
    payment_id: std::borrow::Cow<'a, str>,
    fraud_score: f64,
}

/// An alert as an evaluation takes it.
pub fn told(alert: Alert) -> Told {
    Told {
        id: alert.alert_id,
        rule: alert.rule,
        severity: alert.severity,
        customer: alert.customer_id,
        time: alert.time,
        payment_ids: alert.payment_ids,
        amount: alert.amount,
        description: alert.description,
    }
}

impl Job {
    /// The records of a topic, each with the largest event time that its partition had reached.
    fn records(&self, topic: &str) -> Result<Vec<(EventTime, AsideRecord)>, Failure> {
        let records = RefCell::new(Vec::new());
        let mut reached = std::collections::BTreeMap::new();
        let stop = || self.shutdown.asked();
        AsideReader::open(&self.kafka, topic)
            .and_then(|mut reader| {
                reader.read(&Start::Beginning, &stop, &mut |record| {
                    let value = record.value.as_deref().unwrap_or_default();
                    let time = PaymentEvent::from_json(value, self.currency, record.time)
                        .ok()
                        .map(|p| p.time);
                    let own: &mut EventTime = reached.entry(record.position.partition).or_default();
                    *own = (*own).max(time.unwrap_or_default());
                    records.borrow_mut().push((*own, record));
                })
            })
            .map_err(|e| interrupted(&self.shutdown, e))?;
        Ok(records.into_inner())
    }
}
