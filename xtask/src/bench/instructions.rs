//! Instructions, which no neighbour on the machine changes.

use std::process::Command;

use anyhow::{Context, Result};

use super::programs::Program;
use crate::setup::require;

/// Counts what the program `instructions` does.
#[derive(Debug)]
pub(super) struct Callgrind(Program);

impl Callgrind {
    /// Builds the program.
    pub(super) fn new() -> Result<Self> {
        require("valgrind", &["--version"], "valgrind is missing; on Debian: apt-get install valgrind")?;
        Program::built("bench-ours", "instructions").map(Self)
    }

    /// The instructions of one of this workload.
    pub(super) fn count(&self, workload: &str) -> Result<u32> {
        const FEW: u64 = 100;
        const MANY: u64 = 600;
        // The difference leaves out what the program does once.
        let difference = self.run(workload, MANY)?.checked_sub(self.run(workload, FEW)?);
        let difference = difference.context("more of a workload took fewer instructions")?;
        Ok(u32::try_from(difference / (MANY - FEW))?)
    }

    /// The instructions of a whole run.
    fn run(&self, workload: &str, count: u64) -> Result<u64> {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        let said = self.0.said_under(valgrind, &[workload, &count.to_string()])?;
        collected(&said).with_context(|| format!("callgrind counted nothing: {said}"))
    }
}

/// From `==1== Collected : 123`.
fn collected(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_callgrind_says() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 18479392\n==7== \n"), Some(18_479_392));
        assert_eq!(collected("valgrind: no such file"), None);
    }
}
