use std::{
    error::Error,
    iter::successors,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cobrowse_jwt_core::{
    Access, AgentClaims, AgentToken, KeyError, KeySource, LicenseKey, MintError, Minter, MinterBuilder, PublicKey,
    Signature, SigningInput, SigningKey, Verifier,
};
use cobrowse_jwt_remote::KeyService;
use tokio::time::timeout;

use crate::secrets::Secrets;

/// The state that the checks share: the source or service, the time limit, and the errors so far.
pub(crate) struct Context {
    pub(crate) source: Arc<dyn KeySource>,
    pub(crate) service: Option<Arc<dyn KeyService>>,
    pub(crate) time_limit: Duration,
    pub(crate) secrets: Secrets,
    errors: Mutex<Vec<(&'static str, KeyError)>>,
}

/// Changes the source from outside.
pub(crate) type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The result of a check.
pub(crate) type Checked<T = ()> = Result<T, Failure>;

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum Failure {
    Failed(String),
    NotApplicable(&'static str),
    /// This call exceeded the time limit.
    Late(&'static str),
}

impl Context {
    pub(crate) fn new(
        source: Arc<dyn KeySource>,
        service: Option<Arc<dyn KeyService>>,
        time_limit: Duration,
        secrets: Secrets,
    ) -> Self {
        Self { source, service, time_limit, secrets, errors: Mutex::default() }
    }

    /// Awaits a call that must succeed.
    pub(crate) async fn call<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, KeyError>>,
    ) -> Checked<T> {
        self.result(name, call).await?.map_err(|error| Failure::Failed(self.describe(name, &error)))
    }

    /// Awaits a call that may fail.
    pub(crate) async fn result<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, KeyError>>,
    ) -> Checked<Result<T, KeyError>> {
        let result = timeout(self.time_limit, call).await.map_err(|_| Failure::Late(name))?;
        if let Err(error) = &result {
            self.record(name, error.clone());
        }
        Ok(result)
    }

    pub(crate) async fn snapshot(&self) -> Checked<Arc<dyn SigningKey>> {
        self.call("signing_key", self.source.signing_key()).await
    }

    pub(crate) async fn sign_and_verify(&self, key: &dyn SigningKey, message: &[u8]) -> Checked {
        let input = SigningInput::new(message);
        let signature = self.call("sign", key.sign(&input)).await?;
        verify(signature, &input, key.public_key())
    }

    /// Mints a token, which makes at most four calls.
    pub(crate) async fn mint(&self, minter: &Minter) -> Checked<Result<AgentToken, MintError>> {
        let limit = self.time_limit.saturating_mul(4);
        let result = timeout(limit, minter.mint(&claims())).await.map_err(|_| Failure::Late("mint"))?;
        if let Err(MintError::Key(error)) = &result {
            self.record("mint", error.clone());
        }
        Ok(result)
    }

    /// Returns a description without secrets.
    pub(crate) fn describe(&self, name: &str, error: &KeyError) -> String {
        let message = error.to_string();
        let message = if self.secrets.find(&message).is_some() { "<redacted>" } else { &message };
        format!("{name} failed: {message} ({})", error.id())
    }

    /// Records an error for the redaction check.
    pub(crate) fn record(&self, name: &'static str, error: KeyError) {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner).push((name, error));
    }

    /// Checks that no recorded error contains a secret.
    pub(crate) fn error_redaction(&self) -> Checked {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, error) in &*errors {
            let chain = successors(Some(error as &dyn Error), |&error| error.source());
            let texts = chain.flat_map(|error| [error.to_string(), format!("{error:?}")]);
            let texts = texts.chain(error.hint().map(str::to_owned));
            if let Some(kind) = texts.into_iter().find_map(|text| self.secrets.find(&text)) {
                return Err(failed(format!("error of {name} contains {kind}")));
            }
        }
        if errors.is_empty() {
            return Err(Failure::NotApplicable("no call returned an error; add a `failing_source`"));
        }
        Ok(())
    }
}

pub(crate) fn failed(reason: impl Into<String>) -> Failure {
    Failure::Failed(reason.into())
}

pub(crate) fn minter(source: Arc<dyn KeySource>) -> MinterBuilder {
    Minter::builder(license_key(), source).include_key_id(true)
}

/// Checks a signature as the minter does, and also verifies a self-checked one.
pub(crate) fn verify(signature: Signature, input: &SigningInput<'_>, key: &PublicKey) -> Checked {
    let signature = signature.check(input, key).map_err(|error| failed(error.to_string()))?;
    if !key.verify(input, signature.as_bytes()) {
        return Err(failed("self-checked signature does not verify under the public key"));
    }
    Ok(())
}

pub(crate) fn verify_token(token: &AgentToken, key: &PublicKey) -> Checked {
    let verifier = Verifier::new(license_key(), key.clone());
    verifier
        .verify(token.expose_secret())
        .map(drop)
        .map_err(|error| failed(format!("minted token is invalid: {error}")))
}

#[expect(clippy::expect_used, reason = "the constant is valid")]
fn license_key() -> LicenseKey {
    LicenseKey::new("conformance").expect("a valid license key")
}

#[expect(clippy::expect_used, reason = "the constant is valid")]
fn claims() -> AgentClaims {
    AgentClaims::new("conformance@example.com", Access::AccountDefault).expect("a valid subject")
}
