//! Runs the example with a test server for AWS KMS.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use cobrowse_jwt_fault_server::FaultServer;

/// Runs the example with the server at another address than loopback.
fn run(server: &FaultServer, variables: &[(&str, &str)]) -> Output {
    let endpoint = server.url().replace("127.0.0.1", "0.0.0.0");
    let mut example = Command::new(env!("CARGO_BIN_EXE_kms-token"));
    example.envs([
        ("COBROWSE_LICENSE_KEY", "SPGqPIcVnsOEJQ"),
        ("COBROWSE_KEY", "awskms:///alias/test"),
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret-access-key"),
        ("AWS_REGION", FaultServer::REGION),
    ]);
    example.env_remove("COBROWSE_ALLOW_HTTP").envs(variables.iter().copied()).output().unwrap()
}

#[tokio::test]
async fn example_uses_plain_http_to_another_host_only_if_allowed() {
    let server = FaultServer::start().await;
    let refused = run(&server, &[]);
    let explained = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{explained}");
    assert!(explained.contains("plain http endpoint of AWS KMS refused"), "{explained}");

    let allowed = run(&server, &[("COBROWSE_ALLOW_HTTP", "true")]);
    let explained = String::from_utf8(allowed.stderr).unwrap();
    assert!(allowed.status.success(), "{explained}");
    assert!(explained.contains(server.public_key().to_pem()), "{explained}");
    assert!(String::from_utf8(allowed.stdout).unwrap().starts_with("eyJ"));
}
