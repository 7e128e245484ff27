use std::{fmt, sync::Arc, time::Duration};

use cobrowse_jwt_core::{KeyErrorKind, KeySource};
use cobrowse_jwt_remote::KeyService;

use crate::{
    check::Check,
    context::{Checked, Context, Failure, Hook},
    faults::{self, Engine, FaultResults, FaultyService, remote_key},
    report::{Finding, Outcome, Report},
    secrets::Secrets,
    service, source,
};

/// The suite for one key source or key service, with the events that the suite cannot cause itself.
///
/// ```
/// use cobrowse_jwt_conformance::Suite;
/// use cobrowse_jwt_core::{KeyErrorKind, KeySource};
///
/// async fn check(source: impl KeySource + 'static, unreachable: impl KeySource + 'static) {
///     let report = Suite::builder(source)
///         .failing_source(KeyErrorKind::Unavailable, unreachable)
///         .rotate(|| async { /* replace the key */ })
///         .secret("hunter2")
///         .build()
///         .run()
///         .await;
///     assert!(report.is_passed(), "\n{report}");
/// }
/// ```
#[must_use = "a suite does nothing until `run` is called"]
pub struct Suite {
    subject: Subject,
    failing: Vec<(KeyErrorKind, Arc<dyn KeySource>)>,
    rotate: Option<Hook>,
    supersede: Option<Hook>,
    secrets: Secrets,
    time_limit: Duration,
    engine: Engine,
}

enum Subject {
    Source(Arc<dyn KeySource>),
    Service(Arc<dyn KeyService>),
}

impl Suite {
    /// Returns a builder for the suite of a key source. Needs a source that works and has a key.
    pub fn builder(source: impl KeySource + 'static) -> SuiteBuilder {
        Self::builder_for(Subject::Source(Arc::new(source)))
    }

    /// Returns a builder for the suite of a key service: the checks of a service, the checks of the source that
    /// [`RemoteKey`](cobrowse_jwt_remote::RemoteKey) makes of it, and the checks with faults between the two.
    pub fn builder_for_service(service: impl KeyService) -> SuiteBuilder {
        Self::builder_for(Subject::Service(Arc::new(service)))
    }

    fn builder_for(subject: Subject) -> SuiteBuilder {
        SuiteBuilder(Self {
            subject,
            failing: Vec::new(),
            rotate: None,
            supersede: None,
            secrets: Secrets::default(),
            time_limit: Duration::from_secs(30),
            engine: remote_key,
        })
    }

    /// Runs the checks sequentially. Needs a Tokio runtime with a timer.
    ///
    /// Most checks take milliseconds. Those with faults take about 10 seconds, because the engine waits 5 seconds after a failed lookup.
    /// A rotation and a superseded key can take 5 seconds each.
    pub async fn run(self) -> Report {
        let Self { subject, failing, rotate, supersede, secrets, time_limit, engine } = self;
        let (source, service) = match subject {
            Subject::Source(source) => (source, None),
            Subject::Service(service) => {
                (remote_key(FaultyService::new(Arc::clone(&service)), time_limit), Some(service))
            }
        };
        let context = Arc::new(Context::new(source, service, time_limit, secrets));
        let mut run = Run::default();
        run.check(Check::Debug, source::debug(&context)).await;
        if let Some(service) = &context.service {
            run.check(Check::Authentication, service::authentication(&context, service)).await;
            run.check(Check::StableVersion, service::stable_version(&context, service)).await;
            run.check(Check::ExactVersion, service::exact_version(&context, service)).await;
        }
        run.check(Check::Signature, source::signature(&context)).await;
        run.check(Check::StablePublicKey, source::stable_public_key(&context)).await;
        run.check(Check::SameSnapshot, source::same_snapshot(&context)).await;
        run.check(Check::RegisteredKey, source::registered_key(&context)).await;
        run.check(Check::Concurrency, source::concurrency(&context)).await;
        run.check(Check::Rotation, source::rotation(&context, rotate)).await;
        run.check(Check::Superseded, source::superseded(&context, supersede)).await;
        run.check(Check::ErrorKind, source::error_kind(&context, &failing)).await;
        run.check(Check::Cancellation, cancellation(&context)).await;
        if let Some(service) = &context.service {
            run.faults(faults::run(&context, service, engine)).await;
        }
        run.check(Check::ErrorRedaction, async { context.error_redaction() }).await;
        run.finish()
    }
}

