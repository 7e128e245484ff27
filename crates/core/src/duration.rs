//! The text form of durations in configuration: a whole number with a unit, such as `15m`.

use std::fmt;

use serde::Deserialize;

/// From the longest, so that the formatted text is the shortest.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Returns the seconds; too many saturate.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let (number, seconds) = UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, seconds)))?;
    // `u64::from_str` accepts a sign.
    let number = number.bytes().all(|byte| byte.is_ascii_digit()).then_some(number)?;
    Some(number.parse::<u64>().ok()?.saturating_mul(*seconds))
}

pub(crate) fn format(seconds: u64, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let unit = UNITS.iter().find(|(_, unit)| seconds != 0 && seconds.is_multiple_of(*unit));
    let (unit, length) = unit.unwrap_or(&('s', 1));
    write!(formatter, "{}{unit}", seconds / length)
}

/// A duration as deserialized: text as [`parse`] accepts it, or whole seconds.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a duration such as \"15m\", or a whole number of seconds")]
pub(crate) enum TextOrSeconds {
    Text(String),
    Seconds(u64),
}

impl TextOrSeconds {
    pub(crate) fn seconds(&self) -> Option<u64> {
        match self {
            Self::Text(text) => parse(text),
            Self::Seconds(seconds) => Some(*seconds),
        }
    }
}
