mod builder;
mod freshness;

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kms::Client;
use cobrowse_jwt_core::{KeyError, KeyErrorKind, KeySource, PublicKey, SigningKey, async_trait};
use tokio::{
    runtime::Handle,
    sync::watch,
    task::{self, AbortHandle},
    time::{Instant, timeout},
};

use crate::{
    key::KmsKey,
    lookup::{Found, look},
    settings::{Clients, DEADLINE, PATIENCE},
};
pub use builder::AwsKmsKeyBuilder;
pub(crate) use builder::load;
use freshness::Freshness;

/// A key in AWS KMS: a [`KeySource`] whose private key never enters this process.
///
/// The key id may be a key id, a key ARN, an alias (`alias/cobrowse`) or an alias ARN. Signing names the ARN that it led to when it
/// was looked at; see the crate's documentation for what happens when an alias moves, and for the permissions.
///
/// Needs a tokio runtime while it is used. The look at the key is shared: however many mints wait for it, there is one call, and
/// its success or failure is theirs; dropping one of them cancels it for no other. It ends with the source at the latest.
///
/// ```no_run
/// use cobrowse_jwt_aws_kms::AwsKmsKey;
/// use cobrowse_jwt_core::{LicenseKey, Minter};
///
/// # async fn start() -> Result<Minter, Box<dyn std::error::Error>> {
/// let key = AwsKmsKey::from_env("alias/cobrowse").await?;
/// let minter = Minter::new(LicenseKey::new("SPGqPIcVnsOEJQ")?, key);
/// # Ok(minter) }
/// ```
pub struct AwsKmsKey(Arc<Inner>);

impl AwsKmsKey {
    /// The key of this id, by a client that the caller has made.
    ///
    /// Its settings are completed once, here, where its owner has left them unset: a connect and read timeout of 1 second, an
    /// operation timeout of 3 seconds, a cache for credentials, and the Region of an ARN unless an endpoint is set. The client
    /// itself is not changed, and nothing is sent. The first source of a process computes for some 30 ms, see
    /// [`AwsKmsKeyBuilder::build`].
    pub fn new(client: &Client, key_id: impl Into<String>) -> Self {
        Self::builder(client, key_id).build()
    }

    /// As [`AwsKmsKey::new`], with more to say.
    pub fn builder(client: &Client, key_id: impl Into<String>) -> AwsKmsKeyBuilder {
        AwsKmsKeyBuilder::new(client, key_id.into(), None)
    }

    /// The key of this id, by the AWS SDK's standard chain: the `AWS_*` variables, profiles, web identity, containers, instance
    /// metadata. Loads the credentials first, for up to 20 seconds, so that no mint waits for them.
    ///
    /// # Errors
    ///
    /// A [`KeyError`] of the kind [`AccessDenied`](KeyErrorKind::AccessDenied) if there are no credentials, and of the kind
    /// [`Unavailable`](KeyErrorKind::Unavailable) if they cannot be fetched now.
    pub async fn from_env(key_id: impl Into<String>) -> Result<Self, KeyError> {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Ok(Self::builder_from_config(&config, key_id).await?.build())
    }

    /// As [`AwsKmsKey::from_env`], for a configuration that the caller has loaded, and with more to say.
    ///
    /// # Errors
    ///
    /// As [`AwsKmsKey::from_env`].
    pub async fn builder_from_config(
        config: &SdkConfig,
        key_id: impl Into<String>,
    ) -> Result<AwsKmsKeyBuilder, KeyError> {
        AwsKmsKeyBuilder::from_config(config, key_id.into()).await
    }

    /// Joins the look that is under way or starts one, and waits for it at most as long as the deadline.
    pub(crate) async fn look(&self) -> Result<Arc<KmsKey>, KeyError> {
        let flight = Inner::join(&self.0, &mut self.0.lock())?;
        flight.landed().await
    }

    pub(crate) fn credentials(&self) -> Option<&SharedCredentialsProvider> {
        self.0.credentials.as_ref()
    }

    pub(crate) fn registered(&self) -> &[PublicKey] {
        &self.0.registered
    }
}

