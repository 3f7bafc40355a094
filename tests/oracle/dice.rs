//! Chance that a seed repeats.

/// Numbers from a seed (SplitMix64): the same on every machine, in every version.
pub struct Dice(pub u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `n`, without it.
    pub fn below(&mut self, n: i64) -> i64 {
        let n = u64::try_from(n).expect("a positive number");
        i64::try_from(self.roll() % n).expect("less than an i64")
    }

    /// One time in `n`.
    pub fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        let nth = self.roll() % u64::try_from(choices.len()).expect("a small number");
        choices[usize::try_from(nth).expect("a small number")]
    }
}
