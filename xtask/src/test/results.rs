use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::run::shown;

/// What the test programs of one `cargo test` print.
#[derive(Debug, Default)]
pub(super) struct Results {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) ignored: Vec<Ignored>,
    ignored_count: usize,
}

/// A test with the attribute `#[ignore = "needs ..."]`.
#[derive(Debug)]
pub(super) struct Ignored {
    pub(super) name: String,
    reason: String,
}

impl Results {
    /// Runs `cargo test`, prints its output and adds the results.
    pub(super) fn run(&mut self, command: &mut Command) -> Result<()> {
        let shown = shown(command);
        eprintln!("$ {shown}");
        let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("failed to start `{shown}`"))?;
        for line in BufReader::new(child.stdout.take().context("no standard output")?).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            println!("{line}");
            self.add(&line);
        }
        let status = child.wait()?;
        ensure!(status.success(), "`{shown}` failed ({status})");
        // A test that prints around libtest could hide the line of an ignored test.
        let (lines, count) = (self.ignored.len(), self.ignored_count);
        ensure!(lines == count, "{count} tests were ignored, but the output names {lines}");
        Ok(())
    }

    /// Returns how many tests have run.
    pub(super) fn count(&self) -> usize {
        self.passed + self.failed
    }

    /// Reads a line such as `test result: ok. 5 passed; 0 failed; 2 ignored; ...` or `test module::name ... ignored, reason`.
    fn add(&mut self, line: &str) {
        let Some(line) = line.strip_prefix("test ") else { return };
        if let Some(counts) = line.strip_prefix("result: ") {
            let count = |name: &str| {
                let mut words = counts.split([' ', ';']).collect::<Vec<_>>().into_iter().rev();
                words.find(|word| *word == name)?;
                words.next()?.parse::<usize>().ok()
            };
            self.passed += count("passed").unwrap_or_default();
            self.failed += count("failed").unwrap_or_default();
            self.ignored_count += count("ignored").unwrap_or_default();
        } else if let Some((name, reason)) = line.split_once(" ... ignored") {
            let reason = reason.trim_start_matches(", ").to_owned();
            self.ignored.push(Ignored { name: name.to_owned(), reason });
        }
    }
}

impl Ignored {
    /// Returns whether another test runs this one in a child process.
    pub(super) fn is_reexec_helper(&self) -> bool {
        self.name.ends_with("reexec_helper")
    }

    /// Returns whether the reason or the name contains the name of a program as a word.
    pub(super) fn needs(&self, program: &str) -> bool {
        let words = [&self.name, &self.reason].map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
        words.into_iter().flatten().any(|word| word.eq_ignore_ascii_case(program))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(output: &str) -> Results {
        let mut results = Results::default();
        output.lines().for_each(|line| results.add(line));
        results
    }

    #[test]
    fn results_of_two_programs_are_added() {
        let results = results(
            "running 2 tests\n\
             test a ... ok\n\
             test result: ok. 1 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.20s\n\
             test src/lib.rs - (line 3) ... ok\n",
        );
        assert_eq!((results.passed, results.failed), (13, 3));
    }

    #[test]
    fn needs_is_true_for_words_of_reason_and_name() {
        let results = results(
            "test kms::moto::sign ... ignored, needs `script` and Node's packages, which `cargo xtask test` sets up\n\
             test plain ... ignored\n",
        );
        let [first, second] = results.ignored.as_slice() else { panic!("{results:?}") };
        assert_eq!(first.name, "kms::moto::sign");
        assert!(["script", "node", "moto"].iter().all(|program| first.needs(program)));
        assert!(!["python", "kms_moto", "Nod"].iter().any(|program| first.needs(program)));
        assert!(!second.needs("node"));
    }
}
