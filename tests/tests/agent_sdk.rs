//! Cobrowse's official client from npm, with tokens of this SDK, against a mock of Cobrowse that verifies them with the crate
//! `jsonwebtoken`.

use std::{
    env,
    time::{Duration, SystemTime},
};

use cobrowse_jwt::{
    Access, AgentClaims, KeySource, LicenseKey, Minter, Policy, PublicKey, Role, Rule,
    aws_kms::{AwsKmsKey, aws_sdk_kms::types::KeySpec},
    env::EnvKey,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::{Emulator, license_key, node_json, reexec, serve};
use cobrowse_stub::{Account, Stub};
use serde_json::{Value, json};

const JANE: &str = "jane@example.com";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
async fn pem_key_signs_an_agent_in() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let service = Service::start(key.public_key()).await;
    service.signs_in(mint(key.clone(), agent()).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
async fn env_key_signs_an_agent_in() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let service = Service::start(key.public_key()).await;
    service.signs_in(reexec([("COBROWSE_TEST_KEY", key.to_pkcs8_pem().unwrap().as_str())]));
}

#[tokio::test]
#[ignore = "runs in the child process of another test"]
async fn reexec_helper() {
    if env::var_os("COBROWSE_TEST_KEY").is_some() {
        println!("<<{}>>", mint(EnvKey::open("COBROWSE_TEST_KEY").await.unwrap(), agent()).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node, its packages and MiniStack, which `cargo xtask test` sets up"]
async fn kms_key_in_ministack_signs_an_agent_in() {
    let kms = Emulator::from_env("COBROWSE_TEST_MINISTACK").await;
    let arn = kms.create_rsa(KeySpec::Rsa2048).await;
    let key = AwsKmsKey::new(&kms.client, arn).unwrap();
    let public_key = key.signing_key().await.unwrap().public_key().clone();
    let service = Service::start(&public_key).await;
    service.signs_in(mint(key, agent()).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
async fn list_of_all_sessions_needs_an_administrator() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let service = Service::start(key.public_key()).await;
    let administrator = mint(key.clone(), claims(Access::Role(Role::Administrator))).await;
    let agent = mint(key.clone(), agent()).await;
    let answers = service.call(&[(&administrator, "allSessions", ""), (&agent, "allSessions", "")]);
    assert_eq!(answers[0]["ok"], json!(["session-1", "session-2", "session-3"]));
    assert_eq!(answers[1]["error"]["status"], 403, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
async fn restricted_token_reads_one_customer_only() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let service = Service::start(key.public_key()).await;
    let customer = Rule::custom_data("user_id", "42");
    let policy = Policy::builder().devices(customer.clone()).sessions(customer);
    let read_only = mint(key.clone(), claims(Access::PolicyOnly(policy.clone().build().unwrap()))).await;
    let connect = mint(key.clone(), claims(Access::PolicyOnly(policy.push(Rule::any()).build().unwrap()))).await;
    let devices_only = Policy::builder().devices(Rule::any()).build().unwrap();
    let devices_only = mint(key.clone(), claims(Access::PolicyOnly(devices_only))).await;
    let answers = service.call(&[
        (&read_only, "devices", ""),
        (&read_only, "device", "device-42-phone"),
        (&read_only, "device", "device-43-phone"),
        (&read_only, "sessions", ""),
        (&read_only, "allSessions", ""),
        (&read_only, "end", "session-2"),
        (&read_only, "start", "device-42-phone"),
        (&connect, "start", "device-42-phone"),
        (&connect, "start", "device-43-phone"),
        (&devices_only, "devices", ""),
        (&devices_only, "sessions", ""),
        (&connect, "end", "session-1"),
    ]);
    assert_eq!(answers[0]["ok"], json!(["device-42-phone", "device-42-laptop"]));
    assert_eq!(answers[1]["ok"]["user_id"], "42");
    assert_eq!(answers[2]["error"]["status"], 404);
    assert_eq!(answers[3]["ok"], json!(["session-1"]));
    assert_eq!(answers[4]["error"]["status"], 403);
    assert_eq!(answers[5]["error"]["status"], 404, "{answers:?}");
    assert_eq!(answers[6]["error"]["status"], 403, "without push no session can start");
    assert_eq!(answers[7]["ok"], "pending");
    assert_eq!(answers[8]["error"]["status"], 404);
    assert_eq!(answers[9]["ok"].as_array().map(Vec::len), Some(4));
    assert_eq!(answers[10]["error"]["status"], 403);
    assert_eq!(answers[11]["ok"], "ended");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
async fn administrator_with_policy_keeps_other_permissions() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let service = Service::start(key.public_key()).await;
    let policy = Policy::builder().devices(Rule::custom_data("user_id", "43")).build().unwrap();
    let token = mint(key.clone(), claims(Access::RoleWithPolicy(Role::Administrator, policy))).await;
    let answers = service.call(&[(&token, "devices", ""), (&token, "allSessions", "")]);
    assert_eq!(answers[0]["ok"], json!(["device-43-phone"]));
    assert_eq!(answers[1]["ok"].as_array().map(Vec::len), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and its packages, which `cargo xtask test` sets up"]
async fn invalid_token_is_refused() {
    let key = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let service = Service::start(key.public_key()).await;
    let an_hour_ago = || SystemTime::now() - Duration::from_secs(3_601);
    let old = Minter::builder(license_key(), key.clone()).clock(an_hour_ago).build();
    let old = old.mint(&agent()).await.unwrap().expose_secret().to_owned();
    let other_license = Minter::new(LicenseKey::new("trial").unwrap(), key.clone());
    let other_license = other_license.mint(&agent()).await.unwrap().expose_secret().to_owned();
    let other_key = mint(PemKey::generate(RsaKeySize::Rsa2048).unwrap(), agent()).await;
    let answers = service.call(&[(&old, "devices", ""), (&other_license, "devices", ""), (&other_key, "devices", "")]);
    assert_eq!(answers[0]["error"]["name"], "TokenExpiredError");
    for (answer, message) in [(&answers[1], "jwt issuer invalid"), (&answers[2], "invalid signature")] {
        assert_eq!(answer["error"]["name"], "APIError");
        assert_eq!(answer["error"]["status"], 401);
        assert_eq!(answer["error"]["message"], message);
    }
}

/// The mock, with one account and one registered key.
struct Service {
    origin: String,
}

impl Service {
    async fn start(registered: &PublicKey) -> Self {
        let account = Account::new(license_key().as_str(), registered.to_pem()).unwrap();
        Self { origin: serve(Stub::new(vec![account]).router()).await }
    }

    /// Makes these calls with the client, each with a token, a name and an id. Returns the results.
    fn call(&self, calls: &[(&str, &str, &str)]) -> Vec<Value> {
        let calls: Vec<Value> =
            calls.iter().map(|(token, call, id)| json!({"token": token, "call": call, "id": id})).collect();
        let answers = node_json("agent-sdk.mjs", &json!({"api": self.origin, "calls": calls}));
        let Value::Array(answers) = answers else { panic!("no array: {answers}") };
        answers
    }

    fn signs_in(&self, token: impl AsRef<str>) {
        let calls = ["me", "license", "devices", "sessions", "socket"];
        let answers = self.call(&calls.map(|call| (token.as_ref(), call, "device-42-phone")));
        let expected = [
            json!(JANE),
            json!([license_key().as_str()]),
            json!(["device-42-phone", "device-42-laptop", "device-43-phone", "device-44-tablet"]),
            json!(["session-1"]),
            json!("open"),
        ];
        assert_eq!(answers, expected.map(|ok| json!({ "ok": ok })));
    }
}

fn agent() -> AgentClaims {
    claims(Access::Role(Role::Agent))
}

fn claims(access: Access) -> AgentClaims {
    AgentClaims::new(JANE, access).unwrap()
}

async fn mint(key: impl KeySource + 'static, claims: AgentClaims) -> String {
    Minter::new(license_key(), key).mint(&claims).await.unwrap().expose_secret().to_owned()
}
