use std::path::PathBuf;

use cobrowse_jwt_core::{KeyError, KeyErrorKind, PublicKey, SigningInput};
use cobrowse_jwt_remote::KeyVersion;
use cryptoki::{
    context::Function,
    error::{Error, RvError},
    mechanism::{Mechanism, MechanismType},
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, SessionState},
    slot::{Slot, TokenInfo},
};

use crate::{
    error::{CREATE_KEY, Failure},
    module::Module,
    names::{KEYS, KeyName, TOKENS, TokenName, only},
    pin::Pin,
};

/// What the builder configures.
pub(crate) struct Settings {
    pub(crate) module: PathBuf,
    pub(crate) token: TokenName,
    pub(crate) key: KeyName,
    pub(crate) pin: Option<Pin>,
    /// The public key that the caller gave.
    pub(crate) public_key: Option<PublicKey>,
}

/// A session that is logged in. Every call blocks.
pub(crate) struct Connection {
    session: Session,
    /// Whether [`Connection::open`] has logged in.
    has_logged_in: bool,
    /// Whether the token hashes: it offers `CKM_SHA256_RSA_PKCS` and not `CKM_RSA_PKCS`.
    token_hashes: bool,
    /// The key that this session used last.
    key: Option<FoundKey>,
}

/// A private key and its handle, which is valid in this session and until the token is removed.
#[derive(Clone)]
pub(crate) struct FoundKey {
    handle: ObjectHandle,
    pub(crate) version: KeyVersion,
    pub(crate) public_key: PublicKey,
    pub(crate) protection: KeyProtection,
}

/// How a token protects a private key, as the token reports it (PKCS #11 3.1, section 4.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyProtection {
    /// `CKA_EXTRACTABLE`: the token exports the key, at least wrapped by another key.
    pub extractable: bool,
    /// `CKA_LOCAL`: the key was generated in the token. An imported key may exist elsewhere.
    pub generated_in_token: bool,
}

impl Connection {
    /// Opens a session with the token, and logs in.
    pub(crate) fn open(settings: &Settings) -> Result<Self, Failure> {
        let module = Module::load(&settings.module)?;
        let (slot, token) = find_token(&module, &settings.token)?;
        let session = module.pkcs11.open_ro_session(slot)?;
        module.log_in(&session, &token, settings.pin.as_ref())?;
        let signs = |mechanism| match module.pkcs11.get_mechanism_info(slot, mechanism) {
            Err(Error::Pkcs11(RvError::MechanismInvalid, _)) => Ok(false),
            info => info.map(|info| info.sign()),
        };
        let token_hashes = !signs(MechanismType::RSA_PKCS)?;
        if token_hashes && !signs(MechanismType::SHA256_RSA_PKCS)? {
            return Err(unsuitable("token has neither CKM_RSA_PKCS nor CKM_SHA256_RSA_PKCS"));
        }
        let has_logged_in = settings.pin.is_some() || token.login_required();
        Ok(Self { session, has_logged_in, token_hashes, key: None })
    }

    /// Finds the configured key. Checks its public key by a signature, unless this version was checked and no public key was given.
    pub(crate) fn resolve(&mut self, settings: &Settings, checked: Option<&KeyVersion>) -> Result<FoundKey, Failure> {
        let KeyName { label, id } = &settings.key;
        let label = label.as_ref().map(|label| Attribute::Label(label.clone().into()));
        let id = id.as_ref().map(|id| Attribute::Id(id.clone()));
        let found = self.private_keys(label.into_iter().chain(id))?;
        let handle = only(KEYS, found, || self.labels())?;
        let key = self.describe(handle, settings)?;
        // With a given public key, all keys with the same `CKA_ID` have the same version.
        if settings.public_key.is_some() || checked != Some(&key.version) {
            self.check_pair(&key)?;
        }
        self.key = Some(key.clone());
        Ok(key)
    }

    /// Signs with exactly this version, also if the configured name no longer refers to it.
    pub(crate) fn sign(
        &mut self,
        version: &KeyVersion,
        input: &SigningInput<'_>,
        settings: &Settings,
    ) -> Result<Vec<u8>, Failure> {
        let handle = match &self.key {
            Some(key) if key.version == *version => key.handle,
            _ => {
                let key = self.find(version, settings)?;
                self.key.insert(key).handle
            }
        };
        self.sign_with(handle, input)
    }

