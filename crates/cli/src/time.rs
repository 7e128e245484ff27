//! Formats times and durations.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

/// Formats seconds since 1970 in the time zone of this machine. `None` after the year 9999.
pub(crate) fn local(seconds: i64) -> Option<String> {
    let time = Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::system());
    Some(time.strftime("%Y-%m-%d %H:%M:%S %:z").to_string())
}

/// Formats the distance from `now` to `then`: `in 59 minutes`, `3 days ago`.
pub(crate) fn relative(then: i64, now: i64) -> String {
    match then.saturating_sub(now) {
        0 => "now".to_owned(),
        distance @ 1.. => format!("in {}", length(distance.unsigned_abs())),
        distance => format!("{} ago", length(distance.unsigned_abs())),
    }
}

/// Formats seconds in the largest unit that fits at least twice, or exactly once: `90 seconds`, `2 hours`.
pub(crate) fn length(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(365 * 86_400, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fits = |&(unit, _): &(u64, &str)| seconds == unit || seconds >= 2 * unit;
    let (unit, name) = UNITS.into_iter().find(fits).unwrap_or((1, "second"));
    let count = seconds / unit;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

/// Formats a measured time: `35 µs`, `1.4 ms`, `2.1 s`.
pub(crate) fn elapsed(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_rounded_to_one_unit() {
        for (then, text) in [
            (0, "now"),
            (1, "in 1 second"),
            (-60, "1 minute ago"),
            (119, "in 119 seconds"),
            (120, "in 2 minutes"),
            (3_599, "in 59 minutes"),
            (3_600, "in 1 hour"),
            (-86_400, "1 day ago"),
            (2 * 365 * 86_400, "in 2 years"),
            (i64::MIN, "292471208677 years ago"),
        ] {
            assert_eq!(relative(then, 0), text);
        }
    }

    #[test]
    fn time_after_year_9999_is_none() {
        assert!(local(0).is_some_and(|time| time.contains("19")));
        assert_eq!(local(i64::MAX), None);
    }

    #[test]
    fn measured_time_has_its_unit() {
        for (nanoseconds, text) in [(34_600, "35 µs"), (1_440_000, "1.4 ms"), (2_130_000_000, "2.1 s")] {
            assert_eq!(elapsed(Duration::from_nanos(nanoseconds)), text);
        }
    }
}
