use std::{sync::Arc, time::Instant};

use cobrowse_jwt::{KeySource, KeyUriRegistry, aws_kms::PreflightStepName};

use super::checkup::Checkup;
use crate::{key::Key, progress::Progress};

/// Opens the key and adds the steps of its preflight.
pub(super) async fn reach(key: &Key<'_>, checkup: &mut Checkup<'_>) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let opened = {
        let _progress = Progress::of("loading the AWS configuration");
        KeyUriRegistry::new().aws_kms_builder(&key.uri).await.and_then(|builder| Ok(builder.build()?))
    };
    let source = match opened {
        Ok(source) => source,
        Err(error) => {
            checkup.failed("open", &error.into());
            return None;
        }
    };
    checkup.passed("open", Some(start.elapsed()), "AWS configuration loaded");
    let preflight = {
        let _progress = Progress::of("calling AWS KMS");
        source.preflight().await
    };
    for step in preflight.steps() {
        match &step.result {
            Ok(()) => checkup.passed(step.name.id(), Some(step.elapsed), description(step.name)),
            Err(error) => {
                checkup.failed(step.name.id(), &error.clone().into());
                return None;
            }
        }
    }
    checkup.passed("permissions", None, "kms:GetPublicKey and kms:Sign allowed");
    Some(Arc::new(source))
}

fn description(step: PreflightStepName) -> &'static str {
    match step {
        PreflightStepName::Authenticate => "AWS credentials loaded",
        PreflightStepName::Resolve => "key id resolved to an RSA signing key",
        PreflightStepName::Sign => "message signed",
        PreflightStepName::Verify => "signature verified with the public key",
        _ => "ok",
    }
}
