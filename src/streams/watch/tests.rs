//! Stalls, waits and lags, against a model that remembers everything.

use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000;
const LIMIT: i64 = 60 * SECOND;
const TOPICS: [&str; 1] = ["bss.payment.events"];

fn commit(worker: u16, next: i64) -> Committed {
    Committed { worker, next: vec![next], ..Committed::default() }
}

fn stalled(watch: &Watch, at: i64) -> Option<String> {
    watch.stalled(LIMIT, &TOPICS, at)
}

/// Round every 20 ms, as a worker does; a look at the ends every second.
fn turn(watch: &mut Watch, worker: u16, from: i64, to: i64, end: i64) {
    for at in (from..to).step_by(20_000) {
        watch.turned(worker, at);
        if at % SECOND == 0 {
            watch.ends(3, 0, end, at);
        }
    }
}

#[test]
fn a_worker_that_turns_but_commits_nothing_is_named_once_the_limit_has_passed() {
    let mut watch = Watch::default();
    watch.committed(3, commit(1, 10), 0);
    turn(&mut watch, 1, 0, 100 * SECOND, 10);
    assert_eq!(stalled(&watch, 100 * SECOND), None, "nothing waits");
    // The first record comes long after the last commit: only its own wait counts.
    turn(&mut watch, 1, 100 * SECOND, 159 * SECOND, 11);
    assert_eq!(stalled(&watch, 159 * SECOND), None);
    turn(&mut watch, 1, 159 * SECOND, 161 * SECOND, 12);
    let said = stalled(&watch, 161 * SECOND).unwrap();
    assert_eq!(
        said,
        "2 records of bss.payment.events/3 wait, and worker 1 has committed nothing for 61 s"
    );
    watch.committed(3, commit(1, 12), 161 * SECOND);
    assert_eq!(stalled(&watch, 161 * SECOND), None);
}

#[test]
fn a_worker_that_does_not_come_round_is_named_even_if_nothing_waits() {
    let mut watch = Watch::default();
    watch.committed(0, commit(0, 5), 0);
    watch.committed(2, commit(0, 5), 0);
    watch.committed(1, commit(1, 5), 0);
    watch.turned(1, 61 * SECOND);
    let said = stalled(&watch, 61 * SECOND).unwrap();
    assert_eq!(said, "worker 0 (partitions 0, 2) has not come round for 61 s");
    watch.assign(&[1]);
    assert_eq!(stalled(&watch, 61 * SECOND), None, "a worker without partitions has no work");
}

#[test]
fn a_pause_is_no_stall() {
    let mut watch = Watch::default();
    watch.committed(3, commit(0, 5), 0);
    for second in 0..600 {
        watch.turned(0, second * SECOND);
        watch.ends(3, 0, 900, second * SECOND);
        watch.stands_still();
        assert_eq!(stalled(&watch, second * SECOND), None);
    }
    // Resumed: the limit begins anew.
    watch.turned(0, 600 * SECOND);
    watch.ends(3, 0, 900, 600 * SECOND);
    assert_eq!(stalled(&watch, 600 * SECOND), None);
}

/// A worker that held its other sources back for one that was never read again was "running".
#[test]
fn what_waits_for_a_slower_source_hides_nobody_who_stands_still() {
    let mut watch = Watch::default();
    for (partition, worker) in [(1, 1), (3, 1), (2, 0)] {
        watch.committed(partition, commit(worker, 5), 0);
    }
    for second in 0..=60 {
        for partition in [1, 2, 3] {
            watch.ends(partition, 0, 900, second * SECOND);
        }
        for (worker, partition) in [(1, 1), (0, 2)] {
            watch.turned(worker, second * SECOND);
            watch.held(partition, 0);
        }
    }
    let said = stalled(&watch, 60 * SECOND).unwrap();
    assert_eq!(
        said,
        "895 records of bss.payment.events/3 wait, and worker 1 has committed nothing for 60 s"
    );
    // The slow one is read to its end: the others only wait, until they are let go.
    watch.committed(3, commit(1, 900), 61 * SECOND);
    for second in 61..600 {
        watch.turned(1, second * SECOND);
        watch.turned(0, second * SECOND);
        watch.ends(1, 0, 900, second * SECOND);
        watch.held(1, 0);
        watch.held(2, 0);
        assert_eq!(stalled(&watch, second * SECOND), None);
    }
}