#[async_trait]
impl KeySource for AwsKmsKey {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        let flight = {
            let mut state = self.0.lock();
            let now = Instant::now();
            match state.freshness(now) {
                Freshness::Fresh(key) => return Ok(key),
                Freshness::Aging(key) => {
                    Inner::look_in_background(&self.0, &mut state, now);
                    return Ok(key);
                }
                Freshness::Unknown => Inner::join(&self.0, &mut state)?,
            }
        };
        match flight.landed().await {
            Ok(key) => Ok(key),
            Err(error) if error.is_transient() => match self.0.lock().keep_for_now(Instant::now()) {
                Some(known) => Ok(known),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(self.look().await?)
    }
}

impl fmt::Debug for AwsKmsKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.lock().known.as_ref().map(|known| Arc::clone(&known.key));
        formatter.debug_struct("AwsKmsKey").field("key", &known).finish_non_exhaustive()
    }
}

/// Where the key is, for everybody who asks KMS about it.
struct Target {
    clients: Clients,
    key_id: String,
}

struct Inner {
    target: Arc<Target>,
    registered: Vec<PublicKey>,
    credentials: Option<SharedCredentialsProvider>,
    state: Mutex<freshness::State>,
}

impl Inner {
    /// No code panics while it holds the lock, and the state is whole between any two of its statements.
    fn lock(&self) -> MutexGuard<'_, freshness::State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn owner(this: &Arc<Self>) -> Owner {
        Owner { target: Arc::clone(&this.target), source: Arc::downgrade(this) }
    }

    fn look_in_background(this: &Arc<Self>, state: &mut freshness::State, now: Instant) {
        if state.may_look(now) {
            // It fails outside of a runtime only, and there the signature that comes next says so.
            let _ = Self::join(this, state);
        }
    }

    fn join(this: &Arc<Self>, state: &mut freshness::State) -> Result<Flight, KeyError> {
        let runtime = inside_of_a_runtime()?;
        match &state.flight {
            Some(flight) if flight.is_under_way() => return Ok(flight.clone()),
            Some(stuck) => stuck.task.abort(),
            None => {}
        }
        let (sender, answer) = watch::channel(None);
        let (source, target) = (Arc::downgrade(this), Arc::clone(&this.target));
        let task = runtime.spawn(async move {
            let found = look(&target.clients.patient, &target.key_id).await;
            // The source is gone: nobody waits.
            let Some(source) = source.upgrade() else { return };
            let landed = Self::land(&source, found);
            sender.send_replace(Some(landed));
        });
        let flight = Flight { answer, task: task.abort_handle(), started: Instant::now() };
        state.flight = Some(flight.clone());
        Ok(flight)
    }

    /// Takes over what a look found, and answers with the key that signs from now on.
    fn land(this: &Arc<Self>, found: Result<Found, KeyError>) -> Result<Arc<KmsKey>, KeyError> {
        let (landed, report) = Self::decide(this, &mut this.lock(), found);
        // Not under the lock: a subscriber may ask for the key.
        match report {
            Report::Nothing => {}
            Report::NewKey => tracing::info!("the key id leads to a new key, which signs from now on"),
            Report::NotRegistered { found } => tracing::warn!(
                found = found.thumbprint(),
                "the key id leads to a key that is not registered; the registered one goes on signing"
            ),
            Report::Failed(error) => {
                tracing::warn!(%error, "the key in AWS KMS could not be looked at anew");
            }
        }
        landed
    }

    fn decide(
        this: &Arc<Self>,
        state: &mut freshness::State,
        found: Result<Found, KeyError>,
    ) -> (Result<Arc<KmsKey>, KeyError>, Report) {
        // Not if another has taken its place because it was stuck.
        if state.flight.as_ref().is_some_and(|flight| flight.task.id() == task::id()) {
            state.flight = None;
        }
        let now = Instant::now();
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                state.failed(now);
                let report = if state.known.is_some() { Report::Failed(error.clone()) } else { Report::Nothing };
                return (Err(error), report);
            }
        };
        let registered = this.registered.is_empty() || this.registered.contains(&found.public_key);
        match &state.known {
            Some(known) if known.is(&found) => {
                let key = Arc::clone(&known.key);
                key.learn(&found.arn);
                state.settled(&found.arn, &this.target.key_id, now);
                (Ok(key), Report::Nothing)
            }
            // It has signed, so it is known to work.
            Some(known) if !registered && known.key.arn().is_some() => {
                let key = Arc::clone(&known.key);
                state.looked(now);
                (Ok(key), Report::NotRegistered { found: found.public_key })
            }
            _ if !registered => (Err(unregistered()), Report::Nothing),
            known => {
                let report = if known.is_some() { Report::NewKey } else { Report::Nothing };
                let key = Arc::new(KmsKey::found(Self::owner(this), found));
                state.know(Arc::clone(&key), &this.target.key_id, now);
                (Ok(key), report)
            }
        }
    }
}

