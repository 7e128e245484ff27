//! Measures every call of the engine.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use cobrowse_jwt::{KeyError, KeySource, PublicKey, Signature, SigningInput, SigningKey, async_trait};
use tokio::time::sleep;

/// The default `operation_timeout` of the engine.
const DEADLINE: Duration = Duration::from_secs(3);
const TOLERANCE: Duration = Duration::from_millis(250);

/// Records the delays of the timers of this process.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeat(Arc<Mutex<Beats>>);

#[derive(Debug)]
struct Beats {
    last: Instant,
    late: VecDeque<(Instant, Duration)>,
}

impl Heartbeat {
    const INTERVAL: Duration = Duration::from_millis(10);

    pub(crate) fn start() -> Self {
        let beats = Arc::new(Mutex::new(Beats { last: Instant::now(), late: VecDeque::new() }));
        let heartbeat = Self(Arc::clone(&beats));
        tokio::spawn(async move {
            loop {
                sleep(Self::INTERVAL).await;
                let mut beats = beats.lock().unwrap();
                let late = beats.last.elapsed().saturating_sub(2 * Self::INTERVAL);
                beats.last = Instant::now();
                let now = beats.last;
                if !late.is_zero() {
                    beats.late.push_back((now, late));
                }
                while beats.late.front().is_some_and(|(at, _)| now - *at > Duration::from_mins(1)) {
                    beats.late.pop_front();
                }
            }
        });
        heartbeat
    }

    /// Returns the total delay of timers since then.
    fn behind_since(&self, start: Instant) -> Duration {
        let beats = self.0.lock().unwrap();
        let past: Duration = beats.late.iter().filter(|(at, _)| *at >= start).map(|(_, late)| *late).sum();
        past + beats.last.elapsed().saturating_sub(2 * Self::INTERVAL)
    }
}

/// Counts the calls that took longer than allowed.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    heartbeat: Heartbeat,
    observed: Arc<Mutex<Observed>>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) late: u64,
    pub(crate) slowest: Duration,
}

impl Deadline {
    pub(crate) fn new(heartbeat: &Heartbeat) -> Self {
        Self { heartbeat: heartbeat.clone(), observed: Arc::default() }
    }

    pub(crate) fn observed(&self) -> Observed {
        *self.observed.lock().unwrap()
    }

    async fn measure<T>(&self, what: &str, call: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let result = call.await;
        let elapsed = start.elapsed();
        let allowed = DEADLINE + TOLERANCE;
        let is_late = elapsed > allowed && elapsed > allowed + self.heartbeat.behind_since(start);
        let mut observed = self.observed.lock().unwrap();
        observed.slowest = observed.slowest.max(elapsed);
        if is_late {
            observed.late += 1;
            println!("late: {what} took {elapsed:?}");
        }
        result
    }
}

/// A source whose calls are measured.
#[derive(Debug)]
pub(crate) struct Measured {
    source: Arc<dyn KeySource>,
    deadline: Deadline,
    /// One wrapper per snapshot: the minter compares them by address.
    last: Mutex<Option<Arc<MeasuredKey>>>,
}

impl Measured {
    pub(crate) fn new(source: impl KeySource + 'static, deadline: Deadline) -> Self {
        Self { source: Arc::new(source), deadline, last: Mutex::default() }
    }

    fn wrap(&self, key: Arc<dyn SigningKey>) -> Arc<dyn SigningKey> {
        let mut last = self.last.lock().unwrap();
        if let Some(last) = last.as_ref().filter(|last| Arc::ptr_eq(&last.key, &key)) {
            return Arc::clone(last) as _;
        }
        let wrapped = Arc::new(MeasuredKey { key, deadline: self.deadline.clone() });
        *last = Some(Arc::clone(&wrapped));
        wrapped
    }
}

#[async_trait]
impl KeySource for Measured {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(self.wrap(self.deadline.measure("signing_key", self.source.signing_key()).await?))
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Ok(self.wrap(self.deadline.measure("refresh", self.source.refresh()).await?))
    }
}

#[derive(Debug)]
struct MeasuredKey {
    key: Arc<dyn SigningKey>,
    deadline: Deadline,
}

#[async_trait]
impl SigningKey for MeasuredKey {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        self.deadline.measure("sign", self.key.sign(input)).await
    }
}
