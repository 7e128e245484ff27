//! A source that passes the suite, and one with each flaw.

use std::{
    fmt,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use cobrowse_jwt_core::{
    KeyError, KeyErrorKind, KeySource, PublicKey, Signature, SigningInput, SigningKey, async_trait,
};
use tokio::{sync::Notify, task::yield_now};

use super::keys::KEYS;
use crate::Suite;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    DebugShowsTheKey,
    DebugShowsTheSignature,
    SelfCheckedSignatureIsShort,
    SelfCheckedSignatureIsWrong,
    RemoteSignatureIsWrong,
    SignNeverReturns,
    RefreshNeverReturns,
    SnapshotFollowsRefresh,
    SnapshotIsNewEachTime,
    RefreshReturnsAnotherKey,
    SecondCallerIsRefused,
    RotationIsIgnored,
    OldSnapshotSignsWithTheNewKey,
    SupersededIsNotFound,
    ErrorHasAnotherKind,
    ErrorShowsAnArn,
    ErrorShowsThePassword,
    DroppedLookupIsNeverRepeated,
}

/// Returns the suite for a source with this flaw, which fails no other check than that of the flaw.
pub(crate) fn suite(flaw: Flaw) -> Suite {
    let source = Arc::new(TestSource::new(flaw));
    let failing = match flaw {
        Flaw::ErrorHasAnotherKind => FailingSource(KeyError::new(KeyErrorKind::Unavailable, "key not found")),
        Flaw::ErrorShowsAnArn => FailingSource(not_found().with_source("no key arn:aws:kms:eu-central-1:1:key/x")),
        Flaw::ErrorShowsThePassword => FailingSource(KeyError::new(KeyErrorKind::NotFound, "wrong password: hunter2")),
        _ => FailingSource(not_found()),
    };
    let suite = Suite::builder(Arc::clone(&source)).failing_source(KeyErrorKind::NotFound, failing).secret("hunter2");
    if matches!(flaw, Flaw::SnapshotFollowsRefresh | Flaw::RefreshReturnsAnotherKey) {
        // They also contradict the rotation.
        return suite.build();
    }
    let rotated = Arc::clone(&source);
    suite
        .rotate(move || async move {
            if flaw != Flaw::RotationIsIgnored {
                rotated.rotate();
            }
        })
        .supersede(move || async move {
            let old = source.current();
            source.rotate();
            old.superseded.store(true, Ordering::SeqCst);
        })
        .build()
}

pub(crate) fn good() -> impl KeySource + 'static {
    TestSource::new(Flaw::None)
}

struct TestSource {
    flaw: Flaw,
    current: Mutex<Arc<Snapshot>>,
    callers: AtomicUsize,
    lookup: Lookup,
}

impl TestSource {
    fn new(flaw: Flaw) -> Self {
        let current = Mutex::new(Arc::new(Snapshot::new(flaw, Arc::default())));
        Self { flaw, current, callers: AtomicUsize::new(0), lookup: Lookup::default() }
    }

    fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.lock().unwrap())
    }

    fn rotate(&self) {
        let newest = Arc::clone(&self.current().newest);
        newest.fetch_add(1, Ordering::SeqCst);
        *self.current.lock().unwrap() = Arc::new(Snapshot::new(self.flaw, newest));
    }

    async fn look_up(&self) -> Result<(), KeyError> {
        let caller = Caller::new(&self.callers);
        if self.flaw == Flaw::SecondCallerIsRefused && !caller.is_alone {
            return Err(KeyError::new(KeyErrorKind::Throttled, "busy"));
        }
        yield_now().await;
        if self.flaw == Flaw::DroppedLookupIsNeverRepeated {
            self.lookup.run().await;
        }
        Ok(())
    }
}

