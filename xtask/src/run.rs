//! Running programs, and running steps that are reported together at the end.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// The steps of one task. A failed step does not stop the later ones: one run shows everything that is to mend.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// In the order in which they ran.
    steps: Vec<Step>,
}

/// A row of the table at the end.
#[derive(Debug)]
struct Step {
    /// What the step is called.
    name: String,
    /// What became of it.
    outcome: Outcome,
    /// How long it took.
    took: Duration,
}

/// What became of a step.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It passed.
    Ok,
    /// It ran and failed, or could not be started.
    Failed,
    /// It was left out, for this reason. Whether that is a failure is up to the step that caused it.
    NotRun(String),
}

impl Report {
    /// Runs a step now and answers what it made, or nothing when it failed.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        println!("\n==> {name}");
        let start = Instant::now();
        let result = work();
        if let Err(error) = &result {
            println!("{name}: {error:#}");
        }
        let outcome = if result.is_ok() { Outcome::Ok } else { Outcome::Failed };
        self.steps.push(Step { name: name.into(), outcome, took: start.elapsed() });
        result.ok()
    }

    /// Records a step that cannot or need not run.
    pub(crate) fn not_run(&mut self, name: &str, why: &str) {
        println!("\n==> {name}\n{name}: {why}");
        self.steps.push(Step { name: name.into(), outcome: Outcome::NotRun(why.into()), took: Duration::ZERO });
    }

    /// Prints the table; the exit code is a failure when any step was.
    pub(crate) fn finish(self) -> ExitCode {
        println!();
        for step in &self.steps {
            println!("{:<44} {:>5} s  {}", step.name, step.took.as_secs(), step.outcome);
        }
        ExitCode::from(u8::from(self.failed()))
    }

    /// Whether any step failed.
    fn failed(&self) -> bool {
        self.steps.iter().any(|step| step.outcome == Outcome::Failed)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Ok => f.write_str("ok"),
            Outcome::Failed => f.write_str("FAILED"),
            Outcome::NotRun(why) => f.write_str(why),
        }
    }
}

/// The root of the clone. Asked when running and not when building: clones that share a target
/// folder share this program too, and one would be checked in place of the other.
pub(crate) fn root() -> PathBuf {
    let ours = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    // Started without Cargo, the program works where it is started.
    ours.as_deref().and_then(Path::parent).map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The Cargo that runs us, at the root of the clone, with the given words as its arguments.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments.split_whitespace()).current_dir(root());
    cargo
}

/// Runs a program that must succeed, its output going where ours goes.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let status = command.status().with_context(|| format!("`{shown}` could not be started"))?;
    ensure!(status.success(), "`{shown}` failed ({status})");
    Ok(())
}

/// Runs a program that must succeed, for what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = shown(command);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("`{shown}` could not be started"))?;
    ensure!(output.status.success(), "`{shown}` failed ({})", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed something that is not UTF-8"))
}

/// Runs a program that must succeed in a limited time; after that it is killed.
pub(crate) fn succeed_within(limit: Duration, command: &mut Command) -> Result<()> {
    let shown = shown(command);
    eprintln!("$ {shown}");
    let status = status_within(limit, command).with_context(|| format!("`{shown}` could not be started"))?;
    let status = status.with_context(|| format!("`{shown}` did not finish within {} seconds", limit.as_secs()))?;
    ensure!(status.success(), "`{shown}` failed ({status})");
    Ok(())
}

/// Whether a program is there and succeeds in a limited time, without a word.
pub(crate) fn succeeds_within(limit: Duration, command: &mut Command) -> bool {
    let status = status_within(limit, command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    status.is_ok_and(|status| status.is_some_and(|status| status.success()))
}

/// How a program ended, or nothing if it had to be killed.
fn status_within(limit: Duration, command: &mut Command) -> io::Result<Option<ExitStatus>> {
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
        sleep(Duration::from_millis(100));
    }
}

/// The command as one would type it, without the folder of the program.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn one_failed_step_fails_the_report_and_the_later_ones_still_run() {
        let mut report = Report::default();
        assert_eq!(report.step("first", || bail!("broken")), None::<()>);
        assert_eq!(report.step("second", || Ok(2)), Some(2));
        assert!(report.failed());
    }

    #[test]
    fn a_step_that_was_left_out_is_no_failure() {
        let mut report = Report::default();
        report.step("first", || Ok(()));
        report.not_run("second", "not checked");
        assert!(!report.failed());
    }

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = succeed(&mut cargo("no-such-subcommand --flag")).unwrap_err();
        assert!(error.to_string().starts_with("`cargo no-such-subcommand --flag` failed"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let error = succeed_within(Duration::from_millis(200), Command::new("sleep").arg("60")).unwrap_err();
        assert!(error.to_string().contains("did not finish"), "{error}");
    }

    #[test]
    fn a_question_to_a_program_is_answered_whatever_the_program_does() {
        let limit = Duration::from_millis(200);
        assert!(succeeds_within(limit, Command::new("sh").args(["-c", "exit 0"])));
        assert!(!succeeds_within(limit, Command::new("sh").args(["-c", "exit 1"])));
        assert!(!succeeds_within(limit, Command::new("sleep").arg("60")));
        assert!(!succeeds_within(limit, &mut Command::new("no-such-program")));
    }
}
