//! How far long work has come, in words.

use std::time::Duration;

/// `600000 of 1000000, 85000/s, 4 s left`, for a bar's place in a log or in a status. Without a
/// `total`, or where nothing was done yet, without what that would tell.
#[must_use]
pub fn words(done: u64, total: Option<u64>, taken: Duration) -> String {
    let rate =
        u64::try_from(u128::from(done) * 1000 / taken.as_millis().max(1)).unwrap_or(u64::MAX);
    let of = total.map_or_else(String::new, |total| format!(" of {total}"));
    let left = total
        .filter(|total| rate > 0 && *total > done)
        .map_or_else(String::new, |total| format!(", {} s left", (total - done).div_ceil(rate)));
    format!("{done}{of}, {rate}/s{left}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_told() {
        let seconds = Duration::from_secs;
        assert_eq!(words(600, Some(1000), seconds(2)), "600 of 1000, 300/s, 2 s left");
        assert_eq!(words(1000, Some(1000), seconds(4)), "1000 of 1000, 250/s");
        assert_eq!(words(0, Some(1000), seconds(4)), "0 of 1000, 0/s");
        assert_eq!(words(500, None, Duration::from_millis(500)), "500, 1000/s");
        assert_eq!(words(7, Some(9), Duration::ZERO), "7 of 9, 7000/s, 1 s left");
    }
}
