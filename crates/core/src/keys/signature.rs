use std::fmt;

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use super::{KeyError, KeyErrorKind, PublicKey};

/// The input of a signature: the ASCII of `header.payload` (RFC 7515, section 5.1).
///
/// A key in this process signs the [`message`](Self::message). A key in a service signs the [`sha256`](Self::sha256), which is short and
/// does not reveal the claims.
///
/// `Debug` shows only the length: with its signature, the message is the token.
#[derive(Clone, Copy)]
pub struct SigningInput<'a>(&'a [u8]);

impl<'a> SigningInput<'a> {
    /// Wraps a message.
    #[must_use]
    pub const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// Returns the message.
    #[must_use]
    pub const fn message(&self) -> &'a [u8] {
        self.0
    }

    /// Returns the SHA-256 digest of the message (FIPS 180-4), recomputed on each call.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, self.0).as_ref());
        bytes
    }
}

impl fmt::Debug for SigningInput<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningInput({} bytes)", self.0.len())
    }
}

/// A signature and its origin, which decides whether the minter verifies it.
///
/// `Debug` shows only origin and length, and the memory is wiped on drop: with the claims, the signature is the token.
#[derive(Clone)]
pub struct Signature {
    bytes: Zeroizing<Vec<u8>>,
    self_checked: bool,
}

impl Signature {
    /// Wraps a signature from outside the process. The minter pads it to the length of the modulus, because some services strip leading
    /// zeros, and verifies it.
    #[must_use]
    pub fn remote(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), self_checked: false }
    }

    /// Wraps a signature from a library that verifies its own result, as AWS-LC does. **The minter checks only its length**: for any other
    /// signature use [`Signature::remote`].
    #[must_use]
    pub fn self_checked(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), self_checked: true }
    }

    /// Returns the raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks the signature as the minter does, and returns it.
    ///
    /// A remote signature is padded to the length of the modulus (RFC 8017, section 8.2.1) and verified. For a self-checked signature,
    /// **only the length** is checked.
    ///
    /// # Errors
    ///
    /// [`KeyErrorKind::InvalidResponse`] if the length is wrong or a remote signature does not verify.
    pub fn check(self, input: &SigningInput<'_>, key: &PublicKey) -> Result<Self, KeyError> {
        let length = key.modulus_len();
        if self.self_checked {
            return if self.bytes.len() == length { Ok(self) } else { Err(wrong_signature()) };
        }
        // A second buffer, because growing the first would leave a copy in memory.
        let mut bytes = Zeroizing::new(vec![0; length]);
        let lost = length.checked_sub(self.bytes.len()).ok_or_else(wrong_signature)?;
        bytes[lost..].copy_from_slice(&self.bytes);
        if key.verify(input, &bytes) { Ok(Self { bytes, self_checked: true }) } else { Err(wrong_signature()) }
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = if self.self_checked { "self-checked" } else { "remote" };
        write!(formatter, "Signature({origin}, {} bytes)", self.bytes.len())
    }
}

fn wrong_signature() -> KeyError {
    KeyError::new(KeyErrorKind::InvalidResponse, "signature does not verify under the public key")
        .with_hint("check for a proxy between this process and the key")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::TestKey;

    const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");

    /// Returns the first message whose signature meets the condition, and the signature.
    fn signature_where(key: &TestKey, condition: fn(&[u8]) -> bool) -> (String, Vec<u8>) {
        let messages = (0_u32..).map(|number| number.to_string());
        let mut signatures = messages.map(|text| (key.sign_now(&SigningInput::new(text.as_bytes())), text));
        let (bytes, message) = signatures.find(|(bytes, _)| condition(bytes)).unwrap();
        (message, bytes)
    }

    #[test]
    fn check_of_valid_signature_returns_it() {
        let key = TestKey::generate();
        let bytes = key.sign_now(&INPUT);
        for signature in [Signature::remote(bytes.clone()), Signature::self_checked(bytes.clone())] {
            assert_eq!(signature.check(&INPUT, &key.public).unwrap().as_bytes(), bytes);
        }
    }

    #[test]
    fn check_of_remote_signature_restores_leading_zeros() {
        let key = TestKey::generate();
        let (message, bytes) = signature_where(&key, |bytes| bytes[0] == 0);
        let input = SigningInput::new(message.as_bytes());
        let stripped = bytes.iter().copied().skip_while(|&byte| byte == 0).collect::<Vec<_>>();
        assert!(stripped.len() < bytes.len());
        assert_eq!(Signature::remote(stripped.clone()).check(&input, &key.public).unwrap().as_bytes(), bytes);
        assert!(Signature::self_checked(stripped).check(&input, &key.public).is_err());
    }

    #[test]
    fn check_of_invalid_remote_signature_returns_error() {
        let (key, other) = (TestKey::generate(), TestKey::generate());
        // Without its first byte, a signature that begins with a zero is valid.
        let (message, right) = signature_where(&key, |bytes| bytes[0] != 0);
        let input = SigningInput::new(message.as_bytes());
        let mut flipped = right.clone();
        flipped[17] ^= 1;
        let wrong = [
            vec![],
            vec![0; 256],
            right[1..].to_vec(),
            right[..255].to_vec(),
            [&right[..], &[0]].concat(),
            [&[0], &right[..]].concat(),
            flipped,
            other.sign_now(&input),
            key.sign_now(&SigningInput::new(b"header.other")),
        ];
        for bytes in wrong {
            let error = Signature::remote(bytes).check(&input, &key.public).unwrap_err();
            assert_eq!(error.kind(), KeyErrorKind::InvalidResponse);
        }
    }

    #[test]
    fn debug_shows_only_origin_and_length() {
        assert_eq!(format!("{INPUT:?}"), "SigningInput(14 bytes)");
        assert_eq!(format!("{:?}", Signature::remote(vec![65; 256])), "Signature(remote, 256 bytes)");
        assert_eq!(format!("{:?}", Signature::self_checked(vec![65; 3])), "Signature(self-checked, 3 bytes)");
    }

    #[test]
    fn sha256_returns_the_digest_of_the_message() {
        let digest = SigningInput::new(b"abc").sha256();
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
