use std::{
    collections::HashSet,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
};

use aws_lc_rs::{
    digest::{Digest, SHA256},
    rand, rsa,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding},
};
use cobrowse_jwt_core::PublicKey;
use cobrowse_jwt_pem::PemKey;

use super::{Fault, FaultServer, http::Response};

/// The keys of an AWS account, and an alias.
#[derive(Debug)]
pub(super) struct Account(Mutex<Keys>);

#[derive(Debug)]
struct Keys {
    /// The alias names the last one.
    all: Vec<Arc<Key>>,
    /// By ARN.
    disabled: HashSet<String>,
}

impl Account {
    pub(super) fn new(key: Key) -> Self {
        let all = vec![Arc::clone(unrelated_key()), Arc::new(key)];
        Self(Mutex::new(Keys { all, disabled: HashSet::new() }))
    }

    pub(super) fn current(&self) -> Arc<Key> {
        Arc::clone(self.lock().all.last().unwrap())
    }

    pub(super) fn rotate(&self, key: Key) {
        self.lock().all.push(Arc::new(key));
    }

    pub(super) fn disable(&self, arn: &str) {
        let mut keys = self.lock();
        assert!(keys.all.iter().any(|key| key.arn == arn), "unknown key {arn}");
        keys.disabled.insert(arn.to_owned());
    }

    /// Returns the keys that the alias has named, as Vault numbers them: from 1.
    pub(super) fn versions(&self) -> Vec<Arc<Key>> {
        self.lock().all[1..].to_vec()
    }

    pub(super) fn is_disabled(&self, key: &Key) -> bool {
        self.lock().disabled.contains(&key.arn)
    }

    /// Returns the enabled key with this key id, key ARN, alias name or alias ARN.
    pub(super) fn usable(&self, key_id: &str) -> Result<Arc<Key>, Response> {
        let keys = self.lock();
        let key = if key_id == FaultServer::ALIAS || key_id == arn(FaultServer::ALIAS) {
            keys.all.last()
        } else {
            keys.all.iter().find(|key| key.arn == key_id || key.id() == key_id)
        };
        let Some(key) = key else {
            let name = if key_id.starts_with("arn:") { key_id.to_owned() } else { arn(&format!("key/{key_id}")) };
            return Err(Response::exception(400, "NotFoundException", &format!("Key '{name}' does not exist")));
        };
        if keys.disabled.contains(&key.arn) {
            return Err(Response::exception(400, "DisabledException", &format!("{} is disabled.", key.arn)));
        }
        Ok(Arc::clone(key))
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap()
    }
}

/// A key pair with an ARN.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) arn: String,
    pub(super) public: PublicKey,
    pair: rsa::KeyPair,
}

impl Key {
    /// Gives the key a new ARN.
    pub(super) fn new(key: &PemKey) -> Self {
        let pem = key.to_pkcs8_pem().unwrap();
        let (_, der) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
        Self {
            arn: arn(&format!("key/{}", uuid())),
            public: key.public_key().clone(),
            pair: rsa::KeyPair::from_pkcs8(&der).unwrap(),
        }
    }

    /// Signs a SHA-256 digest with RSASSA-PKCS1-v1_5, or as the fault says. `None` if it has another length.
    pub(super) fn sign(&self, digest: &[u8], fault: Option<Fault>) -> Option<Vec<u8>> {
        let digest = Digest::import_less_safe(digest, &SHA256).ok()?;
        if fault == Some(Fault::Ed25519Signature) {
            return Some(Ed25519KeyPair::generate().unwrap().sign(digest.as_ref()).as_ref().to_vec());
        }
        let padding: &dyn RsaEncoding =
            if fault == Some(Fault::PssSignature) { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign_digest(padding, &digest, &mut signature).unwrap();
        Some(signature)
    }

    fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap()
    }
}

/// A second key in every account, for faults that confuse two keys.
pub(super) fn unrelated_key() -> &'static Arc<Key> {
    static KEY: LazyLock<Arc<Key>> = LazyLock::new(|| Arc::new(Key::new(&super::new_key())));
    &KEY
}

pub(super) fn arn(resource: &str) -> String {
    format!("arn:aws:kms:{}:{}:{resource}", FaultServer::REGION, FaultServer::ACCOUNT)
}

/// Returns a new Vault token.
pub(super) fn token() -> String {
    format!("hvs.{}", uuid())
}

/// A random UUID (RFC 9562, section 5.4).
fn uuid() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).unwrap();
    let bits = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
