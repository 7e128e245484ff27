//! Builds the content of a response. [`wire`](super::wire) sends it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Fault, FaultServer, Operation,
    account::{self, Account, Key},
    http::Response,
};

const ALGORITHM: &str = "RSASSA_PKCS1_V1_5_SHA_256";

/// An RSA key of 1024 bits, made with `openssl genrsa`.
pub(super) const SMALL_KEY: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDNE+yXMXMprr/o33W3K1vuqrD9IT6wkDwKgZ4JeMnV9d2xSTzw3A6n4ZBSlhxYberB0\
     ZtQV3+974c2RP9N8RmmGH8HMDEsneoWJovgJcNgxRdfHePFSaIfa+VqNVEkYNB5w2iYuzkTpxW+zlgQsnTF1+ZfIYIwgUeAPAqhSqg/VwIDAQAB";

/// A point on P-256, made with `openssl ecparam -genkey`.
pub(super) const ECC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESuTWKomKLaHLiSaaPlJG6YW1rE0i9ThOC4UGuJUOsukXROx6f7ltYxwbOM8sgRmUMTX3Dyb8\
     UB73XTwwvIcB+g==";

/// Builds the response to a request, with the fault in it.
pub(super) fn respond(account: &Account, operation: Operation, request: &Value, fault: Option<Fault>) -> Response {
    if let Some(response) = fault.and_then(|fault| fixed_response(fault, operation, &account.current().arn)) {
        return response;
    }
    let fields = match operation {
        Operation::GetPublicKey => get_public_key(account, request, fault),
        Operation::Sign => sign(account, request, fault),
        Operation::LogIn => unreachable!("KMS has no such operation"),
    };
    match fields {
        Err(refusal) => refusal,
        Ok(fields) => Response::json(&fields, fault),
    }
}

/// Returns the response of a fault that does not depend on the request.
fn fixed_response(fault: Fault, operation: Operation, arn: &str) -> Option<Response> {
    let refusal = |code, message: &str| Some(Response::exception(400, code, message));
    match fault {
        Fault::Throttling => refusal("ThrottlingException", "Rate exceeded"),
        Fault::RetryAfter20s => Some(
            Response::exception(400, "ThrottlingException", "Rate exceeded").with_header("x-amz-retry-after", "20000"),
        ),
        Fault::InternalError500 => Some(Response::exception(500, "KMSInternalException", "Internal failure")),
        Fault::AccessDenied => {
            let message = format!(
                "User: arn:aws:sts::{}:assumed-role/agent-tokens/i-0abc is not authorized to perform: kms:{operation:?} on \
                 resource: {arn} because no identity-based policy allows the kms:{operation:?} action",
                FaultServer::ACCOUNT
            );
            refusal("AccessDeniedException", &message)
        }
        Fault::Disabled => refusal("DisabledException", &format!("{arn} is disabled.")),
        Fault::NotFound => refusal("NotFoundException", &format!("Key '{arn}' does not exist")),
        Fault::InvalidState => refusal("KMSInvalidStateException", &format!("{arn} is pending deletion.")),
        Fault::InvalidKeyUsage => {
            refusal("InvalidKeyUsageException", &format!("{arn} key usage is ENCRYPT_DECRYPT which is not valid."))
        }
        Fault::ExpiredCredentials => {
            refusal("ExpiredTokenException", "The security token included in the request is expired")
        }
        Fault::ClockSkew => refusal(
            "InvalidSignatureException",
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)",
        ),
        Fault::RequestTimeTooSkewed => Some(Response::exception(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )),
        Fault::SymmetricKey => refusal("UnsupportedOperationException", &format!("{arn} is not an asymmetric key.")),
        fault => fixed_body(fault),
    }
}

