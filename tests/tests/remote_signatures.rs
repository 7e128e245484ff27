//! A remote key that answers wrongly never yields a token.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cobrowse_jwt::{
    Access, AgentClaims, KeyError, KeyErrorKind, KeySource as _, MintError, Minter, PublicKey, Signature, SigningInput,
    SigningKey, StaticKey, Verifier, async_trait,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::license_key;
use pollster::block_on;

type Wire = fn(Vec<u8>) -> Vec<u8>;

/// A key behind a wire that alters what passes.
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
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let verifier = Verifier::new(license_key(), key.public_key().clone());
    let key = block_on(key.signing_key()).unwrap();
    (Minter::new(license_key(), StaticKey::new(Arc::new(Remote { key, wire }))), verifier)
}

fn agent(number: usize) -> AgentClaims {
    AgentClaims::new(format!("agent-{number}@example.com"), Access::AccountDefault).unwrap()
}

#[test]
fn an_altered_signature_makes_no_token() {
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
fn a_right_signature_that_lost_its_leading_zeros_makes_one() {
    let (minter, verifier) = minter(|bytes| bytes.into_iter().skip_while(|&byte| byte == 0).collect());
    let mut shortened = 0;
    // One signature in 256 begins with a zero.
    for number in 0.. {
        let token = block_on(minter.mint(&agent(number))).unwrap();
        assert!(verifier.verify(token.expose_secret()).is_ok());
        let signature = token.expose_secret().rsplit('.').next().unwrap();
        shortened += usize::from(URL_SAFE_NO_PAD.decode(signature).unwrap()[0] == 0);
        if shortened == 2 {
            break;
        }
    }
}
