use std::{env, fmt, fs::File, io::Read as _, path::PathBuf, sync::Arc};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use zeroize::Zeroizing;

/// The user PIN of a token. A variable or a file is read at each login, so that a changed PIN needs no restart. `Debug` redacts it.
#[derive(Clone)]
pub struct Pin(Source);

#[derive(Clone)]
enum Source {
    Value(Arc<Zeroizing<String>>),
    Variable(String),
    File(PathBuf),
}

impl Pin {
    /// Returns a PIN.
    #[must_use]
    pub fn new(pin: impl Into<String>) -> Self {
        Self(Source::Value(Arc::new(Zeroizing::new(pin.into()))))
    }

    /// Returns the PIN in this environment variable.
    #[must_use]
    pub fn from_variable(name: impl Into<String>) -> Self {
        Self(Source::Variable(name.into()))
    }

    /// Returns the PIN in this file: one line of at most 255 bytes.
    #[must_use]
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    pub(crate) fn read(&self) -> Result<Zeroizing<String>, KeyError> {
        let pin = match &self.0 {
            Source::Value(pin) => (**pin).clone(),
            Source::Variable(name) => Zeroizing::new(env::var(name).map_err(|error| {
                let cause = matches!(error, env::VarError::NotUnicode(_)).then_some("variable is not Unicode");
                invalid("failed to read the variable of the PIN").with_source(cause.unwrap_or("variable is not set"))
            })?),
            Source::File(path) => {
                // Large enough for the whole file, so that growing leaves no copy in memory.
                let mut text = Zeroizing::new(String::with_capacity(2 * LONGEST));
                File::open(path)
                    .and_then(|file| file.take(LONGEST as u64 + 3).read_to_string(&mut text))
                    .map_err(|error| invalid("failed to read the file of the PIN").with_source(error))?;
                let line =
                    text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
                Zeroizing::new(line.to_owned())
            }
        };
        if pin.is_empty() || pin.len() > LONGEST || pin.contains(['\n', '\r', '\0']) {
            return Err(invalid("PIN is not one line of 1 to 255 bytes"));
        }
        Ok(pin)
    }
}

/// No token has a longer PIN.
const LONGEST: usize = 255;

fn invalid(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::AccessDenied, message).with_hint("check the variable or the file of the PIN")
}

impl fmt::Debug for Pin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Pin(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn read_of_file_returns_the_line_without_its_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for text in ["1234", "1234\n", "1234\r\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(*Pin::from_file(&path).read().unwrap(), "1234");
        }
    }

    #[test]
    fn read_of_unusable_pin_returns_error_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for text in ["", "\n", "secret\nsecret\n", &"secret".repeat(100)] {
            fs::write(&path, text).unwrap();
            for pin in [Pin::from_file(&path), Pin::new(text)] {
                let error = pin.read().unwrap_err();
                assert_eq!(error.to_string(), "PIN is not one line of 1 to 255 bytes");
                assert!(!format!("{error:?} {pin:?}").contains("secret"));
            }
        }
        for pin in [Pin::from_file(folder.path().join("no-secret")), Pin::from_variable("COBROWSE_JWT_NO_SECRET")] {
            let error = pin.read().unwrap_err();
            assert_eq!(error.kind(), KeyErrorKind::AccessDenied);
            assert!(!format!("{error:?} {pin:?}").to_lowercase().contains("secret"), "{error:?}");
        }
    }
}
