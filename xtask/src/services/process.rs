use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    iter,
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::Emulator;

/// A slow machine needs 15 seconds.
const START_TIMEOUT: Duration = Duration::from_secs(90);

const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs its arguments as a program, and terminates their process group when standard input ends.
const GUARD: &str = r#"exec 3<&0; { read -r _ <&3; kill -TERM 0; } & exec "$@" 3<&- </dev/null"#;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Ends with this process, also when this process is killed.
    Scoped,
    /// Runs until it is stopped.
    Detached,
}

/// A process group that serves on a port of 127.0.0.1.
#[derive(Debug)]
pub(crate) struct Service {
    port: u16,
    /// The leader of the process group.
    pid: u32,
    /// The leader's command line, because the process id can belong to another process by now.
    command: String,
    /// The leader, if this process started it. Closing its standard input ends a scoped service.
    child: Option<Child>,
}

impl Service {
    /// Installs and starts an emulator. It does not respond yet.
    pub(crate) fn start(emulator: &Emulator, folder: &Path, lifetime: Lifetime) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let (mut command, port) = (emulator.prepare)(folder)?;
        command.env("TMPDIR", folder);
        let words = command_line(&command);
        let log = File::create(log(folder)).context("failed to create the log")?;
        if lifetime == Lifetime::Scoped {
            command = guarded(&command);
        } else {
            command.stdin(Stdio::null());
        }
        // On other systems `ps` is missing too, and the emulator is reported as not run.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.stdout(log.try_clone()?).stderr(log).spawn();
        let child = child.with_context(|| format!("failed to start `{words}`"))?;
        Ok(Self { port, pid: child.id(), command: words, child: Some(child) })
    }

    /// Reads what an earlier process has written.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
        let file = file(folder);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file).with_context(|| format!("failed to read {}", file.display()))?;
        let mut words = text.splitn(3, ' ');
        let mut parse = || {
            let (port, pid) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            Some(Self { port, pid, command: words.next()?.to_owned(), child: None })
        };
        parse().with_context(|| format!("{} is not valid", file.display())).map(Some)
    }

    /// Writes what `read` needs.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let file = file(folder);
        let text = format!("{} {} {}", self.port, self.pid, self.command);
        fs::write(&file, text).with_context(|| format!("failed to write {}", file.display()))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Waits for the first response. The error contains the end of the log.
    pub(crate) fn wait_until_ready(&mut self, emulator: &Emulator, folder: &Path) -> Result<()> {
        let start = Instant::now();
        while !responds(self.port, emulator.probe) {
            let has_ended = self.has_ended()?;
            if has_ended || start.elapsed() > START_TIMEOUT {
                self.stop()?;
                let what = if has_ended { "ended" } else { "did not respond in time" };
                bail!("{what}. The end of its log:\n{}", tail(&log(folder)));
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Returns whether the leader has ended. The command line of a child is not checked, because it is empty during `exec`.
    fn has_ended(&mut self) -> Result<bool> {
        match &mut self.child {
            Some(child) => Ok(child.try_wait()?.is_some()),
            None => Ok(!self.is_running()?),
        }
    }

    /// Returns whether the leader runs, and is not another process with the same id.
    pub(crate) fn is_running(&self) -> Result<bool> {
        let output = Command::new("ps").args(["-ww", "-o", "args=", "-p", &self.pid.to_string()]).output();
        let output = output.context("ps is missing; on Debian: apt-get install procps")?;
        Ok(String::from_utf8_lossy(&output.stdout).contains(&self.command))
    }

    /// Terminates the process group, and kills it after a timeout.
    pub(crate) fn stop(&self) -> Result<()> {
        if !self.is_running()? {
            return Ok(());
        }
        self.signal("TERM")?;
        let start = Instant::now();
        while self.is_running()? && start.elapsed() < STOP_TIMEOUT {
            sleep(Duration::from_millis(100));
        }
        self.signal("KILL")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        // The shell's own `kill`, because not every machine has a program of that name.
        let mut command = Command::new("sh");
        command.args(["-c", r#"kill -s "$1" -- "-$2""#, "sh", signal, &self.pid.to_string()]).stderr(Stdio::null());
        command.status().context("failed to start sh")?;
        Ok(())
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("service")
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// Returns the last lines of a log.
fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// Returns the same command under `GUARD`.
fn guarded(command: &Command) -> Command {
    let mut guarded = Command::new("sh");
    guarded.args(["-c", GUARD, "sh"]).arg(command.get_program()).args(command.get_args());
    guarded.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::piped());
    guarded
}

/// Returns the URL of an emulator, and a JSON array of a program and its arguments that starts it until standard input ends.
pub(crate) fn soak_command(emulator: &Emulator, folder: &Path) -> Result<(String, String)> {
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    let (mut command, port) = (emulator.prepare)(folder)?;
    let command = guarded(command.env("TMPDIR", folder));
    let variables =
        command.get_envs().filter_map(|(name, value)| Some([name, OsStr::new("="), value?].join(OsStr::new(""))));
    let words = iter::once("env".into()).chain(variables);
    let words = words.chain([command.get_program().to_owned()]).chain(command.get_args().map(OsStr::to_owned));
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    Ok((format!("http://127.0.0.1:{port}"), serde_json::to_string(&words)?))
}

/// Returns program and arguments as `ps` prints them.
fn command_line(command: &Command) -> String {
    let words = iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns whether a service on this port responds to the request with status 200.
fn responds(port: u16, request: &str) -> bool {
    let call = || -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        // At the first call LocalStack loads the service for some seconds.
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.write_all(request.as_bytes())?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response)?;
        Ok(response)
    };
    call().is_ok_and(|response| response.starts_with(b"HTTP/1.1 200 "))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{env, net::TcpListener, thread};

    use super::*;

    /// A shell and its child, in one group.
    const SLEEPER: Emulator = Emulator {
        name: "sleeper",
        purpose: "",
        probe: "",
        prepare: |folder| Ok(shell(folder, "sleep 60 & sleep 60; wait")),
    };

    fn shell(folder: &Path, script: &str) -> (Command, u16) {
        let mut command = Command::new("sh");
        // The folder makes the command line differ from that of the other tests.
        command.args(["-c", script]).arg(folder);
        (command, 0)
    }

    fn folder(name: &str) -> PathBuf {
        env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()))
    }

    /// Returns the processes of a group, without those that have ended and wait for this process.
    fn group(pid: u32) -> Vec<String> {
        let processes = Command::new("ps").args(["-A", "-o", "pgid=,stat=,args="]).output().unwrap().stdout;
        let lines = String::from_utf8(processes).unwrap().lines().map(ToOwned::to_owned).collect::<Vec<_>>();
        let is_of_group = |line: &String| {
            let mut words = line.split_whitespace();
            words.next() == Some(&pid.to_string()) && words.next().is_some_and(|state| !state.starts_with('Z'))
        };
        lines.into_iter().filter(is_of_group).collect()
    }

    fn wait_for(condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() && start.elapsed() < Duration::from_secs(20) {
            sleep(Duration::from_millis(50));
        }
    }

    #[test]
    fn stop_ends_the_process_group_of_a_service_that_was_read() {
        let folder = folder("stop");
        Service::start(&SLEEPER, &folder, Lifetime::Detached).unwrap().write(&folder).unwrap();
        let service = Service::read(&folder).unwrap().unwrap();
        wait_for(|| group(service.pid).len() == 3);
        assert!(service.is_running().unwrap());
        service.stop().unwrap();
        wait_for(|| group(service.pid).is_empty());
        assert_eq!(group(service.pid), Vec::<String>::new());
        assert!(!service.is_running().unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn read_without_file_returns_none_and_with_invalid_file_an_error() {
        let folder = folder("read");
        fs::create_dir_all(&folder).unwrap();
        assert!(Service::read(&folder).unwrap().is_none());
        fs::write(file(&folder), "x 7 python\n").unwrap();
        Service::read(&folder).unwrap_err();
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn scoped_service_ends_when_it_is_dropped() {
        let folder = folder("guard");
        let service = Service::start(&SLEEPER, &folder, Lifetime::Scoped).unwrap();
        let pid = service.pid;
        wait_for(|| service.is_running().unwrap());
        assert!(service.is_running().unwrap());
        drop(service);
        wait_for(|| group(pid).is_empty());
        assert_eq!(group(pid), Vec::<String>::new());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn service_whose_command_line_changes_has_not_ended() {
        let folder = folder("exec");
        let prepare = |folder: &Path| Ok(shell(folder, "exec sleep 60"));
        let changing = Emulator { name: "changing", purpose: "", probe: "", prepare };
        let mut service = Service::start(&changing, &folder, Lifetime::Scoped).unwrap();
        wait_for(|| group(service.pid).iter().any(|process| process.ends_with("sleep 60")));
        assert!(!service.is_running().unwrap());
        assert!(!service.has_ended().unwrap());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn stop_leaves_another_process_with_the_same_id_alone() {
        let command = "not-our-command-line".into();
        let other = Service { port: 0, pid: std::process::id(), command, child: None };
        assert!(!other.is_running().unwrap());
        other.stop().unwrap();
    }

    #[test]
    fn wait_until_ready_after_end_of_service_returns_end_of_log() {
        let folder = folder("end");
        let prepare = |folder: &Path| Ok(shell(folder, "echo no such module >&2; exit 1"));
        let broken = Emulator { name: "broken", purpose: "", probe: "", prepare };
        let mut service = Service::start(&broken, &folder, Lifetime::Detached).unwrap();
        let error = service.wait_until_ready(&broken, &folder).unwrap_err();
        assert_eq!(error.to_string(), "ended. The end of its log:\nno such module");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn responds_is_true_for_status_200_only() {
        for (status, expected) in [("200 OK", true), ("500 Internal Server Error", false)] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = thread::spawn(move || {
                let mut stream = listener.accept().unwrap().0;
                let mut request = [0; "probe".len()];
                stream.read_exact(&mut request).unwrap();
                assert_eq!(&request, b"probe");
                stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}").as_bytes()).unwrap();
            });
            assert_eq!(responds(port, "probe"), expected);
            server.join().unwrap();
            assert!(!responds(port, "probe"), "nothing listens");
        }
    }
}
