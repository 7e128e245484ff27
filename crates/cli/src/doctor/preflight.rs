use std::time::Instant;

use cobrowse_jwt::KeyUriError;
#[cfg(feature = "aws-kms")]
use cobrowse_jwt::aws_kms::{Preflight, PreflightStepName};
#[cfg(not(any(feature = "aws-kms", feature = "vault")))]
use cobrowse_jwt::pkcs11::{Preflight, PreflightStepName};
#[cfg(all(feature = "vault", not(feature = "aws-kms")))]
use cobrowse_jwt::vault::{Preflight, PreflightStepName};

use super::report::Report;

/// Reports the step `open`, and returns the key, or `None` if it was not opened.
pub(super) fn report_open<K>(
    result: Result<K, KeyUriError>,
    start: Instant,
    message: &str,
    report: &mut Report,
) -> Option<K> {
    match result {
        Ok(key) => {
            report.passed_in("open", start.elapsed(), message);
            Some(key)
        }
        Err(error) => {
            report.failed("open", error.into());
            None
        }
    }
}

/// Reports the steps, with these descriptions of the first two, and returns `None` if one failed.
pub(super) fn report(preflight: &Preflight, authenticated: &str, resolved: &str, report: &mut Report) -> Option<()> {
    for step in preflight.steps() {
        let description = match step.name {
            PreflightStepName::Authenticate => authenticated,
            PreflightStepName::Resolve => resolved,
            PreflightStepName::Sign => "test message signed",
            PreflightStepName::Verify => "signature verified",
            _ => "ok",
        };
        match &step.result {
            Ok(()) => report.passed_in(step.name.id(), step.elapsed, description),
            Err(error) => {
                report.failed(step.name.id(), error.clone().into());
                return None;
            }
        }
    }
    Some(())
}
