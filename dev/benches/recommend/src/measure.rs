//! What is measured, and the table.

use std::time::Instant;

use bss::domain::{EventTime, ProductView};
use bss::recommend::{
    CustomerState, FinishedSession, Question, RecommendRules, Recommender, Ring, SessionIndex,
    Written, moment_of, write_recommendation,
};

use crate::data::{DataSet, Session, Split};

/// The default rules, with some numbers changed.
pub fn rules(changes: &[(String, f64)]) -> Result<RecommendRules, String> {
    let mut rules = RecommendRules::default();
    for (name, number) in changes {
        match name.as_str() {
            "next_weight" => rules.next_weight = *number,
            "beyond_weight" => rules.beyond_weight = *number,
            "recent" => rules.recent = *number as usize,
            "neighbours" => rules.neighbours = *number as usize,
            "sessions" => rules.sessions = *number as usize,
            "session_items" => rules.session_items = *number as usize,
            other => return Err(format!("--rule {other} is not known here")),
        }
    }
    rules.validated().map_err(|e| e.to_string())
}

/// The data says what a session is, not a pause.
fn unbroken(rules: &RecommendRules) -> RecommendRules {
    RecommendRules { session_gap: 3650 * 86_400_000_000, ..rules.clone() }
}

fn view<'a>(session: &'a Session, at: usize) -> ProductView<'a> {
    ProductView {
        customer_id: session.id.as_str().into(),
        product_id: session.views[at].0.as_str().into(),
        category: None,
        session_id: Some(session.id.as_str().into()),
        time: session.views[at].1,
    }
}

fn finish(session: &Session, rules: &RecommendRules) -> Vec<FinishedSession> {
    let (mut state, mut finished) = (CustomerState::default(), Vec::new());
    for at in 0..session.views.len() {
        state.view(&view(session, at), rules, &mut finished);
    }
    let end = EventTime::from_micros(i64::MAX);
    state.close_up_to(end, rules, &mut finished);
    finished
}

/// Learns sessions as a process does: through the bytes of the table.
fn learn(
    index: &mut SessionIndex,
    ring: &mut Ring,
    slots: u32,
    sessions: &[Session],
    rules: &RecommendRules,
) -> u64 {
    let unbroken = unbroken(rules);
    let (mut bytes, mut total) = (Vec::new(), 0);
    for finished in sessions.iter().flat_map(|s| finish(s, &unbroken)) {
        bytes.clear();
        finished.encode(&mut bytes);
        total += bytes.len() as u64;
        let read = FinishedSession::decode(&bytes).expect("bytes just written");
        index.put(ring.next(0, slots), Some(&read));
    }
    total
}

#[derive(Default)]
struct Scores {
    cases: f64,
    fresh: f64,
    sums: [f64; 6],
    /// Confidence and whether the new item was in the list.
    confident: Vec<(f64, bool)>,
}

impl Scores {
    fn row(&self) -> [f64; 6] {
        let by = |at: usize| if at < 4 { self.cases } else { self.fresh };
        std::array::from_fn(|at| self.sums[at] / by(at).max(1.0))
    }

    fn hit(&mut self, at: usize, rank: Option<usize>, most: usize) {
        if let Some(rank) = rank.filter(|r| *r < most) {
            self.sums[at] += 1.0;
            self.sums[at + 1] += 1.0 / (rank + 1) as f64;
        }
    }
}

/// Asks for the next item of every session after each of its items.
fn score(data: &DataSet, index: &SessionIndex, rules: &RecommendRules) -> Scores {
    let unbroken = unbroken(rules);
    let mut recommender = Recommender::new(rules);
    let mut scores = Scores::default();
    let mut finished = Vec::new();
    for session in &data.test {
        let mut state = CustomerState::default();
        for at in 0..session.views.len() - 1 {
            let own = view(session, at);
            state.view(&own, &unbroken, &mut finished);
            if at + 1 < data.known.given {
                continue;
            }
            let next = session.views[at + 1].0.as_str();
            let seen: Vec<&str> = state.session_of(&own).iter().map(|i| &*i.product).collect();
            let as_of = moment_of(own.time, rules);
            let all = Question { seen: &seen, as_of, interests: &[], excluded: &[], list: 20 };
            let place = |found: &bss::recommend::Recommendation<'_>| {
                found.products.iter().position(|s| s.product == next)
            };
            let rank = place(&recommender.ask(index, &all));
            scores.cases += 1.0;
            scores.hit(0, rank, 10);
            scores.hit(2, rank, 20);
            let before: Vec<&str> = session.views[..=at].iter().map(|v| v.0.as_str()).collect();
            if before.contains(&next) {
                continue;
            }
            let fresh = Question { excluded: &before, list: 10, ..all };
            let found = recommender.ask(index, &fresh);
            let rank = place(&found);
            scores.fresh += 1.0;
            scores.hit(4, rank, 10);
            scores.confident.push((found.confidence, rank.is_some()));
        }
    }
    scores
}

