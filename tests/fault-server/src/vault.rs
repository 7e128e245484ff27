//! The transit secrets engine and the log-in of Vault, with the keys of the account as versions of one key.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    Fault, FaultServer, Operation,
    account::{self, Account},
    http::{Request, Response},
    response::{ECC_KEY, SMALL_KEY, altered},
};

/// Returns the operation of a request for Vault.
pub(super) fn operation(request: &Request) -> Option<Operation> {
    match request.path.strip_prefix("/v1/")? {
        path if path == format!("transit/keys/{}", FaultServer::KEY) => Some(Operation::GetPublicKey),
        path if path == format!("transit/sign/{}", FaultServer::KEY) => Some(Operation::Sign),
        "auth/token/lookup-self" | "auth/approle/login" => Some(Operation::LogIn),
        _ => None,
    }
}

/// Builds the response to a request, with the fault in it.
pub(super) fn respond(account: &Account, operation: Operation, request: &Request, fault: Option<Fault>) -> Response {
    if let Some(response) = fault.and_then(|fault| fixed_response(fault, operation, request)) {
        return response;
    }
    let fields = match operation {
        Operation::GetPublicKey => Ok(json!({"data": key(account, fault)})),
        Operation::Sign => sign(account, &serde_json::from_slice(&request.body).unwrap_or_default(), fault),
        Operation::LogIn if request.path.ends_with("lookup-self") => {
            Ok(json!({"data": {"ttl": 0, "renewable": false}}))
        }
        Operation::LogIn => {
            Ok(json!({"auth": {"client_token": account::token(), "lease_duration": 3600, "renewable": true}}))
        }
    };
    fields.map_or_else(|refusal| refusal, |fields| Response::json(&fields, fault))
}

/// Returns the response of a fault that does not depend on the body of the request.
fn fixed_response(fault: Fault, operation: Operation, request: &Request) -> Option<Response> {
    let refusal = |status, message: &str| Some(Response::new(status, json!({"errors": [message]}).to_string()));
    let denied = "1 error occurred:\n\t* permission denied\n\n";
    match fault {
        Fault::Throttling => refusal(429, "request path \"transit/sign/test\": rate limit quota exceeded"),
        Fault::RetryAfter20s => Some(Response::new(429, "").with_header("retry-after", "20")),
        Fault::InternalError500 => refusal(500, "internal error"),
        Fault::AccessDenied | Fault::ExpiredCredentials => refusal(403, denied),
        Fault::Disabled if operation == Operation::Sign => Some(too_old()),
        Fault::NotFound if operation == Operation::Sign => refusal(400, "signing key not found"),
        Fault::NotFound => Some(Response::new(404, json!({"errors": []}).to_string())),
        Fault::InvalidState => refusal(503, "Vault is sealed"),
        Fault::InvalidKeyUsage => refusal(400, "key type aes256-gcm96 does not support signing"),
        Fault::Status(status) => Some(Response::new(status, "").with_header("location", &*request.path)),
        fault => super::response::fixed_body(fault),
    }
}

fn too_old() -> Response {
    let message = "requested version for signing is less than the minimum encryption key version";
    Response::new(500, json!({"errors": [message]}).to_string())
}

fn key(account: &Account, fault: Option<Fault>) -> Value {
    let versions = account.versions();
    let latest = versions.len();
    let mut keys = Map::new();
    for (number, key) in (1..).zip(&versions) {
        let key = if fault == Some(Fault::ForeignKey) { account::unrelated_key() } else { key };
        let public = altered(key.public.to_spki_der().to_vec(), fault).map(|der| pem(&STANDARD.encode(der)));
        keys.insert(number.to_string(), json!({"name": "rsa-2048", "public_key": public}));
    }
    let mut data = json!({
        "type": "rsa-2048",
        "latest_version": latest,
        "min_available_version": 0,
        "min_encryption_version": if fault == Some(Fault::Disabled) { latest + 1 } else { 0 },
        "supports_signing": true,
        "keys": keys,
    });
    let mut set = |key_type: &str, key: Value| {
        data["type"] = key_type.into();
        data["keys"] = json!({"1": key});
    };
    match fault {
        Some(Fault::WrongKeyId) => set("rsa-2048", Value::Null),
        Some(Fault::WrongAlgorithm | Fault::EncryptDecryptKey) => data["supports_signing"] = false.into(),
        Some(Fault::EccKey) => set("ecdsa-p256", json!({"public_key": pem(ECC_KEY)})),
        Some(Fault::HmacKey) => set("hmac", json!(1_760_000_000)),
        Some(Fault::SymmetricKey) => set("aes256-gcm96", json!(1_760_000_000)),
        Some(Fault::SmallKey1024) => set("rsa-2048", json!({"public_key": pem(SMALL_KEY)})),
        _ => {}
    }
    data
}

fn sign(account: &Account, request: &Value, fault: Option<Fault>) -> Result<Value, Response> {
    let invalid = |message: &str| Response::new(400, json!({"errors": [message]}).to_string());
    if request["prehashed"] != true || request["hash_algorithm"] != "sha2-256" {
        return Err(invalid("this server supports prehashed sha2-256"));
    }
    if request["signature_algorithm"] != "pkcs1v15" {
        return Err(invalid("this server supports pkcs1v15"));
    }
    let versions = account.versions();
    let number = request["key_version"].as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
    let Some(key) = number.checked_sub(1).and_then(|index| versions.get(index)) else {
        let message = "requested version for signing is higher than the latest key version";
        return Err(Response::new(500, json!({"errors": [message]}).to_string()));
    };
    if account.is_disabled(key) {
        return Err(too_old());
    }
    let digest = request["input"].as_str().and_then(|input| STANDARD.decode(input).ok()).unwrap_or_default();
    let key = if fault == Some(Fault::ForeignKey) { account::unrelated_key() } else { key };
    let signature = key.sign(&digest, fault).ok_or_else(|| invalid("input must be hashed message"))?;
    let shown = if fault == Some(Fault::WrongKeyId) { number + 1 } else { number };
    let mut data = json!({"key_version": shown});
    if let Some(signature) = altered(signature, fault) {
        data["signature"] = format!("vault:v{shown}:{}", STANDARD.encode(signature)).into();
    }
    Ok(json!({"data": data}))
}

fn pem(base64: &str) -> String {
    let lines = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}
