//! Which sources are read too fast: behind a repartition topic every open window waits for the
//! slowest upstream partition, so one that runs ahead of it only fills memory.

use std::collections::BTreeMap;

use crate::domain::EventTime;

/// A source partition with records waiting: the source, the partition.
pub type Lane = (usize, i32);

/// Of the `lanes` that have records waiting, with the event time each has reached, those that are
/// more than `max` microseconds ahead of the slowest. One that is held already (`held`) goes on
/// only when it is no more than half of that ahead, so that lanes do not stop and start all the
/// time. The slowest is never among them.
#[must_use]
pub fn ahead(
    lanes: &BTreeMap<Lane, EventTime>,
    held: impl Fn(&Lane) -> bool,
    max: i64,
) -> Vec<Lane> {
    let Some(slowest) = lanes.values().min() else { return Vec::new() };
    let allowed = |lane: &Lane| if held(lane) { max / 2 } else { max };
    lanes
        .iter()
        .filter(|(lane, time)| time.micros_since(*slowest) > allowed(lane))
        .map(|(lane, _)| *lane)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lanes(times: &[i64]) -> BTreeMap<Lane, EventTime> {
        let lane = |(at, time): (usize, &i64)| {
            ((at, i32::try_from(at).unwrap()), EventTime::from_micros(*time))
        };
        times.iter().enumerate().map(lane).collect()
    }

    #[test]
    fn the_fast_wait_for_the_slowest_and_do_not_flutter() {
        assert_eq!(ahead(&lanes(&[]), |_| false, 10), []);
        assert_eq!(ahead(&lanes(&[0, 10, 11]), |_| false, 10), [(2, 2)]);
        assert_eq!(ahead(&lanes(&[0, 10, 6]), |lane| lane.0 == 2, 10), [(2, 2)]);
        assert_eq!(ahead(&lanes(&[5, 10, 10]), |lane| lane.0 == 2, 10), []);
    }

    proptest! {
        #[test]
        fn the_slowest_always_goes_on(times in prop::collection::vec(0_i64..1000, 1..10), held: u16) {
            let lanes = lanes(&times);
            let waiting = ahead(&lanes, |lane| held & (1 << lane.0) != 0, 100);
            let slowest = times.iter().min().unwrap();
            for (at, time) in times.iter().enumerate() {
                let waits = waiting.iter().any(|lane| lane.0 == at);
                prop_assert!(!waits || time - slowest > 50);
                prop_assert!(waits || time - slowest <= 100);
            }
        }
    }
}
