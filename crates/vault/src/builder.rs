use std::{env, fmt, num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use aws_lc_rs::rand;
use cobrowse_jwt_core::{KeyError, KeyErrorKind, KeySource, SigningKey, async_trait};
use cobrowse_jwt_remote::{Preflight, RemoteKey, RemoteKeyBuilder, require_runtime};
use tokio::task;

use crate::{
    address::{self, Address},
    auth::VaultAuth,
    client::Client,
    service::Transit,
    session::Authenticator,
};

/// A key in the transit secrets engine of HashiCorp Vault or OpenBao: a [`KeySource`] whose private key never enters this process.
///
/// Cheap to clone; clones share the cache, the token and the connections. Needs a Tokio runtime with the I/O and time drivers
/// (`enable_all`) while it is used.
///
/// ```no_run
/// use cobrowse_jwt_core::{LicenseKey, Minter};
/// use cobrowse_jwt_vault::{VaultAuth, VaultKey};
///
/// # async fn start() -> Result<Minter, Box<dyn std::error::Error>> {
/// let key = VaultKey::builder("https://vault.example.com:8200", "cobrowse")
///     .auth(VaultAuth::kubernetes("agent-tokens"))
///     .open()
///     .await?;
/// let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, key);
/// # Ok(minter) }
/// ```
#[derive(Clone, Debug)]
pub struct VaultKey(RemoteKey<Transit>);

impl VaultKey {
    /// Opens a key with the configuration of [`VaultKey::builder_from_env`], and logs in for at most 20 seconds.
    ///
    /// # Errors
    ///
    /// As [`VaultKeyBuilder::open`].
    pub async fn from_env(name: impl Into<String>) -> Result<Self, KeyError> {
        Self::builder_from_env(name).open().await
    }

    /// Returns a builder with the configuration of the environment. An empty variable counts as not set.
    ///
    /// | variable | meaning |
    /// | --- | --- |
    /// | `BAO_ADDR`, `VAULT_ADDR` | the address |
    /// | `BAO_NAMESPACE`, `VAULT_NAMESPACE` | the namespace |
    /// | `BAO_CACERT`, `VAULT_CACERT` | a PEM file with root certificates |
    /// | `BAO_TOKEN`, `VAULT_TOKEN` | a token; without it, the file `.vault-token` in the home directory, as `vault login` writes it |
    /// | `TRANSIT_SECRET_ENGINE_PATH` | the mount path of the secrets engine; `transit` by default |
    pub fn builder_from_env(name: impl Into<String>) -> VaultKeyBuilder {
        let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let either = |name: &str| variable(&format!("BAO_{name}")).or_else(|| variable(&format!("VAULT_{name}")));
        let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
        let mut builder = Self::builder(either("ADDR").map(text).unwrap_or_default(), name);
        builder.namespace = either("NAMESPACE").map(text);
        builder.ca_cert_file = either("CACERT").map(PathBuf::from);
        builder.auth = match either("TOKEN") {
            Some(token) => Some(VaultAuth::token(text(token))),
            None => env::home_dir().map(|home| VaultAuth::token_file(home.join(".vault-token"))),
        };
        match variable("TRANSIT_SECRET_ENGINE_PATH") {
            Some(path) => builder.mount(text(path)),
            None => builder,
        }
    }

    /// Returns a builder for the key with this name, at an address such as `https://vault.example.com:8200`.
    pub fn builder(address: impl Into<String>, name: impl Into<String>) -> VaultKeyBuilder {
        VaultKeyBuilder {
            address: address.into(),
            name: name.into(),
            auth: None,
            mount: "transit".to_owned(),
            namespace: None,
            ca_cert_file: None,
            allow_http: false,
            remote: RemoteKeyBuilder::default(),
        }
    }

    /// Logs in, for at most 20 seconds, so that no mint waits for it.
    ///
    /// # Errors
    ///
    /// [`AccessDenied`](KeyErrorKind::AccessDenied) if Vault rejects the log-in, and [`Unavailable`](KeyErrorKind::Unavailable) if Vault
    /// cannot be reached now. An invalid token is not an error here: the first lookup of the key returns the error.
    pub async fn authenticate(&self) -> Result<(), KeyError> {
        self.0.authenticate().await
    }

    /// Logs in, resolves the key, signs a fixed message and verifies the signature; for start-up and health checks.
    pub async fn preflight(&self) -> Preflight {
        self.0.preflight().await
    }
}

#[async_trait]
impl KeySource for VaultKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.signing_key().await
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.0.refresh().await
    }
}

/// Builder for [`VaultKey`].
#[must_use = "a builder does nothing until `open` or `build` is called"]
pub struct VaultKeyBuilder {
    address: String,
    name: String,
    auth: Option<VaultAuth>,
    mount: String,
    namespace: Option<String>,
    ca_cert_file: Option<PathBuf>,
    allow_http: bool,
    remote: RemoteKeyBuilder<()>,
}

