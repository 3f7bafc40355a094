//! Transactions that hang: a reader of committed records sees nothing behind them.

use crate::backends::kafka::runner::lag::PartitionLag;
use crate::commands::Context;
use crate::config::Settings;
use crate::domain::EventTime;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hanging {
    /// What it does, in a sentence.
    pub sentence: String,
    /// The command that ends it.
    pub command: String,
}

/// The transactions of `partitions` that are older than ours may get (`streams.transaction_timeout`).
/// librdkafka cannot ask for the producer; the command finds it by the start offset.
#[must_use]
pub fn hanging(settings: &Settings, partitions: &[PartitionLag], now: EventTime) -> Vec<Hanging> {
    let timeout = settings.streams.transaction_timeout.as_micros();
    let timeout = i64::try_from(timeout).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    for p in partitions {
        let s = &p.standing;
        let age = p.open_since.map(|since| now.micros_since(since));
        let Some(age) = age.filter(|age| *age > timeout) else { continue };
        found.push(Hanging {
            sentence: format!(
                "{}/{}: a transaction open for {} s holds back {} records from offset {} on",
                s.topic,
                s.partition,
                super::lag::seconds(age),
                p.open(),
                s.end
            ),
            command: format!(
                "kafka-transactions.sh --bootstrap-server {} abort --topic {} --partition {} --start-offset {}",
                settings.kafka.bootstrap, s.topic, s.partition, s.end
            ),
        });
    }
    found
}

/// Warns of each, with the command that ends it.
pub fn warn(context: &Context, partitions: &[PartitionLag], now: EventTime) {
    for each in hanging(context.settings(), partitions, now) {
        context.ui.warning(&each.sentence);
        context.ui.hint(format!("If its producer is gone, abort it: {}", each.command));
    }
}
