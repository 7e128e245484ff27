//! Runs programs, and steps that are reported together at the end.

use std::{
    env, fmt, io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

/// The steps of one task. A failed step does not stop the later ones, so that one run shows every failure.
#[derive(Debug, Default)]
pub(crate) struct Report {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    outcome: Outcome,
    elapsed: Duration,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Ok,
    Failed,
    NotRun,
}

impl Report {
    /// Runs a step and returns its result, or `None` if it failed.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.run(name, Outcome::Failed, work).ok()
    }

    /// Runs a step that this machine may be unable to complete. An error marks the step as not run.
    pub(crate) fn optional_step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.run(name, Outcome::NotRun, work)
    }

    /// Records a step that is not run.
    pub(crate) fn not_run(&mut self, name: &str) {
        self.steps.push(Step { name: name.into(), outcome: Outcome::NotRun, elapsed: Duration::ZERO });
    }

    /// Prints all steps. Returns an error if one has failed.
    pub(crate) fn finish(&self) -> Result<()> {
        println!();
        for step in &self.steps {
            println!("{:<44} {:>5} s  {}", step.name, step.elapsed.as_secs(), step.outcome);
        }
        let failed = self.steps.iter().filter(|step| step.outcome == Outcome::Failed);
        let failed: Vec<_> = failed.map(|step| step.name.as_str()).collect();
        ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
        Ok(())
    }

    fn run<T>(&mut self, name: &str, on_error: Outcome, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n==> {name}");
        let start = Instant::now();
        let result = work();
        if let Err(error) = &result {
            println!("{name}: {error:#}");
        }
        let outcome = if result.is_ok() { Outcome::Ok } else { on_error };
        self.steps.push(Step { name: name.into(), outcome, elapsed: start.elapsed() });
        result
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Ok => "ok",
            Outcome::Failed => "FAILED",
            Outcome::NotRun => "not run",
        })
    }
}

/// Returns the root of the clone. Read at run time: clones that share a target folder share this program too.
pub(crate) fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    manifest.as_deref().and_then(Path::parent).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// Returns the running Cargo with these arguments, at the root of the clone.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments.split_whitespace()).current_dir(root());
    cargo
}

/// Runs a program that must succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let status = command.status().with_context(|| format!("failed to start `{shown}`"))?;
    ensure!(status.success(), "`{shown}` failed ({status})");
    Ok(())
}

/// Runs a program that must succeed, and returns its output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("failed to start `{shown}`"))?;
    ensure!(output.status.success(), "`{shown}` failed ({})", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("the output of `{shown}` is not UTF-8"))
}

/// Returns whether a program exists and succeeds within 10 seconds. Its output is discarded.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = status_within(Duration::from_secs(10), &mut command);
    status.is_ok_and(|status| status.is_some_and(|status| status.success()))
}

/// Runs a program, and returns `None` if it had to be killed after a time.
pub(crate) fn status_within(limit: Duration, command: &mut Command) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    let mut child = command.spawn()?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(50));
    }
}

/// Returns the command line, without the folder of the program.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn report_with_failed_step_runs_later_steps_and_fails() {
        let mut report = Report::default();
        assert_eq!(report.step("first", || bail!("broken")), None::<()>);
        assert_eq!(report.step("second", || Ok(2)), Some(2));
        assert_eq!(report.finish().unwrap_err().to_string(), "failed: first");
    }

    #[test]
    fn report_with_step_not_run_passes() {
        let mut report = Report::default();
        report.step("first", || Ok(()));
        assert!(report.optional_step("second", || -> Result<()> { bail!("not installed") }).is_err());
        report.not_run("third");
        report.finish().unwrap();
    }

    #[test]
    fn succeed_with_failing_program_names_it() {
        let error = succeed(&mut cargo("no-such-subcommand --flag")).unwrap_err();
        assert!(error.to_string().starts_with("`cargo no-such-subcommand --flag` failed"), "{error}");
    }

    #[test]
    fn succeeds_is_true_for_exit_code_0_only() {
        assert!(succeeds("sh", &["-c", "exit 0"]));
        assert!(!succeeds("sh", &["-c", "exit 1"]));
        assert!(!succeeds("no-such-program", &[]));
    }

    #[test]
    fn status_within_kills_a_program_that_hangs() {
        let status = status_within(Duration::from_millis(200), Command::new("sleep").arg("60")).unwrap();
        assert!(status.is_none());
    }
}
