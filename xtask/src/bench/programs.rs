//! The programs in `benches/`: built, started and asked.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::run::{cargo, output, root, succeed};

/// Where Cargo builds them: beside the crates' own builds, which have other features.
const TARGET: &str = "target/benches";

/// Builds one package. One at a time: what two of them ask of one crate would be united.
pub(super) fn build(package: &str) -> Result<()> {
    let build = "build --quiet --release --locked --manifest-path benches/Cargo.toml --target-dir";
    succeed(cargo(build).arg(TARGET).args(["--package", package]))
}

/// A program of a package that is built.
pub(super) fn path(program: &str) -> PathBuf {
    root().join(TARGET).join("release").join(program)
}

/// The folder of the keys, which are made at the first use of this clone.
pub(super) fn keys() -> Result<PathBuf> {
    let keys = root().join("target/bench/keys");
    build("bench-ours")?;
    succeed(Command::new(path("keys")).arg(&keys))?;
    Ok(keys)
}

/// A program that is built, with the keys it reads.
#[derive(Debug)]
pub(super) struct Program {
    path: PathBuf,
    keys: PathBuf,
}

impl Program {
    /// Builds the program's package.
    pub(super) fn built(package: &str, program: &str) -> Result<Self> {
        let keys = keys()?;
        build(package)?;
        Ok(Self { path: path(program), keys })
    }

    /// Runs it to its end, and answers what it prints.
    pub(super) fn output(&self, arguments: &[&str]) -> Result<String> {
        output(self.command().args(arguments))
    }

    /// Runs it to its end under another program, and answers what that one says.
    pub(super) fn said_under(&self, mut other: Command, arguments: &[&str]) -> Result<String> {
        other.arg(&self.path).args(arguments).env("BENCH_KEYS", &self.keys).stdin(Stdio::null());
        let output = other.output().context("the program that looks on could not be started")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{} failed: {said}", self.path.display());
        Ok(said)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env("BENCH_KEYS", &self.keys);
        command
    }
}

/// A program that measures what it is asked to, and waits meanwhile.
#[derive(Debug)]
pub(super) struct Sampler {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// How long so many of one workload took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// By the wall's clock.
    pub(super) wall: Duration,
    /// CPU time of the thread that worked.
    pub(super) cpu: Duration,
}

impl Sampler {
    /// Builds the package and starts its program.
    pub(super) fn start(package: &str, program: &str) -> Result<Self> {
        let mut command = Program::built(package, program)?.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{program} could not be started"))?;
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("no standard output")?);
        Ok(Self { child, questions, answers })
    }

    /// Measures so many of one workload, now.
    pub(super) fn sample(&mut self, workload: &str, count: u32) -> Result<Sample> {
        let questions = self.questions.as_mut().context("the program has ended")?;
        writeln!(questions, "{workload} {count}").with_context(|| format!("nobody takes {workload}"))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let mut numbers = answer.split_whitespace().map(str::parse).map(|nanos| nanos.map(Duration::from_nanos));
        let mut next = || numbers.next().with_context(|| format!("{workload} gave no answer"))?.context("no number");
        Ok(Sample { wall: next()?, cpu: next()? })
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}