    /// Refuses a public key that does not belong to the private key, by one signature.
    fn check_pair(&self, key: &FoundKey) -> Result<(), Failure> {
        const MESSAGE: SigningInput<'static> = SigningInput::new(b"cobrowse-jwt PKCS#11 check: not a token");
        if key.public_key.verify(&MESSAGE, &self.sign_with(key.handle, &MESSAGE)?) {
            return Ok(());
        }
        Err(KeyError::new(KeyErrorKind::InvalidKey, "public key does not belong to the private key")
            .with_hint("give both objects of a key pair the same CKA_ID, or correct the given public key")
            .into())
    }

    fn sign_with(&self, key: ObjectHandle, input: &SigningInput<'_>) -> Result<Vec<u8>, Failure> {
        if self.token_hashes {
            return Ok(self.session.sign(&Mechanism::Sha256RsaPkcs, key, input.message())?);
        }
        let digest_info = [&SHA256_DIGEST_INFO[..], &input.sha256()].concat();
        Ok(self.session.sign(&Mechanism::RsaPkcs, key, &digest_info)?)
    }

    fn find(&self, version: &KeyVersion, settings: &Settings) -> Result<FoundKey, Failure> {
        let id = version.as_str().split_once(':').and_then(|(id, _)| from_hex(id)).filter(|id| !id.is_empty());
        let handles = self.private_keys(id.clone().map(Attribute::Id))?;
        let mut fault = None;
        for handle in handles {
            let key = self.describe(handle, settings).and_then(|key| {
                if settings.public_key.is_some() && key.version == *version {
                    self.check_pair(&key)?;
                }
                Ok(key)
            });
            match key {
                Ok(key) if key.version == *version => return Ok(key),
                Err(failure) if failure.is_lost_session() => return Err(failure),
                // Another handle may have this version. Without an id, the failure may concern an unrelated key.
                Err(failure @ Failure::Module(_)) if id.is_some() => fault = Some(failure),
                Ok(_) | Err(_) => {}
            }
        }
        Err(fault.unwrap_or_else(|| KeyError::new(KeyErrorKind::Superseded, "key is no longer in the token").into()))
    }

    fn private_keys(&self, name: impl IntoIterator<Item = Attribute>) -> Result<Vec<ObjectHandle>, Failure> {
        let template: Vec<_> = [Attribute::Class(ObjectClass::PRIVATE_KEY)].into_iter().chain(name).collect();
        let found = self.session.find_objects(&template)?;
        if !found.is_empty() || !self.has_logged_in {
            return Ok(found);
        }
        // After a log-out by another caller of the module, the search succeeds and omits private objects.
        if self.session.get_session_info()?.session_state() == SessionState::RoPublic {
            return Err(Error::Pkcs11(RvError::UserNotLoggedIn, Function::FindObjects).into());
        }
        // Another thread may have logged in again after the search.
        Ok(self.session.find_objects(&template)?)
    }

    /// Reads the attributes of a private key, and refuses one that cannot sign RS256.
    fn describe(&self, handle: ObjectHandle, settings: &Settings) -> Result<FoundKey, Failure> {
        let attributes = self.session.get_attributes(
            handle,
            &[
                AttributeType::Id,
                AttributeType::Label,
                AttributeType::KeyType,
                AttributeType::Sign,
                AttributeType::AlwaysAuthenticate,
                AttributeType::Extractable,
                AttributeType::Local,
                AttributeType::Modulus,
                AttributeType::PublicExponent,
            ],
        )?;
        if attributes.iter().any(|attribute| matches!(attribute, Attribute::KeyType(kind) if *kind != KeyType::RSA)) {
            return Err(unsuitable("key is not an RSA key"));
        }
        if attributes.contains(&Attribute::Sign(false)) {
            return Err(unsuitable("key has no CKA_SIGN"));
        }
        if attributes.contains(&Attribute::AlwaysAuthenticate(true)) {
            return Err(unsuitable("key needs the PIN for every signature (CKA_ALWAYS_AUTHENTICATE)"));
        }
        let public_key = match &settings.public_key {
            Some(key) => key.clone(),
            None => self.public_key(&attributes)?,
        };
        let id = attributes.iter().find_map(|attribute| match attribute {
            Attribute::Id(id) => Some(id.as_slice()),
            _ => None,
        });
        Ok(FoundKey {
            handle,
            version: KeyVersion::new(format!("{}:{}", to_hex(id.unwrap_or_default()), public_key.thumbprint())),
            public_key,
            protection: KeyProtection {
                extractable: attributes.contains(&Attribute::Extractable(true)),
                generated_in_token: attributes.contains(&Attribute::Local(true)),
            },
        })
    }

