use std::{sync::Arc, time::Instant};

use cobrowse_jwt::KeySource;

use super::{preflight, report::Report};
use crate::{key::Key, progress::Progress};

/// Opens the key and reports the steps of its preflight.
pub(super) async fn probe(key: &Key<'_>, report: &mut Report) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let opened = {
        let _progress = Progress::new("loading the AWS configuration");
        key.registry().aws_kms_builder(&key.uri).await.and_then(|builder| Ok(builder.build()?))
    };
    let source = preflight::report_open(opened, start, "AWS configuration loaded", report)?;
    let preflight = {
        let _progress = Progress::new("calling AWS KMS");
        source.preflight().await
    };
    preflight::report(&preflight, "AWS credentials loaded", "key id resolved to an RSA signing key", report)?;
    report.passed("permissions", "kms:GetPublicKey and kms:Sign allowed");
    Some(Arc::new(source))
}
