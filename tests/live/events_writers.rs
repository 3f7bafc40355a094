//! Many writers at once, some of them and the server killed: nothing that was acknowledged is lost,
//! nothing is there twice, and every answer was true when it was given.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bss::backends::redis::events::{Append, Loaded, Outcome, Store};
use bss::events::{Aggregate, Expected};
use tokio::task::JoinSet;

use crate::event_corner::{Corner, event};
use crate::history::{Answer, Id, Operation, What, faults};
use crate::redis_server::Server;

const WRITERS: usize = 64;

/// How many events: `BSS_TEST_EVENTS`, or few enough for every run.
fn wanted() -> usize {
    std::env::var("BSS_TEST_EVENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// What all writers of a run share: how far it is, and what happened.
struct Run {
    aggregates: Vec<Aggregate>,
    wanted: usize,
    acknowledged: AtomicUsize,
    ids: AtomicU64,
    start: Instant,
    /// One history for each aggregate.
    histories: Vec<Mutex<Vec<Operation>>>,
}

impl Run {
    fn new(aggregates: usize, wanted: usize) -> Arc<Self> {
        let name = |n| format!("order/{n}").parse().expect("an aggregate");
        Arc::new(Self {
            aggregates: (0..aggregates).map(name).collect(),
            wanted,
            acknowledged: AtomicUsize::new(0),
            ids: AtomicU64::new(0),
            start: Instant::now(),
            histories: (0..aggregates).map(|_| Mutex::default()).collect(),
        })
    }

    fn done(&self) -> bool {
        self.acknowledged.load(Ordering::Relaxed) >= self.wanted
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).expect("not so long")
    }

    /// Notes a call; its answer is open.
    fn called(&self, which: usize, what: What) -> usize {
        let mut history = self.histories[which].lock().expect("unbroken");
        history.push(Operation { called: self.now(), answered: u64::MAX, what });
        history.len() - 1
    }

    fn answered(&self, which: usize, call: usize, what: What) {
        let now = self.now();
        let mut history = self.histories[which].lock().expect("unbroken");
        (history[call].answered, history[call].what) = (now, what);
    }
}

/// Appends until it is told, through whatever happens to the server.
async fn told(corner: &Corner, store: &mut Store, append: &Append) -> Outcome {
    loop {
        match store.append(append).await {
            Ok(outcome) => return outcome,
            Err(error) if error.transient => *store = corner.store_when_up().await,
            Err(error) => panic!("{error}: {:?}", error.source),
        }
    }
}

/// A writer: appends one to four events here and there, of two kinds of expectation, and reads.
async fn write(corner: Arc<Corner>, run: Arc<Run>, seed: u64) {
    let mut store = corner.store_when_up().await;
    let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut roll = |sides: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % sides
    };
    let mut last = vec![None; run.aggregates.len()];
    while !run.done() {
        let which = usize::try_from(roll(run.aggregates.len() as u64)).expect("small");
        let aggregate = &run.aggregates[which];
        if roll(8) == 0 {
            read(&mut store, &run, which, last[which]).await;
            continue;
        }
        let count = if roll(4) == 0 { 1 + roll(4) } else { 1 };
        let first = run.ids.fetch_add(count, Ordering::Relaxed);
        let ids: Vec<Id> = (first..first + count).collect();
        let behind = last[which].filter(|_| roll(2) == 0);
        let expected = behind.map_or(Expected::Any, Expected::Exact);
        let contents: Vec<_> =
            ids.iter().map(|id| event(&id.to_string(), &format!("{{\"n\":{id}}}"))).collect();
        let append = store.prepare(aggregate, expected, &contents).expect("fits");
        let what = |answer| What::Append { ids: ids.clone(), behind, answer };
        let call = run.called(which, what(Answer::Unknown));
        let answer = match told(&corner, &mut store, &append).await {
            Outcome::Stored { revision, .. } | Outcome::Known { revision, .. } => {
                last[which] = Some(revision + count - 1);
                run.acknowledged.fetch_add(ids.len(), Ordering::Relaxed);
                Answer::Stored(revision)
            }
            Outcome::Conflict { events } => {
                last[which] = events.checked_sub(1);
                Answer::Conflict(events)
            }
            other => panic!("{other:?}"),
        };
        run.answered(which, call, what(answer));
    }
}

