use std::{
    env,
    fs::File,
    io::{self, IsTerminal as _, Read as _},
    path::Path,
};

use cobrowse_jwt::pem::{Passphrase, printable_path};
use zeroize::Zeroizing;

use crate::{
    configured::{self, Configured},
    exit::Exit,
    failure::Failure,
};

/// The passphrase of an encrypted key: from a file, else from a variable, else from a person. Never from the command line, which
/// every user of the machine can read.
#[derive(clap::Args)]
pub(crate) struct PassphraseArgs {
    /// A file with the passphrase of an encrypted key. Without it COBROWSE_PASSPHRASE is read, and without that it is asked for
    #[arg(long, value_name = "FILE", env = FILE_VARIABLE, hide_env_values = true, value_parser = configured::text())]
    passphrase_file: Option<Configured>,
}

const VARIABLE: &str = "COBROWSE_PASSPHRASE";

const FILE_VARIABLE: &str = "COBROWSE_PASSPHRASE_FILE";

impl PassphraseArgs {
    /// What the file or the variable holds, if either was given.
    pub(crate) fn given(&self) -> Result<Option<Passphrase>, Failure> {
        let text = match &self.passphrase_file {
            Some(file) => Some(read(file.value.as_ref()).map_err(|failure| file.blamed(failure))?),
            None => variable()?,
        };
        match text {
            Some(text) if text.is_empty() => Err(Failure::usage("the passphrase is empty; give one")),
            text => Ok(text.map(|text| Passphrase::new(text.as_str()))),
        }
    }

    /// A variable that should have given it and is set to nothing, which counts as not set.
    pub(crate) fn empty_variable() -> Option<&'static str> {
        [VARIABLE, FILE_VARIABLE].into_iter().find(|name| env::var_os(name).is_some_and(|value| value.is_empty()))
    }

    /// As given, else as a person types it.
    pub(crate) fn given_or_asked(&self) -> Result<Passphrase, Failure> {
        match self.given()? {
            Some(given) => Ok(given),
            None => ask("passphrase of the key: ").map(|text| Passphrase::new(text.as_str())),
        }
    }

    /// As given, else as a person types it twice.
    pub(crate) fn given_or_chosen(&self) -> Result<Passphrase, Failure> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let chosen = ask("new passphrase: ")?;
        if chosen.is_empty() {
            return Err(Failure::usage("the passphrase is empty; choose one, or leave --encrypt out"));
        }
        if *ask("the same again: ")? != *chosen {
            return Err(Failure::usage("the two passphrases differ; try again"));
        }
        Ok(Passphrase::new(chosen.as_str()))
    }
}

fn variable() -> Result<Option<Zeroizing<String>>, Failure> {
    match env::var(VARIABLE) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::usage(format!("the variable {VARIABLE} is not Unicode; set it to text")))
        }
    }
}

/// The file's text without its last line break. A pipe will do: `<(pass show cobrowse)`.
fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    const LIMIT: usize = 4 * 1024;
    let refused = |what: &str| Failure::usage(format!("the passphrase file {}: {what}", printable_path(path)));
    let unreadable =
        |error: io::Error| refused("it cannot be read; correct the path or its permissions").because(&error);
    let file = File::open(path).map_err(unreadable)?;
    warn_of_readers(path, &file);
    // Room for all at once, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 64));
    file.take(LIMIT as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > LIMIT {
        return Err(refused("it is over 4 KiB, which no passphrase is; correct the path"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| refused("it is not UTF-8 text; correct the path"))?;
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.contains(['\n', '\r']) {
        return Err(refused("it has more than one line; keep the passphrase alone in it"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(unix)]
fn warn_of_readers(path: &Path, file: &File) {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS: u32 = 0o066;
    if let Ok(metadata) = file.metadata()
        && metadata.is_file()
        && metadata.permissions().mode() & OTHERS != 0
    {
        let path = printable_path(path);
        crate::output::warning(&format!("others than its owner may read the passphrase file {path}; use `chmod 600`"));
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path, _: &File) {}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let nobody = || {
        let advice = "give it by --passphrase-file or in COBROWSE_PASSPHRASE";
        Failure::new(Exit::KeyUnusable, format!("a passphrase is needed, and there is no terminal to ask at; {advice}"))
    };
    if !io::stderr().is_terminal() {
        return Err(nobody());
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| nobody().because(&error))
}
