//! Every key source of the SDK passes the conformance suite.

use std::{env, fs, sync::Arc, time::Duration};

use cobrowse_jwt::{
    KeyErrorKind, KeySource,
    aws_kms::{AwsKmsKey, aws_sdk_kms::types::KeySpec},
    env::EnvKey,
    pem::{PemFile, PemKey, RsaKeySize},
    testing::TestAccount,
    vault::{VaultAuth, VaultKey},
};
use cobrowse_jwt_conformance::{Check, Outcome, Report, Suite, SuiteBuilder};
use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times};
use cobrowse_jwt_tests::{Emulator, OpenBao, kms_client, reexec, write_private_key};
use serde_json::json;

/// Long, because `LocalStack` signs only 20 times a second, and less on a loaded machine.
const TIME_LIMIT: Duration = Duration::from_mins(4);
const OPERATION_TIMEOUT: Duration = Duration::from_mins(3);

async fn run(suite: SuiteBuilder) -> Report {
    let report = suite.time_limit(TIME_LIMIT).build().run().await;
    assert!(report.is_passed(), "\n{report}");
    report
}

/// Returns the checks that did not run.
fn not_applicable(report: &Report) -> Vec<Check> {
    let is_not_applicable = |outcome: &Outcome| matches!(outcome, Outcome::NotApplicable(_));
    report.findings().iter().filter(|f| is_not_applicable(&f.outcome)).map(|f| f.check).collect()
}

/// A key in this process neither changes nor fails.
const OF_A_FIXED_KEY: [Check; 4] = [Check::Rotation, Check::Superseded, Check::ErrorKind, Check::ErrorRedaction];

fn new_key() -> PemKey {
    PemKey::generate(RsaKeySize::Rsa2048).unwrap()
}

#[tokio::test]
async fn pem_text_passes() {
    let pem = new_key().to_pkcs8_pem().unwrap();
    let report = run(Suite::builder(PemKey::from_pem(pem.as_bytes()).unwrap()).secret(pem.as_str())).await;
    assert_eq!(not_applicable(&report), OF_A_FIXED_KEY);
}

#[tokio::test(flavor = "multi_thread")]
async fn pem_file_passes_with_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let replace = |path: &std::path::Path| {
        let new = path.with_extension("new");
        write_private_key(&new, &new_key().to_pkcs8_pem().unwrap());
        fs::rename(new, path).unwrap();
    };
    replace(&path);
    let source = PemFile::open(&path).await.unwrap();
    let report = run(Suite::builder(source).rotate(move || async move { replace(&path) })).await;
    assert_eq!(not_applicable(&report), [Check::Superseded, Check::ErrorKind, Check::ErrorRedaction]);
}

#[test]
fn variable_passes() {
    let pem = new_key().to_pkcs8_pem().unwrap();
    assert_eq!(reexec([("COBROWSE_PRIVATE_KEY", pem.as_str())]), "passed");
}

#[tokio::test]
#[ignore = "runs in the child process of another test"]
async fn reexec_helper() {
    if let Ok(pem) = env::var("COBROWSE_PRIVATE_KEY") {
        let source = EnvKey::open("COBROWSE_PRIVATE_KEY").await.unwrap();
        let report = run(Suite::builder(source).secret(pem)).await;
        assert_eq!(not_applicable(&report), OF_A_FIXED_KEY);
        println!("<<passed>>");
    }
}

