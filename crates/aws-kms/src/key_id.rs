use std::fmt;

use aws_sdk_kms::config::Region;
use cobrowse_jwt_core::{KeyError, KeyErrorKind};

/// The configured name of a key: a key id, a key ARN, an alias or an alias ARN.
///
/// Holds characters of such names only, so that a private key or a token pasted in its place is refused before any call.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KeyId(String);

impl KeyId {
    /// The longest that KMS accepts (`GetPublicKey`, parameter `KeyId`).
    const LONGEST: usize = 2_048;

    pub(crate) fn new(text: String) -> Result<Self, KeyError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":/_-".contains(&byte);
        if text.is_empty() || text.len() > Self::LONGEST || !text.bytes().all(is_allowed) {
            return Err(KeyError::new(KeyErrorKind::NotFound, "invalid KMS key id")
                .with_hint("use a key id, a key ARN, an alias such as alias/cobrowse, or an alias ARN"));
        }
        Ok(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the Region of an ARN: `arn:partition:kms:region:account:...`.
    pub(crate) fn region(&self) -> Option<Region> {
        let mut parts = self.0.split(':');
        let is_arn = parts.next() == Some("arn") && parts.nth(1) == Some("kms");
        let region = parts.next().filter(|region| is_arn && !region.is_empty())?;
        Some(Region::new(region.to_owned()))
    }

    /// Returns whether this is the name of the key with this ARN (`arn:...:key/<id>`), which no alias can move to another key.
    pub(crate) fn names(&self, arn: &str) -> bool {
        arn.starts_with("arn:") && (arn == self.0 || arn.rsplit_once('/').is_some_and(|(_, id)| id == self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyId(<redacted>)")
    }
}
