use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    connection::{Connection, Settings},
    error::Failure,
};

/// Threads with one session each. They start when they are needed and end with the pool.
///
/// PKCS#11 has no timeouts. A thread whose job takes longer than `hung_after` is abandoned: another one takes its place, up to
/// [`MAX_ABANDONED`]. When the job ends after all, the thread returns to the pool if there is room.
pub(crate) struct Pool(Arc<Shared>);

/// How many threads may hang, besides those of the pool.
const MAX_ABANDONED: usize = 16;

struct Shared {
    settings: Settings,
    size: usize,
    hung_after: Duration,
    state: Mutex<State>,
    /// Notified when a job is queued, the pool is closed or a thread ends.
    work: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Job>,
    workers: Vec<Worker>,
    abandoned: usize,
    last_id: u64,
    is_closed: bool,
}

struct Worker {
    id: u64,
    busy_since: Option<Instant>,
}

type Job = Box<dyn FnOnce(&mut Holder, &Settings) + Send>;

impl Pool {
    pub(crate) fn new(settings: Settings, size: usize, hung_after: Duration) -> Self {
        Self(Arc::new(Shared { settings, size, hung_after, state: Mutex::default(), work: Condvar::new() }))
    }

    /// Runs this on a thread of the pool. Dropping the future cancels it unless it has started.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Connection, &Settings) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, KeyError> {
        let (sender, mut receiver) = oneshot::channel();
        self.0.submit(Box::new(move |holder, settings| {
            if !sender.is_closed() {
                // The receiver may be dropped in the meantime.
                let _ = sender.send(holder.run(settings, work));
            }
        }))?;
        loop {
            match timeout(self.0.hung_after / 2, &mut receiver).await {
                Ok(Ok(result)) => return result,
                Ok(Err(_)) => return Err(KeyError::new(KeyErrorKind::Unavailable, "PKCS#11 thread ended")),
                Err(_) => self.0.update(|state| Shared::ensure_worker(&self.0, state))?,
            }
        }
    }
}

impl Drop for Pool {
    /// Waits until all threads have closed their sessions, at most `hung_after`: some modules crash if the process ends during a call.
    fn drop(&mut self) {
        let Shared { hung_after, work, .. } = &*self.0;
        let mut state = self.0.state();
        state.is_closed = true;
        state.queue.clear();
        work.notify_all();
        // A timeout needs no action: the thread hangs.
        drop(work.wait_timeout_while(state, *hung_after, |state| !state.workers.is_empty() || state.abandoned > 0));
    }
}

impl Shared {
    fn submit(self: &Arc<Self>, job: Job) -> Result<(), KeyError> {
        self.update(|state| {
            state.queue.push_back(job);
            let result = Self::ensure_worker(self, state);
            if result.is_err() {
                state.queue.pop_back();
            }
            self.work.notify_one();
            result
        })
    }

    /// Changes the state, then logs each thread that the change abandoned.
    fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (before, result, after) = {
            let mut state = self.state();
            (state.abandoned, change(&mut state), state.abandoned)
        };
        // Not under the lock: a subscriber may use the source.
        for abandoned in before + 1..=after {
            tracing::warn!(target: "cobrowse_jwt_pkcs11", abandoned, "PKCS#11 thread hangs");
        }
        result
    }

    /// Abandons hung threads, and starts a thread if a job is waiting. Returns an error if all threads hang and no more may be abandoned.
    fn ensure_worker(this: &Arc<Self>, state: &mut State) -> Result<(), KeyError> {
        let is_hung = |worker: &Worker| worker.busy_since.is_some_and(|since| since.elapsed() >= this.hung_after);
        while state.abandoned < MAX_ABANDONED
            && let Some(hung) = state.workers.iter().position(is_hung)
        {
            state.workers.swap_remove(hung);
            state.abandoned += 1;
        }
        let idle = state.workers.iter().filter(|worker| worker.busy_since.is_none()).count();
        if idle < state.queue.len() && state.workers.len() < this.size {
            state.last_id += 1;
            let (shared, id) = (Arc::clone(this), state.last_id);
            thread::Builder::new().name("pkcs11".to_owned()).spawn(move || shared.work(id)).map_err(|error| {
                KeyError::new(KeyErrorKind::Unavailable, "failed to start a thread").with_source(error)
            })?;
            state.workers.push(Worker { id, busy_since: None });
        }
        if state.workers.len() == this.size && state.workers.iter().all(is_hung) {
            return Err(KeyError::new(KeyErrorKind::Unavailable, "PKCS#11 module hangs")
                .with_hint("check the HSM; if other programs can use it, restart this one"));
        }
        Ok(())
    }

    /// The loop of one thread.
    fn work(self: Arc<Self>, id: u64) {
        let _leaving = Leaving { shared: &self, id };
        let mut holder = Holder(None);
        while let Some(job) = self.next(id) {
            job(&mut holder, &self.settings);
        }
    }

    /// Waits for a job; `None` if this thread is not needed any more.
    fn next(&self, id: u64) -> Option<Job> {
        let mut state = self.state();
        let has_room = state.workers.len() < self.size;
        match state.workers.iter_mut().find(|worker| worker.id == id) {
            Some(worker) => worker.busy_since = None,
            // It was abandoned.
            None if has_room => {
                state.abandoned -= 1;
                state.workers.push(Worker { id, busy_since: None });
            }
            None => return None,
        }
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
                let worker = state.workers.iter_mut().find(|worker| worker.id == id)?;
                worker.busy_since = Some(Instant::now());
                return Some(job);
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing panics while it holds the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the thread from the pool when it ends, also by a panic.
struct Leaving<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        match state.workers.iter().position(|worker| worker.id == self.id) {
            Some(place) => drop(state.workers.swap_remove(place)),
            None => state.abandoned -= 1,
        }
        // `Pool::drop` waits for this.
        self.shared.work.notify_all();
    }
}

/// The session of one thread.
struct Holder(Option<Connection>);

impl Holder {
    /// Runs this with a session, and once more with a new one if the session turns out to be lost.
    fn run<T>(
        &mut self,
        settings: &Settings,
        work: impl Fn(&mut Connection, &Settings) -> Result<T, Failure>,
    ) -> Result<T, KeyError> {
        if let Some(mut connection) = self.0.take() {
            match work(&mut connection, settings) {
                Err(failure) if failure.is_lost_session() => {}
                result => {
                    self.0 = Some(connection);
                    return Ok(result?);
                }
            }
        }
        let mut connection = Connection::open(settings)?;
        let result = work(&mut connection, settings);
        if !result.as_ref().is_err_and(Failure::is_lost_session) {
            self.0 = Some(connection);
        }
        Ok(result?)
    }
}
