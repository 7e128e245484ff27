//! Classifies the return values of PKCS#11 functions (PKCS #11 3.1, section 5.1).

use std::fmt::{self, Write as _};

use cobrowse_jwt_core::{KeyError, KeyErrorKind};
use cryptoki::{
    context::Function,
    error::{Error, RvError},
};

/// Why a call on a session failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A PKCS#11 function failed.
    Module(Error),
    /// The key or the configuration is wrong.
    Key(KeyError),
}

impl Failure {
    /// Returns whether a new session can help: the session, its login or its handles are invalid, or the device failed.
    pub(crate) fn is_lost_session(&self) -> bool {
        use RvError::{
            CryptokiNotInitialized, DeviceError, DeviceRemoved, FunctionFailed, GeneralError, KeyHandleInvalid,
            ObjectHandleInvalid, OperationActive, OperationNotInitialized, SessionClosed, SessionHandleInvalid,
            SlotIdInvalid, TokenNotPresent, TokenNotRecognized, UserNotLoggedIn,
        };
        matches!(
            self,
            Self::Module(Error::Pkcs11(
                CryptokiNotInitialized
                    | DeviceError
                    | DeviceRemoved
                    | FunctionFailed
                    | GeneralError
                    | KeyHandleInvalid
                    | ObjectHandleInvalid
                    | OperationActive
                    | OperationNotInitialized
                    | SessionClosed
                    | SessionHandleInvalid
                    | SlotIdInvalid
                    | TokenNotPresent
                    | TokenNotRecognized
                    | UserNotLoggedIn,
                _
            ))
        )
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Module(error)
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<Failure> for KeyError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Key(error) => error,
            Failure::Module(Error::Pkcs11(value, function)) => by_return_value(value, function),
            Failure::Module(_) => Self::new(KeyErrorKind::InvalidResponse, "PKCS#11 module returned malformed data")
                .with_hint("check the version of the PKCS#11 module"),
        }
    }
}

/// Returns whether the token rejected the PIN, so that another attempt with it could lock the token.
pub(crate) fn is_rejected_pin(error: &Error) -> bool {
    matches!(error, Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _))
}

fn by_return_value(value: RvError, function: Function) -> KeyError {
    use KeyErrorKind::{AccessDenied, InvalidKey, Unavailable};
    let (kind, message, hint) = match value {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
            (AccessDenied, "token rejected the PIN", "correct the PIN, then restart: a rejected PIN is not tried again")
        }
        RvError::PinLocked => (AccessDenied, "user PIN is locked", "unlock the PIN as the security officer"),
        RvError::PinExpired | RvError::UserPinNotInitialized => {
            (AccessDenied, "user PIN is expired or not set", "set the user PIN of the token")
        }
        RvError::UserNotLoggedIn
        | RvError::UserAnotherAlreadyLoggedIn
        | RvError::UserTooManyTypes
        | RvError::ActionProhibited
        | RvError::FunctionRejected => {
            (AccessDenied, "token denied the operation", "check the PIN and the permissions of the user")
        }
        RvError::KeyFunctionNotPermitted
        | RvError::KeyTypeInconsistent
        | RvError::KeySizeRange
        | RvError::MechanismInvalid
        | RvError::MechanismParamInvalid => (InvalidKey, "key cannot sign RS256", CREATE_KEY),
        RvError::SessionCount => {
            (Unavailable, "token has no free session", "use fewer sessions, or end other programs that use the token")
        }
        RvError::CryptokiNotInitialized => (
            Unavailable,
            "PKCS#11 module is not initialized in this process",
            "open the key after the fork, and do not call C_Finalize in this process",
        ),
        RvError::TokenNotPresent | RvError::DeviceRemoved | RvError::SlotIdInvalid | RvError::TokenNotRecognized => {
            (Unavailable, "token is not present", "insert the token, or check the connection to the HSM")
        }
        _ => (Unavailable, "PKCS#11 module failed", "check the HSM and the log of its PKCS#11 module"),
    };
    KeyError::new(kind, message).with_hint(hint).with_source(ReturnValue { value, function })
}

/// For every key that cannot sign RS256.
pub(crate) const CREATE_KEY: &str = "create an RSA key of at least 2048 bits with CKA_SIGN";

/// A return value by its standard name, as in `C_Login returned CKR_PIN_INCORRECT`.
#[derive(Debug, thiserror::Error)]
struct ReturnValue {
    value: RvError,
    function: Function,
}

impl fmt::Display for ReturnValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "C_{:?} returned ", self.function)?;
        match self.value {
            RvError::VendorDefined(code) | RvError::UnknownErrorCode(code) => write!(formatter, "{code:#010x}"),
            value => {
                formatter.write_str("CKR")?;
                for char in format!("{value:?}").chars() {
                    if char.is_ascii_uppercase() {
                        formatter.write_char('_')?;
                    }
                    formatter.write_char(char.to_ascii_uppercase())?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn key_error(value: RvError, function: Function) -> KeyError {
        Failure::from(Error::Pkcs11(value, function)).into()
    }

    #[test]
    fn source_names_function_and_return_value() {
        for (value, text) in [
            (RvError::PinIncorrect, "C_Login returned CKR_PIN_INCORRECT"),
            (RvError::GeneralError, "C_Login returned CKR_GENERAL_ERROR"),
            (RvError::VendorDefined(0x8000_0042), "C_Login returned 0x80000042"),
        ] {
            assert_eq!(key_error(value, Function::Login).source().unwrap().to_string(), text);
        }
    }

    #[test]
    fn kind_follows_the_return_value() {
        for (value, kind) in [
            (RvError::PinLocked, KeyErrorKind::AccessDenied),
            (RvError::KeyFunctionNotPermitted, KeyErrorKind::InvalidKey),
            (RvError::DeviceRemoved, KeyErrorKind::Unavailable),
            (RvError::VendorDefined(0x8000_0001), KeyErrorKind::Unavailable),
        ] {
            assert_eq!(key_error(value, Function::Sign).kind(), kind);
        }
        assert_eq!(KeyError::from(Failure::from(Error::InvalidValue)).kind(), KeyErrorKind::InvalidResponse);
    }
}