#[tokio::test]
async fn key_of_a_test_account_passes() {
    let report = run(Suite::builder(TestAccount::new().key().clone())).await;
    assert_eq!(not_applicable(&report), OF_A_FIXED_KEY);
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_kms_on_the_fault_server_passes() {
    passes_on_the_fault_server(&["a-secret-access-key", FaultServer::ALIAS], |server| {
        let key = AwsKmsKey::builder(&kms_client(server.url()), FaultServer::ALIAS);
        key.operation_timeout(OPERATION_TIMEOUT).build().unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vault_on_the_fault_server_passes() {
    passes_on_the_fault_server(&["a-role-id", "a-secret-id", "127.0.0.1"], |server| {
        let key = VaultKey::builder(server.url(), FaultServer::KEY);
        let key = key.auth(VaultAuth::app_role("a-role-id", "a-secret-id"));
        key.operation_timeout(OPERATION_TIMEOUT).build().unwrap()
    })
    .await;
}

/// Rotates and supersedes the key of the source, and adds a source for each kind of error.
async fn passes_on_the_fault_server<S: KeySource + 'static>(secrets: &[&str], source: impl Fn(&FaultServer) -> S) {
    let server = Arc::new(FaultServer::start().await);
    let mut suite = secrets.iter().fold(Suite::builder(source(&server)), |suite, &secret| suite.secret(secret));
    let mut failing_servers = Vec::new();
    for (fault, kind) in [
        (Fault::AccessDenied, KeyErrorKind::AccessDenied),
        (Fault::NotFound, KeyErrorKind::NotFound),
        (Fault::InvalidKeyUsage, KeyErrorKind::InvalidKey),
        (Fault::Throttling, KeyErrorKind::Throttled),
        (Fault::Unavailable503, KeyErrorKind::Unavailable),
        (Fault::NotJson, KeyErrorKind::InvalidResponse),
    ] {
        let failing = FaultServer::start().await;
        failing.fault(Operation::GetPublicKey, fault, Times::Always);
        suite = suite.failing_source(kind, source(&failing));
        failing_servers.push(failing);
    }
    let (rotated, superseded) = (Arc::clone(&server), Arc::clone(&server));
    let suite = suite.rotate(|| async move { drop(rotated.rotate().await) }).supersede(|| async move {
        let old = superseded.arn();
        superseded.rotate().await;
        superseded.disable(&old);
    });
    assert_eq!(not_applicable(&run(suite).await), []);
}

/// `LocalStack` and `MiniStack` refuse to sign with a disabled key, and return its public key.
async fn aws_kms_passes(emulator: Emulator) {
    const ALIAS: &str = "alias/conformance";
    let rotate = async |emulator: &Emulator| {
        let arn = emulator.create_rsa(KeySpec::Rsa2048).await;
        emulator.point(ALIAS, &arn).await;
        arn
    };
    rotate(&emulator).await;
    let source = |key_id| emulator.key(key_id).operation_timeout(OPERATION_TIMEOUT).build().unwrap();
    let suite = Suite::builder(source(ALIAS)).failing_source(KeyErrorKind::NotFound, source("alias/never-created"));
    let (rotated, superseded) = (emulator.clone(), emulator);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let suite = suite.rotate(move || async move { sender.send(rotate(&rotated).await).unwrap() }).supersede(
        move || async move {
            let old = receiver.await.unwrap();
            rotate(&superseded).await;
            superseded.client.disable_key().key_id(old).send().await.unwrap();
        },
    );
    assert_eq!(not_applicable(&run(suite).await), []);
}

mod ministack {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs MiniStack, which `cargo xtask test` starts"]
    async fn aws_kms_passes() {
        super::aws_kms_passes(Emulator::from_env("COBROWSE_TEST_MINISTACK").await).await;
    }
}

mod localstack {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    async fn aws_kms_passes() {
        super::aws_kms_passes(Emulator::from_env("COBROWSE_TEST_LOCALSTACK").await).await;
    }
}

mod openbao {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs OpenBao, which `cargo xtask test` starts"]
    async fn vault_passes() {
        const NAME: &str = "conformance";
        let server = OpenBao::from_env().await;
        server.create(NAME, "rsa-2048").await;
        server.create("conformance-aes", "aes256-gcm96").await;
        let token = server.token(NAME, json!({})).await;
        let source = |name| server.key(name).operation_timeout(OPERATION_TIMEOUT);
        let with_token = |token: &str| source(NAME).auth(VaultAuth::token(token)).build().unwrap();
        let suite = Suite::builder(with_token(&token))
            .secret(token)
            .secret(NAME)
            .failing_source(KeyErrorKind::AccessDenied, with_token("wrong-token"))
            .failing_source(KeyErrorKind::NotFound, source("conformance-missing").build().unwrap())
            .failing_source(KeyErrorKind::InvalidKey, source("conformance-aes").build().unwrap());
        let rotate = async |server: &OpenBao| server.write(&format!("transit/keys/{NAME}/rotate"), json!({})).await;
        let (rotated, superseded) = (server.clone(), server.clone());
        let suite = suite.rotate(move || async move { drop(rotate(&rotated).await) }).supersede(move || async move {
            rotate(&superseded).await;
            let third = json!({"min_encryption_version": 3});
            superseded.write(&format!("transit/keys/{NAME}/config"), third).await;
        });
        assert_eq!(not_applicable(&run(suite).await), []);
    }
}
