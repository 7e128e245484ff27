//! What `GetPublicKey` says of a key, once it is known to sign RS256.

use aws_sdk_kms::{
    Client,
    operation::get_public_key::GetPublicKeyOutput,
    types::{KeySpec, KeyUsageType, SigningAlgorithmSpec},
};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey, PublicKeyError};

use crate::error::Failure;

/// A key and the name that no alias can point elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) arn: String,
    pub(crate) public_key: PublicKey,
}

/// Asks KMS.
pub(crate) async fn look(client: &Client, key_id: &str) -> Result<Found, KeyError> {
    match client.get_public_key().key_id(key_id).send().await {
        Ok(answer) => found(answer),
        Err(error) => Err(Failure::of(&error).into()),
    }
}

fn found(answer: GetPublicKeyOutput) -> Result<Found, KeyError> {
    let garbled = || {
        KeyError::new(
            KeyErrorKind::InvalidResponse,
            "the answer of AWS KMS lacks the key or its ARN; check the endpoint and any proxy before it",
        )
    };
    // An answer without a specification is none of KMS's, and an HMAC key has one and no public half.
    if answer.key_spec.is_none() {
        return Err(garbled());
    }
    if let Some(refusal) = refusal(&answer) {
        return Err(KeyError::new(KeyErrorKind::InvalidKey, refusal));
    }
    let arn = answer.key_id.filter(|arn| !arn.is_empty()).ok_or_else(garbled)?;
    let der = answer.public_key.ok_or_else(garbled)?;
    let public_key = PublicKey::from_spki_der(der.as_ref()).map_err(|error| match error {
        PublicKeyError::TooSmall { .. } | PublicKeyError::TooLarge { .. } | PublicKeyError::NotRsa => {
            KeyError::new(KeyErrorKind::InvalidKey, "the key is no RSA key of 2048 to 8192 bits; create one")
                .with_source(error)
        }
        _ => garbled().with_source(error),
    })?;
    Ok(Found { arn, public_key })
}

/// Why a key of this specification and usage cannot sign RS256.
fn refusal(answer: &GetPublicKeyOutput) -> Option<&'static str> {
    match answer.key_usage.as_ref() {
        Some(KeyUsageType::SignVerify) | None => {}
        Some(KeyUsageType::EncryptDecrypt) => {
            return Some(
                "the key is for encryption (ENCRYPT_DECRYPT); create one with SIGN_VERIFY and RSA_2048 or more",
            );
        }
        Some(KeyUsageType::GenerateVerifyMac) => {
            return Some("the key is for HMAC (GENERATE_VERIFY_MAC); create one with SIGN_VERIFY and RSA_2048 or more");
        }
        Some(_) => return Some("the key is not for signing; create one with SIGN_VERIFY and RSA_2048 or more"),
    }
    match answer.key_spec.as_ref().map(KeySpec::as_str) {
        Some("RSA_2048" | "RSA_3072" | "RSA_4096") | None => {}
        Some(ecc) if ecc.starts_with("ECC_") => {
            return Some("the key is an elliptic-curve key (ECC); create one with SIGN_VERIFY and RSA_2048 or more");
        }
        Some(hmac) if hmac.starts_with("HMAC_") => {
            return Some("the key is an HMAC key; create one with SIGN_VERIFY and RSA_2048 or more");
        }
        Some("SYMMETRIC_DEFAULT" | "SM4") => {
            return Some("the key is a symmetric key; create one with SIGN_VERIFY and RSA_2048 or more");
        }
        Some(_) => return Some("the key is no RSA key; create one with SIGN_VERIFY and RSA_2048 or more"),
    }
    let can_sign = answer.signing_algorithms().contains(&SigningAlgorithmSpec::RsassaPkcs1V15Sha256);
    (!can_sign)
        .then_some("the key cannot sign RSASSA_PKCS1_V1_5_SHA_256; create one with SIGN_VERIFY and RSA_2048 or more")
}
