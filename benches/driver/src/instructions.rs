use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::programs::Program;

/// Counts instructions with callgrind, which the load of the machine does not change.
#[derive(Debug)]
pub(crate) struct Callgrind {
    shell: Shell,
    program: Program,
}

impl Callgrind {
    pub(crate) fn new() -> Result<Self> {
        let shell = Shell::new()?;
        let version = cmd!(shell, "valgrind --version").quiet().ignore_stdout();
        version.run().context("valgrind is missing; on Debian: apt-get install valgrind")?;
        Ok(Self { shell, program: Program::built("bench-ours", "instructions")? })
    }

    /// Returns the instructions that a workload takes once.
    pub(crate) fn count(&self, workload: &str) -> Result<u32> {
        const FEW: u64 = 100;
        const MANY: u64 = 600;
        // The difference leaves out what the program does once.
        let difference = self.run(workload, MANY)?.checked_sub(self.run(workload, FEW)?);
        let difference = difference.context("more repetitions took fewer instructions")?;
        Ok(u32::try_from(difference / (MANY - FEW))?)
    }

    fn run(&self, workload: &str, count: u64) -> Result<u64> {
        let (program, keys, count) = (&self.program.path, &self.program.keys, count.to_string());
        let callgrind =
            cmd!(self.shell, "valgrind --tool=callgrind --callgrind-out-file=/dev/null {program} {workload} {count}");
        let report = callgrind.env("BENCH_KEYS", keys).quiet().read_stderr()?;
        collected(&report).with_context(|| format!("unexpected output of callgrind: {report}"))
    }
}

/// Reads the number from `==1== Collected : 123`.
fn collected(report: &str) -> Option<u64> {
    report.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collected_reads_the_line_of_callgrind() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 18479392\n==7== \n"), Some(18_479_392));
        assert_eq!(collected("valgrind: no such file"), None);
    }
}
