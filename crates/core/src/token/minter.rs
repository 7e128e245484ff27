use std::{fmt, sync::Arc, time::SystemTime};

use super::{
    AgentToken, Clock, ClockSkew, MintError,
    clock::{MAX_NUMERIC_DATE, numeric_date},
    compact::{Payload, Unsigned},
};
use crate::{
    claims::{AgentClaims, LicenseKey},
    keys::{KeyError, KeyErrorKind, KeySource, PublicKey, SigningKey},
};

/// Makes tokens: one license key, one source of keys, as many agents as there are.
///
/// Cheap to clone; all clones share the source. Make one at start-up and keep it.
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
#[derive(Clone)]
pub struct Minter(Arc<Settings>);

impl Minter {
    /// A minter without a registered key, key id and backdate, on the system's clock.
    pub fn new(license_key: LicenseKey, source: impl KeySource + 'static) -> Self {
        Self::builder(license_key, source).build()
    }

    /// A minter with more to say.
    pub fn builder(license_key: LicenseKey, source: impl KeySource + 'static) -> MinterBuilder {
        MinterBuilder(Settings {
            license_key,
            source: Arc::new(source),
            clock: Arc::new(SystemTime::now),
            backdate: ClockSkew::default(),
            with_key_id: false,
            registered: Vec::new(),
        })
    }

    /// Makes a token for the agent: `exp` is the claims' lifetime from now, `iat` is now less the backdate.
    ///
    /// Header and signature come from one snapshot of the key. If the key turns out to be gone, the source is asked once more.
    ///
    /// # Errors
    ///
    /// A [`MintError`]. A signature that comes from outside the process is verified before a token is made of it.
    pub async fn mint(&self, claims: &AgentClaims) -> Result<AgentToken, MintError> {
        let key = self.registered_key().await?;
        match self.mint_with(&*key, claims).await {
            Err(MintError::Key(gone)) if gone.kind() == KeyErrorKind::Superseded => match self.0.signing_key().await {
                Ok(next) if next.public_key() != key.public_key() => {
                    self.0.check_registered(next.public_key())?;
                    self.mint_with(&*next, claims).await
                }
                _ => Err(MintError::Key(gone)),
            },
            minted => minted,
        }
    }

    /// Asks the source for its key without signing, and compares it with the registered one: the question for start-up and
    /// health checks. Answers with the key that signs now.
    ///
    /// # Errors
    ///
    /// [`MintError::Key`] and [`MintError::UnregisteredKey`].
    pub async fn check(&self) -> Result<PublicKey, MintError> {
        Ok(self.registered_key().await?.public_key().clone())
    }

    async fn registered_key(&self) -> Result<Arc<dyn SigningKey>, MintError> {
        let key = self.0.signing_key().await?;
        self.0.check_registered(key.public_key())?;
        Ok(key)
    }

    async fn mint_with(&self, key: &dyn SigningKey, claims: &AgentClaims) -> Result<AgentToken, MintError> {
        let settings = &*self.0;
        let now = numeric_date(settings.clock.now()).ok_or(MintError::ClockBeforeEpoch)?;
        let iat = now.checked_sub(settings.backdate.as_secs()).ok_or(MintError::ClockBeforeEpoch)?;
        let exp = now.checked_add(claims.lifetime().as_secs()).filter(|&exp| exp <= MAX_NUMERIC_DATE);
        let exp = exp.ok_or(MintError::TimeOutOfRange)?;

        let payload = Payload::new(&settings.license_key, claims, iat, exp);
        let unsigned = Unsigned::new(&payload, key.public_key(), settings.with_key_id)?;
        let signature = key.sign(&unsigned.signing_input()).await?;
        let signature = signature.verified(&unsigned.signing_input(), key.public_key())?;
        Ok(AgentToken::new(unsigned.sign(signature.as_bytes()), exp))
    }
}

impl fmt::Debug for Minter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Minter").field(&self.0).finish()
    }
}

/// A [`Minter`] in the making.
#[must_use = "a builder does nothing until `build` is called"]
pub struct MinterBuilder(Settings);

impl MinterBuilder {
    /// Names the key that stands in the Cobrowse dashboard. From then on another key signs nothing: minting answers
    /// [`MintError::UnregisteredKey`] instead of a token that Cobrowse would refuse. Call it twice while the key changes over.
    pub fn expect_public_key(mut self, key: PublicKey) -> Self {
        self.0.registered.push(key);
        self
    }

    /// Puts the key's RFC 7638 thumbprint into the header as `kid` (RFC 7515, section 4.1.4). Cobrowse documents no use of it.
    pub fn with_key_id(mut self) -> Self {
        self.0.with_key_id = true;
        self
    }

    /// Dates `iat` back, for a verifier whose clock is behind ours. `exp` stays as far from now as the lifetime says.
    pub fn backdate(mut self, skew: ClockSkew) -> Self {
        self.0.backdate = skew;
        self
    }

    /// Reads the time from here instead of the system's clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.0.clock = Arc::new(clock);
        self
    }

    /// The minter.
    #[must_use]
    pub fn build(self) -> Minter {
        Minter(Arc::new(self.0))
    }
}

impl fmt::Debug for MinterBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("MinterBuilder").field(&self.0).finish()
    }
}

struct Settings {
    license_key: LicenseKey,
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    backdate: ClockSkew,
    with_key_id: bool,
    /// Empty: every key may sign.
    registered: Vec<PublicKey>,
}

impl Settings {
    /// The source's own answer: an `Arc` is a source too, and would wrap it once more.
    fn signing_key(&self) -> impl Future<Output = Result<Arc<dyn SigningKey>, KeyError>> + Send {
        (*self.source).signing_key()
    }

    fn check_registered(&self, key: &PublicKey) -> Result<(), MintError> {
        if self.registered.is_empty() || self.registered.contains(key) {
            return Ok(());
        }
        Err(MintError::UnregisteredKey { found: key.thumbprint().to_owned() })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("license_key", &self.license_key)
            .field("source", &self.source)
            .field("backdate", &self.backdate)
            .field("with_key_id", &self.with_key_id)
            .field("registered", &self.registered)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
