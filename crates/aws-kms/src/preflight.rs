use std::{
    error::Error,
    time::{Duration, Instant},
};

use cobrowse_jwt_core::{KeyError, SigningInput, SigningKey as _};

use crate::{
    AwsKmsKey,
    source::{Unregistered, load},
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
        self.record(name, start, done.as_ref().map(|_| ()).map_err(Clone::clone));
        done
    }

    fn record(&mut self, name: &'static str, start: Instant, outcome: Result<(), KeyError>) {
        self.steps.push(PreflightStep { name, took: start.elapsed(), outcome });
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

impl AwsKmsKey {
    /// Tries everything that a token needs: the credentials, a look at the key, a signature over a fixed message that is no token,
    /// its verification, and whether the key is the registered one.
    ///
    /// The credentials are fetched anew from their provider. They are a step of their own only if the source has loaded them itself
    /// ([`AwsKmsKey::from_env`]); of a client that was given they show when the key is looked at. The last step is taken only if a
    /// registered key was named.
    pub async fn preflight(&self) -> Preflight {
        let mut preflight = Preflight { steps: Vec::new() };
        // The error stands in the steps.
        let _ = self.take_steps(&mut preflight).await;
        preflight
    }

    async fn take_steps(&self, preflight: &mut Preflight) -> Result<(), KeyError> {
        const MESSAGE: SigningInput<'static> = SigningInput::new(b"cobrowse-jwt preflight: not a token");
        if let Some(credentials) = self.credentials() {
            preflight.step("credentials", load(credentials)).await?;
        }
        let start = Instant::now();
        let looked = self.look().await;
        if let Err(error) = &looked
            && error.source().is_some_and(<dyn Error>::is::<Unregistered>)
        {
            preflight.record("resolve", start, Ok(()));
            preflight.record("registered", Instant::now(), Err(error.clone()));
            return Err(error.clone());
        }
        preflight.record("resolve", start, looked.as_ref().map(|_| ()).map_err(Clone::clone));
        let key = looked?;
        let signature = preflight.step("sign", key.sign(&MESSAGE)).await?;
        preflight.step("verify", async { signature.verify(&MESSAGE, key.public_key()) }).await?;
        if !self.registered().is_empty() {
            // A look ends with no other key than a registered one.
            preflight.record("registered", Instant::now(), Ok(()));
        }
        Ok(())
    }
}
