mod registered;

use std::{fmt, sync::Arc, time::SystemTime};

use self::registered::RegisteredKeys;
use super::{
    AgentToken, Clock, ClockSkew, MintError,
    clock::{MAX_NUMERIC_DATE, numeric_date},
    compact::{Payload, Unsigned},
    events,
};
use crate::{
    claims::{AgentClaims, LicenseKey, Lifetime},
    keys::{KeyError, KeyErrorKind, KeySource, PublicKey, SigningKey},
};

/// Mints agent tokens with one license key and one key source.
///
/// Cheap to clone; clones share the source. Create one at start-up and keep it.
///
/// # Events
///
/// The `tracing` target is `cobrowse_jwt_core`. Target, messages and fields are stable, and contain no token, agent or license key.
///
/// | level | message | fields |
/// | --- | --- | --- |
/// | info | `mint` | `outcome` (`ok` or `error`), `error_id` ([`MintError::id`]), `duration_us`, `thumbprint` of the key, `fingerprint` ([`AgentToken::fingerprint`]) |
/// | warn | `the key source returned an unregistered key; signing with the registered key` | `thumbprint` of the unregistered key |
///
/// # Examples
///
/// ```
/// use cobrowse_jwt_core::{Access, AgentClaims, AgentToken, KeySource, LicenseKey, Minter, PublicKey, Role};
///
/// async fn sign_in(
///     source: impl KeySource + 'static,
///     registered: PublicKey,
/// ) -> Result<AgentToken, Box<dyn std::error::Error>> {
///     let minter =
///         Minter::builder(LicenseKey::new("SPGqPIcVnsOEJQ")?, source).expect_public_key(registered).build();
///     let claims = AgentClaims::new("jane@example.com", Access::Role(Role::Agent))?;
///     Ok(minter.mint(&claims).await?)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Minter(Arc<Settings>);

impl Minter {
    /// Returns a minter with the defaults of [`Minter::builder`].
    pub fn new(license_key: LicenseKey, source: impl KeySource + 'static) -> Self {
        Self::builder(license_key, source).build()
    }

    /// Returns a builder for a minter.
    pub fn builder(license_key: LicenseKey, source: impl KeySource + 'static) -> MinterBuilder {
        MinterBuilder(Settings {
            license_key,
            source: Arc::new(source),
            clock: Arc::new(SystemTime::now),
            default_lifetime: Lifetime::default(),
            backdate: ClockSkew::default(),
            include_key_id: false,
            registered: RegisteredKeys::default(),
        })
    }

    /// Mints a token: `iat` is now minus the backdate, `exp` is now plus the lifetime of the claims or the default lifetime.
    ///
    /// Header and signature come from one snapshot of the key. If that key is superseded or its signature does not verify, the minter
    /// refreshes the source and tries once more with the new snapshot.
    ///
    /// # Errors
    ///
    /// A [`MintError`]. A signature that comes from outside the process is verified before it becomes part of a token.
    pub async fn mint(&self, claims: &AgentClaims) -> Result<AgentToken, MintError> {
        let start = events::mint_started_at();
        let minted = self.try_mint(claims).await;
        if let Some(start) = start {
            events::mint_ended(start, &minted);
        }
        minted
    }

    async fn try_mint(&self, claims: &AgentClaims) -> Result<AgentToken, MintError> {
        let key = self.select_key().await?;
        match self.mint_with(&key, claims).await {
            Ok(token) => Ok(token),
            Err(Failure::Final(error)) => Err(error),
            Err(Failure::Stale(error)) => {
                let refreshed = match (*self.0.source).refresh().await {
                    Ok(refreshed) => refreshed,
                    // `Superseded` says only that the key cannot sign; this error says why the lookup of the next one failed.
                    Err(cause) if error.kind() == KeyErrorKind::Superseded => return Err(cause.into()),
                    Err(_) => return Err(error.into()),
                };
                let next = self.0.registered.select(refreshed)?;
                if Arc::ptr_eq(&next, &key) {
                    return Err(error.into());
                }
                self.mint_with(&next, claims).await.map_err(Failure::into_error)
            }
        }
    }

    /// Returns the key that would sign now, without signing. For start-up and health checks.
    ///
    /// # Errors
    ///
    /// [`MintError::Key`] and [`MintError::UnregisteredKey`].
    pub async fn check_key(&self) -> Result<PublicKey, MintError> {
        Ok(self.select_key().await?.public_key().clone())
    }

