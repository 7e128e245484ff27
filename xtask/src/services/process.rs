//! A service as processes: a group of its own, known by its leader.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::emulator::Emulator;

/// In which a service must answer after its start. A slow machine takes 15 seconds.
const START_LIMIT: Duration = Duration::from_secs(90);

/// In which a service must end after it was asked to.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Runs its arguments as a program, and ends their process group when standard input ends, however that comes about.
const GUARD: &str = r#"exec 3<&0; { read -r _ <&3; kill -TERM 0; } & exec "$@" 3<&- </dev/null"#;

/// The one KMS call that every emulator understands without credentials that count.
const PROBE: &str = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
    X-Amz-Target: TrentService.ListKeys\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n\
    Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kms/aws4_request, \
    SignedHeaders=host, Signature=0\r\n\r\n{}";

/// How long a service lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// At most as long as this program, even when it is killed.
    Ours,
    /// Until someone stops it.
    Endless,
}

/// A service that was started, by this run or by an earlier one.
#[derive(Debug)]
pub(crate) struct Service {
    /// The emulator's name.
    pub(crate) name: String,
    /// Its port on 127.0.0.1.
    pub(crate) port: u16,
    /// The leader of its process group.
    pub(crate) pid: u32,
    /// Its words on the command line: by then the number may be another process's.
    pub(crate) command: String,
    /// The other end of what `GUARD` reads, if it reads.
    #[expect(dead_code, reason = "is only held: it closes when we end")]
    pub(crate) guard: Option<ChildStdin>,
}

