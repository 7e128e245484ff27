use std::sync::LazyLock;

use aws_lc_rs::rand;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use cobrowse_jwt::pem::{Passphrase, PemKey, RsaKeySize};
use pkcs1::{RsaPrivateKeyRef, der::Decode as _};

use crate::{
    minting::{self, MINTS},
    scan::Needles,
};

/// The secrets of every test, and the tokens that each child process mints with them.
pub(crate) static SECRETS: LazyLock<Secrets> = LazyLock::new(Secrets::new);

pub(crate) struct Secrets {
    pub(crate) key: PemKey,
    pub(crate) pem: String,
    pub(crate) encrypted_pem: String,
    pub(crate) passphrase: String,
    aws_secret: String,
    session_token: String,
    pub(crate) vault_token: String,
    pub(crate) secret_id: String,
    pub(crate) pin: String,
    tokens: Tokens,
    pub(crate) needles: Needles,
}

struct Tokens {
    ours: Vec<String>,
    jsonwebtoken: Vec<String>,
}

impl Secrets {
    fn new() -> Self {
        let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        let pem = key.to_pkcs8_pem().unwrap().to_string();
        let passphrase = random_text(24);
        let (aws_secret, session_token) = (random_text(30), random_text(300));
        let (vault_token, secret_id) = (format!("hvs.{}", random_text(66)), random_text(27));
        let pin = random_text(36);
        let encrypted_pem = key.to_encrypted_pkcs8_pem(&Passphrase::new(passphrase.as_str())).unwrap().to_string();
        let ours = minting::expected_tokens(&key);
        let jsonwebtoken = minting::jsonwebtoken_tokens(pem.as_bytes()).collect();
        let tokens = Tokens { ours, jsonwebtoken };

        let mut needles = Needles::default();
        add_key(&mut needles, &pem);
        needles.add("passphrase", passphrase.as_bytes());
        needles.add("AWS secret", aws_secret.as_bytes());
        needles.add("session token", session_token.as_bytes());
        needles.add("Vault token", vault_token.as_bytes());
        needles.add("secret id", secret_id.as_bytes());
        needles.add("PIN", pin.as_bytes());
        for token in tokens.ours.iter().chain(&tokens.jsonwebtoken) {
            add_token(&mut needles, token);
        }
        Self {
            key,
            pem,
            encrypted_pem,
            passphrase,
            aws_secret,
            session_token,
            vault_token,
            secret_id,
            pin,
            tokens,
            needles,
        }
    }

    /// Returns the PEM text without its last lines.
    pub(crate) fn broken_pem(&self) -> &str {
        &self.pem[..self.pem.len() - 100]
    }

    pub(crate) fn aws_profile(&self) -> String {
        format!(
            "[default]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = {}\naws_session_token = {}\n",
            self.aws_secret, self.session_token
        )
    }

    /// Returns the fingerprints of the tokens that this source mints.
    pub(crate) fn fingerprints(&self, source: &str) -> Vec<String> {
        let tokens = if source.starts_with("jsonwebtoken:") { &self.tokens.jsonwebtoken } else { &self.tokens.ours };
        assert_eq!(tokens.len(), MINTS);
        tokens.iter().map(|token| minting::fingerprint(token)).collect()
    }
}

fn random_text(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    rand::fill(&mut random).unwrap();
    URL_SAFE_NO_PAD.encode(random)
}

/// Adds the secret numbers in both byte orders, and the lines that contain them only: the first lines contain the public modulus.
fn add_key(needles: &mut Needles, pem: &str) {
    /// Before the `RSAPrivateKey` in PKCS#8 (RFC 5958) of a 2048-bit key: version, algorithm and length.
    const PKCS8_PREFIX: usize = 26;
    const LINE_BYTES: usize = 48;
    let (_, der) = pem_rfc7468::decode_vec(pem.as_bytes()).unwrap();
    let numbers = RsaPrivateKeyRef::from_der(&der[PKCS8_PREFIX..]).unwrap();
    let private_exponent = numbers.private_exponent.as_bytes();
    for number in [
        private_exponent,
        numbers.prime1.as_bytes(),
        numbers.prime2.as_bytes(),
        numbers.exponent1.as_bytes(),
        numbers.exponent2.as_bytes(),
        numbers.coefficient.as_bytes(),
    ] {
        needles.add("private key", number);
        needles.add("private key", &number.iter().rev().copied().collect::<Vec<_>>());
    }
    let start = der.windows(private_exponent.len()).position(|window| window == private_exponent).unwrap();
    for line in pem.lines().skip(1 + start.div_ceil(LINE_BYTES)).filter(|line| !line.starts_with('-')) {
        needles.add("PEM", line.as_bytes());
    }
}

fn add_token(needles: &mut Needles, token: &str) {
    let dot = token.rfind('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(&token[dot + 1..]).unwrap();
    needles.add_window("token", &token.as_bytes()[dot - 8..]);
    needles.add("signature", &signature);
    // As in the response of a key service.
    needles.add("signature", STANDARD.encode(&signature).as_bytes());
    needles.add("signature", &token.as_bytes()[dot + 1..]);
}
