use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

/// A target directory apart from that of the workspace, whose features differ.
const TARGET: &str = "target/benches";

/// Builds one package. Only one at a time, because Cargo unites the features of one build.
pub(crate) fn build(package: &str) -> Result<()> {
    let shell = Shell::new()?;
    let build = "build --quiet --release --locked --manifest-path benches/Cargo.toml".split(' ');
    Ok(cmd!(shell, "cargo {build...} --target-dir {TARGET} --package {package}").run()?)
}

/// Returns the path of a program that is built.
pub(crate) fn path(program: &str) -> PathBuf {
    Path::new(TARGET).join("release").join(program)
}

/// Returns the folder of the test keys, which are generated once per clone.
pub(crate) fn keys() -> Result<PathBuf> {
    let keys = PathBuf::from("target/bench/keys");
    build("bench-ours")?;
    let (shell, generate) = (Shell::new()?, path("keys"));
    cmd!(shell, "{generate} {keys}").quiet().run()?;
    Ok(keys)
}

/// A program that is built, and the keys that it reads.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) keys: PathBuf,
}

impl Program {
    pub(crate) fn built(package: &str, program: &str) -> Result<Self> {
        let keys = keys()?;
        build(package)?;
        Ok(Self { path: path(program), keys })
    }

    /// Runs the program and returns its output.
    pub(crate) fn output(&self) -> Result<String> {
        let (shell, program) = (Shell::new()?, &self.path);
        Ok(cmd!(shell, "{program}").env("BENCH_KEYS", &self.keys).quiet().read()?)
    }
}

/// A running program that measures the workloads it is told to, and idles in between.
#[derive(Debug)]
pub(crate) struct Sampler {
    child: Child,
    requests: Option<ChildStdin>,
    samples: BufReader<ChildStdout>,
}

/// The time that a number of repetitions took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    /// CPU time of the thread that worked.
    pub(crate) cpu: Duration,
}

impl Sampler {
    /// Builds a package and starts its program.
    pub(crate) fn start(package: &str, program: &str) -> Result<Self> {
        let Program { path, keys } = Program::built(package, program)?;
        let mut command = Command::new(path);
        command.env("BENCH_KEYS", keys).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("failed to start {program}"))?;
        let requests = child.stdin.take();
        let samples = BufReader::new(child.stdout.take().context("no standard output")?);
        Ok(Self { child, requests, samples })
    }

    /// Repeats a workload `count` times, and returns the time it took.
    pub(crate) fn sample(&mut self, workload: &str, count: u32) -> Result<Sample> {
        let requests = self.requests.as_mut().context("the program has ended")?;
        writeln!(requests, "{workload} {count}").with_context(|| format!("failed to request {workload}"))?;
        let mut line = String::new();
        self.samples.read_line(&mut line)?;
        let mut times = line.split_whitespace().map(|nanos| nanos.parse().map(Duration::from_nanos));
        let mut next = || times.next().with_context(|| format!("no sample of {workload}"))?.context("not a number");
        Ok(Sample { wall: next()?, cpu: next()? })
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        // The program ends when its input does.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}
