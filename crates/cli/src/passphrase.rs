use std::{
    env,
    io::{self, IsTerminal as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use cobrowse_jwt::pem::Passphrase;
use signal_hook::{consts::SIGINT, flag};
use zeroize::Zeroizing;

use crate::{
    configured::{self, Configured},
    exit::Exit,
    failure::Failure,
    help::heading,
    printable,
};

/// The arguments of a passphrase: a file, else a variable, else a prompt. Not a flag, because other users can read command lines.
#[derive(clap::Args)]
pub(crate) struct PassphraseArgs {
    /// File with the passphrase of an encrypted key; default: the variable COBROWSE_PASSPHRASE, else a prompt
    #[arg(long, value_name = "FILE", env = FILE_VARIABLE, hide_env_values = true, value_parser = configured::text(), help_heading = heading::KEY)]
    passphrase_file: Option<Configured>,
}

const VARIABLE: &str = "COBROWSE_PASSPHRASE";

const FILE_VARIABLE: &str = "COBROWSE_PASSPHRASE_FILE";

const HINT: &str = "use --passphrase-file or the variable COBROWSE_PASSPHRASE";

impl PassphraseArgs {
    /// Returns the passphrase from the file or the variable, if there is one.
    pub(crate) fn given(&self) -> Result<Option<Passphrase>, Failure> {
        match &self.passphrase_file {
            Some(file) => read(file.value.as_ref()).map(Some).map_err(|failure| file.with_variable_origin(failure)),
            None => variable(),
        }
    }

    /// Returns the name of a passphrase variable that is set to an empty value.
    pub(crate) fn empty_variable() -> Option<&'static str> {
        [VARIABLE, FILE_VARIABLE].into_iter().find(|name| env::var_os(name).is_some_and(|value| value.is_empty()))
    }

    /// Returns the passphrase of an existing key.
    pub(crate) fn given_or_prompted(&self) -> Result<Passphrase, Failure> {
        match self.given()? {
            Some(given) => Ok(given),
            None => Prompts::start()?.read("passphrase: ").map(|text| Passphrase::new(text.as_str())),
        }
    }

    /// Returns the passphrase of a new key. Prompts for it twice.
    pub(crate) fn given_or_chosen(&self) -> Result<Passphrase, Failure> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let prompts = Prompts::start()?;
        let chosen = prompts.read("new passphrase: ")?;
        if chosen.is_empty() {
            return Err(Failure::usage("passphrase is empty").with_hint("choose one, or omit --encrypt"));
        }
        if *prompts.read("repeat passphrase: ")? != *chosen {
            return Err(Failure::usage("passphrases differ"));
        }
        Ok(Passphrase::new(chosen.as_str()))
    }
}

fn variable() -> Result<Option<Passphrase>, Failure> {
    match env::var(VARIABLE) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(Passphrase::new(text))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{VARIABLE}: not UTF-8"))),
    }
}

/// Reads the file, which can be a pipe: `<(pass show cobrowse)`.
fn read(path: &Path) -> Result<Passphrase, Failure> {
    let error = match Passphrase::open_blocking(path) {
        Ok(passphrase) => return Ok(passphrase),
        Err(error) => error,
    };
    let context = format!("passphrase file {}", printable::path(path));
    Err(Failure::of(Exit::Usage, &error).with_hint(error.hint()).with_id(error.id()).with_context(&context))
}

/// Prompts on the terminal, without echo. SIGINT cancels a prompt, as Ctrl-C and Ctrl-D do; SIGTERM and SIGHUP end the process. The terminal
/// is restored in each case.
struct Prompts {
    sender: Sender<Typed>,
    typed: Receiver<Typed>,
    /// Whether there was a SIGINT.
    interrupted: Arc<AtomicBool>,
    /// Whether signals have their default effect again.
    ended: Arc<AtomicBool>,
}

type Typed = io::Result<Zeroizing<String>>;

impl Prompts {
    fn start() -> Result<Self, Failure> {
        if !io::stderr().is_terminal() {
            return Err(
                Failure::new(Exit::KeyUnusable, "passphrase needed, but stderr is not a terminal").with_hint(HINT)
            );
        }
        let (sender, typed) = mpsc::channel();
        let prompts = Self { sender, typed, interrupted: Arc::default(), ended: Arc::default() };
        handle_signals(&prompts).map_err(|error| failed(&error))?;
        Ok(prompts)
    }

    fn read(&self, prompt: &'static str) -> Result<Zeroizing<String>, Failure> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(cancelled());
        }
        let sender = self.sender.clone();
        // On a thread, because a signal does not end the wait for the terminal.
        let prompt = move || drop(sender.send(rpassword::prompt_password(prompt).map(Zeroizing::new)));
        let typed = thread::Builder::new().spawn(prompt).and_then(|_| {
            // The channel stays open, because `self` holds a sender.
            self.typed.recv().unwrap_or_else(|error| Err(io::Error::other(error)))
        });
        // On Windows, Ctrl-C can end the line.
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(cancelled());
        }
        typed.map_err(|error| match error.kind() {
            // Ctrl-C and SIGINT; Ctrl-D.
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => cancelled(),
            _ => failed(&error),
        })
    }
}

impl Drop for Prompts {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Handles signals until the prompts have ended. Registered handlers cannot be removed without losing the default effect, so one of them
/// emulates it.
#[cfg(unix)]
fn handle_signals(prompts: &Prompts) -> io::Result<()> {
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    use signal_hook::{
        consts::{SIGHUP, SIGTERM},
        iterator::Signals,
        low_level::emulate_default_handler,
    };
    const SIGNALS: [i32; 3] = [SIGINT, SIGHUP, SIGTERM];
    let terminal = std::fs::File::open("/dev/tty")?;
    let modes = tcgetattr(&terminal)?;
    for signal in SIGNALS {
        flag::register_conditional_default(signal, Arc::clone(&prompts.ended))?;
    }
    flag::register(SIGINT, Arc::clone(&prompts.interrupted))?;
    let (sender, mut signals) = (prompts.sender.clone(), Signals::new(SIGNALS)?);
    thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            // The signal must have its effect, even if the terminal cannot be restored.
            let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
            let _ = match signal {
                SIGINT => sender.send(Err(io::ErrorKind::Interrupted.into())).map_err(io::Error::other),
                _ => emulate_default_handler(signal),
            };
        }
    })?;
    Ok(())
}

/// Prevents the default effect of Ctrl-C until the prompts have ended.
#[cfg(not(unix))]
fn handle_signals(prompts: &Prompts) -> io::Result<()> {
    flag::register_conditional_default(SIGINT, Arc::clone(&prompts.ended))?;
    flag::register(SIGINT, Arc::clone(&prompts.interrupted))?;
    Ok(())
}

fn cancelled() -> Failure {
    Failure::new(Exit::Cancelled, "cancelled")
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Exit::KeyUnusable, "failed to prompt for the passphrase").with_hint(HINT).with_source(error)
}
