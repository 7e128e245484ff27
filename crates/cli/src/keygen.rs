use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use cobrowse_jwt::{
    KeyLocation, KeyUri, KeyUriError,
    pem::{PemError, PemKey, RsaKeySize},
};
use zeroize::Zeroizing;

use crate::{
    exit::{self, Exit},
    failure::Failure,
    help::{self, heading},
    output::{self, Stdout},
    passphrase::PassphraseArgs,
    printable,
    progress::Progress,
};

/// Generate an RSA key: the private key in a file of mode 0600, the public key beside it
///
/// Prints the public key. Never overwrites a file.
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct Keygen {
    /// File of the private key; the public key of key.pem is written to key.pub.pem
    #[arg(value_name = "FILE", default_value = "key.pem")]
    file: PathBuf,
    /// Size of the key in bits
    #[arg(long, value_name = "BITS", default_value = "2048", help_heading = heading::KEY)]
    bits: Bits,
    /// Encrypt the private key; implied if a passphrase file or variable is set
    #[arg(long, help_heading = heading::KEY)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

const EXAMPLES: &[&str] = &[
    "cobrowse-jwt keygen key.pem",
    "cobrowse-jwt keygen --bits 4096 --encrypt key.pem",
    "cobrowse-jwt keygen --passphrase-file <(pass show cobrowse) key.pem",
];

#[derive(Clone, Copy, clap::ValueEnum)]
enum Bits {
    /// 112-bit security strength (NIST SP 800-57), the fastest to sign with
    #[value(name = "2048")]
    Rsa2048,
    /// 128-bit security strength
    #[value(name = "3072")]
    Rsa3072,
    /// Over 128-bit security strength, the slowest to sign with
    #[value(name = "4096")]
    Rsa4096,
}

impl Keygen {
    pub(crate) fn run(&self, stdout: &mut Stdout) -> Result<Exit, Failure> {
        check_name(&self.file)?;
        let public_file = public_file(&self.file);
        for file in [&self.file, &public_file] {
            if file.symlink_metadata().is_ok() {
                return Err(exists(file));
            }
        }
        let passphrase = match self.passphrase.given()? {
            None if self.encrypt => Some(self.passphrase.given_or_chosen()?),
            given => given,
        };
        if let (None, Some(variable)) = (&passphrase, PassphraseArgs::empty_variable()) {
            let hint = "set it to encrypt the key, or unset it for an unencrypted key";
            return Err(Failure::usage(format!("{variable} is empty")).with_hint(hint));
        }
        let (key, pem) = {
            let _progress = Progress::new("generating the key");
            let key = PemKey::generate(self.bits.into()).map_err(not_generated)?;
            let pem = match &passphrase {
                Some(passphrase) => key.to_encrypted_pkcs8_pem(passphrase),
                None => key.to_pkcs8_pem(),
            };
            (key, pem.map_err(not_generated)?)
        };
        let mode = write(&self.file, &public_file, &pem, key.public_key().to_pem())?;

        let encrypted = if passphrase.is_some() { "encrypted, " } else { "" };
        let mode = mode.map_or_else(|| "no file mode".to_owned(), |mode| format!("mode {mode:04o}"));
        output::note(format_args!("private key  {}  ({encrypted}{mode})", printable::path(&self.file)));
        output::note(format_args!("public key   {}", printable::path(&public_file)));
        output::note(format_args!(
            "Register the public key in the Cobrowse dashboard under Settings > Integrations > JWT SSO."
        ));
        write!(stdout, "{}", key.public_key().to_pem())?;
        Ok(Exit::Ok)
    }
}

impl From<Bits> for RsaKeySize {
    fn from(bits: Bits) -> Self {
        match bits {
            Bits::Rsa2048 => Self::Rsa2048,
            Bits::Rsa3072 => Self::Rsa3072,
            Bits::Rsa4096 => Self::Rsa4096,
        }
    }
}

/// Refuses a name that the other subcommands would not parse as this path.
fn check_name(file: &Path) -> Result<(), Failure> {
    let Some(text) = file.to_str() else {
        return Err(Failure::usage("file name is not UTF-8"));
    };
    match text.parse::<KeyUri>() {
        Ok(uri) if matches!(uri.location(), KeyLocation::File(path) if path == file) => Ok(()),
        Err(error @ KeyUriError::PrivateKeyInUri) => Err(error.into()),
        _ => Err(Failure::usage("file name is not a valid key path").with_hint("write ./ before it, as in ./env:FOO")),
    }
}

/// Returns `key.pub.pem` for `key.pem`.
fn public_file(private: &Path) -> PathBuf {
    private.with_extension(match private.extension() {
        Some(pem) if pem == "pem" => "pub.pem".to_owned(),
        Some(other) => format!("{}.pub.pem", other.to_string_lossy()),
        None => "pub.pem".to_owned(),
    })
}

/// Writes both files or none. Returns the mode of the private key, if the system has modes.
fn write(private: &Path, public: &Path, pem: &Zeroizing<String>, public_pem: &str) -> Result<Option<u32>, Failure> {
    let mut private = NewFile::create(private, 0o600)?;
    let mut public = NewFile::create(public, 0o644)?;
    private.fill(pem)?;
    public.fill(public_pem)?;
    let mode = private.mode()?;
    private.keep();
    public.keep();
    Ok(mode)
}

/// A new file, deleted on drop unless it is kept.
struct NewFile<'a> {
    path: &'a Path,
    file: File,
    is_kept: bool,
}

