//! How far a forecast was from what came.

use super::regression::mean;

/// What a forecast of one origin missed by, over the values that are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Missed {
    /// The mean of the absolute errors.
    pub absolute: f64,
    /// The symmetric percentage: the mean of 200 |f - a| / (|f| + |a|), 0 where both are.
    pub symmetric: f64,
}

/// What `forecast` missed `actual` by; `None` if nothing of it is known.
#[must_use]
pub fn missed(actual: &[Option<f64>], forecast: &[f64]) -> Option<Missed> {
    let known: Vec<(f64, f64)> =
        actual.iter().zip(forecast).filter_map(|(a, f)| Some(((*a)?, *f))).collect();
    if known.is_empty() {
        return None;
    }
    let absolute: Vec<f64> = known.iter().map(|(a, f)| (a - f).abs()).collect();
    let symmetric = known.iter().map(|(a, f)| {
        let both = a.abs() + f.abs();
        if both > 0.0 { 200.0 * (a - f).abs() / both } else { 0.0 }
    });
    let symmetric: Vec<f64> = symmetric.collect();
    Some(Missed { absolute: mean(&absolute), symmetric: mean(&symmetric) })
}

/// What a history misses when each value is taken for that of the season before: the scale of the mean
/// absolute scaled error (MASE; Hyndman and Koehler, 2006). `None` if it is zero or unknown.
#[must_use]
pub fn scale(history: &[f64], season: usize) -> Option<f64> {
    let season = season.max(1);
    let errors: Vec<f64> =
        history.iter().zip(history.iter().skip(season)).map(|(a, b)| (b - a).abs()).collect();
    Some(mean(&errors)).filter(|scale| *scale > 0.0)
}

/// The history with each missing value as the median of the known ones at its position of the
/// season; where none is, of all; where none is at all, zero.
#[must_use]
pub fn filled(history: &[Option<f64>], season: usize) -> Vec<f64> {
    if let Some(known) = history.iter().copied().collect() {
        return known;
    }
    let season = season.max(1);
    let all = median(history.iter().flatten().copied().collect()).unwrap_or(0.0);
    let medians: Vec<f64> = (0..season)
        .map(|position| history.iter().skip(position).step_by(season).flatten().copied().collect())
        .map(|own| median(own).unwrap_or(all))
        .collect();
    let value = |(at, value): (usize, &Option<f64>)| value.unwrap_or(medians[at % season]);
    history.iter().enumerate().map(value).collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_by_hand() {
        let actual = [Some(2.0), None, Some(0.0), Some(4.0)];
        let found = missed(&actual, &[1.0, 9.0, 0.0, 6.0]).unwrap();
        assert_eq!(found.absolute, 1.0);
        assert!((found.symmetric - (200.0 / 3.0 + 40.0) / 3.0).abs() < 1e-9, "{found:?}");
        assert_eq!(missed(&[None], &[1.0]), None);
        assert_eq!(scale(&[1.0, 5.0, 2.0, 7.0], 2), Some(1.5));
        assert_eq!((scale(&[3.0, 3.0, 3.0], 1), scale(&[3.0], 7)), (None, None));
    }

    #[test]
    fn missing_values_are_the_median_of_their_position() {
        let history = [Some(1.0), Some(9.0), None, Some(7.0), Some(3.0), None, Some(8.0), None];
        assert_eq!(filled(&history, 2), [1.0, 9.0, 3.0, 7.0, 3.0, 8.0, 8.0, 8.0]);
        assert_eq!(filled(&[Some(2.0), None, Some(4.0), None], 2), [2.0, 3.0, 4.0, 3.0]);
        assert_eq!(filled(&[None, None], 7), [0.0, 0.0]);
    }
}
