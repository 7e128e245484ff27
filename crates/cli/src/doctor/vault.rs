use std::{sync::Arc, time::Instant};

use cobrowse_jwt::KeySource;

use super::{preflight, report::Report};
use crate::{key::Key, progress::Progress};

/// Opens the key and reports the steps of its preflight.
pub(super) async fn probe(key: &Key<'_>, report: &mut Report) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let opened = key.registry().vault_builder(&key.uri).and_then(|builder| Ok(builder.build()?));
    let source = preflight::report_open(opened, start, "Vault configuration loaded", report)?;
    let preflight = {
        let _progress = Progress::new("calling Vault");
        source.preflight().await
    };
    preflight::report(&preflight, "Vault token obtained", "key name resolved to an RSA signing key", report)?;
    report.passed("permissions", "read on keys and update on sign allowed");
    Some(Arc::new(source))
}
