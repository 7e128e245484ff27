use std::fmt;

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use super::{KeyError, KeyErrorKind, PublicKey};

/// What a [`SigningKey`](super::SigningKey) signs: the ASCII of `header.payload` (RFC 7515, section 5.1).
///
/// A key in this process takes the [`message`](Self::message); one behind an API takes the [`sha256`](Self::sha256), which keeps
/// the claims out of the request and fits every size limit.
///
/// `Debug` shows the length alone: with its signature, the text is the token.
#[derive(Clone, Copy)]
pub struct SigningInput<'a>(&'a [u8]);

impl<'a> SigningInput<'a> {
    /// Wraps the bytes to be signed.
    #[must_use]
    pub const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    /// The bytes themselves.
    #[must_use]
    pub const fn message(&self) -> &'a [u8] {
        self.0
    }

    /// Their SHA-256 digest (FIPS 180-4), computed here and at every call.
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

/// A signature, and whether it was checked where it was made.
///
/// The origin travels in the value, so that a wrapper around a key cannot lose it. `Debug` shows the length alone, and the memory
/// is wiped when it is dropped: with the claims, a signature is the token.
#[derive(Clone)]
pub struct Signature {
    bytes: Zeroizing<Vec<u8>>,
    self_checked: bool,
}

impl Signature {
    /// A signature from outside the process. Before a token is made of it, leading zeros lost on the way are restored and it
    /// is verified under the key's public half.
    #[must_use]
    pub fn remote(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), self_checked: false }
    }

    /// A signature from a library that verifies its own result before it returns it, as AWS-LC does. **Only its length is checked
    /// again**: for anything else use [`Signature::remote`].
    #[must_use]
    pub fn self_checked(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), self_checked: true }
    }

    /// The bytes as they came.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same signature, as long as the key's modulus (RFC 8017, section 8.2.1) and verified where it was made or here.
    ///
    /// # Errors
    ///
    /// [`KeyErrorKind::InvalidResponse`] if it is no signature of the input by this key.
    pub fn verify(self, input: &SigningInput<'_>, key: &PublicKey) -> Result<Self, KeyError> {
        let length = key.modulus_bytes();
        let Self { mut bytes, self_checked } = self;
        if self_checked {
            return if bytes.len() == length { Ok(Self { bytes, self_checked }) } else { Err(wrong_signature()) };
        }
        if bytes.is_empty() || bytes.len() > length {
            return Err(wrong_signature());
        }
        let lost = length - bytes.len();
        bytes.splice(..0, std::iter::repeat_n(0, lost));
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
    KeyError::new(
        KeyErrorKind::InvalidResponse,
        "the signature does not verify under the key's public half; check what stands between this process and the key",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::testing::TestKey;

    const INPUT: SigningInput<'static> = SigningInput::new(b"header.payload");

    #[test]
    fn a_right_signature_passes_whatever_its_origin() {
        let key = TestKey::generate();
        let bytes = key.sign_now(&INPUT);
        for signature in [Signature::remote(bytes.clone()), Signature::self_checked(bytes.clone())] {
            assert_eq!(signature.verify(&INPUT, &key.public).unwrap().as_bytes(), bytes);
        }
    }

    #[test]
    fn leading_zeros_lost_on_the_way_are_restored() {
        let key = TestKey::generate();
        let (message, bytes) = (0_u32..)
            .map(|n| n.to_string())
            .map(|message| (key.sign_now(&SigningInput::new(message.as_bytes())), message))
            .find_map(|(bytes, message)| (bytes[0] == 0).then_some((message, bytes)))
            .unwrap();
        let input = SigningInput::new(message.as_bytes());
        let stripped = bytes.iter().copied().skip_while(|&byte| byte == 0).collect::<Vec<_>>();
        assert!(stripped.len() < bytes.len());
        assert_eq!(Signature::remote(stripped.clone()).verify(&input, &key.public).unwrap().as_bytes(), bytes);
        assert!(Signature::self_checked(stripped).verify(&input, &key.public).is_err());
    }

    #[test]
    fn a_wrong_remote_signature_never_passes() {
        let (key, other) = (TestKey::generate(), TestKey::generate());
        let right = key.sign_now(&INPUT);
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
            other.sign_now(&INPUT),
            key.sign_now(&SigningInput::new(b"header.other")),
        ];
        for bytes in wrong {
            let error = Signature::remote(bytes).verify(&INPUT, &key.public).unwrap_err();
            assert_eq!(error.kind(), KeyErrorKind::InvalidResponse);
        }
    }

    #[test]
    fn debug_shows_lengths_alone() {
        assert_eq!(format!("{INPUT:?}"), "SigningInput(14 bytes)");
        assert_eq!(format!("{:?}", Signature::remote(vec![65; 256])), "Signature(remote, 256 bytes)");
        assert_eq!(format!("{:?}", Signature::self_checked(vec![65; 3])), "Signature(self-checked, 3 bytes)");
    }

    #[test]
    fn the_digest_is_sha_256() {
        let digest = SigningInput::new(b"abc").sha256();
        assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