/// What operators want to read of a look.
enum Report {
    Nothing,
    NewKey,
    NotRegistered { found: PublicKey },
    Failed(KeyError),
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(flight) = self.lock().flight.take() {
            flight.task.abort();
        }
    }
}

/// A look that is under way, for all who wait for it.
#[derive(Clone)]
struct Flight {
    answer: watch::Receiver<Option<Result<Arc<KmsKey>, KeyError>>>,
    task: AbortHandle,
    started: Instant,
}

impl Flight {
    /// Not so if its runtime has ended before it, or nobody drives that runtime any more.
    fn is_under_way(&self) -> bool {
        self.answer.has_changed().is_ok() && self.started.elapsed() < PATIENCE + DEADLINE
    }

    async fn landed(mut self) -> Result<Arc<KmsKey>, KeyError> {
        let answer = timeout(DEADLINE, self.answer.wait_for(Option::is_some)).await;
        match answer {
            Ok(Ok(landed)) => landed.clone().unwrap_or_else(|| Err(not_in_time())),
            Ok(Err(_)) | Err(_) => Err(not_in_time()),
        }
    }
}

/// What a key knows of the source that it came from, which it must not keep alive.
#[derive(Clone)]
pub(crate) struct Owner {
    target: Arc<Target>,
    source: Weak<Inner>,
}

impl Owner {
    pub(crate) fn key_id(&self) -> &str {
        &self.target.key_id
    }

    pub(crate) fn prompt(&self) -> &Client {
        &self.target.clients.prompt
    }

    /// This key is gone for good.
    pub(crate) fn superseded(&self, key: &KmsKey) {
        if let Some(source) = self.source.upgrade() {
            source.lock().forget(key);
        }
    }

    /// The ARN of a given key is known now.
    pub(crate) fn settled(&self, arn: &str) {
        if let Some(source) = self.source.upgrade() {
            source.lock().settled(arn, &self.target.key_id, Instant::now());
        }
    }

    pub(crate) fn look_in_background(&self) {
        if let Some(source) = self.source.upgrade() {
            Inner::look_in_background(&source, &mut source.lock(), Instant::now());
        }
    }
}

fn not_in_time() -> KeyError {
    KeyError::new(
        KeyErrorKind::Unavailable,
        "AWS KMS does not answer in time; try again, and check the network to its endpoint",
    )
}

/// The AWS SDK panics without one.
pub(crate) fn inside_of_a_runtime() -> Result<Handle, KeyError> {
    Handle::try_current().map_err(|_| {
        KeyError::new(KeyErrorKind::InvalidKey, "AWS KMS is asked outside of a tokio runtime; mint inside of one")
    })
}

/// The cause of the error that a look at an unregistered key ends with.
#[derive(Debug)]
pub(crate) struct Unregistered;

impl fmt::Display for Unregistered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("its public half is none of those that were named")
    }
}

impl Error for Unregistered {}

fn unregistered() -> KeyError {
    KeyError::new(
        KeyErrorKind::InvalidKey,
        "the key id leads to a key that is not the registered one; correct the id, or register the key's public half",
    )
    .with_source(Unregistered)
}
