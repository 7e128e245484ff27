use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, errors::ErrorKind};

use crate::access::{Caller, Claims};

/// A Cobrowse account with its registered public key.
pub struct Account {
    pub(crate) license_key: String,
    key: DecodingKey,
}

/// The public key is not an SPKI in PEM.
#[derive(Debug, thiserror::Error)]
#[error("invalid public key")]
pub struct InvalidPublicKey(#[from] jsonwebtoken::errors::Error);

impl Account {
    /// Returns an account with this license key and public key (SPKI in PEM).
    ///
    /// # Errors
    ///
    /// [`InvalidPublicKey`] if the key is not an RSA public key in PEM.
    pub fn new(license_key: &str, public_key: &str) -> Result<Self, InvalidPublicKey> {
        Ok(Self { license_key: license_key.to_owned(), key: DecodingKey::from_rsa_pem(public_key.as_bytes())? })
    }

    fn verify(&self, token: &str) -> Result<Caller, Refusal> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.leeway = 0;
        rules.set_audience(&["https://cobrowse.io"]);
        rules.set_issuer(&[&self.license_key]);
        rules.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        let verified = decode::<Claims>(token, &self.key, &rules).map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => Refusal::Expired,
            ErrorKind::InvalidIssuer => Refusal::Issuer,
            ErrorKind::InvalidAudience => Refusal::Audience,
            ErrorKind::InvalidSignature => Refusal::Signature,
            _ => Refusal::Malformed,
        })?;
        Caller::new(&self.license_key, verified.claims)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Account").field("license_key", &self.license_key).finish_non_exhaustive()
    }
}

/// Why a token is refused. Cobrowse's client compares the message with `jwt expired`; the other messages are npm `jsonwebtoken`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no token")]
    Missing,
    #[error("invalid token")]
    Malformed,
    #[error("invalid signature")]
    Signature,
    #[error("jwt issuer invalid")]
    Issuer,
    #[error("jwt audience invalid")]
    Audience,
    #[error("policy invalid")]
    Policy,
    #[error("jwt expired")]
    Expired,
}

/// Verifies a token of one of these accounts. The error is that of the account where the most checks passed.
pub(crate) fn verify(accounts: &[Account], token: &str) -> Result<Caller, Refusal> {
    let mut refusal = Refusal::Missing;
    for account in accounts {
        match account.verify(token) {
            Ok(caller) => return Ok(caller),
            Err(other) => refusal = refusal.max(other),
        }
    }
    Err(refusal)
}
