//! The `openssl` command, which makes the keys that the tests read.

use anyhow::Result;

/// Makes sure that it is there.
pub(crate) fn require() -> Result<()> {
    super::require("openssl", &["version"], "the command `openssl` is missing: install OpenSSL (Debian: `openssl`)")
}
