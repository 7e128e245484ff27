//! `AwsKmsKey::from_env`, in child processes: a process cannot set its own environment safely.

use std::{env, fs};

use cobrowse_jwt::{Access, AgentClaims, MintError, Minter, Verifier, aws_kms::AwsKmsKey};
use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times};
use cobrowse_jwt_tests::{license_key, reexec};

/// Mints with the key of the environment in a child process. Returns the thumbprint of the key that the token verifies with, or the error.
fn mint_from_env(variables: &[(&'static str, &str)]) -> String {
    let common = [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-access-key"),
        ("AWS_REGION", FaultServer::REGION),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("COBROWSE_TEST_KEY_ID", FaultServer::ALIAS),
    ];
    reexec(common.iter().chain(variables).copied())
}

#[tokio::test]
#[ignore = "runs in the child processes of other tests"]
async fn reexec_helper() {
    let Ok(key_id) = env::var("COBROWSE_TEST_KEY_ID") else { return };
    let key = AwsKmsKey::from_env(key_id).await.unwrap();
    let minter = Minter::new(license_key(), key);
    let claims = AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap();
    match minter.mint(&claims).await {
        Ok(token) => {
            let key = minter.check_key().await.unwrap();
            Verifier::new(license_key(), key.clone()).verify(token.expose_secret()).unwrap();
            println!("<<{}>>", key.thumbprint());
        }
        Err(MintError::Key(error)) => println!("<<{:?}: {error}>>", error.kind()),
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn plain_http_endpoint_of_the_environment_is_refused_except_on_loopback() {
    let server = FaultServer::start().await;
    let port = server.url().rsplit(':').next().unwrap();
    // The first is another name of 127.0.0.1, so the server would get the request.
    let (other_host, loopback) = (format!("http://0.0.0.0:{port}"), format!("http://127.0.0.1:{port}"));
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("config");
    let mint = |source: &'static str, endpoint: &str| match source {
        "AWS_CONFIG_FILE" => {
            fs::write(&profile, format!("[default]\nendpoint_url = {endpoint}\n")).unwrap();
            mint_from_env(&[(source, profile.to_str().unwrap())])
        }
        variable => mint_from_env(&[(variable, endpoint)]),
    };
    for source in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_KMS", "AWS_CONFIG_FILE"] {
        let connections = server.accepted_connections();
        assert_eq!(mint(source, &other_host), "InvalidKey: plain http endpoint of AWS KMS refused", "{source}");
        assert_eq!(server.accepted_connections(), connections, "{source}");
        assert_eq!(mint(source, &loopback), server.public_key().thumbprint(), "{source}");
    }
}

/// Without a read timeout, a silent connection would use up the deadline of the mint.
#[tokio::test]
async fn silent_response_is_retried_within_the_deadline() {
    let server = FaultServer::start().await;
    for operation in [Operation::GetPublicKey, Operation::Sign] {
        server.fault(operation, Fault::SilenceAfterAccept, Times::Once);
    }
    assert_eq!(mint_from_env(&[("AWS_ENDPOINT_URL", server.url())]), server.public_key().thumbprint());
    assert_eq!((server.calls(Operation::GetPublicKey), server.calls(Operation::Sign)), (2, 2));
}