/// Returns the response of a fault that is the same in every protocol.
pub(super) fn fixed_body(fault: Fault) -> Option<Response> {
    match fault {
        Fault::Unavailable503 => Some(Response::new(503, "")),
        Fault::Bare429 => Some(Response::new(429, "")),
        Fault::NotJson => Some(Response::new(200, "<!doctype html><title>Sign in to the network</title>")),
        Fault::EmptyBody => Some(Response::new(200, "")),
        Fault::NullBody => Some(Response::new(200, "null")),
        Fault::DeeplyNested => {
            Some(Response::new(200, format!(r#"{{"Nested":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000))))
        }
        _ => None,
    }
}

fn get_public_key(account: &Account, request: &Value, fault: Option<Fault>) -> Result<Value, Response> {
    let key = account.usable(key_id(request)?)?;
    let spec = format!("RSA_{}", key.public.bits());
    let mut fields = json!({
        "KeyId": named(&key, fault),
        "CustomerMasterKeySpec": spec,
        "KeySpec": spec,
        "KeyUsage": "SIGN_VERIFY",
        "SigningAlgorithms": [
            "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
            "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
        ],
    });
    let source = if fault == Some(Fault::ForeignKey) { account::unrelated_key() } else { &key };
    if let Some(public) = altered(source.public.to_spki_der().to_vec(), fault) {
        fields["PublicKey"] = STANDARD.encode(public).into();
    }
    let mut set = |name: &str, value: Value| fields[name] = value;
    let mut set_spec = |spec: &str| {
        set("KeySpec", spec.into());
        set("CustomerMasterKeySpec", spec.into());
    };
    match fault {
        Some(Fault::WrongAlgorithm) => {
            set("SigningAlgorithms", json!(["RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512"]));
        }
        Some(Fault::EncryptDecryptKey) => {
            set("KeyUsage", "ENCRYPT_DECRYPT".into());
            set("SigningAlgorithms", Value::Null);
            set("EncryptionAlgorithms", json!(["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]));
        }
        Some(Fault::EccKey) => {
            set_spec("ECC_NIST_P256");
            set("SigningAlgorithms", json!(["ECDSA_SHA_256"]));
            set("PublicKey", ECC_KEY.into());
        }
        Some(Fault::HmacKey) => {
            set_spec("HMAC_256");
            set("KeyUsage", "GENERATE_VERIFY_MAC".into());
            set("SigningAlgorithms", Value::Null);
            set("MacAlgorithms", json!(["HMAC_SHA_256"]));
            set("PublicKey", Value::Null);
        }
        Some(Fault::SmallKey1024) => set("PublicKey", SMALL_KEY.into()),
        _ => {}
    }
    Ok(fields)
}

fn sign(account: &Account, request: &Value, fault: Option<Fault>) -> Result<Value, Response> {
    let key = account.usable(key_id(request)?)?;
    if request["SigningAlgorithm"] != ALGORITHM {
        return Err(invalid("Algorithm is not supported by this server, which does RSASSA_PKCS1_V1_5_SHA_256"));
    }
    if request["MessageType"] != "DIGEST" {
        return Err(invalid("MessageType is not supported by this server, which does DIGEST"));
    }
    let message = request["Message"].as_str().and_then(|message| STANDARD.decode(message).ok());
    let source = if fault == Some(Fault::ForeignKey) { account::unrelated_key() } else { &key };
    let Some(signature) = message.and_then(|digest| source.sign(&digest, fault)) else {
        return Err(invalid("Digest is invalid length for algorithm RSASSA_PKCS1_V1_5_SHA_256."));
    };
    let algorithm = if fault == Some(Fault::WrongAlgorithm) { "RSASSA_PSS_SHA_256" } else { ALGORITHM };
    let mut fields = json!({"KeyId": named(&key, fault), "SigningAlgorithm": algorithm});
    if let Some(signature) = altered(signature, fault) {
        fields["Signature"] = STANDARD.encode(signature).into();
    }
    Ok(fields)
}

fn key_id(request: &Value) -> Result<&str, Response> {
    request["KeyId"].as_str().ok_or_else(|| invalid("Value null at 'keyId' failed to satisfy constraint"))
}

fn named(key: &Key, fault: Option<Fault>) -> &str {
    if fault == Some(Fault::WrongKeyId) { &account::unrelated_key().arn } else { &key.arn }
}

pub(super) fn altered(mut bytes: Vec<u8>, fault: Option<Fault>) -> Option<Vec<u8>> {
    match fault {
        Some(Fault::MissingField) => return None,
        Some(Fault::EmptyField) => bytes.clear(),
        Some(Fault::ZeroField) => bytes.fill(0),
        Some(Fault::ShortField) => drop(bytes.pop()),
        Some(Fault::LongField) => bytes.push(0),
        Some(Fault::BitFlipped) => {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        Some(Fault::LeadingZeroStripped) => {
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            bytes.drain(..zeros);
        }
        _ => {}
    }
    Some(bytes)
}

fn invalid(message: &str) -> Response {
    Response::exception(400, "ValidationException", message)
}
