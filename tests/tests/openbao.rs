//! Keys in a real server with the API of Vault.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, UNIX_EPOCH},
};

use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, Inspector, KeyErrorKind, MintError, Minter, Policy, PublicKey, Rule, Verifier,
    pem::{PemKey, RsaKeySize},
    vault::{VaultAuth, VaultKey},
};
use cobrowse_jwt_tests::{Emulator, HttpsServer, OpenBao, OwnServer, license_key};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

fn claims() -> AgentClaims {
    AgentClaims::new("jane@example.com", Access::AccountDefault).unwrap()
}

fn minter(key: VaultKey) -> Minter {
    Minter::builder(license_key(), key).include_key_id(true).build()
}

async fn mint_and_verify(minter: &Minter) -> PublicKey {
    let key = minter.check_key().await.unwrap();
    let token = minter.mint(&claims()).await.unwrap();
    Verifier::new(license_key(), key.clone()).verify(token.expose_secret()).unwrap();
    key
}

fn kind(result: Result<AgentToken, MintError>) -> KeyErrorKind {
    match result {
        Err(MintError::Key(error)) => error.kind(),
        other => panic!("{other:?}"),
    }
}

/// Verifies the token under the key that its `kid` names, and returns which one that is.
fn verify(token: &AgentToken, keys: &BTreeMap<String, PublicKey>) -> String {
    let inspection = Inspector::new().inspect(token.expose_secret());
    let key_id = inspection.header().unwrap()["kid"].as_str().unwrap().to_owned();
    Verifier::new(license_key(), keys[&key_id].clone()).verify(token.expose_secret()).unwrap();
    key_id
}

