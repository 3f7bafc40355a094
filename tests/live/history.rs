//! Whether what writers and readers of an aggregate were told can be true: is there one order of
//! their operations, in agreement with real time, that gives each of them its answer?
//!
//! The aggregate's final log fixes the order of the appends, and each answer names a length of the log
//! at which it was given. So the order exists if each answer agrees with the log, and whoever began
//! after an answer saw no shorter log than that answer.

/// An event, by its number.
pub type Id = u64;

/// What was asked of an aggregate and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Events were to be appended behind an exact last revision, or anywhere.
    Append { ids: Vec<Id>, behind: Option<u64>, answer: Answer },
    /// Events from a revision on were read, of an aggregate that had so many.
    Read { events: u64, first: u64, ids: Vec<Id> },
}

/// The answer to an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Stored, now or before; the first event has this revision.
    Stored(u64),
    /// Refused: the aggregate had so many events.
    Conflict(u64),
    /// None came.
    Unknown,
}

/// One operation from its call to its answer, on one clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub called: u64,
    /// `u64::MAX` if no answer came.
    pub answered: u64,
    pub what: What,
}

/// What cannot be true of a history that ended with `log`.
pub fn faults(history: &[Operation], log: &[Id]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut owner = std::collections::HashMap::new();
    for (revision, id) in log.iter().enumerate() {
        if owner.insert(*id, revision as u64).is_some() {
            faults.push(format!("event {id} is stored twice"));
        }
    }
    let mut spans = Vec::new();
    let mut accounted = 0;
    for operation in history {
        match seen(operation, log, &owner) {
            Ok(None) => (),
            Ok(Some((before, after))) => {
                accounted += after - before;
                spans.push((operation, before, after));
            }
            Err(fault) => faults.push(format!("{fault}: {operation:?}")),
        }
    }
    if faults.is_empty() && accounted != log.len() as u64 {
        faults.push(format!("{} events stored, {accounted} appended", log.len()));
    }
    faults.extend(out_of_order(spans));
    faults
}

/// The lengths of the log before and after an operation; `None` if it did nothing and saw nothing.
fn seen(
    operation: &Operation,
    log: &[Id],
    owner: &std::collections::HashMap<Id, u64>,
) -> Result<Option<(u64, u64)>, &'static str> {
    let stretch = |first: u64, ids: &[Id]| {
        let first = usize::try_from(first).expect("fits");
        log.get(first..first + ids.len()) == Some(ids)
    };
    match &operation.what {
        What::Read { events, first, ids } => {
            if *events > log.len() as u64 || !stretch(*first, ids) {
                return Err("a read of what is not there");
            }
            Ok(Some((*events, *events)))
        }
        What::Append { ids, behind, answer } => {
            let stored = ids.first().and_then(|id| owner.get(id)).copied();
            let revision = match (answer, stored) {
                (Answer::Stored(revision), _) => *revision,
                (Answer::Unknown, Some(revision)) => revision,
                (Answer::Unknown, None) => {
                    let none = ids.iter().all(|id| !owner.contains_key(id));
                    return if none { Ok(None) } else { Err("half an append is stored") };
                }
                (Answer::Conflict(events), _) => {
                    if ids.iter().any(|id| owner.contains_key(id)) {
                        return Err("a refused append is stored");
                    }
                    if behind.is_none_or(|revision| revision + 1 == *events) {
                        return Err("a conflict where there is none");
                    }
                    return Ok(Some((*events, *events)));
                }
            };
            if !stretch(revision, ids) {
                return Err("an append that is not where it was told");
            }
            if behind.is_some_and(|behind| behind + 1 != revision) {
                return Err("an append behind another revision than expected");
            }
            Ok(Some((revision, revision + ids.len() as u64)))
        }
    }
}

