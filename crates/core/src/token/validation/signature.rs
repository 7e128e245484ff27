use super::{error::VerifyError, outcome::Outcome};
use crate::keys::{PublicKey, SigningInput};

pub(super) fn signature(signing_input: &[u8], signature: Option<&[u8]>, key: Option<&PublicKey>) -> Outcome {
    match (key, signature) {
        (None, _) => Outcome::Skipped("no public key given"),
        (_, None) => Outcome::BLOCKED,
        (Some(key), Some(signature)) if key.verify(&SigningInput::new(signing_input), signature) => Outcome::Passed,
        (Some(_), Some(_)) => Outcome::Failed(VerifyError::InvalidSignature),
    }
}
