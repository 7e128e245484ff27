use std::{fmt, time::Duration};

use cobrowse_jwt_core::{KeyError, SigningInput};
use tokio::time::Instant;

use crate::{service::KeyService, source::RemoteKey};

/// The steps from this process to a signature, with their results: for start-up and health checks.
#[derive(Clone, Debug)]
#[must_use = "a preflight reports failures in its steps"]
pub struct Preflight {
    steps: Vec<PreflightStep>,
}

impl Preflight {
    /// Returns the steps that ran, in their order; the first that failed is the last.
    #[must_use]
    pub fn steps(&self) -> &[PreflightStep] {
        &self.steps
    }

    /// Returns the first failure, if there is one.
    ///
    /// # Errors
    ///
    /// The error of the step that failed.
    pub fn result(&self) -> Result<(), KeyError> {
        self.steps.iter().try_for_each(|step| step.result.clone())
    }

    async fn run<T>(
        &mut self,
        name: PreflightStepName,
        step: impl Future<Output = Result<T, KeyError>>,
    ) -> Result<T, KeyError> {
        let start = Instant::now();
        let result = step.await;
        let outcome = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.steps.push(PreflightStep { name, elapsed: start.elapsed(), result: outcome });
        result
    }
}

/// One step of a [`Preflight`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PreflightStep {
    /// Which step it is.
    pub name: PreflightStepName,
    /// How long it took.
    pub elapsed: Duration,
    /// Its result.
    pub result: Result<(), KeyError>,
}

/// Names a step of a [`Preflight`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PreflightStepName {
    /// Obtains credentials or logs in.
    Authenticate,
    /// Resolves the configured name to a key version.
    Resolve,
    /// Signs a fixed message that is not a token.
    Sign,
    /// Verifies that signature.
    Verify,
}

impl PreflightStepName {
    /// Returns a stable name in kebab case, for programs.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Authenticate => "authenticate",
            Self::Resolve => "resolve",
            Self::Sign => "sign",
            Self::Verify => "verify",
        }
    }
}

impl fmt::Display for PreflightStepName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.id())
    }
}

impl<S: KeyService> RemoteKey<S> {
    /// Authenticates, resolves the key, signs and verifies, and stops at the first failure. Fails if the lookup fails, even with a cached key.
    /// Takes at most `lookup_timeout` and two `operation_timeout`s.
    pub async fn preflight(&self) -> Preflight {
        let mut preflight = Preflight { steps: Vec::new() };
        // The steps contain the error.
        let _ = self.run_steps(&mut preflight).await;
        preflight
    }

    async fn run_steps(&self, preflight: &mut Preflight) -> Result<(), KeyError> {
        const MESSAGE: SigningInput<'static> = SigningInput::new(b"cobrowse-jwt preflight: not a token");
        preflight.run(PreflightStepName::Authenticate, self.authenticate()).await?;
        let key = preflight.run(PreflightStepName::Resolve, self.look_up()).await?;
        let signature = preflight.run(PreflightStepName::Sign, key.sign(&MESSAGE)).await?;
        preflight.run(PreflightStepName::Verify, async { signature.check(&MESSAGE, key.public_key()) }).await?;
        Ok(())
    }
}
