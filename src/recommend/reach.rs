//! Whether the sessions that are kept reach back far enough to be known to answers.
//!
//! An answer knows sessions that ended some minutes before (`moment_of`). If so many come that the
//! newest `recommend.sessions` are all younger, it knows none, and nothing else would tell.

use crate::recommend::index::SessionIndex;
use crate::recommend::recommender::STEP;
use crate::recommend::rules::RecommendRules;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// What an operator has to be told of `recommend.sessions`: that sessions make room for newer ones
/// before half of those in `index` are known to an answer, and how many would be enough. Nothing
/// otherwise.
#[must_use]
pub fn too_few_sessions(index: &SessionIndex, rules: &RecommendRules) -> Option<String> {
    let (oldest, newest) = index.ends()?;
    // Of the first view that may see the newest; a later one knows up to a step more.
    let behind = rules.settle.saturating_add(STEP);
    let known = index.count(newest.plus_micros(-behind));
    if !index.crowded() || known >= index.len().div_ceil(2) {
        return None;
    }
    let span = newest.micros_since(oldest);
    // What is popular is counted again after a start, as of its last full span.
    let enough = behind.saturating_add(rules.popular_every);
    let times = enough as f64 / span.max(SECOND) as f64;
    let wanted = up_to_two_digits(index.len() as f64 * times);
    let mebibytes = index.memory() as f64 * times / 1_048_576.0;
    Some(format!(
        "{} sessions are kept (recommend.sessions) and reach back {:.1} min; an answer knows those \
         that ended {} min before the newest, {known} of them, and recommends what is popular for \
         want of more. At this pace recommend.sessions = {wanted} reach back {} min, in about \
         {mebibytes:.0} MiB of each process.",
        index.len(),
        span as f64 / MINUTE as f64,
        behind / MINUTE,
        enough / MINUTE,
    ))
}

/// The next number with two digits and zeros.
fn up_to_two_digits(number: f64) -> f64 {
    let unit = 10_f64.powf(number.log10().floor() - 1.0).max(1.0);
    (number / unit).ceil() * unit
}