    /// Returns the public key of the private key's own attributes, otherwise of the public object with the same `CKA_ID`, or the same
    /// label if it has no id.
    fn public_key(&self, private: &[Attribute]) -> Result<PublicKey, Failure> {
        if let (Some(modulus), Some(exponent)) = components(private) {
            return from_components(modulus, exponent);
        }
        let name = private
            .iter()
            .find(|attribute| matches!(attribute, Attribute::Id(id) if !id.is_empty()))
            .or_else(|| private.iter().find(|attribute| matches!(attribute, Attribute::Label(_))));
        let template: Vec<_> = [Attribute::Class(ObjectClass::PUBLIC_KEY)].into_iter().chain(name.cloned()).collect();
        for object in self.session.find_objects(&template)? {
            let public =
                self.session.get_attributes(object, &[AttributeType::Modulus, AttributeType::PublicExponent])?;
            if let (Some(modulus), Some(exponent)) = components(&public) {
                return from_components(modulus, exponent);
            }
        }
        Err(KeyError::new(KeyErrorKind::InvalidKey, "token has no public key for the private key")
            .with_hint("store the public key object with the CKA_ID of the private key, or give the public key")
            .into())
    }

    /// Returns the labels of all private keys, for an error.
    fn labels(&self) -> Vec<String> {
        let label = |object| match self.session.get_attributes(object, &[AttributeType::Label]).ok()?.pop()? {
            Attribute::Label(label) => Some(String::from_utf8_lossy(&label).into_owned()),
            _ => None,
        };
        let keys = self.private_keys(None).unwrap_or_default();
        keys.into_iter().map(|object| label(object).unwrap_or_default()).collect()
    }
}

/// The DER of a `DigestInfo` up to the digest, for SHA-256 (RFC 8017, section 9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

fn find_token(module: &Module, name: &TokenName) -> Result<(Slot, TokenInfo), Failure> {
    let (mut tokens, mut fault) = (Vec::new(), None);
    for slot in module.pkcs11.get_slots_with_token()? {
        match module.pkcs11.get_token_info(slot) {
            Ok(token) => tokens.push((slot, token)),
            Err(Error::Pkcs11(RvError::TokenNotPresent | RvError::TokenNotRecognized, _)) => {}
            // The token may be in another slot.
            Err(error) if name.may_be_in(slot) => fault = Some(error),
            Err(_) => {}
        }
    }
    let matching = || tokens.iter().filter(|(slot, token)| name.matches(*slot, token)).cloned();
    let mut found: Vec<_> = matching().collect();
    if found.len() > 1 || fault.is_some() {
        // SoftHSM always lists an uninitialized token too.
        found.retain(|(_, token)| token.token_initialized());
    }
    if let Some(error) = fault.filter(|_| found.is_empty()) {
        return Err(error.into());
    }
    let labels = || tokens.iter().map(|(_, token)| token.label().to_owned()).collect();
    Ok(only(TOKENS, found, labels)?)
}

fn components(attributes: &[Attribute]) -> (Option<&[u8]>, Option<&[u8]>) {
    let (mut modulus, mut exponent) = (None, None);
    for attribute in attributes {
        match attribute {
            Attribute::Modulus(bytes) if !bytes.is_empty() => modulus = Some(bytes.as_slice()),
            Attribute::PublicExponent(bytes) if !bytes.is_empty() => exponent = Some(bytes.as_slice()),
            _ => {}
        }
    }
    (modulus, exponent)
}

fn from_components(modulus: &[u8], exponent: &[u8]) -> Result<PublicKey, Failure> {
    PublicKey::from_components(modulus, exponent)
        .map_err(|error| unsuitable_key("key is not an RSA key of 2048 to 8192 bits").with_source(error).into())
}

fn unsuitable(message: &'static str) -> Failure {
    unsuitable_key(message).into()
}

fn unsuitable_key(message: &'static str) -> KeyError {
    KeyError::new(KeyErrorKind::InvalidKey, message).with_hint(CREATE_KEY)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = |start| text.get(start..start + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    (0..text.len()).step_by(2).map(digits).collect()
}
