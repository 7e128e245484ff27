use std::thread;

use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};

/// The runtime of the server.
#[derive(Debug)]
pub(super) struct Background(Option<Runtime>);

impl Background {
    pub(super) fn new() -> Self {
        let mut builder = Builder::new_multi_thread();
        Self(Some(builder.worker_threads(2).thread_name("fault-server").enable_all().build().unwrap()))
    }

    pub(super) fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.0.as_ref().unwrap().spawn(work)
    }

    /// Runs slow work, such as generating a key, without blocking the caller's runtime.
    pub(super) async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        self.0.as_ref().unwrap().spawn_blocking(work).await.unwrap()
    }
}

impl Drop for Background {
    /// Tokio refuses to drop a runtime on a thread of another one. Waits for the thread, so that every socket is closed afterwards.
    fn drop(&mut self) {
        let runtime = self.0.take();
        thread::spawn(move || drop(runtime)).join().unwrap();
    }
}