#[async_trait]
impl KeySource for TestSource {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.look_up().await?;
        let current = self.current();
        if self.flaw == Flaw::SnapshotIsNewEachTime {
            return Ok(Arc::new(Snapshot::clone(&current)));
        }
        Ok(current)
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.look_up().await?;
        match self.flaw {
            Flaw::RefreshNeverReturns => pending().await,
            Flaw::SnapshotFollowsRefresh => self.current().newest.store(1, Ordering::SeqCst),
            Flaw::RefreshReturnsAnotherKey => {
                return Ok(Arc::new(Snapshot::new(self.flaw, Arc::new(AtomicUsize::new(1)))));
            }
            _ => {}
        }
        self.signing_key().await
    }
}

impl fmt::Debug for TestSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.flaw == Flaw::DebugShowsTheKey { "-----BEGIN PRIVATE KEY-----" } else { "TestSource" };
        formatter.write_str(shown)
    }
}

/// One key of [`KEYS`].
#[derive(Clone)]
struct Snapshot {
    flaw: Flaw,
    number: usize,
    /// The number of the newest key of the source.
    newest: Arc<AtomicUsize>,
    superseded: Arc<AtomicBool>,
}

impl Snapshot {
    fn new(flaw: Flaw, newest: Arc<AtomicUsize>) -> Self {
        Self { flaw, number: newest.load(Ordering::SeqCst), newest, superseded: Arc::default() }
    }
}

#[async_trait]
impl SigningKey for Snapshot {
    fn public_key(&self) -> &PublicKey {
        let follows = self.flaw == Flaw::SnapshotFollowsRefresh;
        &KEYS[if follows { self.newest.load(Ordering::SeqCst) } else { self.number }].public
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        if self.flaw == Flaw::SignNeverReturns {
            pending::<()>().await;
        }
        yield_now().await;
        if self.superseded.load(Ordering::SeqCst) {
            let is_not_found = self.flaw == Flaw::SupersededIsNotFound;
            let kind = if is_not_found { KeyErrorKind::NotFound } else { KeyErrorKind::Superseded };
            return Err(KeyError::new(kind, "key cannot sign any more"));
        }
        let follows = matches!(self.flaw, Flaw::SnapshotFollowsRefresh | Flaw::OldSnapshotSignsWithTheNewKey);
        let number = if follows { self.newest.load(Ordering::SeqCst) } else { self.number };
        let mut bytes = KEYS[number].sign(input);
        match self.flaw {
            Flaw::SelfCheckedSignatureIsShort => drop(bytes.pop()),
            Flaw::SelfCheckedSignatureIsWrong | Flaw::RemoteSignatureIsWrong => bytes[17] ^= 1,
            _ => return Ok(Signature::self_checked(bytes)),
        }
        let is_remote = self.flaw == Flaw::RemoteSignatureIsWrong;
        Ok(if is_remote { Signature::remote(bytes) } else { Signature::self_checked(bytes) })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.flaw == Flaw::DebugShowsTheSignature {
            return write!(formatter, "Snapshot {{ last: {:?} }}", [0xab; 256]);
        }
        formatter.debug_struct("Snapshot").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct FailingSource(KeyError);

#[async_trait]
impl KeySource for FailingSource {
    async fn signing_key(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        Err(self.0.clone())
    }

    async fn refresh(&self) -> Result<Arc<dyn SigningKey>, KeyError> {
        self.signing_key().await
    }
}

fn not_found() -> KeyError {
    KeyError::new(KeyErrorKind::NotFound, "key not found")
}

/// Counts a caller until its future ends or is dropped.
pub(crate) struct Caller<'a> {
    callers: &'a AtomicUsize,
    pub(crate) is_alone: bool,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(callers: &'a AtomicUsize) -> Self {
        Self { callers, is_alone: callers.fetch_add(1, Ordering::SeqCst) == 0 }
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.callers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A single flight that runs in the future of its first caller: if that is dropped, the others wait forever.
#[derive(Default)]
pub(crate) struct Lookup {
    is_in_flight: AtomicBool,
    done: Notify,
}

impl Lookup {
    pub(crate) async fn run(&self) {
        let done = self.done.notified();
        if self.is_in_flight.swap(true, Ordering::SeqCst) {
            return done.await;
        }
        yield_now().await;
        self.is_in_flight.store(false, Ordering::SeqCst);
        self.done.notify_waiters();
    }
}