/// Microseconds a view: taken in, answered and written; the mean and the 99th percentile.
fn time_views(data: &DataSet, index: &SessionIndex, rules: &RecommendRules) -> (f64, f64) {
    let mut recommender = Recommender::new(rules);
    let (mut written, mut finished) = (Written::default(), Vec::new());
    let mut spent = Vec::new();
    for session in &data.test {
        let mut state = CustomerState::default();
        for at in 0..session.views.len() {
            let own = view(session, at);
            let start = Instant::now();
            state.view(&own, rules, &mut finished);
            write_recommendation(&own, &recommender.answer(index, &state, &own), &mut written);
            spent.push(start.elapsed().as_nanos() as f64 / 1000.0);
            finished.clear();
        }
    }
    spent.sort_by(f64::total_cmp);
    let mean = spent.iter().sum::<f64>() / spent.len().max(1) as f64;
    (mean, spent.get(spent.len() * 99 / 100).copied().unwrap_or_default())
}

/// A number of kibibytes from /proc/self/status, as MiB.
fn memory(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|l| l.strip_prefix(name));
    let digits = line.and_then(|l| l.split_whitespace().nth(1).map(str::to_owned));
    digits.and_then(|d| d.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

fn print_row(name: &str, row: [f64; 6]) {
    let cells: Vec<String> = row.iter().map(|v| format!("{v:.4}")).collect();
    println!("| {name} | {} |", cells.join(" | "));
}

pub fn report(data: &DataSet, rules: &RecommendRules, confidence: bool) -> Result<(), String> {
    let before = memory("VmRSS");
    let mut index = SessionIndex::new(rules.bounds());
    let mut ring = Ring::default();
    let slots = rules.slots(1);
    let start = Instant::now();
    let bytes = learn(&mut index, &mut ring, slots, &data.train, rules);
    let learnt = start.elapsed().as_secs_f64();
    let held = memory("VmRSS") - before;
    let (mean, tail) = time_views(data, &index, rules);
    let frozen = score(data, &index, rules);
    println!(
        "\n{}{}: {} sessions to learn from, {} in the index with {} products; {} cases, {} of \
         them with a new item",
        data.known.name,
        if data.split == Split::Valid { " (validation)" } else { "" },
        data.train.len(),
        index.len(),
        index.products(),
        frozen.cases,
        frozen.fresh,
    );
    println!("| method | HR@10 | MRR@10 | HR@20 | MRR@20 | new: HR@10 | new: MRR@10 |");
    println!("|---|---|---|---|---|---|---|");
    if data.split == Split::Test {
        print_row("V-SKNN (data/README.md)", data.known.v_sknn);
    }
    print_row("bss", frozen.row());
    // The sessions of the test part are learned from once they are over, as in a live run: the
    // index answers by what had ended before the view.
    learn(&mut index, &mut ring, slots, &data.test, rules);
    let live = score(data, &index, rules);
    print_row("bss, learning on", live.row());
    println!(
        "learning {:.1} us a session; table {:.1} MiB; index {held:.1} MiB; a view {mean:.0} us \
         (99 %: {tail:.0} us); peak memory {:.1} MiB, the data included",
        learnt * 1e6 / data.train.len().max(1) as f64,
        bytes as f64 / 1_048_576.0,
        memory("VmHWM"),
    );
    if confidence {
        print_confidence(frozen.confident);
    }
    Ok(())
}

fn print_confidence(mut cases: Vec<(f64, bool)>) {
    cases.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!("| cases | confidence | new item in the list |\n|---|---|---|");
    for part in cases.chunks(cases.len().div_ceil(8).max(1)) {
        let mean = part.iter().map(|c| c.0).sum::<f64>() / part.len() as f64;
        let hits = part.iter().filter(|c| c.1).count() as f64 / part.len() as f64;
        println!("| {} | {mean:.3} | {hits:.3} |", part.len());
    }
}
