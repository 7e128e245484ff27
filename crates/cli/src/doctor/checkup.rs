use std::{
    io::{self, Write as _},
    time::Duration,
};

use anstyle::Style;

use crate::{
    exit::Exit,
    failure::Failure,
    output::{BAD, GOOD, OPEN, Stdout, WARNING},
};

/// The steps as they are taken, a line each, and what comes of all of them.
pub(super) struct Checkup<'o> {
    stdout: &'o mut Stdout,
    verbose: bool,
    first_failure: Option<Exit>,
    open: bool,
    written: io::Result<()>,
}

impl<'o> Checkup<'o> {
    pub(super) const fn new(stdout: &'o mut Stdout, verbose: bool) -> Self {
        Self { stdout, verbose, first_failure: None, open: false, written: Ok(()) }
    }

    pub(super) fn passed(&mut self, step: &str, took: Option<Duration>, words: &str) {
        self.line("ok", GOOD, step, took, words);
    }

    /// Nobody can tell.
    pub(super) fn open(&mut self, step: &str, words: &str) {
        self.open = true;
        self.line("?", OPEN, step, None, words);
    }

    pub(super) fn warned(&mut self, step: &str, words: &str) {
        self.line("warn", WARNING, step, None, words);
    }

    pub(super) fn failed(&mut self, step: &str, failure: &Failure) {
        self.first_failure.get_or_insert(failure.exit());
        self.line("FAILED", BAD, step, None, failure.message());
        if let Some(hint) = failure.hint().filter(|_| self.written.is_ok()) {
            self.written = writeln!(self.stdout, "{:32}hint: {hint}", "");
        }
        for cause in failure.causes().iter().filter(|_| self.verbose) {
            if self.written.is_ok() {
                self.written = writeln!(self.stdout, "{:32}because: {cause}", "");
            }
        }
    }

    pub(super) fn finish(self) -> Result<Exit, Failure> {
        self.written?;
        let words = match (self.first_failure, self.open) {
            (Some(_), _) => "Not all of it holds.",
            (None, true) => "All that was checked holds.",
            (None, false) => "All of it holds.",
        };
        writeln!(self.stdout, "\n{words}")?;
        Ok(self.first_failure.unwrap_or(Exit::Ok))
    }

    fn line(&mut self, mark: &str, style: Style, step: &str, took: Option<Duration>, words: &str) {
        let took = took.map(|took| format!("{:.1} ms", took.as_secs_f64() * 1_000.0)).unwrap_or_default();
        if self.written.is_ok() {
            let line = writeln!(self.stdout, "{style}{mark:<6}{style:#}  {step:<12} {took:>10}  {words}");
            // Each step is seen when it is taken, not at the end.
            self.written = line.and_then(|()| self.stdout.flush());
        }
    }
}
