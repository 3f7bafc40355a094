//! The recorded sessions, and the rows of V-SKNN on them.

use std::collections::{HashMap, HashSet};
use std::fs::File;

use bss::domain::EventTime;
use flate2::read::GzDecoder;

/// A data set, and V-SKNN's row in the tables of `data/README.md` (`baselines/recommend.py`).
pub struct Known {
    pub name: &'static str,
    /// Items that are given at least.
    pub given: usize,
    /// HR@10, MRR@10, HR@20, MRR@20, new: HR@10, MRR@10; of `recommend_baskets` on a sample of
    /// 10,000 cases.
    pub v_sknn: [f64; 6],
    /// In the validation split the first instant of the held-out part, else as many sessions as
    /// the test file has.
    held_out_from: Option<&'static str>,
}

pub const SETS: [Known; 3] = [
    Known {
        name: "recommend_bol",
        given: 1,
        v_sknn: [0.5944, 0.2577, 0.6735, 0.2634, 0.4658, 0.2471],
        held_out_from: Some("2020-06-24T00:00:00Z"),
    },
    Known {
        name: "recommend_retailrocket",
        given: 2,
        v_sknn: [0.4876, 0.2681, 0.5639, 0.2734, 0.2695, 0.1208],
        held_out_from: None,
    },
    Known {
        name: "recommend_baskets",
        given: 1,
        v_sknn: [0.1671, 0.0393, 0.2393, 0.0443, 0.2211, 0.1123],
        held_out_from: None,
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Split {
    Test,
    Valid,
}

pub struct Session {
    pub id: String,
    pub views: Vec<(String, EventTime)>,
}

pub struct DataSet {
    pub known: &'static Known,
    pub split: Split,
    pub train: Vec<Session>,
    /// Without items that are not in `train`.
    pub test: Vec<Session>,
}

impl DataSet {
    pub fn read(folder: &str, known: &'static Known, split: Split) -> Result<Self, String> {
        let path = |part: &str| format!("{folder}/{}/{part}.csv.gz", known.name);
        let mut test = sessions(&path("test"))?;
        let first = test.iter().filter_map(|s| s.views.first()).map(|v| v.1).min();
        let mut train = sessions(&path("train"))?;
        time_the_timeless(&mut train, first.unwrap_or_default());
        if split == Split::Valid {
            let cut = match known.held_out_from {
                Some(from) => {
                    let from = EventTime::from_event_text(from).map_err(|e| e.to_string())?;
                    train.iter().position(|s| s.views[0].1 >= from).unwrap_or(train.len())
                }
                None => train.len().saturating_sub(test.len()),
            };
            test = train.split_off(cut);
        }
        let items: HashSet<&str> =
            train.iter().flat_map(|s| &s.views).map(|v| v.0.as_str()).collect();
        for session in &mut test {
            session.views.retain(|v| items.contains(v.0.as_str()));
        }
        test.retain(|s| !s.views.is_empty());
        Ok(Self { known, split, train, test })
    }
}

/// Sessions in the order of their first rows.
fn sessions(path: &str) -> Result<Vec<Session>, String> {
    let fault = |e: &dyn std::fmt::Display| format!("{path}: {e}");
    let file = File::open(path).map_err(|e| fault(&e))?;
    let mut rows = csv::Reader::from_reader(GzDecoder::new(file));
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut found: Vec<Session> = Vec::new();
    for row in rows.records() {
        let row = row.map_err(|e| fault(&e))?;
        let field = |at: usize| row.get(at).unwrap_or_default();
        let time = match field(2) {
            "" => EventTime::default(),
            text => time(text).map_err(|e| fault(&e))?,
        };
        let place = *places.entry(field(0).to_owned()).or_insert_with(|| {
            found.push(Session { id: field(0).to_owned(), views: Vec::new() });
            found.len() - 1
        });
        found[place].views.push((field(1).to_owned(), time));
    }
    Ok(found)
}

/// RFC 3339, the same without a zone, or seconds.
fn time(text: &str) -> Result<EventTime, String> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds: i64 = text.parse().map_err(|_| format!("no time: {text}"))?;
        return Ok(EventTime::from_millis(seconds * 1000));
    }
    let whole = if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") };
    EventTime::from_event_text(&whole).map_err(|e| format!("{text}: {e}"))
}

/// Sessions without times are in order of time: one a minute, the last of them two hours before
/// `end`.
fn time_the_timeless(sessions: &mut [Session], end: EventTime) {
    const MINUTE: i64 = 60_000_000;
    let mut left = i64::try_from(sessions.len()).unwrap_or(i64::MAX);
    for session in sessions {
        for view in &mut session.views {
            if view.1 == EventTime::default() {
                view.1 = end.plus_micros(-(left + 120) * MINUTE);
            }
        }
        left -= 1;
    }
}
