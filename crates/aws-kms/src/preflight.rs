use std::time::{Duration, Instant};

use aws_credential_types::provider::ProvideCredentials as _;
use cobrowse_jwt_core::{KeyError, KeyErrorKind, SigningInput, SigningKey as _};

use crate::{
    AwsKms,
    error::{Failure, ServiceError},
};

/// What stands between this process and a signature, step by step: for start-up and health checks.
#[derive(Clone, Debug)]
#[must_use = "a preflight is there to be looked at"]
pub struct Preflight {
    steps: Vec<PreflightStep>,
}

impl Preflight {
    /// The steps that were taken, in their order; the first that failed is the last.
    #[must_use]
    pub fn steps(&self) -> &[PreflightStep] {
        &self.steps
    }

    /// The first failure, if there is one.
    ///
    /// # Errors
    ///
    /// The error of the step that failed.
    pub fn outcome(&self) -> Result<(), KeyError> {
        self.steps.iter().try_for_each(|step| step.outcome.clone())
    }

    async fn step<T>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = Result<T, KeyError>>,
    ) -> Result<T, KeyError> {
        let start = Instant::now();
        let done = work.await;
        let outcome = done.as_ref().map(|_| ()).map_err(Clone::clone);
        self.steps.push(PreflightStep { name, took: start.elapsed(), outcome });
        done
    }
}

/// One step of a [`Preflight`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PreflightStep {
    /// `credentials`, `resolve`, `sign`, `verify` or `registered`.
    pub name: &'static str,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Result<(), KeyError>,
}

impl AwsKms {
    /// Tries everything that a token needs: the credentials, a look at the key, a signature over a fixed message that is no token,
    /// its verification, and whether the key is the registered one.
    ///
    /// The credentials are a step of their own only if the source has loaded them itself ([`AwsKms::from_env`]); of a client that
    /// was given they show when the key is looked at. The last step is taken only if a registered key was named.
    pub async fn preflight(&self) -> Preflight {
        let mut preflight = Preflight { steps: Vec::new() };
        // The error stands in the steps.
        let _ = self.take_steps(&mut preflight).await;
        preflight
    }

    async fn take_steps(&self, preflight: &mut Preflight) -> Result<(), KeyError> {
        const MESSAGE: SigningInput<'static> = SigningInput::new(b"cobrowse-jwt preflight: not a token");
        if let Some(credentials) = self.credentials() {
            let load = async {
                let loaded = credentials.provide_credentials().await;
                loaded.map_err(|error| KeyError::from(Failure::of_credentials(&error, ServiceError::of_cause(&error))))
            };
            preflight.step("credentials", load).await?;
        }
        let key = preflight.step("resolve", self.look()).await?;
        let signature = preflight.step("sign", key.sign(&MESSAGE)).await?;
        preflight.step("verify", async { signature.verified(&MESSAGE, key.public_key()) }).await?;
        if !self.registered().is_empty() {
            let registered = self.registered().contains(key.public_key());
            let unregistered =
                || KeyError::new(KeyErrorKind::Unusable, "the key is not the registered one; register its public half");
            preflight.step("registered", async { registered.then_some(()).ok_or_else(unregistered) }).await?;
        }
        Ok(())
    }
}
