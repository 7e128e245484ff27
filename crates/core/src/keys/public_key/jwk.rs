//! Public keys as JSON Web Keys (RFC 7517; RFC 7518, section 6.3.1).

use super::{PublicKey, PublicKeyError};
use crate::json::Document;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, Jwk, KeyAlgorithm, PublicKeyUse, RSAKeyParameters, RSAKeyType,
};

impl PublicKey {
    /// Parses a JWK. `kty` must be `RSA`; if `use`, `alg` or `key_ops` are present, they must allow the verification of RS256 signatures.
    ///
    /// # Errors
    ///
    /// [`PublicKeyError::NotRsaJwk`], [`PublicKeyError::PrivateKey`] for a private key, and those of
    /// [`PublicKey::from_components`].
    pub fn from_jwk(json: &str) -> Result<Self, PublicKeyError> {
        let refused = || PublicKeyError::NotRsaJwk;
        let Ok(Document { value, duplicate: None }) = Document::parse(json.as_bytes()) else { return Err(refused()) };
        let value = value.into_value();
        if ["d", "p", "q", "dp", "dq", "qi", "oth"].into_iter().any(|member| value.get(member).is_some()) {
            return Err(PublicKeyError::PrivateKey);
        }
        let jwk: Jwk = serde_json::from_value(value).map_err(|_| refused())?;
        let AlgorithmParameters::RSA(parameters) = &jwk.algorithm else { return Err(refused()) };
        if !verifies_rs256(&jwk.common) {
            return Err(refused());
        }
        let number = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| refused());
        Self::from_components(&number(&parameters.n)?, &number(&parameters.e)?)
    }

    /// Returns the JSON text of a JWK with `alg`, `use` and the thumbprint as `kid`.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        let jwk = Jwk {
            common: CommonParameters {
                public_key_use: Some(PublicKeyUse::Signature),
                key_algorithm: Some(KeyAlgorithm::RS256),
                key_id: Some(self.thumbprint().to_owned()),
                ..CommonParameters::default()
            },
            algorithm: AlgorithmParameters::RSA(RSAKeyParameters {
                key_type: RSAKeyType::RSA,
                n: URL_SAFE_NO_PAD.encode(&self.0.modulus),
                e: URL_SAFE_NO_PAD.encode(&self.0.exponent),
            }),
        };
        serde_json::json!(jwk).to_string()
    }
}

fn verifies_rs256(common: &CommonParameters) -> bool {
    use jsonwebtoken::jwk::KeyOperations;
    matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        && matches!(common.key_algorithm, None | Some(KeyAlgorithm::RS256))
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::keys::testing::TestKey;

    #[test]
    fn from_jwk_returns_the_encoded_key() {
        let key = TestKey::generate().public;
        let jwk: Value = serde_json::from_str(&key.to_jwk()).unwrap();
        assert_eq!(jwk["kid"], key.thumbprint());
        assert_eq!(
            (&jwk["kty"], &jwk["alg"], &jwk["use"], &jwk["e"]),
            (&json!("RSA"), &json!("RS256"), &json!("sig"), &json!("AQAB"))
        );
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).unwrap(), key);
    }

    #[test]
    fn from_jwk_of_other_key_returns_its_error() {
        let jwk: Value = serde_json::from_str(&TestKey::generate().public.to_jwk()).unwrap();
        let with = |member: &str, value: Value| {
            let mut jwk = jwk.clone();
            jwk[member] = value;
            PublicKey::from_jwk(&jwk.to_string())
        };
        assert!(with("key_ops", json!(["verify"])).is_ok());
        assert_eq!(with("key_ops", json!(["encrypt"])), Err(PublicKeyError::NotRsaJwk));
        assert_eq!(with("use", json!("enc")), Err(PublicKeyError::NotRsaJwk));
        assert_eq!(with("alg", json!("PS256")), Err(PublicKeyError::NotRsaJwk));
        assert_eq!(with("kty", json!("oct")), Err(PublicKeyError::NotRsaJwk));
        assert_eq!(with("n", json!("AQAB==")), Err(PublicKeyError::NotRsaJwk));
        assert_eq!(with("n", json!("AQAB")), Err(PublicKeyError::TooSmall { bits: 17 }));
        assert_eq!(with("d", json!("AQAB")), Err(PublicKeyError::PrivateKey));
        assert_eq!(PublicKey::from_jwk("{}"), Err(PublicKeyError::NotRsaJwk));
        let repeated = jwk.to_string().replacen('{', r#"{"n":"AQAB","#, 1);
        assert_eq!(PublicKey::from_jwk(&repeated), Err(PublicKeyError::NotRsaJwk));
    }
}
