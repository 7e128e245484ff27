use std::{sync::Arc, time::Instant};

use cobrowse_jwt::{KeySource, KeyUriRegistry};

use super::checkup::Checkup;
use crate::{key::Key, progress::Progress};

/// By the preflight of the library, which signs and verifies.
pub(super) async fn reach(key: Key<'_>, checkup: &mut Checkup<'_>) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let opened = {
        let _progress = Progress::of("loading the AWS credentials");
        KeyUriRegistry::aws_kms_builder(key.uri).await
    };
    let source = match opened {
        Ok(builder) => builder.build(),
        Err(error) => {
            checkup.failed("open", &error.into());
            return None;
        }
    };
    checkup.passed("open", Some(start.elapsed()), "the AWS configuration was read");
    let preflight = {
        let _progress = Progress::of("asking AWS KMS");
        source.preflight().await
    };
    for step in preflight.steps() {
        match &step.outcome {
            Ok(()) => checkup.passed(step.name, Some(step.took), words(step.name)),
            Err(error) => {
                checkup.failed(step.name, &error.clone().into());
                return None;
            }
        }
    }
    checkup.passed("permissions", None, "AWS KMS has allowed kms:GetPublicKey and kms:Sign");
    Some(Arc::new(source))
}

fn words(step: &str) -> &'static str {
    match step {
        "credentials" => "there are AWS credentials",
        "resolve" => "the key id leads to a key for RS256",
        "sign" => "the key signs",
        "verify" => "its signature verifies under its public half",
        _ => "ok",
    }
}
