//! Modules that are missing, are not PKCS#11 modules, or fail. Each test has its own process, because a module is initialized once.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use cobrowse_jwt_core::{KeyErrorKind, KeySource as _, MintError, Minter, SigningInput};
// Cargo builds the module together with this library.
use cobrowse_jwt_faulty_pkcs11 as _;
use cobrowse_jwt_pkcs11::{Pkcs11Key, Pkcs11KeyBuilder};
use support::{
    agent, assert_verifies, chain, in_child, license_key, mint_and_verify, mint_concurrently, refused, runtime,
};
use tokio::{runtime::Handle, time::sleep};

/// Runs the body in a child process.
fn alone(test: &str, body: impl Future<Output = ()>) {
    if env::var_os("COBROWSE_TEST_PKCS11_FOLDER").is_some() {
        let runtime = runtime();
        runtime.block_on(body);
        // Threads hang.
        return runtime.shutdown_background();
    }
    in_child(test, Path::new("/"), &[]);
}

/// Waits for the tasks of lookups and log-ins, which also use the sessions.
async fn tasks_end() {
    while Handle::current().metrics().num_alive_tasks() > 0 {
        sleep(Duration::from_millis(1)).await;
    }
}

/// Opens a key of the module, which generates it first, with this deadline.
async fn open(label: &str, sessions: usize, limit: Duration) -> Pkcs11Key {
    builder(label).sessions(sessions).operation_timeout(limit).open().await.unwrap()
}

fn builder(label: &str) -> Pkcs11KeyBuilder {
    let folder = env::current_exe().unwrap().parent().unwrap().to_owned();
    Pkcs11Key::builder(folder.join("libcobrowse_jwt_faulty_pkcs11.so")).key_label(label)
}

const LIMIT: Duration = Duration::from_secs(3);

#[test]
fn good_key_signs_and_hashes_in_the_token() {
    alone("good_key_signs_and_hashes_in_the_token", async {
        mint_and_verify(open("good", 2, LIMIT).await).await;
        mint_concurrently(open("good", 2, LIMIT).await, 8, 25).await;
    });
}

#[test]
fn protection_without_tokio_runtime_returns_error() {
    let key = builder("good").build().unwrap();
    let error = pollster::block_on(key.protection()).unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (KeyErrorKind::InvalidKey, "no Tokio runtime is running"));
}

#[test]
fn file_that_is_not_a_module_returns_not_found() {
    alone("file_that_is_not_a_module_returns_not_found", async {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("secret.so");
        fs::write(&text, "not a library").unwrap();
        // A library that every process has loaded.
        let libc = fs::read_to_string("/proc/self/maps").unwrap();
        let libc =
            libc.lines().find_map(|line| line.split_whitespace().find(|word| word.contains("/libc.so"))).unwrap();
        for (path, message) in [
            (folder.path().join("secret-missing.so"), "PKCS#11 module not found"),
            (folder.path().to_owned(), "file is not a PKCS#11 module for this machine"),
            (text, "file is not a PKCS#11 module for this machine"),
            (PathBuf::from(libc), "file is not a PKCS#11 module for this machine"),
        ] {
            let error = refused(Pkcs11Key::builder(&path).build().unwrap()).await;
            assert_eq!((error.kind(), error.to_string().as_str()), (KeyErrorKind::NotFound, message));
            assert!(!format!("{error:?} {}", chain(&error)).contains("secret"), "{error:?}");
        }
        for path in ["libsofthsm2.so", "./libsofthsm2.so", ""] {
            let error = Pkcs11Key::builder(path).build().unwrap_err();
            assert_eq!(error.to_string(), "path of the PKCS#11 module is not absolute");
        }
    });
}

#[test]
fn open_with_failing_slot_returns_its_error() {
    alone("open_with_failing_slot_returns_its_error", async {
        // The token cannot be in the slot that fails.
        let error = builder("good").slot_id(7).open().await.unwrap_err();
        assert_eq!(error.kind(), KeyErrorKind::NotFound);
        for (builder, function) in [
            (builder("good").token_label("missing"), "C_GetTokenInfo"),
            (builder("good").token_label("empty"), "C_GetTokenInfo"),
            (builder("good").slot_id(2), "C_GetMechanismInfo"),
        ] {
            let error = builder.open().await.unwrap_err();
            assert_eq!(error.kind(), KeyErrorKind::Unavailable);
            assert!(chain(&error).ends_with(&format!("{function} returned CKR_DEVICE_ERROR")), "{}", chain(&error));
        }
    });
}

