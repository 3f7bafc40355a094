//! What befalls the workers of a town: at every step of a transaction a refusal, a lost answer, a
//! timeout, a crash or a stop; between them crashes and rebalances. Each is counted, so that a test
//! can say that all of them happened.

use std::collections::BTreeMap;

use bss::generate::random::Random;

/// A step of a transaction, in the order of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Begin,
    Output,
    HandOn,
    Change,
    Offsets,
    Commit,
}

const STEPS: [Step; 6] =
    [Step::Begin, Step::Output, Step::HandOn, Step::Change, Step::Offsets, Step::Commit];

/// What goes wrong at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// A broker says no, and nothing was done.
    Refused,
    /// It was done, but the worker does not learn of it.
    AnswerLost,
    /// The brokers aborted the transaction, since it was open for too long.
    TimedOut,
    /// The process is gone; the transaction stays open.
    Killed,
    /// The process stands still and goes on when others have its partitions.
    Stopped,
}

const HARMS: [Harm; 5] =
    [Harm::Refused, Harm::AnswerLost, Harm::TimedOut, Harm::Killed, Harm::Stopped];

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    At(Step, Harm),
    /// Killed between two records.
    Killed,
    /// A rebalance; workers commit before they let go.
    HandOver,
    /// A rebalance that the workers learn of when it is over.
    Lost,
    /// A partition went to another worker.
    Moved,
    /// A partition came back to a worker that had kept its state.
    Kept,
    /// One that had stood still was refused since its id was taken or its transaction aborted.
    ZombieFenced,
    /// The same, since the assignment it worked for was over.
    ZombieStale,
    /// A process without a life of the partition took an id, to abort what kept its offsets.
    FencedWriter,
    /// Nobody took the id; the brokers aborted what was open for too long.
    Abandoned,
}

const OTHERS: [Kind; 9] = [
    Kind::Killed,
    Kind::HandOver,
    Kind::Lost,
    Kind::Moved,
    Kind::Kept,
    Kind::ZombieFenced,
    Kind::ZombieStale,
    Kind::FencedWriter,
    Kind::Abandoned,
];

/// How often each kind happened.
#[derive(Default)]
pub struct Tally(BTreeMap<Kind, u64>);

impl Tally {
    pub fn note(&mut self, kind: Kind) {
        *self.0.entry(kind).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.0 {
            *self.0.entry(*kind).or_default() += count;
        }
    }

    /// Everything happened that can happen to a topology. A narrow run shows too little for that.
    pub fn assert_complete(&self, seeds: u64, hands_on: bool) {
        let steps = STEPS.into_iter().filter(|step| hands_on || *step != Step::HandOn);
        let harmed = steps.flat_map(|step| HARMS.map(|harm| Kind::At(step, harm)));
        let missing: Vec<Kind> =
            harmed.chain(OTHERS).filter(|kind| !self.0.contains_key(kind)).collect();
        assert!(missing.is_empty() || seeds < ENOUGH, "never happened: {missing:?}; {:?}", self.0);
    }
}

/// From how many seeds on each kind must have happened.
const ENOUGH: u64 = 200;

/// What a worker is to meet: at the step, when it comes to it for the time after `skip` others.
#[derive(Clone, Copy)]
pub struct Trap {
    pub step: Step,
    pub harm: Harm,
    pub skip: u64,
}

/// What happens to the worker whose turn it is.
pub enum Event {
    Killed,
    HandOver,
    Lost,
    Trapped(Trap),
}

/// What befalls one town, by its seed. It has chance of its own, so that what is disturbed does not
/// depend on how.
pub struct Disturbances {
    random: Random,
    left: u64,
    pub tally: Tally,
}

impl Disturbances {
    /// As many as `count`.
    pub fn of(seed: u64, salt: u64, count: u64) -> Self {
        Self { random: Random::of(seed, salt, 1), left: count, tally: Tally::default() }
    }

    pub fn none() -> Self {
        Self::of(0, 0, 0)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.random.below(limit as u64)).expect("small")
    }

    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// The next one, if it is time for it.
    pub fn due(&mut self) -> Option<Event> {
        if self.left == 0 || !self.one_in(6) {
            return None;
        }
        self.left -= 1;
        Some(match self.below(12) {
            0 => Event::Killed,
            1..3 => Event::HandOver,
            3 => Event::Lost,
            _ => {
                let (step, harm) = (STEPS[self.below(6)], HARMS[self.below(5)]);
                let skip = self.random.below(match step {
                    Step::Output | Step::HandOn | Step::Change => 4,
                    _ => 1,
                });
                Event::Trapped(Trap { step, harm, skip })
            }
        })
    }
}
