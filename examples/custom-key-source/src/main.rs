//! A key source for a key in a secret store. `src/tests.rs` runs the conformance suite.
//!
//! Run with `cargo run -p custom-key-source`. It mints a token and prints the verified claims. The token itself is not printed.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::{error::Error, fmt, future::ready};

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    rsa,
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use cobrowse_jwt_core::{
    Access, AgentClaims, KeyError, KeyErrorKind, KeySource, LicenseKey, Minter, PublicKey, Role, Signature,
    SigningInput, SigningKey, Verifier, async_trait,
};

fn main() -> Result<(), Box<dyn Error>> {
    // Instead of the response of a secret store.
    let stored = rsa::KeyPair::generate(rsa::KeySize::Rsa2048)?.as_der()?.as_ref().to_vec();
    let source = StoredKey { fetch: move || ready(Ok(stored.clone())), cached: Mutex::default() };
    let license_key = LicenseKey::new("trial")?;
    let minter = Minter::new(license_key.clone(), source);
    let claims = AgentClaims::new("jane@example.com", Access::Role(Role::Agent))?;
    let token = pollster::block_on(minter.mint(&claims))?;
    let public_key = pollster::block_on(minter.check_key())?;
    println!("{:?}", Verifier::new(license_key, public_key).verify(token.expose_secret())?.claims);
    Ok(())
}

/// A key in PKCS#8 DER that `fetch` reads from a secret store. `fetch` returns in bounded time, also if the store is down.
struct StoredKey<F> {
    fetch: F,
    cached: Mutex<Option<Arc<dyn SigningKey>>>,
}

#[async_trait]
impl<F: Fn() -> R + Send + Sync, R: Future<Output = Result<Vec<u8>, KeyError>> + Send> KeySource for StoredKey<F> {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(key) = cached { Ok(key) } else { self.refresh().await }
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        let found = Snapshot::from_pkcs8(&(self.fetch)().await?)?;
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cached.as_ref().filter(|known| *known.public_key() == found.public_key) {
            return Ok(Arc::clone(known));
        }
        Ok(Arc::clone(cached.insert(Arc::new(found))))
    }
}

/// Shows no secret.
impl<F> fmt::Debug for StoredKey<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StoredKey").finish_non_exhaustive()
    }
}

struct Snapshot {
    pair: rsa::KeyPair,
    public_key: PublicKey,
}

impl Snapshot {
    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let invalid = || KeyError::new(KeyErrorKind::InvalidKey, "stored key is not an RSA key in PKCS#8");
        let pair = rsa::KeyPair::from_pkcs8(der).map_err(|_| invalid())?;
        let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| invalid())?;
        let public_key = PublicKey::from_spki_der(spki.as_ref()).map_err(|error| invalid().with_source(error))?;
        Ok(Self { pair, public_key })
    }
}

#[async_trait]
impl SigningKey for Snapshot {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        let mut bytes = vec![0; self.pair.public_modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.message(), &mut bytes);
        signed.map_err(|_| KeyError::new(KeyErrorKind::InvalidKey, "stored key cannot sign"))?;
        Ok(Signature::self_checked(bytes)) // AWS-LC verifies its own signatures. From elsewhere: `Signature::remote`.
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Snapshot").field(&self.public_key).finish()
    }
}
