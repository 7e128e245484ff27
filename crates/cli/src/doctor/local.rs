use std::{sync::Arc, time::Instant};

use cobrowse_jwt::{KeyError, KeySource, Signature, pem::PemErrorKind};

use super::{latency::MESSAGE, permissions, report::Report};
use crate::key::Key;

/// Opens a key in a file or a variable, checks the permissions of the file, and signs once.
pub(super) async fn probe(key: &Key<'_>, allow_readable_key: bool, report: &mut Report) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let (opened, readable) = match key.open(key.registry().strict_permissions(true)).await {
        Err(failure) if failure.pem == Some(PemErrorKind::InsecurePermissions) => {
            (key.open(key.registry()).await, Some(failure))
        }
        opened => (opened, None),
    };
    let source = match opened {
        Ok(source) => source,
        Err(failure) => {
            let is_permission = failure.pem == Some(PemErrorKind::InsecurePermissions);
            report.failed(if is_permission { "permissions" } else { "open" }, failure);
            return None;
        }
    };
    report.passed_in("open", start.elapsed(), "key loaded");
    permissions::check(key, readable, allow_readable_key, report);
    match sign(&*source, report).await {
        Ok(()) => Some(source),
        Err(error) => {
            report.failed("sign", error.into());
            None
        }
    }
}

async fn sign(source: &dyn KeySource, report: &mut Report) -> Result<(), KeyError> {
    let snapshot = source.signing_key().await?;
    let start = Instant::now();
    let signature = snapshot.sign(&MESSAGE).await?;
    report.passed_in("sign", start.elapsed(), "test message signed");
    let start = Instant::now();
    // As a remote signature, because `check` checks only the length of a self-checked one.
    Signature::remote(signature.as_bytes().to_vec()).check(&MESSAGE, snapshot.public_key())?;
    report.passed_in("verify", start.elapsed(), "signature verified");
    Ok(())
}
