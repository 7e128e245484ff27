use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A line on a terminal's stderr for as long as this lives, from half a second on.
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    pub(crate) fn of(work: &'static str) -> Self {
        if !io::stderr().is_terminal() || env::var_os("TERM").is_some_and(|terminal| terminal == "dumb") {
            return Self(None);
        }
        let (done, work_is_done) = mpsc::channel::<()>();
        let line = thread::Builder::new().spawn(move || {
            if work_is_done.recv_timeout(Duration::from_millis(500)) == Err(RecvTimeoutError::Timeout) {
                let mut stderr = io::stderr();
                let _ = write!(stderr, "{work} ...").and_then(|()| stderr.flush());
                let _ = work_is_done.recv();
                let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
            }
        });
        Self(line.ok().map(|line| (done, line)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, line)) = self.0.take() {
            drop(done);
            let _ = line.join();
        }
    }
}