    /// Returns the key to sign with. If the key of the source is not registered, refreshes the source first, because a cached key can be
    /// stale.
    async fn select_key(&self) -> Result<Arc<dyn SigningKey>, MintError> {
        let Settings { source, registered, .. } = &*self.0;
        let key = (**source).signing_key().await?;
        if registered.is_accepted(key.public_key()) {
            return registered.select(key);
        }
        match (**source).refresh().await {
            Ok(refreshed) => registered.select(refreshed),
            // A registered key that was seen before still signs. If there is none, returns the transient error, because a retry can succeed.
            Err(cause) if cause.is_transient() => registered.select(key).map_err(|_| cause.into()),
            Err(_) => registered.select(key),
        }
    }

    async fn mint_with(&self, key: &Arc<dyn SigningKey>, claims: &AgentClaims) -> Result<AgentToken, Failure> {
        let settings = &*self.0;
        let now = numeric_date(settings.clock.now()).ok_or(MintError::ClockBeforeEpoch)?;
        let iat = now.checked_sub(settings.backdate.as_secs()).ok_or(MintError::ClockBeforeEpoch)?;
        let lifetime = claims.lifetime().unwrap_or(settings.default_lifetime);
        let exp = now.checked_add(lifetime.as_secs()).filter(|&exp| exp <= MAX_NUMERIC_DATE);
        let exp = exp.ok_or(MintError::ExpiryOutOfRange)?;

        let payload = Payload::new(&settings.license_key, claims, iat, exp);
        let unsigned = Unsigned::new(&payload, key.public_key(), settings.include_key_id)?;
        let signature = key.sign(&unsigned.signing_input()).await.map_err(|error| {
            if error.kind() != KeyErrorKind::Superseded {
                return Failure::Final(error.into());
            }
            settings.registered.discard(key);
            Failure::Stale(error)
        })?;
        let signature = signature.check(&unsigned.signing_input(), key.public_key()).map_err(Failure::Stale)?;
        Ok(AgentToken::signed(unsigned.sign(signature.as_bytes()), iat, exp, key.public_key().clone()))
    }
}

/// Reports why one snapshot did not sign a token.
enum Failure {
    /// A newer snapshot can succeed.
    Stale(KeyError),
    Final(MintError),
}

impl Failure {
    fn into_error(self) -> MintError {
        match self {
            Self::Stale(error) => error.into(),
            Self::Final(error) => error,
        }
    }
}

impl From<MintError> for Failure {
    fn from(error: MintError) -> Self {
        Self::Final(error)
    }
}

/// Builder for [`Minter`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct MinterBuilder(Settings);

impl MinterBuilder {
    /// Adds a key that is registered in the Cobrowse dashboard. Call it twice during rotation.
    ///
    /// With registered keys, no other key signs. If the source returns another key, the newest registered snapshot signs until it is
    /// superseded, and one event reports the thumbprint of the other key. Without such a snapshot, minting fails with
    /// [`MintError::UnregisteredKey`].
    pub fn expect_public_key(mut self, key: PublicKey) -> Self {
        self.0.registered.push(key);
        self
    }

    /// Sets the lifetime of tokens whose claims have none; one hour by default.
    pub fn default_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.0.default_lifetime = lifetime;
        self
    }

    /// Sets whether the header contains the key's RFC 7638 thumbprint as `kid` (RFC 7515, section 4.1.4); `false` by default. Cobrowse
    /// documents no use of it.
    pub fn include_key_id(mut self, include: bool) -> Self {
        self.0.include_key_id = include;
        self
    }

    /// Sets how far `iat` is before now, for a verifier whose clock is behind; 0 by default. `exp` does not change.
    pub fn backdate(mut self, skew: ClockSkew) -> Self {
        self.0.backdate = skew;
        self
    }

    /// Replaces the system clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.0.clock = Arc::new(clock);
        self
    }

    /// Returns the minter.
    #[must_use]
    pub fn build(self) -> Minter {
        Minter(Arc::new(self.0))
    }
}

struct Settings {
    license_key: LicenseKey,
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    default_lifetime: Lifetime,
    backdate: ClockSkew,
    include_key_id: bool,
    registered: RegisteredKeys,
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("license_key", &self.license_key)
            .field("source", &self.source)
            .field("default_lifetime", &self.default_lifetime)
            .field("backdate", &self.backdate)
            .field("include_key_id", &self.include_key_id)
            .field("registered", &self.registered)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
