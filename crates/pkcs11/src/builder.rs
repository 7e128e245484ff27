use std::{fmt, num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use cobrowse_jwt_core::{KeyError, KeyErrorKind, KeySource, PublicKey, SigningKey, async_trait};
use cobrowse_jwt_remote::{Preflight, RemoteKey, RemoteKeyBuilder, require_runtime};

use crate::{
    connection::{KeyProtection, Settings},
    names::{KeyName, TokenName},
    pin::Pin,
    pool::Pool,
    service::Token,
    uri,
};

/// A key in an HSM, a TPM or another PKCS#11 token: a [`KeySource`] whose private key never enters this process.
///
/// Cheap to clone; clones share the sessions. Needs a Tokio runtime with the time driver (`enable_time`) while it is used. The sessions close
/// when all clones, minters and signing keys of the source have been dropped and its background tasks have ended, which takes at most 20
/// seconds. The last drop blocks its thread for at most half of the `operation_timeout`.
///
/// ```no_run
/// use cobrowse_jwt_core::{LicenseKey, Minter};
/// use cobrowse_jwt_pkcs11::Pkcs11Key;
///
/// # async fn start() -> Result<Minter, Box<dyn std::error::Error>> {
/// let key = Pkcs11Key::open(
///     "pkcs11:token=cobrowse;object=agents?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/cobrowse/pin",
/// )
/// .await?;
/// let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, key);
/// # Ok(minter) }
/// ```
#[derive(Clone, Debug)]
pub struct Pkcs11Key(RemoteKey<Token>);

impl Pkcs11Key {
    /// Opens the key of an RFC 7512 URI, and logs in to its token.
    ///
    /// # Errors
    ///
    /// As [`Pkcs11Key::builder_from_uri`] and [`Pkcs11KeyBuilder::open`].
    pub async fn open(uri: &str) -> Result<Self, KeyError> {
        Self::builder_from_uri(uri)?.open().await
    }

    /// Returns a builder with the token, the key, the module and the PIN of an RFC 7512 URI.
    ///
    /// The path attributes `token`, `serial`, `manufacturer`, `model`, `slot-id`, `object`, `id` and `type=private` name the key.
    /// `module-path` is the absolute path of the module, and `pin-source` is `file:` with an absolute path or `env:` with a variable. A
    /// URI with another attribute, also `pin-value`, is refused.
    ///
    /// # Errors
    ///
    /// [`NotFound`](KeyErrorKind::NotFound) if the URI is invalid. The error does not contain the URI.
    pub fn builder_from_uri(uri: &str) -> Result<Pkcs11KeyBuilder, KeyError> {
        let uri = uri::parse(uri)?;
        let builder = Self::builder(uri.module);
        Ok(Pkcs11KeyBuilder { token: uri.token, key: uri.key, pin: uri.pin, ..builder })
    }

    /// Returns a builder for a key in a token of this module, which is the absolute path of a PKCS#11 library.
    pub fn builder(module: impl Into<PathBuf>) -> Pkcs11KeyBuilder {
        Pkcs11KeyBuilder {
            module: module.into(),
            token: TokenName::default(),
            key: KeyName::default(),
            pin: None,
            public_key: None,
            sessions: 2,
            operation_timeout: Duration::from_secs(3),
            remote: RemoteKeyBuilder::default(),
        }
    }

    /// Loads the module, opens a session and logs in, for at most 20 seconds, so that no mint waits for it.
    ///
    /// # Errors
    ///
    /// [`NotFound`](KeyErrorKind::NotFound) if the module or the token is missing, or several tokens match;
    /// [`AccessDenied`](KeyErrorKind::AccessDenied) if the token rejects the PIN, which is not tried again in this process;
    /// [`Unavailable`](KeyErrorKind::Unavailable) if the token does not answer.
    pub async fn authenticate(&self) -> Result<(), KeyError> {
        self.0.authenticate().await
    }

    /// Logs in, finds the key, signs a fixed message and verifies the signature; for start-up and health checks.
    pub async fn preflight(&self) -> Preflight {
        self.0.preflight().await
    }

    /// Returns how the token protects the private key. Waits until the token answers.
    ///
    /// # Errors
    ///
    /// The errors of a lookup of the key, and [`InvalidKey`](KeyErrorKind::InvalidKey) outside of a Tokio runtime.
    pub async fn protection(&self) -> Result<KeyProtection, KeyError> {
        require_runtime()?;
        self.0.service().protection().await
    }
}

#[async_trait]
impl KeySource for Pkcs11Key {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.signing_key().await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.refresh().await
    }
}

