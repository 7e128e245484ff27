use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use http::HeaderValue;
use serde::Deserialize;
use tokio::{task, time::Instant};
use zeroize::Zeroizing;

use crate::{address, client::Client, error::Call, secret::Secret};

/// How this process authenticates to Vault.
///
/// ```
/// use cobrowse_jwt_vault::VaultAuth;
///
/// let auth = VaultAuth::kubernetes("agent-tokens").mount("kubernetes-prod");
/// ```
#[derive(Clone, Debug)]
pub struct VaultAuth {
    method: Method,
    mount: Option<String>,
}

#[derive(Clone)]
enum Method {
    Token(Secret),
    TokenFile(PathBuf),
    AppRole { role_id: Secret, secret_id: Secret },
    Kubernetes { role: String, jwt_file: PathBuf },
}

impl VaultAuth {
    /// Uses a token, and renews it in the background if it is renewable. No other token replaces it: after it has expired, minting fails.
    pub fn token(token: impl Into<Secret>) -> Self {
        Self { method: Method::Token(token.into()), mount: None }
    }

    /// Uses the token in a file, as Vault Agent writes it. The file is read again every second, and when Vault rejects the token.
    pub fn token_file(path: impl Into<PathBuf>) -> Self {
        Self { method: Method::TokenFile(path.into()), mount: None }
    }

    /// Logs in with [`AppRole`](https://developer.hashicorp.com/vault/docs/auth/approle), mounted at `approle`.
    pub fn app_role(role_id: impl Into<Secret>, secret_id: impl Into<Secret>) -> Self {
        Self { method: Method::AppRole { role_id: role_id.into(), secret_id: secret_id.into() }, mount: None }
    }

    /// Logs in with the [Kubernetes service account](https://developer.hashicorp.com/vault/docs/auth/kubernetes) of this pod, mounted at
    /// `kubernetes`.
    pub fn kubernetes(role: impl Into<String>) -> Self {
        let jwt_file = "/var/run/secrets/kubernetes.io/serviceaccount/token".into();
        Self { method: Method::Kubernetes { role: role.into(), jwt_file }, mount: None }
    }

    /// Sets the file of the service account's token, for a projected volume. Only [`VaultAuth::kubernetes`] uses it.
    #[must_use]
    pub fn jwt_file(mut self, path: impl Into<PathBuf>) -> Self {
        if let Method::Kubernetes { jwt_file, .. } = &mut self.method {
            *jwt_file = path.into();
        }
        self
    }

    /// Sets where the authentication method is mounted, without `auth/`.
    #[must_use]
    pub fn mount(self, path: impl Into<String>) -> Self {
        Self { mount: Some(path.into()), ..self }
    }

    /// Returns whether the mount is a path.
    pub(crate) fn is_valid(&self) -> bool {
        self.mount.as_deref().is_none_or(|mount| address::path(mount).is_some())
    }

    /// Returns whether a token can replace one that has expired.
    pub(crate) fn can_replace(&self) -> bool {
        !matches!(self.method, Method::Token(_))
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self.method, Method::TokenFile(_))
    }

    pub(crate) async fn log_in(&self, client: &Client) -> Result<Session, KeyError> {
        match &self.method {
            Method::Token(token) => look_up(client, header(token.expose())?).await,
            Method::TokenFile(path) => {
                let token = header(read(path).await?.trim())?;
                Ok(Session::unlimited(token))
            }
            Method::AppRole { role_id, secret_id } => {
                let fields = [("role_id", role_id.expose()), ("secret_id", secret_id.expose())];
                self.post(client, "approle", fields).await
            }
            Method::Kubernetes { role, jwt_file } => {
                let jwt = read(jwt_file).await?;
                self.post(client, "kubernetes", [("role", role), ("jwt", jwt.trim())]).await
            }
        }
    }

    async fn post(&self, client: &Client, default_mount: &str, fields: [(&str, &str); 2]) -> Result<Session, KeyError> {
        let mount = self.mount.as_deref().unwrap_or(default_mount).trim_matches('/');
        grant(client, &format!("auth/{mount}/login"), None, secret_json(fields)).await
    }
}

/// A Vault token and its lease.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) token: HeaderValue,
    /// `None`: unlimited or unknown.
    pub(crate) lease: Option<Duration>,
    pub(crate) renewable: bool,
    /// The time before the request was sent, so that the session expires here before it expires in Vault.
    pub(crate) since: Instant,
}

impl Session {
    fn unlimited(token: HeaderValue) -> Self {
        Self { token, lease: None, renewable: false, since: Instant::now() }
    }

    fn new(token: HeaderValue, seconds: u64, renewable: bool, since: Instant) -> Self {
        // At most 136 years, so that calculations with it do not overflow.
        let lease = (seconds > 0).then(|| Duration::from_secs(seconds.min(u32::MAX.into())));
        Self { token, lease, renewable, since }
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.lease.is_some_and(|lease| self.since.elapsed() >= lease)
    }
}

/// Extends the lease of a token.
pub(crate) async fn renew(client: &Client, token: &HeaderValue) -> Result<Session, KeyError> {
    grant(client, "auth/token/renew-self", Some(token), Bytes::from_static(b"{}")).await
}

