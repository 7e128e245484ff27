use std::{
    env,
    io::{self, IsTerminal as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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

/// Prompts on the terminal, without echo. At Ctrl-C rpassword raises SIGINT and then restores the terminal, which the default handler would
/// prevent; the handler applies again when this is dropped. At other signals it restores nothing.
struct Prompts {
    interrupted: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
}

impl Prompts {
    fn start() -> Result<Self, Failure> {
        if !io::stderr().is_terminal() {
            return Err(no_terminal());
        }
        let prompts = Self { interrupted: Arc::default(), ended: Arc::default() };
        // Registered handlers cannot be removed without losing the default, so one of them emulates it.
        let default = flag::register_conditional_default(SIGINT, Arc::clone(&prompts.ended));
        let handler = default.and_then(|_| flag::register(SIGINT, Arc::clone(&prompts.interrupted)));
        #[cfg(unix)]
        let handler = handler.and_then(|_| restore_terminal_at_signals(&prompts.ended));
        handler.map_err(|error| no_terminal().with_source(&error))?;
        Ok(prompts)
    }

    fn read(&self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Failure::new(Exit::Cancelled, "cancelled"));
        }
        typed.map_err(|error| match error.kind() {
            // Ctrl-D.
            io::ErrorKind::UnexpectedEof => Failure::new(Exit::Cancelled, "cancelled"),
            _ => no_terminal().with_source(&error),
        })
    }
}

impl Drop for Prompts {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

/// Restores the terminal before SIGTERM and SIGHUP end the process, until the prompts have ended.
#[cfg(unix)]
fn restore_terminal_at_signals(ended: &Arc<AtomicBool>) -> io::Result<()> {
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    use signal_hook::{
        consts::{SIGHUP, SIGTERM},
        iterator::Signals,
        low_level::emulate_default_handler,
    };
    let terminal = std::fs::File::open("/dev/tty")?;
    let modes = tcgetattr(&terminal)?;
    for signal in [SIGHUP, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(ended))?;
    }
    let mut signals = Signals::new([SIGHUP, SIGTERM])?;
    std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            // The signal must end the process, whatever becomes of the terminal.
            let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
            let _ = emulate_default_handler(signal);
        }
    })?;
    Ok(())
}

fn no_terminal() -> Failure {
    Failure::new(Exit::KeyUnusable, "passphrase needed, but stderr is not a terminal").with_hint(HINT)
}