/// Builder for [`Pkcs11Key`]. What names the token and the key is optional if there is only one.
#[must_use = "a builder does nothing until `open` or `build` is called"]
pub struct Pkcs11KeyBuilder {
    module: PathBuf,
    token: TokenName,
    key: KeyName,
    pin: Option<Pin>,
    public_key: Option<PublicKey>,
    sessions: usize,
    operation_timeout: Duration,
    remote: RemoteKeyBuilder<()>,
}

impl Pkcs11KeyBuilder {
    /// Sets the label of the token.
    pub fn token_label(self, label: impl Into<String>) -> Self {
        Self { token: TokenName { label: Some(label.into()), ..self.token }, ..self }
    }

    /// Sets the serial number of the token.
    pub fn token_serial(self, serial: impl Into<String>) -> Self {
        Self { token: TokenName { serial: Some(serial.into()), ..self.token }, ..self }
    }

    /// Sets the slot of the token. Slot ids can change when tokens are added; prefer the label or the serial number.
    pub fn slot_id(self, id: u64) -> Self {
        Self { token: TokenName { slot_id: Some(id), ..self.token }, ..self }
    }

    /// Sets the label of the private key (`CKA_LABEL`).
    pub fn key_label(self, label: impl Into<String>) -> Self {
        Self { key: KeyName { label: Some(label.into()), ..self.key }, ..self }
    }

    /// Sets the id of the private key (`CKA_ID`).
    pub fn key_id(self, id: impl Into<Vec<u8>>) -> Self {
        Self { key: KeyName { id: Some(id.into()), ..self.key }, ..self }
    }

    /// Sets the user PIN. Without one, the token must need no login or have a PIN pad.
    pub fn pin(self, pin: Pin) -> Self {
        Self { pin: Some(pin), ..self }
    }

    /// Sets the public key, for a token that does not store it.
    pub fn public_key(self, key: PublicKey) -> Self {
        Self { public_key: Some(key), ..self }
    }

    /// Sets the number of sessions, each with a thread; from 1 to 16, and 2 by default.
    pub fn sessions(self, sessions: usize) -> Self {
        Self { sessions, ..self }
    }

    /// Sets the age from which the key is looked up again in the background; 5 minutes by default.
    pub fn refresh_after(self, age: Duration) -> Self {
        Self { remote: self.remote.refresh_after(age), ..self }
    }

    /// Sets the age from which a mint waits until the key is looked up again; 15 minutes by default.
    pub fn max_age(self, age: Duration) -> Self {
        Self { remote: self.remote.max_age(age), ..self }
    }

    /// Sets how long a mint waits for a lookup, and again for a signature; 3 seconds by default. A thread that is busy with one lookup
    /// or signature for more than half of this time is replaced.
    pub fn operation_timeout(self, limit: Duration) -> Self {
        Self { operation_timeout: limit, remote: self.remote.operation_timeout(limit), ..self }
    }

    /// Limits how many signatures are in flight; unlimited by default.
    pub fn max_in_flight(self, signatures: NonZeroUsize) -> Self {
        Self { remote: self.remote.max_in_flight(signatures), ..self }
    }

    /// Opens the key and logs in. Takes at most 20 seconds.
    ///
    /// # Errors
    ///
    /// As [`Pkcs11KeyBuilder::build`] and [`Pkcs11Key::authenticate`].
    pub async fn open(self) -> Result<Pkcs11Key, KeyError> {
        let key = self.build()?;
        key.authenticate().await?;
        Ok(key)
    }

    /// Returns the key. The module is loaded when a key is needed.
    ///
    /// # Errors
    ///
    /// [`NotFound`](KeyErrorKind::NotFound) if the path of the module is not absolute, and [`InvalidKey`](KeyErrorKind::InvalidKey) if
    /// the number of sessions is not 1 to 16.
    pub fn build(self) -> Result<Pkcs11Key, KeyError> {
        let Self { module, token, key, pin, public_key, sessions, operation_timeout, remote } = self;
        if !module.is_absolute() {
            return Err(KeyError::new(KeyErrorKind::NotFound, "path of the PKCS#11 module is not absolute").with_hint(
                "use the full path of the library, which the README of cobrowse-jwt-pkcs11 lists by vendor",
            ));
        }
        if !(1..=16).contains(&sessions) {
            return Err(KeyError::new(KeyErrorKind::InvalidKey, "number of PKCS#11 sessions is not 1 to 16")
                .with_hint("use 2 sessions, or as many as the HSM signs in parallel"));
        }
        let settings = Settings { module, token, key, pin, public_key };
        let pool = Pool::new(settings, sessions, operation_timeout / 2);
        Ok(Pkcs11Key(remote.with_service(Token::new(pool)).build()))
    }
}

impl fmt::Debug for Pkcs11KeyBuilder {
    /// Omits the names and the PIN.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pkcs11KeyBuilder")
            .field("sessions", &self.sessions)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}
