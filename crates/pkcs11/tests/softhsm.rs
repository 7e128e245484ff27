//! Keys in SoftHSM. Each test has its own token folder and process.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, process::Command, thread, time::Duration};

use cobrowse_jwt_conformance::{Outcome, Suite};
use cobrowse_jwt_core::{KeyErrorKind, KeySource as _, Minter, SigningInput};
use cobrowse_jwt_pem::{PemKey, RsaKeySize};
use cobrowse_jwt_pkcs11::{Pin, Pkcs11Key};
use cryptoki::{
    context::Pkcs11,
    object::Attribute,
    session::{Session, UserType},
    types::AuthPin,
};
use support::{
    CONFORMANCE_LIMIT, MODULE, PIN, agent, assert_verifies, chain, license_key, mint_and_verify, mint_concurrently,
    refused, runtime, softhsm_key, tokens, with_softhsm,
};
use tokio::{task::JoinSet, time::sleep};

#[test]
#[ignore = "needs softhsm"]
fn key_generated_inside_signs_by_every_name() {
    with_softhsm("key_generated_inside_signs_by_every_name", |hsm| {
        hsm.init_token("first")
            .init_token("second")
            .generate("first", "agents", "01")
            .generate("second", "other", "02");
        let serial = serial("first");
        let pin = hsm.folder.join("pin");
        fs::write(&pin, format!("{PIN}\n")).unwrap();
        let uri = |path: &str| format!("pkcs11:{path}?module-path={MODULE}&pin-source=file:{}", pin.display());
        runtime().block_on(async {
            let builder = || softhsm_key().token_label("first");
            let key = builder().key_label("agents").build().unwrap();
            let expected = mint_and_verify(key.clone()).await;
            let protection = key.protection().await.unwrap();
            assert!(!protection.extractable && protection.generated_in_token);
            for source in [
                builder(),
                builder().key_id([1]),
                builder().key_label("agents").key_id([1]).sessions(16),
                softhsm_key().token_serial(&serial),
                Pkcs11Key::builder_from_uri(&uri("token=first;object=agents;id=%01;type=private")).unwrap(),
                Pkcs11Key::builder_from_uri(&uri(&format!("manufacturer=SoftHSM%20project;serial={serial}"))).unwrap(),
            ] {
                assert_eq!(mint_and_verify(source.build().unwrap()).await, expected);
            }
            let opened = Pkcs11Key::open(&uri("token=second")).await.unwrap();
            assert_ne!(mint_and_verify(opened).await, expected);
            key.preflight().await.result().unwrap();
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn imported_key_makes_the_tokens_of_pem() {
    with_softhsm("imported_key_makes_the_tokens_of_pem", |hsm| {
        let key = PemKey::generate(RsaKeySize::Rsa3072).unwrap();
        hsm.init_token("t").import("t", "agents", "0a0b", &key.to_pkcs8_pem().unwrap());
        runtime().block_on(async {
            let source = softhsm_key().key_id([10, 11]).build().unwrap();
            assert!(!source.protection().await.unwrap().generated_in_token);
            assert!(tokens(source, 50).await == tokens(key, 50).await);
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn softhsm_passes_the_conformance_suite() {
    with_softhsm("softhsm_passes_the_conformance_suite", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01").generate("t", "second", "02").generate("t", "third", "03");
        hsm.pkcs11_tool("t", &["--keypairgen", "--key-type", "EC:prime256v1", "--label", "ec", "--usage-sign"]);
        runtime().block_on(async {
            let key = |label: &str| softhsm_key().key_label(label);
            let suite = Suite::builder(key("agents").operation_timeout(CONFORMANCE_LIMIT).build().unwrap())
                .secret(PIN)
                .failing_source(KeyErrorKind::NotFound, key("missing").build().unwrap())
                .failing_source(KeyErrorKind::NotFound, Pkcs11Key::builder("/missing.so").build().unwrap())
                .failing_source(KeyErrorKind::AccessDenied, Pkcs11Key::builder(MODULE).build().unwrap())
                .failing_source(KeyErrorKind::InvalidKey, key("ec").build().unwrap())
                .rotate(|| async {
                    let admin = Admin::log_in();
                    admin.rename("agents", "first");
                    admin.rename("second", "agents");
                })
                .supersede(|| async {
                    let admin = Admin::log_in();
                    admin.delete("agents");
                    admin.rename("third", "agents");
                });
            let report = suite.time_limit(CONFORMANCE_LIMIT).build().run().await;
            let passed = report.findings().iter().all(|finding| finding.outcome == Outcome::Passed);
            assert!(passed, "\n{report}");
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn eight_tasks_mint_without_an_error() {
    with_softhsm("eight_tasks_mint_without_an_error", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01");
        // An unoptimised build takes minutes for 5,000.
        let each = if cfg!(debug_assertions) { 500 } else { 5_000 };
        runtime().block_on(mint_concurrently(softhsm_key().build().unwrap(), 8, each));
    });
}

#[test]
#[ignore = "needs softhsm"]
fn rejected_pin_is_not_tried_again() {
    with_softhsm("rejected_pin_is_not_tried_again", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01");
        let pin = hsm.folder.join("pin");
        fs::write(&pin, "246801").unwrap();
        runtime().block_on(async {
            // Two sources, and more logins than a hardware token accepts.
            for _ in 0..5 {
                let source = Pkcs11Key::builder(MODULE).pin(Pin::from_file(&pin)).build().unwrap();
                let error = refused(source).await;
                assert_eq!(error.kind(), KeyErrorKind::AccessDenied);
                assert!(!format!("{error:?} {}", chain(&error)).contains("246801"));
            }
            let error = refused(Pkcs11Key::builder(MODULE).pin(Pin::from_file(&pin)).build().unwrap()).await;
            assert_eq!(error.to_string(), "token has rejected this PIN before");
            let error = refused(Pkcs11Key::builder(MODULE).build().unwrap()).await;
            assert_eq!((error.kind(), error.to_string().as_str()), (KeyErrorKind::AccessDenied, "token needs a PIN"));
            fs::write(&pin, PIN).unwrap();
            mint_and_verify(Pkcs11Key::builder(MODULE).pin(Pin::from_file(&pin)).build().unwrap()).await;
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn missing_and_ambiguous_names_list_the_labels() {
    with_softhsm("missing_and_ambiguous_names_list_the_labels", |hsm| {
        hsm.init_token("one").init_token("twin").init_token("twin");
        hsm.generate("one", "agents", "01").generate("one", "agents", "02").generate("one", "third", "03");
        runtime().block_on(async {
            let one = || softhsm_key().token_label("one");
            for (source, messages) in [
                (softhsm_key().token_label("secret"), ["PKCS#11 token not found", "found 4 tokens"]),
                (softhsm_key().token_label("twin"), ["several PKCS#11 tokens match", r#""twin""#]),
                (softhsm_key(), ["several PKCS#11 tokens match", r#""one""#]),
                (one().key_label("agents"), ["several private keys match", r#""agents""#]),
                (one(), ["several private keys match", "found 3 private keys: "]),
                (one().key_label("secret"), ["private key not found in the token", r#""third""#]),
                (one().key_id([9]), ["private key not found in the token", r#""third""#]),
            ] {
                let error = refused(source.build().unwrap()).await;
                let text = chain(&error);
                assert_eq!(error.kind(), KeyErrorKind::NotFound, "{text}");
                assert!(messages.iter().all(|message| text.contains(message)), "{text}");
                assert!(!format!("{error:?} {text}").contains("secret"));
            }
            mint_and_verify(one().key_label("agents").key_id([2]).build().unwrap()).await;
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn key_that_cannot_sign_is_refused() {
    with_softhsm("key_that_cannot_sign_is_refused", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01");
        let generate = |key_type, id, usage| {
            hsm.pkcs11_tool("t", &["--keypairgen", "--key-type", key_type, "--label", key_type, "--id", id, usage]);
        };
        generate("EC:prime256v1", "02", "--usage-sign");
        generate("rsa:1024", "03", "--usage-sign");
        let other = PemKey::generate(RsaKeySize::Rsa2048).unwrap();
        runtime().block_on(async {
            let source = |label: &str| softhsm_key().key_label(label);
            for (source, message) in [
                (source("EC:prime256v1"), "key is not an RSA key"),
                (source("rsa:1024"), "key is not an RSA key of 2048 to 8192 bits"),
                (
                    source("agents").public_key(other.public_key().clone()),
                    "public key does not belong to the private key",
                ),
            ] {
                let error = refused(source.build().unwrap()).await;
                assert_eq!((error.kind(), error.to_string().as_str()), (KeyErrorKind::InvalidKey, message));
            }
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn relabelled_key_rotates_and_the_old_version_still_signs() {
    with_softhsm("relabelled_key_rotates_and_the_old_version_still_signs", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01").generate("t", "next", "02");
        runtime().block_on(async {
            let source = softhsm_key().key_label("agents").refresh_after(Duration::ZERO).build().unwrap();
            let old = source.signing_key().await.unwrap();
            let admin = Admin::log_in();
            admin.rename("agents", "old");
            admin.rename("next", "agents");
            let new = loop {
                let key = source.refresh().await.unwrap();
                if key.public_key() != old.public_key() {
                    break key;
                }
                sleep(Duration::from_millis(50)).await;
            };
            let input = SigningInput::new(b"header.payload");
            for key in [&old, &new, &old] {
                key.sign(&input).await.unwrap().check(&input, key.public_key()).unwrap();
            }
            admin.delete("old");
            let error = old.sign(&input).await.unwrap_err();
            assert_eq!(error.kind(), KeyErrorKind::Superseded, "{}", chain(&error));
            new.sign(&input).await.unwrap().check(&input, new.public_key()).unwrap();
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn log_out_by_another_user_of_the_module_loses_no_mint() {
    with_softhsm("log_out_by_another_user_of_the_module_loses_no_mint", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01");
        runtime().block_on(async {
            let source = softhsm_key().build().unwrap();
            let key = mint_and_verify(source.clone()).await;
            let minter = Minter::new(license_key(), source);
            let admin = Admin::log_in();
            for _ in 0..20 {
                admin.0.logout().unwrap();
                for number in 0..10 {
                    assert_verifies(&minter.mint(&agent(number)).await.unwrap(), &key);
                }
            }
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn key_is_found_after_log_out_by_another_user_of_the_module() {
    with_softhsm("key_is_found_after_log_out_by_another_user_of_the_module", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01").generate("t", "next", "02");
        runtime().block_on(async {
            let source = softhsm_key().key_label("agents").sessions(1).open().await.unwrap();
            let admin = Admin::log_in();
            admin.0.logout().unwrap();
            let old = source.signing_key().await.unwrap();
            admin.rename("agents", "old");
            admin.rename("next", "agents");
            admin.0.logout().unwrap();
            let new = source.refresh().await.unwrap();
            assert_ne!(new.public_key(), old.public_key());
            // The session caches only the handle of the new key, so it searches for the old one.
            admin.0.logout().unwrap();
            let input = SigningInput::new(b"header.payload");
            old.sign(&input).await.unwrap().check(&input, old.public_key()).unwrap();
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn sign_with_duplicate_id_and_given_public_key_uses_the_labelled_key() {
    with_softhsm("sign_with_duplicate_id_and_given_public_key_uses_the_labelled_key", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01").generate("t", "other", "01");
        runtime().block_on(async {
            // Both labels, because a search by id returns one of the keys first.
            for label in ["agents", "other"] {
                let named = || softhsm_key().key_label(label).sessions(1);
                let public_key = mint_and_verify(named().build().unwrap()).await;
                let source = named().public_key(public_key.clone()).build().unwrap();
                let key = source.signing_key().await.unwrap();
                Admin::log_in().0.logout().unwrap();
                let input = SigningInput::new(b"header.payload");
                key.sign(&input).await.unwrap().check(&input, &public_key).unwrap();
            }
            let named = softhsm_key().key_label("agents").sessions(1);
            let public_key = mint_and_verify(named.build().unwrap()).await;
            let source = softhsm_key().key_label("agents").public_key(public_key).build().unwrap();
            source.signing_key().await.unwrap();
            let admin = Admin::log_in();
            admin.rename("agents", "old");
            admin.rename("other", "agents");
            let error = source.refresh().await.unwrap_err();
            assert_eq!(error.to_string(), "public key does not belong to the private key");
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn removed_token_folder_makes_no_wrong_token() {
    with_softhsm("removed_token_folder_makes_no_wrong_token", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01");
        runtime().block_on(async {
            let source = softhsm_key().build().unwrap();
            let key = mint_and_verify(source.clone()).await;
            let minter = Minter::new(license_key(), source);
            let mut tasks = JoinSet::new();
            for task in 0..8 {
                let (minter, key) = (minter.clone(), key.clone());
                tasks.spawn(async move {
                    for number in 0..200 {
                        match minter.mint(&agent(task * 200 + number)).await {
                            Ok(token) => assert_verifies(&token, &key),
                            // The key's file can vanish before the token's folder.
                            Err(error) => {
                                assert!(matches!(error.id(), "unavailable" | "superseded" | "not-found"), "{error:?}");
                            }
                        }
                    }
                });
            }
            sleep(Duration::from_millis(50)).await;
            fs::remove_dir_all(hsm.folder.join("tokens")).unwrap();
            while let Some(task) = tasks.join_next().await {
                task.unwrap();
            }
            let kind = refused(softhsm_key().build().unwrap()).await.kind();
            assert!(matches!(kind, KeyErrorKind::NotFound | KeyErrorKind::Unavailable), "{kind:?}");
        });
    });
}

#[test]
#[ignore = "needs softhsm"]
fn sources_on_many_threads_initialize_the_module_once() {
    with_softhsm("sources_on_many_threads_initialize_the_module_once", |hsm| {
        hsm.init_token("t").generate("t", "agents", "01");
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| runtime().block_on(mint_and_verify(softhsm_key().build().unwrap())));
            }
        });
    });
}

/// Another user of the module in this process.
struct Admin(Session);

impl Admin {
    fn log_in() -> Self {
        let pkcs11 = Pkcs11::new(MODULE).unwrap();
        let session = pkcs11.open_rw_session(pkcs11.get_slots_with_initialized_token().unwrap()[0]).unwrap();
        // The source has logged in.
        session.login(UserType::User, Some(&AuthPin::from(PIN))).unwrap_err();
        Self(session)
    }

    fn rename(&self, from: &str, to: &str) {
        for object in self.0.find_objects(&[Attribute::Label(from.into())]).unwrap() {
            self.0.update_attributes(object, &[Attribute::Label(to.into())]).unwrap();
        }
    }

    fn delete(&self, label: &str) {
        for object in self.0.find_objects(&[Attribute::Label(label.into())]).unwrap() {
            self.0.destroy_object(object).unwrap();
        }
    }
}

fn serial(token: &str) -> String {
    let output = Command::new("softhsm2-util").arg("--show-slots").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let before = text.split(&format!("Label:            {token}")).next().unwrap();
    before.rsplit_once("Serial number:").unwrap().1.split_whitespace().next().unwrap().to_owned()
}
