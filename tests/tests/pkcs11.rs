//! Keys in SoftHSM, opened by URI. Each test has its own token folder and process.

use std::env;

use cobrowse_jwt::{KeyUriRegistry, Minter, pkcs11::Pkcs11Key};
use cobrowse_jwt_conformance::check_source;
use cobrowse_jwt_tests::{SoftHsm, claim_sets, license_key, node, reexec};
use tokio::runtime::Runtime;

#[test]
#[ignore = "needs softhsm and node packages"]
fn key_in_softhsm_passes_the_suite_and_third_party_verifiers() {
    let hsm = SoftHsm::new("135790");
    hsm.generate();
    let variables = [("SOFTHSM2_CONF", hsm.config().into_os_string()), ("COBROWSE_TEST_URI", hsm.uri("agents").into())];
    let printed = reexec(variables);
    assert_eq!(printed, "verified");
}

#[test]
#[ignore = "runs in the child processes of other tests"]
fn reexec_helper() {
    let Ok(uri) = env::var("COBROWSE_TEST_URI") else { return };
    Runtime::new().unwrap().block_on(async {
        let minter = Minter::new(license_key(), KeyUriRegistry::new().open(&uri.parse().unwrap()).await.unwrap());
        let key = minter.check_key().await.unwrap();
        let mut tokens = Vec::new();
        for set in claim_sets() {
            tokens.push(minter.mint(&set.claims).await.unwrap().expose_secret().to_owned());
        }
        for answer in node(key.to_pem(), license_key().as_str(), &tokens) {
            for (verifier, answer) in answer.as_object().unwrap() {
                assert!(answer["error"].is_null() && answer["payload"].is_object(), "{verifier}: {answer}");
            }
        }
        let report = check_source(Pkcs11Key::builder_from_uri(&uri).unwrap().build().unwrap()).await;
        assert!(report.is_passed(), "\n{report}");
    });
    println!("<<verified>>");
}