async fn cancellation(context: &Context) -> Checked {
    if let Some(service) = &context.service {
        service::cancellation(context, service).await?;
    }
    source::cancellation(context).await
}

impl fmt::Debug for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Suite").field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

/// Builder for [`Suite`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct SuiteBuilder(Suite);

impl SuiteBuilder {
    /// Adds a source that must fail with this kind, such as one with an unknown key name or an unreachable endpoint.
    pub fn failing_source(mut self, kind: KeyErrorKind, source: impl KeySource + 'static) -> Self {
        self.0.failing.push((kind, Arc::new(source)));
        self
    }

    /// Sets a function that makes the source return another key, such as by moving an alias. The old key may still sign afterwards.
    pub fn rotate<F: Future<Output = ()> + Send + 'static>(
        mut self,
        rotate: impl FnOnce() -> F + Send + Sync + 'static,
    ) -> Self {
        self.0.rotate = Some(Box::new(|| Box::pin(rotate())));
        self
    }

    /// Sets a function that makes the source return another key and stops the old key from signing, such as by disabling a version.
    pub fn supersede<F: Future<Output = ()> + Send + 'static>(
        mut self,
        supersede: impl FnOnce() -> F + Send + Sync + 'static,
    ) -> Self {
        self.0.supersede = Some(Box::new(|| Box::pin(supersede())));
        self
    }

    /// Adds a text that neither `Debug` nor an error may contain, such as a password. Private keys, tokens, ARNs and AWS account ids are
    /// always detected.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.0.secrets.push(secret.into());
        self
    }

    /// Sets how long each call may take; 30 seconds by default.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.0.time_limit = limit;
        self
    }

    /// Replaces the engine in the checks with faults.
    #[cfg(test)]
    pub(crate) fn engine(mut self, engine: Engine) -> Self {
        self.0.engine = engine;
        self
    }

    /// Returns the suite.
    pub fn build(self) -> Suite {
        self.0
    }
}

/// The findings so far.
#[derive(Default)]
struct Run {
    findings: Vec<Finding>,
    /// The first call that exceeded the time limit.
    late: Option<&'static str>,
    /// Whether a check failed on which the others depend.
    is_blocked: bool,
}

impl Run {
    async fn check(&mut self, check: Check, work: impl Future<Output = Checked>) {
        let checked = if self.is_blocked { Err(BLOCKED) } else { work.await };
        self.record(check, checked);
    }

    async fn faults(&mut self, work: impl Future<Output = Checked<FaultResults>>) {
        let blocked = || FaultResults { refused: Err(BLOCKED), in_time: Err(BLOCKED), recovery: Err(BLOCKED) };
        let results = if self.is_blocked { Ok(blocked()) } else { work.await };
        let FaultResults { refused, in_time, recovery } =
            results.unwrap_or_else(|failure| FaultResults { refused: Err(failure), ..blocked() });
        self.record(Check::FaultRefused, refused);
        self.record(Check::FaultInTime, in_time);
        self.record(Check::FaultRecovery, recovery);
    }

    fn record(&mut self, check: Check, checked: Checked) {
        let outcome = match checked {
            Ok(()) => Outcome::Passed,
            Err(Failure::NotApplicable(reason)) => Outcome::NotApplicable(reason),
            Err(Failure::Late(call)) => {
                self.late = Some(call);
                Outcome::NotApplicable("a call exceeded the time limit")
            }
            Err(Failure::Failed(reason)) => Outcome::Failed(reason),
        };
        let is_needed = matches!(
            check,
            Check::StableVersion | Check::ExactVersion | Check::Signature | Check::Concurrency | Check::Cancellation
        );
        self.is_blocked |= self.late.is_some() || (is_needed && matches!(outcome, Outcome::Failed(_)));
        self.findings.push(Finding::new(check, outcome));
    }

    fn finish(mut self) -> Report {
        let outcome = match self.late {
            Some(call) => Outcome::Failed(format!("{call} did not return within the time limit")),
            None => Outcome::Passed,
        };
        self.findings.push(Finding::new(Check::TimeLimit, outcome));
        Report::new(self.findings)
    }
}

const BLOCKED: Failure = Failure::NotApplicable("an earlier check failed");
