//! The PKCS#11 modules of this process. A module is initialized once and never finalized: `C_Initialize` is per process, concurrent calls
//! of it crash some modules, and other users of the module may still need it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    session::{Session, UserType},
    slot::TokenInfo,
    types::AuthPin,
};
use zeroize::Zeroizing;

use crate::{
    error::{Failure, is_rejected_pin},
    pin::Pin,
};

/// The one process-wide state of this crate, by canonical path.
static MODULES: Mutex<BTreeMap<PathBuf, Arc<ModuleCell>>> = Mutex::new(BTreeMap::new());

/// A module that is initialized, or not yet. Its lock is held during `C_Initialize`, which can hang.
#[derive(Default)]
struct ModuleCell(Mutex<Option<Arc<Module>>>);

/// An initialized module.
pub(crate) struct Module {
    pub(crate) pkcs11: Pkcs11,
    /// The PINs that a token rejected. The lock is held during a login, so that two threads do not try one wrong PIN twice.
    rejected: Mutex<Vec<RejectedPin>>,
}

struct RejectedPin {
    token: String,
    pin: Zeroizing<String>,
}

impl Module {
    /// Loads and initializes the module with this path, unless an earlier call has done so. **Blocks.**
    pub(crate) fn load(path: &Path) -> Result<Arc<Self>, KeyError> {
        let path = fs::canonicalize(path).map_err(|error| unreadable(&error))?;
        let slot = Arc::clone(lock(&MODULES).entry(path.clone()).or_default());
        let mut module = lock(&slot.0);
        if let Some(module) = &*module {
            return Ok(Arc::clone(module));
        }
        let pkcs11 = Pkcs11::new(&path).map_err(|_| {
            KeyError::new(KeyErrorKind::NotFound, "file is not a PKCS#11 module for this machine")
                .with_hint("use the path of the PKCS#11 library of the HSM vendor")
        })?;
        match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(Failure::from(error).into()),
        }
        Ok(Arc::clone(module.insert(Arc::new(Self { pkcs11, rejected: Mutex::new(Vec::new()) }))))
    }

    /// Logs in to the token of this session. A login is shared by all sessions of the process with the token.
    pub(crate) fn log_in(&self, session: &Session, token: &TokenInfo, pin: Option<&Pin>) -> Result<(), Failure> {
        let Some(pin) = pin else {
            return match (token.login_required(), token.protected_authentication_path()) {
                (false, _) => Ok(()),
                (true, true) => accept_logged_in(session.login(UserType::User, None)),
                (true, false) => Err(KeyError::new(KeyErrorKind::AccessDenied, "token needs a PIN")
                    .with_hint("give the PIN, in a URI as pin-source=file:/path")
                    .into()),
            };
        };
        let pin = pin.read()?;
        let id = format!("{} {}", token.serial_number(), token.label());
        let mut rejected = lock(&self.rejected);
        if rejected.iter().any(|rejected| rejected.token == id && rejected.pin == pin) {
            return Err(KeyError::new(KeyErrorKind::AccessDenied, "token has rejected this PIN before")
                .with_hint("correct the PIN; if the token accepts it now, restart the program")
                .into());
        }
        let result = session.login(UserType::User, Some(&AuthPin::from(pin.as_str())));
        if result.as_ref().is_err_and(is_rejected_pin) {
            rejected.push(RejectedPin { token: id, pin });
        }
        accept_logged_in(result)
    }
}

fn accept_logged_in(result: Result<(), Error>) -> Result<(), Failure> {
    match result {
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn unreadable(error: &io::Error) -> KeyError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => KeyErrorKind::AccessDenied,
        _ => KeyErrorKind::NotFound,
    };
    KeyError::new(kind, "PKCS#11 module not found")
        .with_hint("install the PKCS#11 library of the HSM vendor, or correct its path")
        .with_source(error.kind().to_string())
}

/// Nothing panics between two changes that belong together.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
