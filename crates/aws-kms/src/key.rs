//! One KMS key, by its ARN.

use std::{fmt, sync::OnceLock};

use aws_sdk_kms::{
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey, Signature, SigningInput, SigningKey, async_trait};

use crate::{
    error::Failure,
    lookup::Found,
    source::{Owner, inside_of_a_runtime},
};

/// A snapshot: the key that an id or alias led to when it was looked at.
pub(crate) struct KmsKey {
    owner: Owner,
    public_key: PublicKey,
    /// Unset only until the first verified signature of a key whose public half was given and never looked up.
    arn: OnceLock<String>,
}

impl KmsKey {
    pub(crate) fn found(owner: Owner, found: Found) -> Self {
        Self { owner, public_key: found.public_key, arn: OnceLock::from(found.arn) }
    }

    /// A key that signs by the id as it was written until its ARN is known.
    pub(crate) fn given(owner: Owner, public_key: PublicKey) -> Self {
        Self { owner, public_key, arn: OnceLock::new() }
    }

    pub(crate) fn arn(&self) -> Option<&str> {
        self.arn.get().map(String::as_str)
    }

    /// The ARN, which is this one unless it was known already.
    pub(crate) fn learn(&self, arn: &str) -> &str {
        self.arn.get_or_init(|| arn.to_owned())
    }

    async fn ask(&self, input: &SigningInput<'_>) -> Result<(Signature, String), KeyError> {
        inside_of_a_runtime()?;
        let name = self.arn().unwrap_or(self.owner.key_id());
        let answer = self
            .owner
            .prompt()
            .sign()
            .key_id(name)
            .message(Blob::new(input.sha256()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256)
            .send()
            .await
            .map_err(|error| self.failed(Failure::of(&error)))?;
        if answer.signing_algorithm != Some(SigningAlgorithmSpec::RsassaPkcs1V15Sha256) {
            return Err(wrong(
                "AWS KMS answers with another signing algorithm than asked for; check what stands before it",
            ));
        }
        let arn = answer
            .key_id
            .ok_or_else(|| wrong("the answer of AWS KMS does not name the key; check what stands before it"))?;
        let signature = answer
            .signature
            .ok_or_else(|| wrong("the answer of AWS KMS lacks the signature; check what stands before it"))?;
        Ok((Signature::remote(signature.into_inner()), arn))
    }

    fn failed(&self, failure: Failure) -> KeyError {
        // Without an ARN it is the name that is wrong, and no key has gone.
        if failure.gone && self.arn().is_some() {
            self.owner.superseded(self);
            return KeyError::new(KeyErrorKind::Superseded, failure.message).with_source(failure.leaf);
        }
        if failure.kind == KeyErrorKind::Unavailable {
            // Credentials that are slower than the deadline arrive by the patient client.
            self.owner.look_in_background();
        }
        failure.into()
    }

    /// A signature that does not verify is handed on for the minter to refuse. What is known of the key may be what is wrong, so it is
    /// looked up anew.
    fn checked(&self, input: &SigningInput<'_>, signature: Signature) -> Signature {
        signature.clone().verify(input, &self.public_key).unwrap_or_else(|_| {
            self.owner.superseded(self);
            signature
        })
    }

    /// The ARN in the first verified answer is the key's from then on.
    fn settle(&self, input: &SigningInput<'_>, signature: Signature, arn: &str) -> Result<Signature, KeyError> {
        let signature = signature.verify(input, &self.public_key).map_err(|_| {
            wrong("AWS KMS does not sign with the public key that was given; correct it or the key id, or check what stands between")
        })?;
        if self.learn(arn) != arn {
            return Err(other_key());
        }
        self.owner.settled(arn);
        Ok(signature)
    }
}

#[async_trait]
impl SigningKey for KmsKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        let expected = self.arn();
        let (signature, arn) = self.ask(input).await?;
        match expected {
            None => self.settle(input, signature, &arn),
            Some(expected) if expected == arn => Ok(self.checked(input, signature)),
            Some(_) => {
                self.owner.superseded(self);
                Err(other_key())
            }
        }
    }
}

impl fmt::Debug for KmsKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("KmsKey").field("public_key", &self.public_key).finish_non_exhaustive()
    }
}

fn other_key() -> KeyError {
    wrong("AWS KMS answers with the signature of another key; check what stands before it")
}

fn wrong(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidResponse, message)
}
