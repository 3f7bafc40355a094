//! The alarms of one series within a range.

use crate::domain::EventTime;
use crate::metrics::anomaly::{Detector, Finding, LEARNING, Verdict};

/// A row that stands out, and how often that went on.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// When.
    pub time: EventTime,
    /// What was measured.
    pub value: f64,
    /// Its score, at least the threshold.
    pub score: f64,
    /// What was expected, and by which model.
    pub finding: Finding,
    /// How many rows after it, up to the next alarm, reached the threshold too and are not told.
    pub repeated: u64,
}

/// Watches one series: learns all rows, and keeps the alarms from an instant on.
#[derive(Clone, Debug)]
pub struct Watch {
    detector: Detector,
    since: EventTime,
    threshold: f64,
    /// The alarms so far, the oldest first.
    pub alarms: Vec<Alarm>,
    /// Rows from `since` on.
    pub rows: u64,
    /// Of them, those that had no value.
    pub missing: u64,
    /// Of them, those at or above the threshold that an earlier row stands for.
    pub repeated: u64,
}

impl Watch {
    /// A watch that knows nothing yet.
    #[must_use]
    pub fn new(since: EventTime, threshold: f64) -> Self {
        let detector = Detector::default();
        Self { detector, since, threshold, alarms: Vec::new(), rows: 0, missing: 0, repeated: 0 }
    }

    /// Takes the next row; `local` as in [`Detector::see`]. A row without a value is counted, not learnt.
    pub fn see(&mut self, time: EventTime, local: i64, value: Option<f64>) -> Option<Verdict> {
        let told = time >= self.since;
        self.rows += u64::from(told);
        let Some(value) = value.filter(|v| !v.is_nan()) else {
            self.missing += u64::from(told);
            return None;
        };
        let verdict = self.detector.see(local, value);
        let Some(finding) = verdict.finding.filter(|_| told && verdict.score >= self.threshold)
        else {
            return Some(verdict);
        };
        if verdict.repeated {
            self.repeated += 1;
            if let Some(last) = self.alarms.last_mut() {
                last.repeated += 1;
            }
        } else {
            let score = verdict.score;
            self.alarms.push(Alarm { time, value, score, finding, repeated: 0 });
        }
        Some(verdict)
    }

    /// Whether there was a value at all.
    #[must_use]
    pub const fn known(&self) -> bool {
        self.detector.rows() > 0
    }

    /// Whether it has seen too little yet to raise an alarm.
    #[must_use]
    pub const fn learning(&self) -> bool {
        self.detector.rows() <= LEARNING
    }
}

/// The order of a list of alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    Newest,
    /// The highest score first.
    Highest,
}

impl Order {
    /// How two alarms follow each other.
    #[must_use]
    pub fn compare(self, a: &Alarm, b: &Alarm) -> std::cmp::Ordering {
        let newest = b.time.cmp(&a.time);
        let highest = b.score.total_cmp(&a.score);
        match self {
            Self::Newest => newest.then(highest),
            Self::Highest => highest.then(newest),
        }
    }
}
