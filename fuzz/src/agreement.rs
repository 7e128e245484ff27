use std::time::{Duration, UNIX_EPOCH};

use cobrowse_jwt::{ClockSkew, Inspector, Outcome, Verifier};

use crate::account;

/// Input: a token, or a header, a line break and claims to sign. Property: the error of the verifier is the first failure of the inspection,
/// and an accepted token passes every check.
pub fn agreement(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let signed = text.split_once('\n').map(|(header, claims)| account::token(&account::signing_input(header, claims)));
    let text = signed.as_deref().unwrap_or(text);
    let strict = account::verifier();
    let skew = ClockSkew::new(Duration::from_mins(1)).expect("valid skew");
    let lenient = strict.clone().leeway(skew).allow_long_lived(true);
    let without_clock = strict.clone().clock(|| UNIX_EPOCH - Duration::from_secs(1));
    for verifier in [strict, lenient, without_clock] {
        agree(verifier, text);
    }
}

fn agree(verifier: Verifier, text: &str) {
    let result = verifier.verify(text);
    let inspection = Inspector::from(verifier).inspect(text);
    match (&result, inspection.failures().next()) {
        (Ok(token), None) => {
            assert!(inspection.findings().iter().all(|finding| finding.outcome == Outcome::Passed), "{inspection:?}");
            assert_eq!(token.claims.warnings(), inspection.warnings());
        }
        (Err(error), Some(failure)) => assert_eq!(error, failure),
        _ => panic!("{result:?} and {inspection:?}"),
    }
}
