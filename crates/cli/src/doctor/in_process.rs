use std::{sync::Arc, time::Instant};

use cobrowse_jwt::{KeyError, KeySource, KeyUriRegistry, pem::PemErrorKind};

use super::{MESSAGE, checkup::Checkup, folders};
use crate::{exit::Exit, failure::Failure, key::Key};

/// By reading the key, looking at the modes of its file and folder, and signing once.
pub(super) async fn reach(
    key: &Key<'_>,
    allow_readable_key: bool,
    checkup: &mut Checkup<'_>,
) -> Option<Arc<dyn KeySource>> {
    let start = Instant::now();
    let (source, readable) = match key.open(KeyUriRegistry::new().strict_permissions(true)).await {
        Err(failure) if failure.pem() == Some(PemErrorKind::InsecurePermissions) => {
            (key.open(KeyUriRegistry::new()).await, Some(failure))
        }
        opened => (opened, None),
    };
    let source = match source {
        Ok(source) => source,
        Err(failure) if failure.pem() == Some(PemErrorKind::InsecurePermissions) => {
            checkup.failed("permissions", &failure);
            return None;
        }
        Err(failure) => {
            checkup.failed("open", &failure);
            return None;
        }
    };
    checkup.passed("open", Some(start.elapsed()), "the key was read, and its numbers belong together");
    check_permissions(key, readable, allow_readable_key, checkup);
    let signed = async {
        let snapshot = source.signing_key().await?;
        let start = Instant::now();
        let signature = snapshot.sign(&MESSAGE).await?;
        checkup.passed("sign", Some(start.elapsed()), "the key signs");
        let start = Instant::now();
        signature.verify(&MESSAGE, snapshot.public_key())?;
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

fn check_permissions(key: &Key<'_>, readable: Option<Failure>, allow_readable_key: bool, checkup: &mut Checkup<'_>) {
    let Some(path) = key.path() else {
        return checkup.open("permissions", "a variable has none; look at who starts the process");
    };
    if cfg!(not(unix)) {
        return checkup.open("permissions", "they are not looked at on this system");
    }
    let folders = folders::fault(path);
    match (&folders, readable) {
        (Ok(None), None) => checkup.passed(
            "permissions",
            None,
            "by their modes only their owners may write the file and in its folder, and read the file; no other folder was looked at",
        ),
        (_, None) => {}
        (_, Some(failure)) if allow_readable_key => checkup.warned("permissions", failure.message()),
        (_, Some(failure)) => {
            let words = format!("{}, or say --allow-readable-key", failure.message());
            checkup.failed("permissions", &Failure::new(Exit::Refused, words));
        }
    }
    match folders {
        Ok(None) => {}
        Ok(Some(fault)) => checkup.failed("permissions", &Failure::new(Exit::Refused, fault)),
        Err(error) => {
            let words = "the key's folder cannot be looked at; grant this user the right to";
            checkup.failed("permissions", &Failure::new(Exit::Refused, words).because(&error));
        }
    }
}
