//! Whether records keep waiting, told by how full the rounds of work are.

/// How many transactions in a row must have been busy before they are made longer.
const BUSY_STREAK: u32 = 10;

/// Tells a backlog from a burst: most rounds of many transactions in a row took a full batch.
#[derive(Debug, Default)]
pub struct Pressure {
    rounds: u32,
    full: u32,
    streak: u32,
}

impl Pressure {
    /// A round of work ended; `full`: with a full batch.
    pub const fn round(&mut self, full: bool) {
        self.rounds += 1;
        self.full += full as u32;
    }

    /// A transaction ended.
    pub const fn committed(&mut self) {
        let busy = self.full * 2 > self.rounds;
        self.streak = if busy { self.streak.saturating_add(1) } else { 0 };
        self.rounds = 0;
        self.full = 0;
    }

    /// Whether records keep waiting.
    #[must_use]
    pub const fn backlog(&self) -> bool {
        self.streak >= BUSY_STREAK
    }
}