impl<'a> NewFile<'a> {
    /// Creates the file with its final mode. Fails if it exists, also as a symbolic link.
    fn create(path: &'a Path, mode: u32) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        match options.open(path) {
            Ok(file) => Ok(Self { path, file, is_kept: false }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
            Err(error) => Err(not_written(path, &error)),
        }
    }

    fn fill(&mut self, text: &str) -> Result<(), Failure> {
        self.file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_all())
            .map_err(|error| not_written(self.path, &error))
    }

    /// Reads the mode back: a umask or a file system can change it.
    #[cfg(unix)]
    fn mode(&self) -> Result<Option<u32>, Failure> {
        let metadata = self.file.metadata().map_err(|error| not_written(self.path, &error))?;
        Ok(Some(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as on Unix")]
    fn mode(&self) -> Result<Option<u32>, Failure> {
        Ok(None)
    }

    fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewFile<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            // The error that caused the drop is reported.
            let _ = fs::remove_file(self.path);
        }
    }
}

fn exists(path: &Path) -> Failure {
    let path = printable::path(path);
    Failure::new(Exit::Refused, format!("{path} already exists"))
        .with_hint("use another name: keys are not overwritten")
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let path = printable::path(path);
    Failure::new(Exit::Refused, format!("failed to write {path} ({})", error.kind())).with_source(error)
}

fn not_generated(error: PemError) -> Failure {
    cobrowse_jwt::KeyError::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_over_existing_file_or_link_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let [new, existing, link] = ["new", "existing", "link"].map(|name| directory.path().join(name));
        fs::write(&existing, "existing").unwrap();
        assert_eq!(NewFile::create(&existing, 0o600).err().unwrap().exit, Exit::Refused);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(directory.path().join("elsewhere"), &link).unwrap();
            assert!(NewFile::create(&link, 0o600).is_err());
            assert!(!directory.path().join("elsewhere").exists());
        }
        let failed = write(&new, &existing, &Zeroizing::new("key".to_owned()), "public");
        assert_eq!(failed.unwrap_err().exit, Exit::Refused);
        assert!(!new.exists(), "half of a pair is left");
        assert_eq!(fs::read_to_string(&existing).unwrap(), "existing");
    }

    #[test]
    fn public_file_is_named_after_the_private_one() {
        for (private, public) in [
            ("key.pem", "key.pub.pem"),
            ("/a.b/key", "/a.b/key.pub.pem"),
            ("cobrowse.2026.pem", "cobrowse.2026.pub.pem"),
            ("key.p8", "key.p8.pub.pem"),
        ] {
            assert_eq!(public_file(private.as_ref()), Path::new(public));
        }
    }
}
