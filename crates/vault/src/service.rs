use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey, PublicKeyError, SigningInput, async_trait};
use cobrowse_jwt_remote::{KeyService, KeyVersion, ResolvedKey, ServiceSignature};
use http::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    auth::Session,
    client::Client,
    error::{CREATE_KEY, Call},
    session::{Authenticator, Denied},
};

/// One key of a transit secrets engine. Its versions are numbers.
#[derive(Debug)]
pub(crate) struct Transit {
    pub(crate) client: Client,
    pub(crate) authenticator: Authenticator,
    /// `transit/keys/NAME`.
    pub(crate) keys_path: String,
    /// `transit/sign/NAME`.
    pub(crate) sign_path: String,
}

#[async_trait]
impl KeyService for Transit {
    async fn authenticate(&self) -> Result<(), KeyError> {
        self.authenticator.session().await.map(drop)
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        self.call::<Key>(Call::Resolve, &Method::GET, &self.keys_path, &Bytes::new()).await?.resolve()
    }

    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        let number: u64 = version.as_str().parse().map_err(|_| malformed("key version is not a number"))?;
        let digest = STANDARD.encode(input.sha256());
        // Without `signature_algorithm`, Vault makes a PSS signature.
        let body = format!(
            r#"{{"input":"{digest}","prehashed":true,"hash_algorithm":"sha2-256","signature_algorithm":"pkcs1v15","key_version":{number}}}"#
        );
        self.call::<Signature>(Call::Sign, &Method::POST, &self.sign_path, &body.into()).await?.decode(number)
    }
}

impl Transit {
    /// Makes a call. If Vault denies it, repeats it once with another token.
    async fn call<T: DeserializeOwned>(
        &self,
        call: Call,
        method: &Method,
        path: &str,
        body: &Bytes,
    ) -> Result<T, KeyError> {
        let send = async |session: &Session| {
            self.client.send::<Response<T>>(method, path, Some(&session.token), body.clone()).await
        };
        let session = self.authenticator.session().await?;
        let response = match send(&session).await {
            Err(error) if error.is_denied() => {
                let denied = Denied { session, error: error.classify(call) };
                send(&*self.authenticator.replace(denied).await?).await
            }
            response => response,
        };
        Ok(response.map_err(|error| error.classify(call))?.data)
    }
}

#[derive(Deserialize)]
struct Response<T> {
    data: T,
}

/// The response to `GET transit/keys/NAME`.
#[derive(Deserialize)]
struct Key {
    r#type: String,
    /// Absent for an HMAC key. For a symmetric key, the values are not objects.
    #[serde(default)]
    keys: BTreeMap<u64, Value>,
    #[serde(default)]
    min_available_version: u64,
    #[serde(default)]
    min_encryption_version: u64,
    #[serde(default)]
    supports_signing: Option<bool>,
}

impl Key {
    fn resolve(self) -> Result<ResolvedKey, KeyError> {
        match self.r#type.as_str() {
            "rsa-2048" | "rsa-3072" | "rsa-4096" => {}
            ecdsa if ecdsa.starts_with("ecdsa-") => return Err(unsuitable("key is an elliptic-curve key (ECDSA)")),
            "ed25519" => return Err(unsuitable("key is an Ed25519 key")),
            "hmac" => return Err(unsuitable("key is an HMAC key")),
            aes if aes.starts_with("aes") || aes.contains("chacha20") => return Err(unsuitable("key is symmetric")),
            _ => return Err(unsuitable("key is not an RSA key of 2048 to 4096 bits")),
        }
        if self.supports_signing == Some(false) {
            return Err(unsuitable("key does not support signing"));
        }
        let oldest = self.min_available_version.max(self.min_encryption_version);
        let Some((version, key)) = self.keys.last_key_value().filter(|(version, _)| **version >= oldest) else {
            return Err(
                unsuitable("no version of the key may sign").with_hint("lower min_encryption_version of the key")
            );
        };
        let pem = key["public_key"].as_str().ok_or_else(|| malformed("no public_key in the response of Vault"))?;
        let public_key = PublicKey::from_pem(pem).map_err(|error| match error {
            PublicKeyError::TooSmall { .. } | PublicKeyError::TooLarge { .. } | PublicKeyError::NotRsa => {
                unsuitable("key is not an RSA key of 2048 to 8192 bits").with_source(error)
            }
            _ => malformed("invalid public_key in the response of Vault").with_source(error),
        })?;
        Ok(ResolvedKey { version: KeyVersion::new(version.to_string()), public_key, pinned: false })
    }
}

/// The response to `POST transit/sign/NAME`.
#[derive(Deserialize)]
struct Signature {
    signature: String,
    #[serde(default)]
    key_version: Option<u64>,
}

impl Signature {
    /// Decodes `vault:v3:BASE64`. The engine checks the version in it.
    fn decode(&self, requested: u64) -> Result<ServiceSignature, KeyError> {
        if self.key_version.is_some_and(|version| version != requested) {
            return Err(malformed("unexpected key_version in the response of Vault"));
        }
        let parts = self.signature.strip_prefix("vault:v").and_then(|rest| rest.split_once(':'));
        let decoded = parts.and_then(|(version, signature)| Some((version, STANDARD.decode(signature).ok()?)));
        let (version, bytes) = decoded.ok_or_else(|| malformed("invalid signature in the response of Vault"))?;
        Ok(ServiceSignature { bytes, version: Some(KeyVersion::new(version)) })
    }
}

fn unsuitable(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidKey, message).with_hint(CREATE_KEY)
}

fn malformed(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidResponse, message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cobrowse_jwt_conformance::Suite;
    use cobrowse_jwt_fault_server::FaultServer;

    use super::*;
    use crate::{address::Address, auth::VaultAuth};

    #[tokio::test(flavor = "multi_thread")]
    async fn service_passes_the_conformance_suite() {
        let server = FaultServer::start().await;
        let address = Address::new(server.url(), false).unwrap();
        let client = Client::new(address, None, FaultServer::KEY.into(), None).unwrap();
        let service = Transit {
            authenticator: Authenticator::new(client.clone(), VaultAuth::app_role("a-role-id", "a-secret-id")),
            client,
            keys_path: format!("transit/keys/{}", FaultServer::KEY),
            sign_path: format!("transit/sign/{}", FaultServer::KEY),
        };
        let suite = Suite::builder_for_service(service).secret("a-role-id").secret("a-secret-id").secret("127.0.0.1");
        // Long, because a loaded machine is slow.
        let report = suite.time_limit(Duration::from_secs(240)).build().run().await;
        assert!(report.is_passed(), "\n{report}");
    }
}