#[test]
fn waits_and_event_lags_are_told_until_the_records_are_read() {
    let mut watch = Watch::default();
    let time = EventTime::from_millis(1_767_225_600_000);
    let at_time = Committed { stream_time: Some(time), ..commit(0, 5) };
    watch.committed(3, at_time.clone(), 0);
    watch.ends(3, 0, 8, 2 * SECOND);
    let figures = |watch: &Watch, at: i64| watch.partitions(&TOPICS, at)[0].sources[0].clone();
    let seen = figures(&watch, 9 * SECOND);
    assert_eq!((seen.lag, seen.waiting_millis, seen.event_lag_millis), (Some(3), 7000, Some(0)));
    assert_eq!(watch.waiting(8 * SECOND, 9 * SECOND), []);
    assert_eq!(watch.waiting(7 * SECOND, 9 * SECOND), [(3, 0, 5, 8)]);
    let waiting = Waiting { oldest: Some(50 * SECOND), last: Some(time.plus_millis(4000)) };
    watch.looked_at(3, 0, waiting, 9 * SECOND);
    let seen = figures(&watch, 10 * SECOND);
    assert_eq!((seen.waiting_millis, seen.event_lag_millis), (51_000, Some(4000)));
    watch.committed(3, Committed { next: vec![8], ..at_time }, 10 * SECOND);
    let seen = figures(&watch, 11 * SECOND);
    assert_eq!((seen.lag, seen.waiting_millis, seen.event_lag_millis), (Some(0), 0, Some(0)));
}

#[test]
fn what_is_not_known_is_not_made_up() {
    let mut watch = Watch::default();
    watch.committed(3, commit(0, 5), 0);
    let seen = watch.partitions(&TOPICS, SECOND)[0].sources[0].clone();
    assert_eq!((seen.end, seen.lag, seen.event_lag_millis), (None, None, None));
    watch.ends(9, 0, 5, SECOND);
    watch.ends(3, 7, 5, SECOND);
    assert_eq!(watch.partitions(&TOPICS, SECOND).len(), 1);
}

/// One event of a partition's life: seconds pass, records come, some are committed.
fn steps() -> impl Strategy<Value = Vec<(i64, i64, i64)>> {
    prop::collection::vec((0_i64..40, 0_i64..4, 0_i64..4), 1..300)
}

proptest! {
    /// The wait of the oldest unread record by what was looked at, against all looks kept: exact
    /// while few looks are kept, and never shorter than it was.
    #[test]
    fn the_oldest_wait_is_as_if_every_look_were_kept(steps in steps()) {
        let mut watch = Watch::default();
        watch.committed(3, commit(0, 0), 0);
        let (mut at, mut end, mut next) = (0, 0, 0);
        let mut looks: Vec<(i64, i64)> = Vec::new();
        for (seconds, records, read) in steps {
            at += seconds * SECOND;
            end += records;
            watch.ends(3, 0, end, at);
            looks.push((at, end));
            if read > 0 && next < end {
                next = (next + read).min(end);
                watch.committed(3, commit(0, next), at);
            }
            let oldest = looks.iter().find(|(_, e)| *e > next).map_or(0, |(since, _)| at - since);
            let seen = watch.partitions(&TOPICS, at)[0].sources[0].clone();
            prop_assert_eq!(seen.lag, Some(u64::try_from(end - next).unwrap()));
            let millis = i64::try_from(seen.waiting_millis).unwrap();
            let kept = watch.partitions[&3].sources[0].looks.len();
            prop_assert!(kept <= LOOKS);
            if looks.iter().filter(|(_, e)| *e > next).count() < LOOKS {
                prop_assert_eq!(millis * 1000, oldest);
            } else {
                prop_assert!(millis * 1000 <= oldest);
            }
        }
    }

    /// A stall is told exactly while records wait, no commit came and the limit has passed since
    /// both.
    #[test]
    fn a_stall_needs_waiting_records_and_no_commit_for_the_whole_limit(steps in steps()) {
        let mut watch = Watch::default();
        watch.committed(3, commit(0, 0), 0);
        let (mut at, mut end, mut next, mut stands): (i64, i64, i64, Option<i64>) = (0, 0, 0, None);
        for (seconds, records, read) in steps {
            at += seconds * SECOND;
            end += records;
            watch.turned(0, at);
            if read == 3 && next < end {
                next = end;
                watch.committed(3, commit(0, next), at);
                stands = None;
            }
            watch.ends(3, 0, end, at);
            if end > next {
                stands.get_or_insert(at);
            }
            let expected = stands.is_some_and(|since| at - since >= LIMIT);
            prop_assert_eq!(stalled(&watch, at).is_some(), expected);
        }
    }
}
