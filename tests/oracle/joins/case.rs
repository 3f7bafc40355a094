//! Cases of joins: orders and rows of their customers, each drawn from its seed and from nothing
//! else. Times are milliseconds.

use serde_json::{Value, json};

use crate::dice::Dice;

/// The first midnight of 2026.
pub const ZERO: i64 = 1_767_225_600_000;
const DAY: i64 = 86_400_000;
/// Longer than any two times of a drawn case are apart.
const FAR: i64 = 2 * DAY;
/// How long rows are kept: no drawn case forgets any.
const HISTORY: i64 = 60 * DAY;
const CUSTOMERS: [&str; 3] = ["a", "b", "c"];
/// How many settings there are: the other side starts once for each.
const SETTINGS: u64 = 32;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An order; its number is that of the record.
    Order,
    /// The customer's row, with a tier of this number.
    Row(usize),
    /// There is no such customer any more.
    Deleted,
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub customer: &'static str,
    pub time: i64,
    pub what: What,
}

/// One case: how long ours waits, how long it corrects, how long both keep rows, and the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub wait: i64,
    pub correct_for: i64,
    pub history: i64,
    pub records: Vec<Record>,
}

/// What a case's records are drawn with.
struct Draw {
    dice: Dice,
    unit: i64,
    clock: i64,
    /// What decides between waiting and not.
    limits: [i64; 2],
}

impl Case {
    /// The case of a seed.
    pub fn drawn(seed: u64) -> Self {
        let mut setting = Dice(seed % SETTINGS);
        let unit = setting.of(&[1, 1, 10, 1000, 60_000]);
        let mut span = |units: i64| match setting.below(4) {
            0 => 0,
            1 => FAR,
            _ => (1 + setting.below(units)) * unit,
        };
        let (wait, correct_for) = (span(6), span(10));
        let mut dice = Dice(!seed);
        let clock = ZERO + dice.below(DAY);
        let limits = [wait, wait + correct_for].map(|limit| if limit < FAR { limit } else { 0 });
        let mut case = Self { wait, correct_for, history: HISTORY, records: Vec::new() };
        case.draw_records(&mut Draw { dice, unit, clock, limits });
        case
    }

    fn draw_records(&mut self, draw: &mut Draw) {
        let customers = &CUSTOMERS[..usize::try_from(1 + draw.dice.below(3)).expect("few")];
        let number = 2 + draw.dice.below(40);
        let rows = draw.dice.of(&[2, 3, 6]);
        // Where the first ones are orders only, more of them wait.
        let first_row = if draw.dice.one_in(2) { 0 } else { draw.dice.below(number) };
        for at in 0..number {
            draw.tick();
            let customer = draw.dice.of(customers);
            let record = if at >= first_row && draw.dice.one_in(rows) {
                self.draw_row(draw, customer)
            } else {
                let time = self.draw_order_time(draw);
                Record { customer, time, what: What::Order }
            };
            self.records.push(record);
        }
    }

    fn last(&self, one: impl Fn(&&Record) -> bool) -> Option<Record> {
        self.records.iter().rev().find(one).copied()
    }

    fn draw_row(&self, draw: &mut Draw, customer: &'static str) -> Record {
        let Draw { dice, unit, clock, .. } = draw;
        let number = self.records.len();
        let what = if dice.one_in(5) { What::Deleted } else { What::Row(number) };
        let row = self.last(|r| r.customer == customer && r.what != What::Order);
        let order = self.last(|r| r.customer == customer && r.what == What::Order);
        let chance = dice.below(8);
        if let (3, Some(again)) = (chance, row) {
            return again;
        }
        let time = match chance {
            0 => *clock + dice.below(4) * *unit,
            1 => order.map_or(*clock, |order| order.time + dice.below(3) - 1),
            2 => row.map_or(*clock, |row| row.time),
            4 => *clock - dice.below(40) * *unit,
            _ => *clock - dice.below(6) * *unit,
        };
        Record { customer, time, what }
    }

    fn draw_order_time(&self, draw: &mut Draw) -> i64 {
        let Draw { dice, unit, clock, limits } = draw;
        let row = self.last(|r| r.what != What::Order);
        match dice.below(8) {
            0 => row.map_or(*clock, |row| row.time + dice.below(3) - 1),
            1 => *clock - (dice.of(limits) + dice.below(3) - 1).max(0),
            2 => *clock - dice.below(10) * *unit,
            _ => *clock,
        }
    }

    /// The case as the other side reads it.
    pub fn line(&self, id: usize) -> Value {
        let record = |(at, record): (usize, &Record)| {
            let Record { customer, time, what } = record;
            match what {
                What::Order => json!(["stream", customer, time, at.to_string()]),
                What::Row(tier) => json!(["table", customer, time, tier.to_string()]),
                What::Deleted => json!(["table", customer, time, null]),
            }
        };
        let records: Vec<Value> = self.records.iter().enumerate().map(record).collect();
        let graces = [self.wait, self.wait + self.correct_for];
        json!({"case": id, "kind": "join", "graces": graces, "history": self.history, "records": records})
    }
}

impl Draw {
    /// Moves the clock on: not at all, by some units, or to a limit or a millisecond beside it.
    fn tick(&mut self) {
        let Self { dice, unit, clock, limits } = self;
        *clock += match dice.below(8) {
            0 => (dice.of(limits) + dice.below(3) - 1).max(0),
            1 => dice.below(4) * *unit + dice.below(3),
            _ => dice.below(3) * *unit,
        };
    }
}

#[test]
fn a_seed_is_a_join_for_ever() {
    // Written down once: a change of the drawing shows.
    let case = Case::drawn(7);
    let record = |record: &Record| (record.customer, record.time - ZERO, record.what);
    let first: Vec<_> = case.records.iter().take(3).map(record).collect();
    let found = (case.wait, case.correct_for, case.records.len(), first);
    let expected = [
        ("a", 83_297_810, What::Row(0)),
        ("a", 83_297_820, What::Order),
        ("a", 83_297_781, What::Order),
    ];
    assert_eq!(found, (0, 40, 31, expected.to_vec()));
}