/// Operations that saw less than was known when they were called.
fn out_of_order(mut spans: Vec<(&Operation, u64, u64)>) -> Vec<String> {
    let mut answers: Vec<(u64, u64)> =
        spans.iter().map(|(operation, _, after)| (operation.answered, *after)).collect();
    answers.sort_unstable();
    spans.sort_by_key(|(operation, _, _)| operation.called);
    let mut answers = answers.into_iter().peekable();
    let mut known = 0;
    let mut faults = Vec::new();
    for (operation, before, _) in spans {
        while let Some((_, after)) = answers.next_if(|(answered, _)| *answered < operation.called) {
            known = known.max(after);
        }
        if before < known {
            faults.push(format!("{known} events were known before: {operation:?}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(time: (u64, u64), ids: &[Id], behind: Option<u64>, answer: Answer) -> Operation {
        let what = What::Append { ids: ids.to_vec(), behind, answer };
        Operation { called: time.0, answered: time.1, what }
    }

    fn read(time: (u64, u64), events: u64, first: u64, ids: &[Id]) -> Operation {
        let what = What::Read { events, first, ids: ids.to_vec() };
        Operation { called: time.0, answered: time.1, what }
    }

    const NEVER: u64 = u64::MAX;

    #[test]
    fn a_true_history_has_no_fault() {
        let history = [
            append((0, 10), &[1], None, Answer::Stored(0)),
            // Called before that answer, so it may have seen either.
            read((5, 12), 0, 0, &[]),
            read((5, 12), 1, 0, &[1]),
            append((11, 20), &[2, 3], Some(0), Answer::Stored(1)),
            append((11, 21), &[4], Some(0), Answer::Conflict(3)),
            append((15, NEVER), &[5], Some(2), Answer::Unknown),
            append((15, NEVER), &[6], None, Answer::Unknown),
            read((30, 31), 4, 1, &[2, 3, 5]),
        ];
        assert_eq!(faults(&history, &[1, 2, 3, 5]), Vec::<String>::new());
    }

    #[test]
    fn each_kind_of_untruth_is_found() {
        let one = append((0, 10), &[1], None, Answer::Stored(0));
        let wrong = |more: &[Operation], log: &[Id]| {
            let history = [std::slice::from_ref(&one), more].concat();
            let found = faults(&history, log);
            assert_eq!(found.len(), 1, "{found:?}");
            found[0].split(':').next().unwrap_or_default().to_owned()
        };
        assert_eq!(wrong(&[], &[]), "an append that is not where it was told");
        assert_eq!(wrong(&[], &[1, 1]), "event 1 is stored twice");
        assert_eq!(wrong(&[], &[1, 9]), "2 events stored, 1 appended");
        let twin = append((0, 10), &[2], None, Answer::Stored(0));
        assert_eq!(wrong(&[twin], &[1]), "an append that is not where it was told");
        let behind = append((11, 20), &[2], Some(4), Answer::Stored(1));
        assert_eq!(wrong(&[behind], &[1, 2]), "an append behind another revision than expected");
        let refused = append((11, 20), &[2], Some(4), Answer::Conflict(1));
        assert_eq!(wrong(&[refused], &[1, 2]), "a refused append is stored");
        let refused = append((11, 20), &[2], Some(0), Answer::Conflict(1));
        assert_eq!(wrong(&[refused], &[1]), "a conflict where there is none");
        let half = append((11, NEVER), &[2, 3], None, Answer::Unknown);
        assert_eq!(wrong(&[half], &[1, 3]), "half an append is stored");
        let half = append((11, NEVER), &[2, 3], None, Answer::Unknown);
        assert_eq!(wrong(&[half], &[1, 2]), "an append that is not where it was told");
        let lost = append((20, 30), &[2], None, Answer::Stored(0));
        let first = append((0, 10), &[1], None, Answer::Stored(1));
        assert_eq!(faults(&[first, lost], &[2, 1]).len(), 1, "an older one behind a newer one");
        assert_eq!(wrong(&[read((2, 3), 1, 0, &[2])], &[1]), "a read of what is not there");
        assert_eq!(wrong(&[read((2, 3), 2, 0, &[1])], &[1]), "a read of what is not there");
        assert_eq!(wrong(&[read((11, 12), 0, 0, &[])], &[1]), "1 events were known before");
        let second = append((20, 30), &[2], None, Answer::Stored(1));
        assert_eq!(
            wrong(&[second.clone(), read((12, 13), 2, 0, &[1, 2])], &[1, 2]),
            "2 events were known before",
            "a read of an event before it was appended"
        );
        let stale = append((31, 40), &[3], Some(4), Answer::Conflict(1));
        assert_eq!(wrong(&[second, stale], &[1, 2]), "2 events were known before");
    }
}