impl Service {
    /// Installs an emulator and starts it; it does not answer yet.
    pub(crate) fn start(emulator: &Emulator, folder: &Path, life: Life) -> Result<Service> {
        let own = folder.join(emulator.name);
        fs::create_dir_all(&own).with_context(|| format!("cannot create {}", own.display()))?;
        let (mut command, port) = (emulator.prepare)(&own)?;
        // What it would leave behind in the common folder for temporary files stays in ours.
        command.env("TMPDIR", &own);
        let words = words(&command);
        let log = File::create(log(folder, emulator.name)).context("cannot create the log")?;
        if life == Life::Ours {
            command = guarded(&command);
        } else {
            command.stdin(Stdio::null());
        }
        let mut child = command
            .process_group(0)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("`{words}` could not be started"))?;
        Ok(Service { name: emulator.name.into(), port, pid: child.id(), command: words, guard: child.stdin.take() })
    }

    /// Waits until it answers; if it does not, the error has the end of its log.
    pub(crate) fn wait_until_it_answers(&self, folder: &Path) -> Result<()> {
        let start = Instant::now();
        while !answers(self.port) {
            let ended = !self.is_running()?;
            if ended || start.elapsed() > START_LIMIT {
                let what =
                    if ended { "ended".into() } else { format!("gave no answer in {} s", START_LIMIT.as_secs()) };
                bail!("{} {what}. The end of its log:\n{}", self.name, tail(&log(folder, &self.name)));
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Whether its leader is there, and no other process in its place.
    pub(crate) fn is_running(&self) -> Result<bool> {
        let output = Command::new("ps").args(["-ww", "-o", "args=", "-p", &self.pid.to_string()]).output();
        let output = output.context("the command `ps` is missing: install it (Debian: `procps`)")?;
        Ok(String::from_utf8_lossy(&output.stdout).contains(&self.command))
    }

    /// Asks it to end, and kills what is left of its process group after that.
    pub(crate) fn stop(&self) -> Result<()> {
        if !self.is_running()? {
            return Ok(());
        }
        self.signal("TERM")?;
        let start = Instant::now();
        while self.is_running()? && start.elapsed() < STOP_LIMIT {
            sleep(Duration::from_millis(100));
        }
        self.signal("KILL")
    }

    /// Sends a signal to its process group, if there still is one.
    fn signal(&self, signal: &str) -> Result<()> {
        // The shell's own `kill`: a program of that name is not everywhere.
        let mut command = Command::new("sh");
        command.args(["-c", r#"kill -s "$1" -- "-$2""#, "sh", signal, &self.pid.to_string()]).stderr(Stdio::null());
        command.status().context("`sh` could not be started")?;
        Ok(())
    }
}

/// Where a service's output goes.
fn log(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.log"))
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// The same command under `GUARD`.
fn guarded(command: &Command) -> Command {
    let mut guarded = Command::new("sh");
    guarded.args(["-c", GUARD, "sh"]).arg(command.get_program()).args(command.get_args());
    guarded.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::piped());
    guarded
}

/// A command's program and arguments, as they are found in what `ps` prints.
fn words(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Whether a KMS on this port answers a call.
fn answers(port: u16) -> bool {
    let ask = || -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        // The first call loads the service, which takes LocalStack seconds.
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(PROBE.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200 "))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A shell and its child, in one group.
    const SLEEPER: Emulator =
        Emulator { name: "sleeper", prepare: |folder| Ok(shell(folder, "sleep 60 & sleep 60; wait")) };

    fn shell(folder: &Path, script: &str) -> (Command, u16) {
        let mut command = Command::new("sh");
        // The folder is only there to make this command line unlike that of any other test.
        command.args(["-c", script]).arg(folder);
        (command, 0)
    }

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()))
    }

    fn group(pid: u32) -> String {
        let group = Command::new("ps").args(["-A", "-o", "pgid=,stat=,args="]).output().unwrap().stdout;
        let lines = String::from_utf8(group).unwrap();
        let ours = |line: &&str| {
            let mut words = line.split_whitespace();
            // What has ended is a zombie until we end as well.
            words.next() == Some(&pid.to_string()) && words.next().is_some_and(|state| !state.starts_with('Z'))
        };
        lines.lines().filter(ours).collect::<Vec<_>>().join("\n")
    }

    fn ends(pid: u32) -> bool {
        let start = Instant::now();
        while !group(pid).is_empty() && start.elapsed() < Duration::from_secs(5) {
            sleep(Duration::from_millis(50));
        }
        group(pid).is_empty()
    }

    #[test]
    fn a_service_is_stopped_with_its_whole_process_group() {
        let folder = folder("stop");
        let service = Service::start(&SLEEPER, &folder, Life::Endless).unwrap();
        while group(service.pid).lines().count() < 3 {
            sleep(Duration::from_millis(50));
        }
        assert!(service.is_running().unwrap());
        service.stop().unwrap();
        assert!(ends(service.pid), "{}", group(service.pid));
        assert!(!service.is_running().unwrap());
        service.stop().unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_service_of_ours_ends_when_we_end() {
        let folder = folder("guard");
        let service = Service::start(&SLEEPER, &folder, Life::Ours).unwrap();
        let pid = service.pid;
        sleep(Duration::from_millis(200));
        assert!(service.is_running().unwrap(), "too early");
        drop(service);
        assert!(ends(pid), "{}", group(pid));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn another_process_with_the_number_of_an_ended_service_is_left_alone() {
        let other = Service {
            name: "ended".into(),
            port: 0,
            pid: std::process::id(),
            command: "not-our-command-line".into(),
            guard: None,
        };
        assert!(!other.is_running().unwrap());
        other.stop().unwrap();
    }

    #[test]
    fn a_service_that_ends_at_once_is_an_error_with_the_end_of_its_log() {
        let folder = folder("end");
        let broken =
            Emulator { name: "broken", prepare: |folder| Ok(shell(folder, "echo no such module >&2; exit 1")) };
        let service = Service::start(&broken, &folder, Life::Endless).unwrap();
        let error = service.wait_until_it_answers(&folder).unwrap_err();
        assert_eq!(error.to_string(), "broken ended. The end of its log:\nno such module");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn only_a_kms_that_says_yes_answers() {
        for (answer, expected) in [("200 OK", true), ("500 Internal Server Error", false)] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = thread::spawn(move || {
                let mut stream = listener.accept().unwrap().0;
                let mut request = [0; PROBE.len()];
                stream.read_exact(&mut request).unwrap();
                assert_eq!(request, PROBE.as_bytes());
                stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 2\r\n\r\n{{}}").as_bytes()).unwrap();
            });
            assert_eq!(answers(port), expected);
            server.join().unwrap();
            assert!(!answers(port), "nothing listens any more");
        }
    }
}
