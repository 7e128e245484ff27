//! A remote key with wrong responses never yields a token. Key, clock and claims are fixed, so every signature is the same in every run.

mod vector;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, KeyError, KeyErrorKind, KeySource as _, MintError, Minter, PublicKey, Signature,
    SigningInput, SigningKey, StaticKey, Verifier, async_trait, pem::PemKey,
};
use cobrowse_jwt_tests::license_key;
use pollster::block_on;

use vector::{RFC_7515_A_2, Vector};

type Wire = fn(Vec<u8>) -> Vec<u8>;

/// A key whose signatures are altered in transit.
#[derive(Debug)]
struct Remote {
    key: Arc<dyn SigningKey>,
    wire: Wire,
}

#[async_trait]
impl SigningKey for Remote {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    async fn sign(&self, input: &SigningInput<'_>) -> Result<Signature, KeyError> {
        let signature = self.key.sign(input).await?;
        Ok(Signature::remote((self.wire)(signature.as_bytes().to_vec())))
    }
}

fn minter(wire: Wire) -> (Minter, Verifier) {
    let clock = || -> SystemTime { UNIX_EPOCH + Duration::from_secs(1_700_000_000) };
    let vector: Vector = serde_json::from_str(RFC_7515_A_2).unwrap();
    let key = PemKey::from_pem(vector.jwk.pkcs1_pem()).unwrap();
    let verifier = Verifier::new(license_key(), key.public_key().clone()).clock(clock);
    let key = block_on(key.signing_key()).unwrap();
    let source = StaticKey::new(Arc::new(Remote { key, wire }));
    (Minter::builder(license_key(), source).clock(clock).build(), verifier)
}

/// Returns whether the signature of a token begins with a zero.
fn begins_with_zero(token: &AgentToken) -> bool {
    let signature = token.expose_secret().rsplit('.').next().unwrap();
    URL_SAFE_NO_PAD.decode(signature).unwrap()[0] == 0
}

fn agent(number: usize) -> AgentClaims {
    AgentClaims::new(format!("agent-{number}@example.com"), Access::AccountDefault).unwrap()
}

#[test]
fn mint_with_altered_signature_returns_error() {
    let (unaltered, _) = minter(|bytes| bytes);
    for number in 0..4 {
        let token = block_on(unaltered.mint(&agent(number))).unwrap();
        assert!(!begins_with_zero(&token), "the minter restores a leading zero that is cut off");
    }

    let wires: [(&str, Wire); 10] = [
        ("empty", |_| vec![]),
        ("all zero", |bytes| vec![0; bytes.len()]),
        ("one byte", |bytes| bytes[..1].to_vec()),
        ("cut at the end", |bytes| bytes[..bytes.len() - 1].to_vec()),
        ("cut at the start", |bytes| bytes[1..].to_vec()),
        ("longer", |mut bytes| {
            bytes.push(0);
            bytes
        }),
        ("with a zero in front", |mut bytes| {
            bytes.insert(0, 0);
            bytes
        }),
        ("reversed", |mut bytes| {
            bytes.reverse();
            bytes
        }),
        ("a bit flipped in the middle", |mut bytes| {
            bytes[128] ^= 1;
            bytes
        }),
        ("the last bit flipped", |mut bytes| {
            bytes[255] ^= 1;
            bytes
        }),
    ];
    for (case, wire) in wires {
        let (minter, _) = minter(wire);
        for number in 0..4 {
            let Err(MintError::Key(error)) = block_on(minter.mint(&agent(number))) else { panic!("{case}: a token") };
            assert_eq!(error.kind(), KeyErrorKind::InvalidResponse, "{case}");
        }
    }
}

#[test]
fn mint_with_stripped_leading_zeros_returns_token() {
    let (minter, verifier) = minter(|bytes| bytes.into_iter().skip_while(|&byte| byte == 0).collect());
    let mut stripped = 0;
    // One signature in 256 begins with a zero.
    for number in 0..1_000 {
        let token = block_on(minter.mint(&agent(number))).unwrap();
        assert!(verifier.verify(token.expose_secret()).is_ok());
        stripped += usize::from(begins_with_zero(&token));
        if stripped == 2 {
            return;
        }
    }
    panic!("only {stripped} signatures begin with a zero");
}
