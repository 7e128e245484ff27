use std::{
    io::{self, Write},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    exit::Exit,
    failure::Failure,
    output::{self, BAD, GOOD, SKIPPED, WARNING},
    time,
};

/// The checks and their outcomes.
#[derive(Default)]
pub(super) struct Report(Vec<Check>);

struct Check {
    name: &'static str,
    outcome: Outcome,
    message: String,
    elapsed: Option<Duration>,
    failure: Option<Failure>,
}

/// In the order of the output.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Failed,
    Warned,
    Skipped,
    Passed,
}

impl Report {
    pub(super) fn passed(&mut self, name: &'static str, message: impl Into<String>) {
        self.push(name, Outcome::Passed, message, None);
    }

    pub(super) fn passed_in(&mut self, name: &'static str, elapsed: Duration, message: impl Into<String>) {
        self.push(name, Outcome::Passed, message, Some(elapsed));
    }

    pub(super) fn skipped(&mut self, name: &'static str, reason: &str) {
        self.push(name, Outcome::Skipped, reason, None);
    }

    pub(super) fn warned(&mut self, name: &'static str, message: impl Into<String>) {
        self.push(name, Outcome::Warned, message, None);
    }

    pub(super) fn failed(&mut self, name: &'static str, failure: Failure) {
        let message = failure.message.clone();
        self.0.push(Check { name, outcome: Outcome::Failed, message, elapsed: None, failure: Some(failure) });
    }

    fn push(&mut self, name: &'static str, outcome: Outcome, message: impl Into<String>, elapsed: Option<Duration>) {
        self.0.push(Check { name, outcome, message: message.into(), elapsed, failure: None });
    }

    /// Returns the exit code of the first failure.
    pub(super) fn exit(&self) -> Exit {
        self.failures().next().map_or(Exit::Ok, |failure| failure.exit)
    }

    /// Writes the failures first, and the passed checks only if verbose.
    pub(super) fn write(&mut self, out: &mut impl Write, verbose: bool) -> io::Result<()> {
        self.0.sort_by_key(|check| check.outcome);
        let shown = self.0.iter().filter(|check| verbose || check.outcome != Outcome::Passed);
        let mut is_empty = true;
        for check in shown {
            check.write(out, verbose)?;
            is_empty = false;
        }
        if !is_empty {
            writeln!(out)?;
        }
        let skipped = self.0.iter().filter(|check| check.outcome == Outcome::Skipped).count();
        writeln!(out, "{}", output::summary(self.0.len(), self.failures().count(), skipped))
    }

    pub(super) fn json(&self) -> Value {
        json!({"ok": self.exit() == Exit::Ok, "checks": self.0.iter().map(Check::json).collect::<Vec<_>>()})
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.0.iter().filter_map(|check| check.failure.as_ref())
    }
}

impl Check {
    fn write(&self, out: &mut impl Write, verbose: bool) -> io::Result<()> {
        let (mark, style) = match self.outcome {
            Outcome::Failed => ("FAILED", BAD),
            Outcome::Warned => ("warn", WARNING),
            Outcome::Skipped => ("?", SKIPPED),
            Outcome::Passed => ("ok", GOOD),
        };
        let elapsed = self.elapsed.map(|elapsed| format!(" in {}", time::elapsed(elapsed))).unwrap_or_default();
        writeln!(out, "{style}{mark:<6}{style:#}  {:<12}  {}{elapsed}", self.name, self.message)?;
        let Some(failure) = &self.failure else { return Ok(()) };
        if let Some(hint) = &failure.hint {
            writeln!(out, "{:22}hint: {hint}", "")?;
        }
        for cause in failure.causes.iter().filter(|_| verbose) {
            writeln!(out, "{:22}caused by: {cause}", "")?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let outcome = match self.outcome {
            Outcome::Failed => "failed",
            Outcome::Warned => "warned",
            Outcome::Skipped => "skipped",
            Outcome::Passed => "passed",
        };
        let mut json = json!({"check": self.name, "outcome": outcome, "message": self.message});
        if let Some(elapsed) = self.elapsed {
            json["elapsed_us"] = json!(elapsed.as_micros());
        }
        if let Some(failure) = &self.failure {
            json["error"] = json!(failure.id);
            json["hint"] = json!(failure.hint);
            json["causes"] = json!(failure.causes);
        }
        json
    }
}
