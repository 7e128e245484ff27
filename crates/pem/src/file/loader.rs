use std::{fmt, path::PathBuf};

use super::{
    permissions::Permissions,
    read::{Contents, FileFingerprint},
};
use crate::{PemError, PemKey, printable_path};

/// Where a key is and how it is read.
#[derive(Clone)]
pub(super) struct Loader {
    pub(super) path: PathBuf,
    pub(super) permissions: Permissions,
    #[cfg(feature = "encrypted-pem")]
    pub(super) passphrase: Option<crate::Passphrase>,
}

impl Loader {
    pub(super) fn load(&self) -> Result<(PemKey, FileFingerprint), PemError> {
        let loaded = Contents::read(&self.path, self.permissions)
            .and_then(|contents| Ok((self.parse(&contents)?, contents.fingerprint)));
        loaded.map_err(|error| error.at(&self.path))
    }

    /// Returns the state of the file, or nothing if there is none.
    pub(super) fn fingerprint(&self) -> Option<FileFingerprint> {
        FileFingerprint::of_path(&self.path)
    }

    #[cfg_attr(not(feature = "encrypted-pem"), expect(clippy::unused_self, reason = "it has the passphrase"))]
    fn parse(&self, contents: &Contents) -> Result<PemKey, PemError> {
        #[cfg(feature = "encrypted-pem")]
        if let Some(passphrase) = &self.passphrase {
            return PemKey::from_encrypted_pem(&*contents.bytes, passphrase);
        }
        PemKey::from_pem(&*contents.bytes)
    }
}

impl fmt::Debug for Loader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Loader")
            .field("path", &printable_path(&self.path))
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}
