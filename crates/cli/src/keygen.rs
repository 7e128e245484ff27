use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use cobrowse_jwt::pem::{PemError, PemKey, RsaKeySize, printable_path};
use zeroize::Zeroizing;

use crate::{
    exit::{self, Exit},
    failure::Failure,
    output::{self, Stdout},
    passphrase::PassphraseArgs,
    printable,
    progress::Progress,
};

/// Make a new private key in a file that only its owner may read, with the public key beside it
///
/// Prints the public key, and says where it goes. Overwrites nothing.
#[derive(clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub(crate) struct Keygen {
    /// The file of the private key; that of the public key is named after it: key.pub.pem
    #[arg(value_name = "FILE", default_value = "key.pem")]
    file: PathBuf,
    /// The size of the key in bits
    #[arg(long, value_name = "BITS", default_value = "2048", value_parser = ["2048", "3072", "4096"])]
    bits: String,
    /// Encrypt the private key with a passphrase. A passphrase that was given by its file or variable says so too
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

const EXAMPLES: &str = "\
Examples:
  cobrowse-jwt keygen key.pem
  cobrowse-jwt keygen --bits 4096 --encrypt key.pem
  cobrowse-jwt keygen --passphrase-file <(pass show cobrowse) key.pem";

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
            let advice = "set it to encrypt the key, or unset it to leave it plain";
            return Err(Failure::usage(format!("the variable {variable} is set to nothing; {advice}")));
        }
        let (key, pem) = {
            let _progress = Progress::of("making the key");
            let key = PemKey::generate(self.size()).map_err(not_made)?;
            let pem = match &passphrase {
                Some(passphrase) => key.to_encrypted_pkcs8_pem(passphrase),
                None => key.to_pkcs8_pem(),
            };
            (key, pem.map_err(not_made)?)
        };
        let mode = write(&self.file, &public_file, &pem, key.public_key().to_pem())?;

        let encrypted = if passphrase.is_some() { "encrypted, " } else { "" };
        let mode = mode.map_or_else(|| "protected by its folder alone".to_owned(), |mode| format!("mode {mode:03o}"));
        output::note(format_args!("private key  {}  ({encrypted}{mode})", printable::path(&self.file)));
        output::note(format_args!("public key   {}", printable::path(&public_file)));
        output::note(format_args!(
            "Paste the public key into the Cobrowse dashboard: Settings > Integrations > JWT SSO."
        ));
        write!(stdout, "{}", key.public_key().to_pem())?;
        Ok(Exit::Ok)
    }

    fn size(&self) -> RsaKeySize {
        match self.bits.as_str() {
            "4096" => RsaKeySize::Rsa4096,
            "3072" => RsaKeySize::Rsa3072,
            _ => RsaKeySize::Rsa2048,
        }
    }
}

/// Every other subcommand takes the name for KEY, where it would name something else, or nothing.
fn check_name(file: &Path) -> Result<(), Failure> {
    let Some(text) = file.to_str() else {
        return Err(Failure::usage("the file's name is not UTF-8 text, so no KEY could name it; give another name"));
    };
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    let in_scheme = |char: char| char.is_ascii_alphanumeric() || "+-.".contains(char);
    // One letter is a drive.
    if scheme.len() > 1 && scheme.starts_with(|char: char| char.is_ascii_alphabetic()) && scheme.chars().all(in_scheme)
    {
        return Err(Failure::usage(
            "the file's name would be read as a URI where KEY is asked for; give a path, or write ./ before it: ./env:FOO",
        ));
    }
    Ok(())
}

/// `key.pem` and `key.pub.pem`.
fn public_file(private: &Path) -> PathBuf {
    private.with_extension(match private.extension() {
        Some(pem) if pem == "pem" => "pub.pem".to_owned(),
        Some(other) => format!("{}.pub.pem", other.to_string_lossy()),
        None => "pub.pem".to_owned(),
    })
}

/// Both files or none. The mode of the private one, where there are modes.
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

/// A file that did not exist before, and does not after unless it is kept.
struct NewFile<'a> {
    path: &'a Path,
    file: File,
    is_kept: bool,
}

impl<'a> NewFile<'a> {
    /// Nobody else can have opened it: it has its mode from the beginning, and follows no link.
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

    /// As it is: the umask takes bits from the mode that was asked for, and not every file system has modes.
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
            // The error that brought us here says more than one of this.
            let _ = fs::remove_file(self.path);
        }
    }
}

fn exists(path: &Path) -> Failure {
    let path = printable::path(path);
    Failure::new(Exit::Refused, format!("{path} exists already; keys are not overwritten, so give another name"))
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    let path = printable_path(path);
    Failure::new(Exit::Refused, format!("{path} cannot be written; correct the path, or mend its folder's permissions"))
        .because(error)
}

fn not_made(error: PemError) -> Failure {
    cobrowse_jwt::KeyError::from(error).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What appears after the first look at the names is left alone too.
    #[test]
    fn a_new_file_takes_no_others_place_and_follows_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let [mine, theirs, link] = ["mine", "theirs", "link"].map(|name| folder.path().join(name));
        fs::write(&theirs, "theirs").unwrap();
        assert_eq!(NewFile::create(&theirs, 0o600).err().unwrap().exit(), Exit::Refused);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.path().join("elsewhere"), &link).unwrap();
            assert!(NewFile::create(&link, 0o600).is_err());
            assert!(!folder.path().join("elsewhere").exists());
        }
        let failed = write(&mine, &theirs, &Zeroizing::new("key".to_owned()), "public");
        assert_eq!(failed.unwrap_err().exit(), Exit::Refused);
        assert!(!mine.exists(), "no half of a pair is left");
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
    }

    #[test]
    fn the_public_key_is_named_after_the_private_one() {
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
