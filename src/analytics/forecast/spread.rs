//! How far around a forecast what comes may lie, by the errors of the back-test.

/// How sure an interval is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Four of five values lie within.
    Eighty,
    /// 19 of 20.
    NinetyFive,
}

impl Level {
    /// All, the narrowest first.
    pub const ALL: [Self; 2] = [Self::Eighty, Self::NinetyFive];

    /// In percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        match self {
            Self::Eighty => 80,
            Self::NinetyFive => 95,
        }
    }

    /// Which of `count` absolute errors, in order, is not passed with this probability by one more
    /// (conformal prediction: the rank of the new one is as likely any).
    fn rank(self, count: usize) -> usize {
        ((count + 1) * usize::from(self.percent())).div_ceil(100)
    }

    /// The same point of Student's distribution: what the mean of few squares says too little of.
    /// The expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5), good to a percent from three
    /// degrees of freedom on.
    fn student(self, degrees: usize) -> f64 {
        let z: f64 = match self {
            Self::Eighty => 1.281_552,
            Self::NinetyFive => 1.959_964,
        };
        let n = degrees.max(1) as f64;
        let first = (z.powi(3) + z) / 4.0;
        let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
        let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
        z + first / n + second / n.powi(2) + third / n.powi(3)
    }

    /// By how much few origins widen an interval: their errors are no independent ones, so they count as
    /// one each.
    fn widened(self, origins: usize) -> f64 {
        self.student(origins) / self.student(usize::MAX)
    }
}

/// The errors of a back-test as a measure of the next ones.
#[derive(Clone, Debug)]
pub struct Spread {
    /// The square expected at a step: what it begins with, and what each step adds.
    begins: f64,
    adds: f64,
    /// The absolute errors over what was expected of them, in order.
    relative: Vec<f64>,
    origins: usize,
    /// By position of the season: nothing ever differed there.
    still: Vec<bool>,
    /// The mean square of the errors of whole horizons' sums.
    sums: Option<f64>,
    horizon: usize,
}

impl Spread {
    /// Of the errors by origin and step (`None` where the value is not known), the positions at which
    /// nothing differs, and how many values came before each origin.
    #[must_use]
    pub fn of(errors: &[Vec<Option<f64>>], still: Vec<bool>, ends: &[usize]) -> Self {
        let length = still.len().max(1);
        let moves = |at: usize| !still.get(at % length).copied().unwrap_or(false);
        let steps: Vec<(f64, f64)> = errors
            .iter()
            .zip(ends)
            .flat_map(|(origin, end)| origin.iter().enumerate().map(move |(s, e)| (s, end + s, e)))
            .filter(|(_, at, _)| moves(*at))
            .filter_map(|(step, _, error)| Some((step as f64, (*error)?)))
            .collect();
        let count = steps.len().max(1) as f64;
        let middle = steps.iter().map(|(step, _)| step).sum::<f64>() / count;
        let square = steps.iter().map(|(_, error)| error * error).sum::<f64>() / count;
        let across: f64 = steps.iter().map(|(s, e)| (s - middle) * (e * e - square)).sum();
        let along: f64 = steps.iter().map(|(s, _)| (s - middle).powi(2)).sum();
        // Errors do not shrink with the horizon, and the first step is not sure.
        let most = if middle > 0.0 { 0.9 * square / middle } else { 0.0 };
        let adds = if along > 0.0 { (across / along).clamp(0.0, most) } else { 0.0 };
        let mut spread = Self {
            begins: square - adds * middle,
            adds,
            relative: Vec::new(),
            origins: errors.len(),
            still,
            sums: None,
            horizon: errors.iter().map(Vec::len).max().unwrap_or(0),
        };
        let relative = steps.iter().map(|(step, error)| error.abs() / spread.expected(*step));
        spread.relative = relative.filter(|r| r.is_finite()).collect();
        spread.relative.sort_by(f64::total_cmp);
        let sums: Option<Vec<f64>> = errors.iter().map(|o| o.iter().copied().sum()).collect();
        let sums = sums.filter(|sums| sums.len() >= 3);
        spread.sums = sums.map(|s| s.iter().map(|e| e * e).sum::<f64>() / s.len() as f64);
        spread
    }

    fn expected(&self, step: f64) -> f64 {
        (self.begins + self.adds * step).max(0.0).sqrt()
    }

    /// Half the width of the interval at a step, counted from 0 after `history` values.
    #[must_use]
    pub fn half(&self, (history, step): (usize, usize), level: Level) -> f64 {
        if self.still.get((history + step) % self.still.len().max(1)) == Some(&true) {
            return 0.0;
        }
        let rank = level.rank(self.relative.len());
        let by_rank = rank.checked_sub(1).and_then(|at| self.relative.get(at).copied());
        let widened = level.widened(self.origins);
        let times = by_rank.map_or_else(|| level.student(self.origins), |r| r * widened);
        self.expected(step as f64) * times
    }

    /// Half the width of the interval of the sum over `horizon` steps: by the sums of the back-test, or
    /// where its horizon was shorter, as if all errors had one sign.
    #[must_use]
    pub fn half_of_sum(&self, (history, horizon): (usize, usize), level: Level) -> f64 {
        match self.sums {
            Some(square) if horizon == self.horizon => square.sqrt() * level.student(self.origins),
            _ => (0..horizon).map(|step| self.half((history, step), level)).sum(),
        }
    }
}
