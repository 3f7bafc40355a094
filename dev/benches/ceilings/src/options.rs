//! The options of the command line.

use std::error::Error;
use std::time::Duration;

use rdkafka::config::ClientConfig;

/// What is run.
pub struct Options {
    pub bootstrap: String,
    pub prefix: String,
    pub group: String,
    pub workers: usize,
    pub partitions: i32,
    pub commit: Duration,
    pub headers: bool,
    pub changelog: bool,
    /// Bytes of a changelog record's value: by default the mean of a customer's state over
    /// 2,000,000 payments of 50,000 customers in three hours.
    pub state_bytes: usize,
    /// Take messages in batches (a call that the safe API lacks) instead of one by one.
    pub batch: bool,
    /// Outputs go to the partition of their input instead of their key's.
    pub same_partition: bool,
    /// Wait by `poll(0)` until all is delivered before committing.
    pub drain: bool,
    /// A transaction is closed at so many events.
    pub max_records: u64,
    producer: Vec<(String, String)>,
    consumer: Vec<(String, String)>,
}

impl Options {
    /// Reads `--name value` pairs.
    pub fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            bootstrap: "127.0.0.1:19092".to_owned(),
            prefix: "bss".to_owned(),
            group: "ceiling".to_owned(),
            workers: 2,
            partitions: 12,
            commit: Duration::from_millis(100),
            headers: true,
            changelog: true,
            state_bytes: 300,
            batch: false,
            same_partition: false,
            drain: true,
            max_records: 10_000,
            producer: Vec::new(),
            consumer: Vec::new(),
        };
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--bootstrap" => options.bootstrap = value,
                "--prefix" => options.prefix = value,
                "--group" => options.group = value,
                "--workers" => options.workers = value.parse()?,
                "--partitions" => options.partitions = value.parse()?,
                "--commit-ms" => options.commit = Duration::from_millis(value.parse()?),
                "--headers" => options.headers = on_off(&value)?,
                "--changelog" => options.changelog = on_off(&value)?,
                "--state-bytes" => options.state_bytes = value.parse()?,
                "--take" => options.batch = value == "batch",
                "--partition" => options.same_partition = value == "input",
                "--drain" => options.drain = on_off(&value)?,
                "--max-records" => options.max_records = value.parse()?,
                "--producer" => options.producer.push(pair(&value)?),
                "--consumer" => options.consumer.push(pair(&value)?),
                other => return Err(format!("unknown option {other}").into()),
            }
        }
        Ok(options)
    }

    /// What tells this run from others.
    pub fn name(&self) -> String {
        let mut name = format!("ceiling, {} workers, {} ms", self.workers, self.commit.as_millis());
        for (is, text) in [
            (!self.headers, ", no headers"),
            (!self.changelog, ", no changelog"),
            (self.batch, ", batch"),
            (self.same_partition, ", partition of the input"),
            (!self.drain, ", undrained"),
        ] {
            if is {
                name.push_str(text);
            }
        }
        for (key, value) in self.producer.iter().chain(&self.consumer) {
            name.push_str(&format!(", {key}={value}"));
        }
        name
    }

    /// Settings of a consumer, bounded in memory.
    pub fn consumer(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("group.id", &self.group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            .set("fetch.wait.max.ms", "20")
            // The default of 1 s stops a fast reader each time the queue fills.
            .set("fetch.queue.backoff.ms", "5")
            .set("queued.min.messages", "50000")
            .set("queued.max.messages.kbytes", "4096")
            // The default of 1 MiB for each partition costs 80 MB and gains nothing.
            .set("fetch.message.max.bytes", "262144");
        for (key, value) in &self.consumer {
            config.set(key, value);
        }
        config
    }

    /// Settings of a transactional producer, bounded in memory.
    pub fn producer(&self, transactional_id: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("transactional.id", transactional_id)
            .set("transaction.timeout.ms", "10000")
            .set("compression.type", "lz4")
            .set("linger.ms", "2")
            .set("batch.size", "1000000")
            .set("queue.buffering.max.messages", "30000")
            .set("queue.buffering.max.kbytes", "16384")
            .set("delivery.report.only.error", "true");
        for (key, value) in &self.producer {
            config.set(key, value);
        }
        config
    }
}

fn on_off(value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        other => Err(format!("expected on or off, found {other}")),
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("{text} is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}
