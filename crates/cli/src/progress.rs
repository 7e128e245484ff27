use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

/// A progress line on stderr, if it is a terminal. Appears after half a second and disappears on drop.
pub(crate) struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    pub(crate) fn new(work: &'static str) -> Self {
        if !io::stderr().is_terminal() || env::var_os("TERM").is_some_and(|terminal| terminal == "dumb") {
            return Self(None);
        }
        let (sender, receiver) = mpsc::channel::<()>();
        let line = thread::Builder::new().spawn(move || {
            if receiver.recv_timeout(Duration::from_millis(500)) == Err(RecvTimeoutError::Timeout) {
                let mut stderr = io::stderr();
                let _ = write!(stderr, "{work} ...").and_then(|()| stderr.flush());
                let _ = receiver.recv();
                let _ = write!(stderr, "\r\x1b[K").and_then(|()| stderr.flush());
            }
        });
        Self(line.ok().map(|line| (sender, line)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, line)) = self.0.take() {
            drop(sender);
            let _ = line.join();
        }
    }
}
