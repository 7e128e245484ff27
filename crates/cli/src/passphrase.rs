use std::{
    env,
    fs::File,
    io::{self, IsTerminal as _, Read as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use cobrowse_jwt::pem::Passphrase;
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
        let text = match &self.passphrase_file {
            Some(file) => Some(read(file.value.as_ref()).map_err(|failure| file.with_origin(failure))?),
            None => variable()?,
        };
        match text {
            Some(text) if text.is_empty() => Err(Failure::usage("passphrase is empty")),
            text => Ok(text.map(|text| Passphrase::new(text.as_str()))),
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
            None => prompt("passphrase: ").map(|text| Passphrase::new(text.as_str())),
        }
    }

    /// Returns the passphrase of a new key. Prompts for it twice.
    pub(crate) fn given_or_chosen(&self) -> Result<Passphrase, Failure> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let chosen = prompt("new passphrase: ")?;
        if chosen.is_empty() {
            return Err(Failure::usage("passphrase is empty").with_hint("choose one, or omit --encrypt"));
        }
        if *prompt("repeat passphrase: ")? != *chosen {
            return Err(Failure::usage("passphrases differ"));
        }
        Ok(Passphrase::new(chosen.as_str()))
    }
}

fn variable() -> Result<Option<Zeroizing<String>>, Failure> {
    match env::var(VARIABLE) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{VARIABLE}: not UTF-8"))),
    }
}

/// Reads the file without its last line break. The file can be a pipe: `<(pass show cobrowse)`.
fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    const LIMIT: usize = 4 * 1024;
    let refused = |message: &str| Failure::usage(format!("passphrase file {}: {message}", printable::path(path)));
    let unreadable = |error: io::Error| refused("failed to read the file").with_source(&error);
    let file = File::open(path).map_err(unreadable)?;
    warn_if_others_can_read(path, &file);
    // Allocated at full size: growing would leave copies in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 64));
    file.take(LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > LIMIT {
        return Err(refused("file is over 4 KiB"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| refused("not UTF-8"))?;
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.contains(['\n', '\r']) {
        return Err(refused("file has more than one line"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(unix)]
fn warn_if_others_can_read(path: &Path, file: &File) {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS: u32 = 0o066;
    if let Ok(metadata) = file.metadata()
        && metadata.is_file()
        && metadata.permissions().mode() & OTHERS != 0
    {
        let (path, mode) = (printable::path(path), metadata.permissions().mode() & 0o7777);
        crate::output::warning(
            &format!("passphrase file {path} is group- or world-accessible (mode {mode:04o})"),
            Some("run chmod 600 on it"),
        );
    }
}

#[cfg(not(unix))]
fn warn_if_others_can_read(_: &Path, _: &File) {}

/// Prompts on the terminal, without echo.
fn prompt(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let no_terminal =
        || Failure::new(Exit::KeyUnusable, "passphrase needed, but stderr is not a terminal").with_hint(HINT);
    if !io::stderr().is_terminal() {
        return Err(no_terminal());
    }
    let interrupted = Arc::new(AtomicBool::new(false));
    // At Ctrl-C rpassword raises SIGINT and then restores the terminal, which the default handler would prevent.
    let handler = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&interrupted));
    let typed = rpassword::prompt_password(prompt).map(Zeroizing::new);
    if let Ok(handler) = handler {
        signal_hook::low_level::unregister(handler);
    }
    if interrupted.load(Ordering::Relaxed) {
        return Err(Failure::new(Exit::Cancelled, "cancelled"));
    }
    typed.map_err(|error| match error.kind() {
        // Ctrl-D.
        io::ErrorKind::UnexpectedEof => Failure::new(Exit::Cancelled, "cancelled"),
        _ => no_terminal().with_source(&error),
    })
}
