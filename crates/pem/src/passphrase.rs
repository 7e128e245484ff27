use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

/// What an encrypted key was encrypted with. Clones share its memory, which is wiped with the last of them, and its `Debug` shows
/// nothing.
#[derive(Clone)]
pub struct Passphrase(Arc<Zeroizing<String>>);

impl Passphrase {
    /// Takes the passphrase as it is, spaces included.
    #[must_use]
    pub fn new(passphrase: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(passphrase.into())))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase(..)")
    }
}
