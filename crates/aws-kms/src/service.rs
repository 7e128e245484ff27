use std::fmt;

use aws_sdk_kms::{
    Client,
    config::{
        Config, ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut,
        retry::RetryConfig,
    },
    error::BoxError,
    operation::get_public_key::GetPublicKeyOutput,
    primitives::Blob,
    types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec},
};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey, PublicKeyError, SigningInput, async_trait};
use cobrowse_jwt_remote::{KeyService, KeyVersion, ResolvedKey, ServiceSignature};

use crate::{
    error::{CREATE_KEY, cause, key_error},
    key_id::KeyId,
};

/// One key id at AWS KMS. Its versions are key ARNs, which no alias can move.
pub(crate) struct Kms {
    pub(crate) client: Client,
    pub(crate) key_id: KeyId,
}

impl fmt::Debug for Kms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Kms").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

#[async_trait]
impl KeyService for Kms {
    /// Signs a request and does not send it: that loads the credentials into the cache of the client.
    async fn authenticate(&self) -> Result<(), KeyError> {
        let request = self.client.get_public_key().key_id(self.key_id.as_str()).customize();
        let once = Config::builder().retry_config(RetryConfig::disabled());
        match request.interceptor(DoNotSend).config_override(once).send().await {
            Err(error) if cause::<NotSent>(&error).is_none() => Err(key_error(&error, None)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn resolve(&self) -> Result<ResolvedKey, KeyError> {
        let response = self.client.get_public_key().key_id(self.key_id.as_str()).send().await;
        let response = response.map_err(|error| key_error(&error, None))?;
        check_rs256(&response)?;
        let (Some(arn), Some(der)) = (response.key_id.filter(|arn| !arn.is_empty()), response.public_key) else {
            return Err(malformed("no KeyId or PublicKey in the response of AWS KMS"));
        };
        let public_key = PublicKey::from_spki_der(der.as_ref()).map_err(|error| match error {
            PublicKeyError::TooSmall { .. } | PublicKeyError::TooLarge { .. } | PublicKeyError::NotRsa => {
                unsuitable("key is not an RSA key of 2048 to 8192 bits").with_source(error)
            }
            _ => malformed("invalid PublicKey in the response of AWS KMS").with_source(error),
        })?;
        Ok(ResolvedKey { pinned: self.key_id.names(&arn), version: KeyVersion::new(arn), public_key })
    }

    async fn sign(&self, version: &KeyVersion, input: &SigningInput<'_>) -> Result<ServiceSignature, KeyError> {
        let response = self
            .client
            .sign()
            .key_id(version.as_str())
            .message(Blob::new(input.sha256()))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::RsassaPkcs1V15Sha256)
            .send()
            .await
            .map_err(|error| key_error(&error, Some(KeyErrorKind::Superseded)))?;
        if response.signing_algorithm != Some(SigningAlgorithmSpec::RsassaPkcs1V15Sha256) {
            return Err(malformed("unexpected SigningAlgorithm in the response of AWS KMS"));
        }
        let (Some(arn), Some(signature)) = (response.key_id, response.signature) else {
            return Err(malformed("no KeyId or Signature in the response of AWS KMS"));
        };
        Ok(ServiceSignature { bytes: signature.into_inner(), version: Some(KeyVersion::new(arn)) })
    }
}

/// Refuses a key whose spec, usage or algorithms exclude RS256.
fn check_rs256(response: &GetPublicKeyOutput) -> Result<(), KeyError> {
    match response.key_usage.as_ref() {
        Some(KeyUsageType::SignVerify) | None => {}
        Some(KeyUsageType::EncryptDecrypt) => return Err(unsuitable("key usage is ENCRYPT_DECRYPT")),
        Some(KeyUsageType::GenerateVerifyMac) => return Err(unsuitable("key is an HMAC key")),
        Some(_) => return Err(unsuitable("key usage is not SIGN_VERIFY")),
    }
    match response.key_spec.as_ref().map(KeySpec::as_str) {
        Some("RSA_2048" | "RSA_3072" | "RSA_4096") => {}
        Some(spec) if spec.starts_with("ECC_") => return Err(unsuitable("key is an elliptic-curve key (ECC)")),
        Some(spec) if spec.starts_with("HMAC_") => return Err(unsuitable("key is an HMAC key")),
        Some(_) => return Err(unsuitable("key is not an RSA key")),
        None => return Err(malformed("no KeySpec in the response of AWS KMS")),
    }
    if !response.signing_algorithms().contains(&SigningAlgorithmSpec::RsassaPkcs1V15Sha256) {
        return Err(unsuitable("key does not support RSASSA_PKCS1_V1_5_SHA_256"));
    }
    Ok(())
}

fn unsuitable(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidKey, message).with_hint(CREATE_KEY)
}

fn malformed(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidResponse, message)
}

/// Ends a call once its request is signed.
#[derive(Debug)]
struct DoNotSend;

impl Intercept for DoNotSend {
    fn name(&self) -> &'static str {
        "DoNotSend"
    }

    fn modify_before_transmit(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Err(NotSent.into())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("request signed and not sent")]
struct NotSent;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region};
    use cobrowse_jwt_conformance::Suite;
    use cobrowse_jwt_fault_server::FaultServer;

    use super::*;
    use crate::client::guarded;

    #[tokio::test(flavor = "multi_thread")]
    async fn service_passes_the_conformance_suite() {
        const SECRET: &str = "a-secret-access-key";
        let server = FaultServer::start().await;
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", SECRET, None, None, "test"))
            .region(Region::from_static(FaultServer::REGION))
            .endpoint_url(server.url());
        let key_id = KeyId::new(FaultServer::ALIAS.to_owned()).unwrap();
        let client = guarded(&Client::from_conf(config.build()), &key_id, None, false);
        let suite = Suite::builder_for_service(Kms { client, key_id }).secret(SECRET).secret(FaultServer::ALIAS);
        // Long, because a loaded machine is slow.
        let report = suite.time_limit(Duration::from_mins(4)).build().run().await;
        assert!(report.is_passed(), "\n{report}");
    }
}