/// Reads an aggregate from a revision on; a server that is gone answers nothing, which says nothing.
async fn read(store: &mut Store, run: &Run, which: usize, last: Option<u64>) {
    let first = last.unwrap_or(0).saturating_sub(3);
    let called = run.now();
    let Ok(part) = store.load(&run.aggregates[which], first, None).await else { return };
    let what = What::Read { events: part.events, first, ids: ids(part.loaded) };
    let operation = Operation { called, answered: run.now(), what };
    run.histories[which].lock().expect("unbroken").push(operation);
}

fn ids(loaded: Vec<Loaded>) -> Vec<Id> {
    let one = |loaded| match loaded {
        Loaded::Event(event) => event.content().expect("readable").id.parse().expect("a number"),
        Loaded::Trimmed { .. } => panic!("nothing was trimmed"),
    };
    loaded.into_iter().map(one).collect()
}

/// Runs the writers; `meanwhile` is called again and again with what was acknowledged. One writer in
/// each round of `kills` is killed in the middle of whatever it does, and another takes its place.
async fn writers(
    corner: &Arc<Corner>,
    run: &Arc<Run>,
    kills: usize,
    mut meanwhile: impl FnMut(usize),
) {
    let mut tasks = JoinSet::new();
    let mut seed = 0;
    let mut spawn = |tasks: &mut JoinSet<()>| {
        seed += 1;
        tasks.spawn(write(Arc::clone(corner), Arc::clone(run), seed))
    };
    let mut handles: Vec<_> = (0..WRITERS).map(|_| spawn(&mut tasks)).collect();
    let mut killed = 0;
    while !tasks.is_empty() {
        let acknowledged = run.acknowledged.load(Ordering::Relaxed);
        meanwhile(acknowledged);
        if killed < kills && acknowledged > run.wanted * (killed + 1) / (kills + 1) {
            handles[killed % WRITERS].abort();
            handles[killed % WRITERS] = spawn(&mut tasks);
            killed += 1;
        }
        let next = tokio::time::timeout(Duration::from_millis(1), tasks.join_next()).await;
        if let Ok(Some(Err(end))) = next {
            assert!(end.is_cancelled(), "{end}");
        }
    }
    assert_eq!(killed, kills);
}

/// The proof at the end.
async fn proven(corner: &Corner, run: &Run) {
    let mut store = corner.store().await;
    let mut stored = 0;
    for (aggregate, history) in run.aggregates.iter().zip(&run.histories) {
        let mut log = Vec::new();
        loop {
            let first = log.len() as u64;
            let part = store.load(aggregate, first, Some(first + 999)).await.expect("loaded");
            log.extend(ids(part.loaded));
            if log.len() as u64 == part.events {
                break;
            }
        }
        let history = history.lock().expect("unbroken");
        let found = faults(&history, &log);
        assert!(found.is_empty(), "{aggregate}: {} faults: {:?}", found.len(), found.first());
        stored += log.len();
    }
    assert!(stored >= run.acknowledged.load(Ordering::Relaxed));
    let told = corner.ends(0, &["verify"]);
    assert!(told.contains(&format!("{stored} events: whole")), "{told}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

#[test]
fn of_one_aggregate_and_of_many_every_answer_is_true() {
    for aggregates in [1, 64] {
        let corner = Arc::new(Corner::new("writers"));
        let run = Run::new(aggregates, wanted() / 2);
        runtime().block_on(async {
            writers(&corner, &run, 20, |_| ()).await;
            proven(&corner, &run).await;
        });
    }
}

#[test]
fn what_was_acknowledged_outlives_a_killed_server() {
    let mut server = Server::start(&["--appendfsync", "always"]);
    let corner = Arc::new(Corner::at("killed", server.port).with("BSS_EVENTS_SHARDS", "2"));
    let run = Run::new(16, wanted() / 4);
    let mut kills = 0;
    runtime().block_on(async {
        writers(&corner, &run, 10, |acknowledged| {
            if acknowledged > run.wanted * (kills + 1) / 5 && kills < 4 {
                server.kill();
                server.launch();
                kills += 1;
            }
        })
        .await;
        proven(&corner, &run).await;
    });
    assert_eq!(kills, 4);
}
