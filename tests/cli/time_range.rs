//! `--since`, `--until`, `--as-of` and `--tz` are judged before any server is asked.

use crate::support::Place;

/// A report with no server to answer: what is said before it is asked.
fn report(arguments: &[&str]) -> crate::support::Shown {
    let place =
        Place::new().with("BSS_TIMESCALE_PORT", "1").with("BSS_TIMESCALE_CONNECT_TIMEOUT", "2s");
    let mut all = vec!["fraud", "anomalies"];
    all.extend(arguments);
    place.run(&all)
}

#[test]
fn a_time_that_cannot_be_read_is_a_usage_error_with_the_forms() {
    report(&["--since", "yesterdya"]).is(
        2,
        "",
        "error: cannot read the time `yesterdya` of --since\n\
         hint: Give RFC 3339 (2026-07-01T00:00:00Z), a date or date-time in --tz (2026-07-01, \
         2026-07-01T08:30), a span before now (15m, 24h, 7d, 2w), or today, yesterday or month.\n",
    );
}

#[test]
fn a_skipped_local_time_is_refused_with_both_instants() {
    report(&["--tz", "Europe/Berlin", "--since", "2026-03-29T02:30"]).fails(
        2,
        &["does not exist in Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"],
    );
}

#[test]
fn an_empty_range_and_an_unknown_zone_are_usage_errors() {
    report(&["--since", "2026-07-02", "--until", "2026-07-01"])
        .fails(2, &["the time range is empty"]);
    report(&["--tz", "Mars/Olympus"]).fails(2, &["unknown time zone `Mars/Olympus` in --tz"]);
}

#[test]
fn a_good_range_gets_as_far_as_the_server() {
    for since in ["1h", "2026-07-01", "2026-07-01T00:00:00+02:00", "today", "month"] {
        let shown = report(&["--since", since]);
        assert_eq!(shown.status, Some(4), "{since}: {shown:?}");
    }
}
