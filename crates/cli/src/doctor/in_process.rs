use std::{sync::Arc, time::Instant};

use cobrowse_jwt::{KeyError, KeySource, KeyUris, pem::PemErrorKind};

use super::{MESSAGE, checkup::Checkup};
use crate::{exit::Exit, failure::Failure, key::Key};

/// By reading the key, looking at its file's mode, and signing once.
pub(super) async fn reach(
    key: Key<'_>,
    allow_readable_key: bool,
    checkup: &mut Checkup<'_>,
) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let (source, readable) = match key.open(KeyUris::new().strict_permissions()).await {
        Err(failure) if matches!(failure.pem(), Some(PemErrorKind::ReadableByOthers { .. })) => {
            (key.open(KeyUris::new()).await, Some(failure))
        }
        opened => (opened, None),
    };
    let source = match source {
        Ok(source) => source,
        Err(failure) if matches!(failure.pem(), Some(PemErrorKind::WritableByOthers { .. })) => {
            checkup.failed("permissions", &failure);
            return None;
        }
        Err(failure) => {
            checkup.failed("open", &failure);
            return None;
        }
    };
    checkup.passed("open", Some(start.elapsed()), "the key was read, and its numbers belong together");
    match readable {
        None if key.is_a_variable() => {
            checkup.open("permissions", "a variable has none; look at who starts the process");
        }
        None if cfg!(not(unix)) => checkup.open("permissions", "they are not looked at on this system"),
        None => checkup.passed("permissions", None, "nobody but its owner may read or replace the key"),
        Some(failure) if allow_readable_key => checkup.warned("permissions", failure.sentence()),
        Some(failure) => {
            let words = format!("{}, or say --allow-readable-key", failure.sentence());
            checkup.failed("permissions", &Failure::new(Exit::Refused, words));
        }
    }
    let signed = async {
        let snapshot = source.signing_key().await?;
        let start = Instant::now();
        let signature = snapshot.sign(&MESSAGE).await?;
        checkup.passed("sign", Some(start.elapsed()), "the key signs");
        let start = Instant::now();
        signature.verified(&MESSAGE, snapshot.public_key())?;
        checkup.passed("verify", Some(start.elapsed()), "its signature verifies under its public half");
        Ok::<_, KeyError>(())
    };
    match signed.await {
        Ok(()) => Some(source),
        Err(error) => {
            checkup.failed("sign", &error.into());
            None
        }
    }
}
