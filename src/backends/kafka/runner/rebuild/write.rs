//! Puts the new state in the place of the old one.

use crate::backends::error::Result;
use crate::backends::kafka::admin::Admin;
use crate::backends::kafka::runner::rebuild::{Facts, Made};
use crate::backends::kafka::runner::reset::Resetter;
use crate::backends::kafka::runner::transaction::{Outgoing, Transaction, Trouble};
use crate::config::settings::Streams;
use crate::runtime::Fault;
use crate::streams::changelog;
use crate::topics::plan::{Declared, Step};

/// Records and bytes of one transaction of the new changelogs.
const BATCH: (u32, u64) = (20_000, 8 << 20);

/// Who commits the new state.
fn writer(group: &str) -> String {
    format!("{group}-rebuild")
}

/// Puts `made` in the place of the old state: the topics of the topology go and are made as
/// `declared`, the state is written, and the offsets are committed last.
///
/// # Errors
/// As the brokers say; the group stays marked, and another rebuild completes it.
pub async fn carry_out(
    admin: &Admin,
    resetter: &Resetter,
    streams: &Streams,
    facts: &Facts,
    made: &Made,
    declared: &[Declared],
    fault: &Fault,
) -> Result<()> {
    let names: Vec<&str> = declared.iter().map(|d| d.name.as_str()).collect();
    admin.delete_topics(&names).await?;
    fault.hit("rebuild-state-gone");
    for declared in declared {
        admin.apply(&Step::Create(declared.clone())).await?;
    }
    admin.ready(&names).await?;
    fault.hit("rebuild-topics-made");
    tokio::task::block_in_place(|| {
        write(resetter, streams, made, fault)?;
        fault.hit("rebuild-written");
        let first = |source: usize, partition: i32| {
            let own = facts.sources.iter().find(|s| s.source == source);
            let at = usize::try_from(partition).unwrap_or(usize::MAX);
            own.and_then(|s| s.first.get(at)).copied().unwrap_or(0)
        };
        let writer = writer(&resetter.description.group);
        resetter.set(&facts.rebuild.afterwards(facts.partitions, &first, &writer))?;
        fault.hit("rebuild-committed");
        Ok(())
    })
}

fn write(resetter: &Resetter, streams: &Streams, made: &Made, fault: &Fault) -> Result<()> {
    let description = &resetter.description;
    let id = writer(&description.group);
    let mut transaction = Transaction::start(&resetter.kafka, streams, &id)?;
    let mut sealed = Vec::with_capacity(512);
    let mut put = |outgoing: Outgoing<'_>| {
        transaction.send(outgoing)?;
        let (records, bytes) = transaction.size();
        if records >= BATCH.0 || bytes >= BATCH.1 {
            transaction.commit_records()?;
            fault.hit("rebuild-writing");
        }
        Ok(())
    };
    for entry in &made.entries {
        sealed.clear();
        changelog::seal(&entry.value, &mut sealed);
        put(Outgoing {
            topic: &description.stores[entry.store].changelog,
            partition: Some(entry.partition),
            key: Some(&entry.key),
            value: Some(&sealed),
            headers: None,
        })
        .map_err(|trouble: Trouble| trouble.into_error())?;
    }
    for ((sink, key), value) in &made.rows {
        let Some(value) = value else { continue };
        put(Outgoing {
            topic: &description.sinks[*sink].topic,
            partition: None,
            key: Some(key),
            value: Some(value),
            headers: None,
        })
        .map_err(Trouble::into_error)?;
    }
    transaction.commit_records().map_err(Trouble::into_error)
}
