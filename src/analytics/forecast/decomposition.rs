//! Season and trend taken apart by loess (MSTL of Bandara, Hyndman and Bergmeir, 2021), the trend with
//! what remains carried on by exponential smoothing, the last cycle of each season repeated.

use stlrs::MstlParams;

use super::smoothing;

/// The next `horizon` values; `None` if the history cannot be taken apart: it has no season, or less
/// than two cycles of one.
#[must_use]
pub fn forecast(history: &[f64], seasons: &[usize], horizon: usize) -> Option<Vec<f64>> {
    let parts = MstlParams::new().fit(history, seasons).ok()?;
    let rest: Vec<f64> = parts.trend().iter().zip(parts.remainder()).map(|(t, r)| t + r).collect();
    let mut values = smoothing::forecast(&rest, &[], horizon);
    for (season, &length) in parts.seasonal().iter().zip(seasons) {
        let last = &season[season.len() - length..];
        for (value, season) in values.iter_mut().zip(last.iter().cycle()) {
            *value += season;
        }
    }
    Some(values)
}
