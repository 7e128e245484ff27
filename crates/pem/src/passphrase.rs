use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

/// The passphrase of an encrypted key. Clones share its memory, which is wiped when the last one is dropped. `Debug` redacts it.
#[derive(Clone)]
pub struct Passphrase(Arc<Zeroizing<String>>);

impl Passphrase {
    /// Returns a passphrase. Leading and trailing spaces are part of it.
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