#[test]
fn sign_with_unreadable_attributes_returns_unavailable() {
    alone("sign_with_unreadable_attributes_returns_unavailable", async {
        let key = open("unreadable", 1, LIMIT).await.signing_key().await.unwrap();
        let error = key.sign(&SigningInput::new(b"header.payload")).await.unwrap_err();
        assert_eq!(error.kind(), KeyErrorKind::Unavailable, "{}", chain(&error));
    });
}

#[test]
fn hung_thread_is_replaced() {
    alone("hung_thread_is_replaced", async {
        let source = open("slow-once", 1, LIMIT).await;
        let minter = Minter::new(license_key(), source);
        let key = minter.check_key().await.unwrap();
        let Err(MintError::Key(error)) = minter.mint(&agent(0)).await else { panic!("the signature did not hang") };
        assert_eq!(error.kind(), KeyErrorKind::Unavailable);
        for number in 0..10 {
            assert_verifies(&minter.mint(&agent(number)).await.unwrap(), &key);
        }
    });
}

#[test]
fn hung_module_returns_unavailable_with_bounded_threads() {
    alone("hung_module_returns_unavailable_with_bounded_threads", async {
        let source = open("hangs", 2, Duration::from_millis(100)).await;
        let minter = Minter::new(license_key(), source);
        let threads = || fs::read_dir("/proc/self/task").unwrap().count();
        let before = threads();
        let start = Instant::now();
        // Longer than the 5 seconds between lookups, which hang.
        while start.elapsed() < Duration::from_secs(12) {
            let call = Instant::now();
            let Err(MintError::Key(error)) = minter.mint(&agent(0)).await else { panic!("a token") };
            assert_eq!(error.kind(), KeyErrorKind::Unavailable, "{}", chain(&error));
            assert!(call.elapsed() < Duration::from_secs(9), "{:?}", call.elapsed());
        }
        assert!(threads() - before <= 16 + 2, "{} threads", threads() - before);
    });
}

#[test]
fn dropped_source_has_closed_its_sessions() {
    alone("dropped_source_has_closed_its_sessions", async {
        let source = open("closes-slowly", 1, LIMIT).await;
        mint_and_verify(source.clone()).await;
        tasks_end().await;
        let start = Instant::now();
        drop(source);
        assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    });
}

#[test]
fn dropped_source_waits_for_a_replaced_thread() {
    alone("dropped_source_waits_for_a_replaced_thread", async {
        let minter = Minter::new(license_key(), open("slow-once", 1, LIMIT).await);
        let start = Instant::now();
        minter.mint(&agent(0)).await.unwrap_err();
        tasks_end().await;
        drop(minter);
        assert!(start.elapsed() >= Duration::from_secs(4), "{:?}", start.elapsed());
    });
}

#[test]
fn crashed_sessions_lose_no_mint() {
    alone("crashed_sessions_lose_no_mint", async {
        mint_concurrently(open("crashes", 1, LIMIT).await, 8, 25).await;
    });
}

#[test]
fn wrong_signature_never_becomes_a_token() {
    alone("wrong_signature_never_becomes_a_token", async {
        let wrong = Minter::new(license_key(), open("wrong", 2, LIMIT).await);
        let short = Minter::new(license_key(), open("short", 2, LIMIT).await);
        wrong.check_key().await.unwrap();
        // Its public key is refused, because the check of it comes second.
        assert_eq!(refused(open("short", 2, LIMIT).await).await.kind(), KeyErrorKind::InvalidKey);
        for number in 0..50 {
            for minter in [&wrong, &short] {
                let Err(MintError::Key(error)) = minter.mint(&agent(number)).await else { panic!("a token") };
                let kind = error.kind();
                assert!(matches!(kind, KeyErrorKind::InvalidResponse | KeyErrorKind::InvalidKey), "{}", chain(&error));
            }
        }
    });
}
