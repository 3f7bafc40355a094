//! The nearest of the last values.

use std::collections::VecDeque;

/// Values that are kept.
const KEPT: usize = 2000;

/// The last values, by age and by size.
#[derive(Clone, Debug, Default)]
pub(super) struct Nearest {
    by_age: VecDeque<f64>,
    by_size: Vec<f64>,
}

impl Nearest {
    /// The kept value nearest to `value`.
    pub fn to(&self, value: f64) -> Option<f64> {
        let at = self.place(value);
        let above = self.by_size.get(at).copied();
        let below = at.checked_sub(1).map(|at| self.by_size[at]);
        match (below, above) {
            (Some(below), Some(above)) => {
                Some(if value - below <= above - value { below } else { above })
            }
            (below, above) => below.or(above),
        }
    }

    /// Takes a value in; the oldest one goes where there are too many.
    pub fn add(&mut self, value: f64) {
        if self.by_age.len() == KEPT
            && let Some(oldest) = self.by_age.pop_front()
        {
            let at = self.place(oldest);
            self.by_size.remove(at);
        }
        self.by_age.push_back(value);
        self.by_size.insert(self.place(value), value);
    }

    fn place(&self, value: f64) -> usize {
        self.by_size.partition_point(|kept| kept.total_cmp(&value).is_lt())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_oldest_values_are_forgotten() {
        let mut nearest = Nearest::default();
        nearest.add(5.0);
        (0..KEPT).for_each(|_| nearest.add(100.0));
        assert_eq!(nearest.to(6.0), Some(100.0));
    }

    proptest! {
        #[test]
        fn it_is_the_nearest(values in prop::collection::vec(-50..50i32, 0..80), to in -60..60i32) {
            let mut nearest = Nearest::default();
            values.iter().for_each(|v| nearest.add(f64::from(*v)));
            let distance = values.iter().map(|v| (v - to).abs()).min();
            let found = nearest.to(f64::from(to)).map(|n| (n - f64::from(to)).abs());
            prop_assert_eq!(found, distance.map(f64::from));
        }
    }
}