/// Looks up the lease of a token. The token's policies may deny this lookup and still allow signing; then the lease is unknown.
async fn look_up(client: &Client, token: HeaderValue) -> Result<Session, KeyError> {
    let since = Instant::now();
    match client.send(&http::Method::GET, "auth/token/lookup-self", Some(&token), Bytes::new()).await {
        Ok(LookUpResponse { data: Lease { ttl, renewable } }) => Ok(Session::new(token, ttl, renewable, since)),
        Err(error) if error.is_denied() => Ok(Session::unlimited(token)),
        Err(error) => Err(error.classify(Call::LogIn)),
    }
}

/// Makes a call that grants a token.
async fn grant(client: &Client, path: &str, token: Option<&HeaderValue>, body: Bytes) -> Result<Session, KeyError> {
    let since = Instant::now();
    let response = client.send(&http::Method::POST, path, token, body).await;
    let LogInResponse { auth } = response.map_err(|error| error.classify(Call::LogIn))?;
    let token = header(&Zeroizing::new(auth.client_token))?;
    Ok(Session::new(token, auth.lease_duration, auth.renewable, since))
}

/// Returns a JSON object whose buffer is wiped when it is dropped.
fn secret_json(fields: [(&str, &str); 2]) -> Bytes {
    // Enough even if each byte is escaped (6 bytes each): a reallocation would leave a copy in memory.
    let length: usize = fields.iter().map(|(name, value)| 6 * (name.len() + value.len() + 1)).sum();
    let mut json = Zeroizing::new(Vec::<u8>::with_capacity(length));
    // Writing text to a `Vec` does not fail.
    let _ = serde_json::to_writer(&mut *json, &BTreeMap::from(fields));
    Bytes::from_owner(json)
}

#[derive(Deserialize)]
struct LogInResponse {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: String,
    lease_duration: u64,
    renewable: bool,
}

#[derive(Deserialize)]
struct LookUpResponse {
    data: Lease,
}

#[derive(Deserialize)]
struct Lease {
    ttl: u64,
    #[serde(default)]
    renewable: bool,
}

fn header(token: &str) -> Result<HeaderValue, KeyError> {
    let mut value = address::header(token).ok_or_else(|| {
        KeyError::new(KeyErrorKind::AccessDenied, "invalid Vault token").with_hint("check the token, or log in again")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads a file of at most 16 KiB, on a thread that may block.
async fn read(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    const LIMIT: usize = 16 * 1024;
    let path = path.to_owned();
    let read = task::spawn_blocking(move || {
        // Has room for the longest file, because growing it would leave copies in memory.
        let mut text = Zeroizing::new(String::with_capacity(LIMIT + 64));
        let length = File::open(path)?.take(LIMIT as u64 + 1).read_to_string(&mut text)?;
        if length > LIMIT { Err(io::Error::other("file exceeds 16 KiB")) } else { Ok(text) }
    });
    read.await.unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into())).map_err(unreadable)
}

fn unreadable(error: io::Error) -> KeyError {
    use io::ErrorKind::{InvalidData, IsADirectory, NotADirectory, NotFound, Other, PermissionDenied};
    let kind = match error.kind() {
        NotFound | PermissionDenied | IsADirectory | NotADirectory | InvalidData | Other => KeyErrorKind::AccessDenied,
        // The disk fails, too many files are open, or the runtime ends.
        _ => KeyErrorKind::Unavailable,
    };
    KeyError::new(kind, "failed to read the file with the Vault credentials")
        .with_hint("check the file and its permissions, or set VAULT_TOKEN")
        .with_source(error)
}

impl fmt::Debug for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::TokenFile(_) => "TokenFile(..)",
            Self::AppRole { .. } => "AppRole { .. }",
            Self::Kubernetes { .. } => "Kubernetes { .. }",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{env, error::Error as _, fs, process};

    use super::*;

    #[test]
    fn failure_to_read_is_transient_unless_the_file_is_unusable() {
        let kind_of = |error: io::Error| unreadable(error).kind();
        assert_eq!(kind_of(io::ErrorKind::NotFound.into()), KeyErrorKind::AccessDenied);
        assert_eq!(kind_of(io::Error::other("file exceeds 16 KiB")), KeyErrorKind::AccessDenied);
        assert_eq!(kind_of(io::ErrorKind::Interrupted.into()), KeyErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn read_of_file_over_16_kib_returns_error() {
        const LIMIT: usize = 16 * 1024;
        let path = env::temp_dir().join(format!("cobrowse-jwt-vault-{}", process::id()));
        fs::write(&path, "x".repeat(LIMIT)).unwrap();
        let longest = read(&path).await;
        fs::write(&path, "x".repeat(LIMIT + 1)).unwrap();
        let longer = read(&path).await;
        fs::remove_file(&path).unwrap();
        assert_eq!(longest.unwrap().len(), LIMIT);
        assert_eq!(longer.unwrap_err().source().unwrap().to_string(), "file exceeds 16 KiB");
    }
}
