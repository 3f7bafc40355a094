//! A file of labels.

use std::path::Path;

use super::rows::{Row, Rows};
use super::{Rejects, bad_header};
use crate::cli::Failure;
use crate::commands::streams::bench::Line;
use crate::domain::Reject;
use crate::fraud::evaluation::labels::from_json;
use crate::fraud::evaluation::{LabelColumns, Labels};
use crate::runtime::Shutdown;

/// What is needed of a header.
const NEEDED: &str = "paymentId, and fraud (true or false) or scenario; else it lists frauds.";

/// The labels of a file.
#[derive(Debug, Default)]
pub struct ReadLabels {
    /// What is known.
    pub labels: Labels,
    /// What was set aside.
    pub rejects: Rejects,
}

/// Reads a file of labels: CSV or NDJSON, plain or gzipped. Of lines with topic, key and value
/// those of `topic` are read.
///
/// # Errors
/// The file cannot be read, or its header does not name what is needed; interrupted.
pub fn read_labels(path: &Path, topic: &str, shutdown: &Shutdown) -> Result<ReadLabels, Failure> {
    let mut rows = Rows::open(path)?;
    let columns = match &rows.header {
        None => None,
        Some(names) => Some(
            LabelColumns::from_header(names)
                .map_err(|why| bad_header(&rows.name(), &why, NEEDED))?,
        ),
    };
    let mut read = ReadLabels::default();
    if columns.as_ref().is_some_and(LabelColumns::say_themselves) {
        read.labels.say_themselves();
    }
    rows.each(shutdown, &mut |line, row| {
        let learned = row.and_then(|row| match (row, &columns) {
            (Row::Csv(fields), Some(columns)) => {
                let (payment, label) = columns.read(&fields)?;
                read.labels.learn(line, &payment, label)
            }
            (Row::Csv(_), None) => Ok(()),
            (Row::Json(bytes), _) => learn_json(&mut read.labels, line, bytes, topic),
        });
        if let Err(reject) = learned {
            read.rejects.note(line, reject);
        }
        Ok(())
    })?;
    Ok(read)
}

fn learn_json(labels: &mut Labels, line: u64, bytes: &[u8], topic: &str) -> Result<(), Reject> {
    let several = Line::of(bytes);
    if several.as_ref().is_some_and(|l| l.topic != topic) {
        return Ok(());
    }
    let content = several.as_ref().map(|l| l.content().unwrap_or_default());
    let bytes = content.as_ref().map_or(bytes, |c| c.as_bytes());
    let (payment, label, says) = from_json(bytes)?;
    if says {
        labels.say_themselves();
    }
    labels.learn(line, &payment, label)
}
