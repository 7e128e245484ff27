//! Times and durations as people write and read them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo, Timestamp, tz::TimeZone};

/// `15m`, `1h30m`, `90s`, `1d`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const ADVICE: &str = "write a duration such as 90s, 15m, 1h30m or 1d";
    let span: Span = text.parse().map_err(|_| ADVICE)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| ADVICE)?;
    Duration::try_from(duration).map_err(|_| ADVICE)
}

/// Seconds since 1970 by the clock and the calendar of this machine, if its years reach so far.
pub(crate) fn local(seconds: i64) -> Option<String> {
    let time = Timestamp::from_second(seconds).ok()?.to_zoned(TimeZone::system());
    Some(time.strftime("%Y-%m-%d %H:%M:%S %:z").to_string())
}

/// From now to then: `in 59 minutes`, `3 days ago`.
pub(crate) fn relative(then: i64, now: i64) -> String {
    match then.saturating_sub(now) {
        0 => "now".to_owned(),
        distance @ 1.. => format!("in {}", length(distance.unsigned_abs())),
        distance => format!("{} ago", length(distance.unsigned_abs())),
    }
}

/// `90 seconds`, `2 hours`: in the largest unit of which there are two, or exactly one.
pub(crate) fn length(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(365 * 86_400, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fits = |&(unit, _): &(u64, &str)| seconds == unit || seconds >= 2 * unit;
    let (unit, name) = UNITS.into_iter().find(fits).unwrap_or((1, "second"));
    let count = seconds / unit;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in
            [("90s", 90), ("15m", 900), ("1h30m", 5_400), ("1h 30m", 5_400), ("1d", 86_400), ("2 weeks", 1_209_600)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "15", "m", "-1h", "1h ago", "1 month", "1y", "99999999999d", "eyJ"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn distances_are_told_in_round_words() {
        for (then, words) in [
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
            assert_eq!(relative(then, 0), words);
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_none() {
        assert!(local(0).is_some_and(|time| time.contains("19")));
        assert_eq!(local(i64::MAX), None);
    }
}