impl VaultKeyBuilder {
    /// Sets how to authenticate.
    pub fn auth(self, auth: VaultAuth) -> Self {
        Self { auth: Some(auth), ..self }
    }

    /// Sets the mount path of the transit secrets engine; `transit` by default.
    pub fn mount(self, path: impl Into<String>) -> Self {
        Self { mount: path.into(), ..self }
    }

    /// Sets the namespace.
    pub fn namespace(self, namespace: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), ..self }
    }

    /// Sets a PEM file with the root certificates to trust, instead of those of the platform.
    pub fn ca_cert_file(self, path: impl Into<PathBuf>) -> Self {
        Self { ca_cert_file: Some(path.into()), ..self }
    }

    /// Allows a plain http address on another host; loopback is always allowed. Requests over plain http, and the token in them, can be
    /// read and altered on their way.
    pub fn allow_http(self, allow: bool) -> Self {
        Self { allow_http: allow, ..self }
    }

    /// Sets the age from which the key is looked up again in the background; 5 minutes by default.
    pub fn refresh_after(self, age: Duration) -> Self {
        Self { remote: self.remote.refresh_after(age), ..self }
    }

    /// Sets the age from which a mint waits until the key is looked up again; 15 minutes by default.
    pub fn max_age(self, age: Duration) -> Self {
        Self { remote: self.remote.max_age(age), ..self }
    }

    /// Sets how long a mint waits for a lookup, and again for a signature; 3 seconds by default.
    pub fn operation_timeout(self, limit: Duration) -> Self {
        Self { remote: self.remote.operation_timeout(limit), ..self }
    }

    /// Limits how many signatures are in flight, and so how many connections are open; unlimited by default.
    pub fn max_in_flight(self, signatures: NonZeroUsize) -> Self {
        Self { remote: self.remote.max_in_flight(signatures), ..self }
    }

    /// Opens the key on a thread that may block, and logs in for at most 20 seconds.
    ///
    /// # Errors
    ///
    /// As [`VaultKeyBuilder::build`] and [`VaultKey::authenticate`]; [`InvalidKey`](KeyErrorKind::InvalidKey) outside of a Tokio runtime.
    pub async fn open(self) -> Result<VaultKey, KeyError> {
        require_runtime()?;
        let built = task::spawn_blocking(|| self.build()).await;
        let key = built.map_err(|_| KeyError::new(KeyErrorKind::Unavailable, "opening the key panicked"))??;
        key.authenticate().await?;
        Ok(key)
    }

    /// Returns the key. Nothing is sent. Reads the root certificates, and computes for about 30 ms in the first key of a process: AWS-LC
    /// collects entropy for its first random number.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`](KeyErrorKind::InvalidKey) if the address, the mount path, the namespace or the root certificates are invalid,
    /// [`NotFound`](KeyErrorKind::NotFound) if the name is, and [`AccessDenied`](KeyErrorKind::AccessDenied) without an
    /// [`auth`](VaultKeyBuilder::auth).
    pub fn build(self) -> Result<VaultKey, KeyError> {
        if self.address.is_empty() {
            return Err(invalid("Vault address is not set", "set VAULT_ADDR"));
        }
        let address = Address::new(&self.address, self.allow_http)?;
        if !address::is_name(&self.name) {
            return Err(KeyError::new(KeyErrorKind::NotFound, "invalid Vault key name")
                .with_hint("use the name of a transit key, without its mount path"));
        }
        let mount =
            address::path(&self.mount).ok_or_else(|| invalid("invalid mount path", "use a path such as transit"))?;
        let namespace = self.namespace.as_deref().map(|namespace| {
            address::header(namespace).ok_or_else(|| invalid("invalid Vault namespace", "use a path such as team/prod"))
        });
        let auth = self.auth.ok_or_else(|| {
            KeyError::new(KeyErrorKind::AccessDenied, "no Vault credentials").with_hint("set VAULT_TOKEN, or `auth`")
        })?;
        if !auth.is_valid() {
            return Err(invalid("invalid mount path of the authentication method", "use a path such as approle"));
        }
        // A failure is reported by whatever needs a random number next.
        let _ = rand::fill(&mut [0; 1]);
        let client =
            Client::new(address, namespace.transpose()?, self.name.as_str().into(), self.ca_cert_file.as_deref())?;
        let transit = Transit {
            authenticator: Authenticator::new(client.clone(), auth),
            client,
            keys_path: format!("{mount}/keys/{}", self.name),
            sign_path: format!("{mount}/sign/{}", self.name),
        };
        Ok(VaultKey(self.remote.with_service(transit).build()))
    }
}

fn invalid(message: &'static str, hint: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidKey, message).with_hint(hint)
}

impl fmt::Debug for VaultKeyBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("VaultKeyBuilder")
            .field("auth", &self.auth)
            .field("allow_http", &self.allow_http)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}
