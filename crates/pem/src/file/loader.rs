use std::path::PathBuf;

use super::read::{Contents, Stamp};
use crate::{PemError, PemKey};

/// Where a key is and how it is read.
#[derive(Clone, Debug)]
pub(super) struct Loader {
    pub(super) path: PathBuf,
    pub(super) strict_permissions: bool,
    #[cfg(feature = "encrypted-pem")]
    pub(super) passphrase: Option<crate::Passphrase>,
}

impl Loader {
    pub(super) fn load(&self) -> Result<(PemKey, Stamp), PemError> {
        let loaded = Contents::read(&self.path, self.strict_permissions)
            .and_then(|contents| Ok((self.parse(&contents)?, contents.stamp)));
        loaded.map_err(|error| error.at(&self.path))
    }

    /// Returns the state of the file, or nothing if there is none.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        Stamp::of_path(&self.path)
    }

    fn parse(&self, contents: &Contents) -> Result<PemKey, PemError> {
        #[cfg(feature = "encrypted-pem")]
        if let Some(passphrase) = &self.passphrase {
            return PemKey::from_encrypted_pem(&*contents.bytes, passphrase);
        }
        PemKey::from_pem(&*contents.bytes)
    }
}
