//! Cases: windows and records, each drawn from its seed and from nothing else.

use serde_json::{Value, json};

use crate::dice::Dice;

/// A day in 2026, in milliseconds.
const DAY: i64 = 1_767_225_600_000;
const KEYS: [&str; 3] = ["a", "b", "c"];

/// How time is cut, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tumbling {
        size: i64,
    },
    Hopping {
        size: i64,
        advance: i64,
    },
    /// Kafka Streams' time difference: both ends belong to it.
    Sliding {
        difference: i64,
    },
    Session {
        gap: i64,
    },
}

/// When Kafka Streams gives results out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// Final, by `suppress(untilWindowCloses)`.
    Suppress,
    /// Final, by `EmitStrategy.onWindowClose`.
    Close,
    /// With each record.
    Updates,
}

/// Every kind in every way in which it can be compared.
pub const WAYS: [(&str, Emit); 11] = [
    ("tumbling", Emit::Suppress),
    ("tumbling", Emit::Close),
    ("tumbling", Emit::Updates),
    ("hopping", Emit::Suppress),
    ("hopping", Emit::Close),
    ("hopping", Emit::Updates),
    ("sliding", Emit::Close),
    ("sliding", Emit::Updates),
    ("session", Emit::Suppress),
    ("session", Emit::Close),
    ("session", Emit::Updates),
];

/// One record: whose, when (milliseconds), what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: &'static str,
    pub time: i64,
    pub value: i64,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub kind: Kind,
    pub grace: i64,
    pub emit: Emit,
    pub records: Vec<Record>,
}

impl Case {
    /// The case of a seed.
    pub fn drawn(seed: u64) -> Self {
        let ways = u64::try_from(WAYS.len()).expect("a small number");
        let (kind, emit) = WAYS[usize::try_from(seed % ways).expect("a small number")];
        let mut dice = Dice(seed);
        let unit = dice.of(&[1, 1, 10, 1000, 60_000]);
        let kind = match kind {
            "tumbling" => Kind::Tumbling { size: (1 + dice.below(12)) * unit },
            "hopping" => {
                let steps = 1 + dice.below(12);
                Kind::Hopping { size: steps * unit, advance: (1 + dice.below(steps)) * unit }
            }
            "sliding" => Kind::Sliding { difference: (1 + dice.below(10)) * unit },
            _ => Kind::Session { gap: (1 + dice.below(8)) * unit },
        };
        let grace = if dice.one_in(3) { 0 } else { dice.below(7) * unit };
        // What is out of grace leaves a sliding window's key uncompared: half of them have none.
        let in_grace = matches!(kind, Kind::Sliding { .. }) && dice.one_in(2);
        let mut case = Self { kind, grace, emit, records: Vec::new() };
        case.draw_records(&mut dice, unit, in_grace);
        case
    }

    fn draw_records(&mut self, dice: &mut Dice, unit: i64, in_grace: bool) {
        let most = 1 + dice.below(40);
        let keys = &KEYS[..usize::try_from(1 + dice.below(3)).expect("a small number")];
        let mut clock = DAY + dice.below(86_400_000);
        // What decides between open and closed, and a millisecond to each side of it.
        let limit = self.grace + self.kind.length();
        for _ in 0..=dice.below(most) {
            clock += match dice.below(8) {
                0 => (limit + dice.below(3) - 1).max(0),
                1 => dice.below(4) * unit + dice.below(3),
                _ => dice.below(4) * unit,
            };
            let mut time = match dice.below(8) {
                0..4 => clock,
                4 => clock - (limit + dice.below(3) - 1).max(0),
                5 => self.records.last().map_or(clock, |record| record.time),
                _ => clock - dice.below(limit + 2 * unit),
            };
            let stream_time = self.records.iter().map(|record| record.time).max();
            if let (true, Some(stream_time)) = (in_grace, stream_time) {
                time = time.max(stream_time - self.grace);
            }
            self.records.push(Record { key: dice.of(keys), time, value: dice.below(120) - 20 });
        }
    }

    /// Kind and emission, as words.
    pub fn way(&self) -> String {
        let line = self.line(0);
        format!("{} {}", line["kind"], line["emit"]).replace('"', "")
    }

    /// How long after its end a window waits for more: the `wait` of `suppress`.
    pub const fn wait(&self) -> i64 {
        match self.kind {
            Kind::Session { gap } => self.grace + gap,
            _ => self.grace,
        }
    }

    /// The case as the other side reads it.
    pub fn line(&self, id: usize) -> Value {
        let (kind, size, advance) = match self.kind {
            Kind::Tumbling { size } => ("tumbling", size, None),
            Kind::Hopping { size, advance } => ("hopping", size, Some(advance)),
            Kind::Sliding { difference } => ("sliding", difference, None),
            Kind::Session { gap } => ("session", gap, None),
        };
        let emit = match self.emit {
            Emit::Suppress => "suppress",
            Emit::Close => "close",
            Emit::Updates => "updates",
        };
        let records: Vec<Value> =
            self.records.iter().map(|r| json!([r.key, r.time, r.value])).collect();
        let mut line = json!({"case": id, "kind": kind, "size": size, "grace": self.grace, "emit": emit, "records": records});
        if let Some(advance) = advance {
            line["advance"] = advance.into();
        }
        line
    }

    /// The key of that name; there are no others.
    pub fn key(name: &str) -> &'static str {
        KEYS.into_iter().find(|key| *key == name).expect("a key of a case")
    }
}

impl Kind {
    /// How long after an event its window may still be open, without grace.
    const fn length(self) -> i64 {
        match self {
            Self::Tumbling { size } | Self::Hopping { size, .. } => size,
            Self::Sliding { difference } => difference,
            Self::Session { gap } => gap,
        }
    }
}

#[test]
fn a_seed_is_a_case_for_ever() {
    // Written down once: a change of the drawing shows.
    let records =
        [("c", 1_767_266_613_593, 20), ("c", 1_767_266_613_589, -17), ("a", 1_767_266_613_591, 21)];
    let expected = Case {
        kind: Kind::Hopping { size: 5, advance: 2 },
        grace: 1,
        emit: Emit::Close,
        records: records.map(|(key, time, value)| Record { key, time, value }).into(),
    };
    assert_eq!(Case::drawn(15), expected);
}
