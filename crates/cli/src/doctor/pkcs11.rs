use std::{sync::Arc, time::Instant};

use cobrowse_jwt::KeySource;

use super::{preflight, report::Report};
use crate::{key::Key, progress::Progress};

/// Opens a key in a PKCS#11 token, and reports the steps of its preflight and how the token protects the key.
pub(super) async fn probe(key: &Key<'_>, report: &mut Report) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let opened = key.registry().pkcs11_builder(&key.uri).and_then(|builder| Ok(builder.build()?));
    let source = preflight::report_open(opened, start, "URI read", report)?;
    let preflight = {
        let _progress = Progress::new("calling the PKCS#11 module");
        source.preflight().await
    };
    preflight::report(&preflight, "logged in to the token", "key found, and its public key checked", report)?;
    match source.protection().await {
        Ok(protection) if protection.extractable => {
            report.warned("protection", "key can be exported (CKA_EXTRACTABLE)");
        }
        Ok(protection) if !protection.generated_in_token => {
            report.warned("protection", "key was not generated in the token (CKA_LOCAL)");
        }
        Ok(_) => report.passed("protection", "generated in the token, and not extractable"),
        Err(error) => report.failed("protection", error.into()),
    }
    Some(Arc::new(source))
}
