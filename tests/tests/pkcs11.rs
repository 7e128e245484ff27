//! Keys in SoftHSM, opened by URI. Each test has its own token folder and process.

use std::{env, fs, path::Path, process::Command};

use cobrowse_jwt::{
    KeyUriRegistry, Minter,
    pkcs11::{Pin, Pkcs11Key},
};
use cobrowse_jwt_conformance::check_source;
use cobrowse_jwt_tests::{claim_sets, license_key, node, reexec};
use tokio::runtime::Runtime;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

#[test]
#[ignore = "needs softhsm and node packages"]
fn key_in_softhsm_passes_the_suite_and_third_party_verifiers() {
    let folder = tempfile::tempdir().unwrap();
    let (config, pin) = (folder.path().join("softhsm2.conf"), folder.path().join("pin"));
    fs::write(&config, format!("directories.tokendir = {}\n", folder.path().display())).unwrap();
    fs::write(&pin, "135790").unwrap();
    let run = |program: &str, arguments: &str| {
        let output = Command::new(program).args(arguments.split(' ')).env("SOFTHSM2_CONF", &config).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run("softhsm2-util", "--init-token --free --label t --pin 135790 --so-pin 97531");
    let generate = "--token-label t --login --pin 135790 --keypairgen --key-type rsa:2048 --label agents --id 01 --usage-sign --sensitive";
    run("pkcs11-tool", &format!("--module {MODULE} {generate}"));
    let printed = reexec([("SOFTHSM2_CONF", config.as_path()), ("COBROWSE_TEST_PIN", &pin)]);
    assert_eq!(printed, "verified");
}

#[test]
#[ignore = "runs in the child processes of other tests"]
fn reexec_helper() {
    let Some(pin) = env::var_os("COBROWSE_TEST_PIN") else { return };
    let pin = Path::new(&pin);
    let uri = format!("pkcs11:token=t;object=agents?module-path={MODULE}&pin-source=file:{}", pin.display());
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
        let report = check_source(Pkcs11Key::builder(MODULE).pin(Pin::from_file(pin)).build().unwrap()).await;
        assert!(report.is_passed(), "\n{report}");
    });
    println!("<<verified>>");
}
