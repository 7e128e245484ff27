use std::{error::Error, iter::successors};

/// Panics if a message of the chain is empty, long or spans lines.
pub(crate) fn check(error: &(dyn Error + 'static)) {
    // More than the longest message of the SDK.
    const LONGEST: usize = 400;
    for message in messages(error) {
        assert!(!message.is_empty() && message.len() <= LONGEST, "{} bytes", message.len());
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}

/// Panics as [`check`] does, and if a message contains an ARN or an AWS account id.
pub(crate) fn check_redacted(error: &(dyn Error + 'static)) {
    check(error);
    for message in messages(error) {
        let digits = message.split(|char: char| !char.is_ascii_digit()).map(str::len).max();
        // An error code can end in `arn`. A space follows its colon.
        let has_arn = message.split("arn:").skip(1).any(|rest| rest.starts_with(|char: char| !char.is_whitespace()));
        assert!(!has_arn && digits < Some(12), "{message}");
    }
}

pub(crate) fn messages<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = String> + 'e {
    successors(Some(error), |&error| error.source()).map(ToString::to_string)
}