/// Returns the public keys of all versions, by thumbprint.
async fn versions(server: &OpenBao, name: &str) -> BTreeMap<String, PublicKey> {
    let (_, response) = server.call("GET", &format!("transit/keys/{name}"), &Value::Null).await;
    let versions = response["data"]["keys"].as_object().unwrap().values();
    let keys = versions.map(|version| PublicKey::from_pem(version["public_key"].as_str().unwrap()).unwrap());
    keys.map(|key| (key.thumbprint().to_owned(), key)).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn key_of_any_rsa_size_signs() {
    let server = OpenBao::from_env().await;
    for (key_type, bits) in [("rsa-2048", 2048), ("rsa-3072", 3072), ("rsa-4096", 4096)] {
        server.create(key_type, key_type).await;
        let key = mint_and_verify(&minter(server.key(key_type).build().unwrap())).await;
        assert_eq!(key.bits(), bits);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn key_of_any_other_type_is_refused() {
    let server = OpenBao::from_env().await;
    for (key_type, named) in [
        ("ecdsa-p256", "ECDSA"),
        ("ecdsa-p384", "ECDSA"),
        ("ecdsa-p521", "ECDSA"),
        ("ed25519", "Ed25519"),
        ("aes128-gcm96", "symmetric"),
        ("aes256-gcm96", "symmetric"),
        ("chacha20-poly1305", "symmetric"),
        ("xchacha20-poly1305", "symmetric"),
        ("hmac", "HMAC"),
    ] {
        let options =
            if key_type == "hmac" { json!({"type": key_type, "key_size": 32}) } else { json!({"type": key_type}) };
        server.write(&format!("transit/keys/refused-{key_type}"), options).await;
        let minter = minter(server.key(&format!("refused-{key_type}")).build().unwrap());
        let error = minter.mint(&claims()).await.unwrap_err();
        assert!(error.to_string().contains(named), "{key_type}: {error}");
        assert_eq!(kind(Err(error)), KeyErrorKind::InvalidKey, "{key_type}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn unknown_key_mount_or_token_returns_its_kind() {
    let server = OpenBao::from_env().await;
    server.create("known", "rsa-2048").await;
    let kind_of = async |builder: cobrowse_jwt::vault::VaultKeyBuilder| {
        kind(minter(builder.build().unwrap()).mint(&claims()).await)
    };
    assert_eq!(kind_of(server.key("unknown")).await, KeyErrorKind::NotFound);
    assert_eq!(kind_of(server.key("known").mount("no-such-mount")).await, KeyErrorKind::NotFound);
    assert_eq!(kind_of(server.key("known").auth(VaultAuth::token("wrong"))).await, KeyErrorKind::AccessDenied);
    assert_eq!(kind_of(server.key("known").auth(VaultAuth::app_role("a", "b"))).await, KeyErrorKind::AccessDenied);
    assert_eq!(kind_of(server.key("known").auth(VaultAuth::token_file("/no/such"))).await, KeyErrorKind::AccessDenied);

    let minter = minter(server.key("known").build().unwrap());
    mint_and_verify(&minter).await;
    server.write("transit/keys/known/config", json!({"deletion_allowed": true})).await;
    server.call("DELETE", "transit/keys/known", &Value::Null).await;
    assert_eq!(kind(minter.mint(&claims()).await), KeyErrorKind::NotFound);
    // Created again, it is another key of the same version.
    server.create("known", "rsa-2048").await;
    let token = minter.mint(&claims()).await.unwrap();
    verify(&token, &versions(&server, "known").await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn rotation_during_concurrent_mints_never_mixes_two_versions() {
    const NAME: &str = "rotated";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let key = server.key(NAME).refresh_after(Duration::from_millis(50)).max_in_flight(64.try_into().unwrap());
    let minter = minter(key.build().unwrap());
    let first = mint_and_verify(&minter).await.thumbprint().to_owned();
    let mut mints = JoinSet::new();
    for number in 0..2_000 {
        let (minter, server) = (minter.clone(), server.clone());
        mints.spawn(async move {
            if number == 1_000 {
                server.write(&format!("transit/keys/{NAME}/rotate"), json!({})).await;
            }
            // The next lookup starts 5 seconds after the last one.
            sleep(Duration::from_millis(number * 5)).await;
            minter.mint(&claims()).await.unwrap()
        });
    }
    let tokens = mints.join_all().await;
    let keys = versions(&server, NAME).await;
    assert_eq!(keys.len(), 2);
    let by_first = tokens.iter().filter(|token| verify(token, &keys) == first).count();
    assert!((1..2_000).contains(&by_first), "{by_first}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn raised_min_encryption_version_signs_with_the_new_version() {
    const NAME: &str = "raised";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let minter = minter(server.key(NAME).build().unwrap());
    let old = mint_and_verify(&minter).await;
    let registered = Minter::builder(license_key(), server.key(NAME).build().unwrap());
    let registered = registered.expect_public_key(old.clone()).build();
    registered.mint(&claims()).await.unwrap();
    server.write(&format!("transit/keys/{NAME}/rotate"), json!({})).await;
    // The resolved version still signs.
    assert_eq!(mint_and_verify(&minter).await, old);

    server.write(&format!("transit/keys/{NAME}/config"), json!({"min_encryption_version": 2})).await;
    let token = minter.mint(&claims()).await.unwrap();
    assert_ne!(verify(&token, &versions(&server, NAME).await), old.thumbprint());
    let error = registered.mint(&claims()).await.unwrap_err();
    assert!(matches!(error, MintError::UnregisteredKey { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn withdrawn_policy_denies_until_it_is_granted_again() {
    const NAME: &str = "withdrawn";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let auth = server.app_role(NAME, "1h").await;
    let minter = minter(server.key(NAME).auth(auth).build().unwrap());
    mint_and_verify(&minter).await;
    server.call("DELETE", &format!("sys/policies/acl/{NAME}"), &Value::Null).await;
    for _ in 0..3 {
        assert_eq!(kind(minter.mint(&claims()).await), KeyErrorKind::AccessDenied);
    }
    server.allow(NAME).await;
    mint_and_verify(&minter).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn revoked_token_is_replaced_by_a_log_in() {
    const NAME: &str = "revoked";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let auth = server.app_role(NAME, "1h").await;
    let minter = minter(server.key(NAME).auth(auth).build().unwrap());
    mint_and_verify(&minter).await;
    let (_, accessors) = server.call("LIST", "auth/token/accessors", &Value::Null).await;
    for accessor in accessors["data"]["keys"].as_array().unwrap() {
        // The token of another test can have expired by now.
        let (_, token) = server.call("POST", "auth/token/lookup-accessor", &json!({"accessor": accessor})).await;
        if token["data"]["meta"]["role_name"] == NAME {
            server.write("auth/token/revoke-accessor", json!({"accessor": accessor})).await;
        }
    }
    mint_and_verify(&minter).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn kubernetes_service_account_logs_in() {
    const NAME: &str = "service-account";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    for mount in [None, Some("kubernetes-2")] {
        let auth = server.kubernetes(NAME, mount, &token).await;
        mint_and_verify(&minter(server.key(NAME).auth(auth.clone()).open().await.unwrap())).await;
        fs::write(&token, "other").unwrap();
        let error = server.key(NAME).auth(auth).open().await.unwrap_err();
        assert_eq!(error.kind(), KeyErrorKind::AccessDenied);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn https_server_needs_a_trusted_certificate() {
    let server = HttpsServer::start().await;
    let key = || VaultKey::builder(&server.url, "tls").auth(VaultAuth::token("root"));
    mint_and_verify(&minter(key().ca_cert_file(server.ca_cert_file()).build().unwrap())).await;
    let error = minter(key().build().unwrap()).mint(&claims()).await.unwrap_err();
    let chain = std::iter::successors(Some(&error as &dyn std::error::Error), |&error| error.source());
    assert!(chain.last().unwrap().to_string().contains("certificate"), "{error:?}");
    assert_eq!(kind(Err(error)), KeyErrorKind::Unavailable);
}

/// Mints 50 tokens per second for a minute.
async fn mint_for_a_minute(minter: Minter) {
    let key = minter.check_key().await.unwrap();
    let verifier = Arc::new(Verifier::new(license_key(), key));
    let mut mints = JoinSet::new();
    for number in 0..3_000 {
        let (minter, verifier) = (minter.clone(), Arc::clone(&verifier));
        mints.spawn(async move {
            sleep(Duration::from_millis(20 * number)).await;
            let token = minter.mint(&claims()).await.unwrap();
            verifier.verify(token.expose_secret()).unwrap();
        });
    }
    mints.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn mint_with_app_role_and_short_leases_never_fails() {
    const NAME: &str = "short-app-role";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let auth = server.app_role(NAME, "6s").await;
    mint_for_a_minute(minter(server.key(NAME).auth(auth).build().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn mint_with_token_file_and_short_leases_never_fails() {
    const NAME: &str = "short-token-file";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let write = {
        let (folder, path, server) = (folder.path().to_owned(), path.clone(), server.clone());
        async move || {
            let token = server.token(NAME, json!({"ttl": "6s", "explicit_max_ttl": "6s"})).await;
            fs::write(folder.join("new"), format!("{token}\n")).unwrap();
            fs::rename(folder.join("new"), &path).unwrap();
        }
    };
    write().await;
    // As Vault Agent does.
    let agent = tokio::spawn(async move {
        loop {
            sleep(Duration::from_secs(2)).await;
            write().await;
        }
    });
    mint_for_a_minute(minter(server.key(NAME).auth(VaultAuth::token_file(path)).build().unwrap())).await;
    agent.abort();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn idle_token_is_renewed() {
    const NAME: &str = "periodic";
    let server = OpenBao::from_env().await;
    server.create(NAME, "rsa-2048").await;
    let token = server.token(NAME, json!({"period": "6s"})).await;
    let key = server.key(NAME).auth(VaultAuth::token(token)).open().await.unwrap();
    sleep(Duration::from_secs(14)).await;
    mint_and_verify(&minter(key)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn server_sealed_or_killed_under_load_recovers() {
    const NAME: &str = "interrupted";
    const DEADLINE: Duration = Duration::from_secs(3);
    /// Long, because a loaded machine is slow.
    const SLACK: Duration = Duration::from_secs(3);
    let mut own = OwnServer::start().await;
    own.server.create(NAME, "rsa-2048").await;
    let auth = own.server.app_role(NAME, "1h").await;
    let minter = minter(VaultKey::builder(&own.server.url, NAME).auth(auth).build().unwrap());
    let verifier = Arc::new(Verifier::new(license_key(), mint_and_verify(&minter).await));

    let done = Arc::new(AtomicBool::new(false));
    let mut load = JoinSet::new();
    for _ in 0..4 {
        let (minter, verifier, done) = (minter.clone(), Arc::clone(&verifier), Arc::clone(&done));
        load.spawn(async move {
            let mut failed = 0;
            while !done.load(Ordering::Relaxed) {
                let start = Instant::now();
                match minter.mint(&claims()).await {
                    Ok(token) => drop(verifier.verify(token.expose_secret()).unwrap()),
                    Err(error) => {
                        assert_eq!(kind(Err(error)), KeyErrorKind::Unavailable);
                        failed += 1;
                    }
                }
                assert!(start.elapsed() < DEADLINE + SLACK, "{:?}", start.elapsed());
                sleep(Duration::from_millis(5)).await;
            }
            failed
        });
    }
    let settled = || sleep(Duration::from_millis(500));
    settled().await;
    own.seal().await;
    settled().await;
    assert_eq!(kind(minter.mint(&claims()).await), KeyErrorKind::Unavailable);
    own.unseal().await;
    mint_and_verify(&minter).await;
    settled().await;
    own.kill();
    settled().await;
    assert_eq!(kind(minter.mint(&claims()).await), KeyErrorKind::Unavailable);
    own.restart();
    own.unseal().await;
    mint_and_verify(&minter).await;
    settled().await;
    done.store(true, Ordering::Relaxed);
    assert!(load.join_all().await.into_iter().all(|failed| failed > 0));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs OpenBao, MiniStack and LocalStack, which `cargo xtask test` starts"]
async fn one_key_in_pem_vault_and_kms_makes_equal_tokens() {
    const NAME: &str = "imported";
    let server = OpenBao::from_env().await;
    let pem = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
    let (_, pkcs8) = pem_rfc7468::decode_vec(pem.to_pkcs8_pem().unwrap().as_bytes()).unwrap();
    server.import(NAME, &pkcs8).await;
    let (ministack, localstack) =
        (Emulator::from_env("COBROWSE_TEST_MINISTACK").await, Emulator::from_env("COBROWSE_TEST_LOCALSTACK").await);
    let (mini_arn, local_arn) = (ministack.import(&pkcs8).await, localstack.import(&pkcs8).await);
    let stopped = || UNIX_EPOCH + Duration::from_hours(500_000);
    let minters = [
        Minter::builder(license_key(), pem).clock(stopped).build(),
        Minter::builder(license_key(), server.key(NAME).build().unwrap()).clock(stopped).build(),
        Minter::builder(license_key(), ministack.key(&mini_arn).build().unwrap()).clock(stopped).build(),
        Minter::builder(license_key(), localstack.key(&local_arn).build().unwrap()).clock(stopped).build(),
    ];
    for number in 0..500 {
        let customer = Rule::custom_data("user_id", number.to_string());
        let access = Access::PolicyOnly(Policy::builder().devices(customer).build().unwrap());
        let claims = AgentClaims::new(format!("agent-{number}@example.com"), access).unwrap();
        let mut tokens = Vec::new();
        for minter in &minters {
            tokens.push(minter.mint(&claims).await.unwrap().expose_secret().to_owned());
        }
        assert!(tokens.iter().all(|token| token == &tokens[0]), "{number}");
    }
}
