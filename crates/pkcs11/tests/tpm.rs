//! Keys in a software TPM, through its resource manager. Each test has its own TPM and process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    env, fs, iter,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use cobrowse_jwt_conformance::{Check, Outcome, Suite};
use cobrowse_jwt_core::{KeyErrorKind, MintError, Minter};
use cobrowse_jwt_pem::{PemKey, RsaKeySize};
use cobrowse_jwt_pkcs11::{Pin, Pkcs11Key, Pkcs11KeyBuilder};
use support::{
    CONFORMANCE_LIMIT, PIN, agent, assert_verifies, chain, in_child, license_key, mint_and_verify, mint_concurrently,
    run, runtime, tokens,
};

#[test]
#[ignore = "needs tpm"]
fn key_in_tpm_signs_and_imported_key_makes_the_tokens_of_pem() {
    with_tpm("key_in_tpm_signs_and_imported_key_makes_the_tokens_of_pem", async |folder| {
        let pem = fs::read_to_string(folder.join("imported.pem")).unwrap();
        let imported = open("imported").await;
        assert!(tokens(imported, 10).await == tokens(PemKey::from_pem(pem).unwrap(), 10).await);
        let source = open("agents").await;
        mint_and_verify(source.clone()).await;
        let protection = source.protection().await.unwrap();
        assert!(!protection.extractable && protection.generated_in_token);
        // A signature of the TPM takes a while on a loaded machine.
        let patient = builder().token_label("tpm").key_label("agents").operation_timeout(CONFORMANCE_LIMIT);
        mint_concurrently(patient.build().unwrap(), 8, 100).await;
    });
}

#[test]
#[ignore = "needs tpm"]
fn tpm_passes_the_conformance_suite() {
    with_tpm("tpm_passes_the_conformance_suite", async |_| {
        let key = |label: &str| builder().token_label("tpm").key_label(label).operation_timeout(CONFORMANCE_LIMIT);
        let suite = Suite::builder(key("agents").build().unwrap())
            .secret(PIN)
            .failing_source(KeyErrorKind::NotFound, key("missing").build().unwrap())
            .failing_source(KeyErrorKind::NotFound, key("agents").token_label("missing").build().unwrap());
        let report = suite.time_limit(CONFORMANCE_LIMIT).build().run().await;
        assert!(report.is_passed(), "\n{report}");
        let skipped = report.findings().iter().filter(|finding| matches!(finding.outcome, Outcome::NotApplicable(_)));
        assert_eq!(skipped.map(|finding| finding.check).collect::<Vec<_>>(), [Check::Rotation, Check::Superseded]);
    });
}

#[test]
#[ignore = "needs tpm"]
fn killed_resource_manager_returns_unavailable() {
    with_tpm("killed_resource_manager_returns_unavailable", async |folder| {
        let minter = Minter::new(license_key(), open("agents").await);
        let key = minter.check_key().await.unwrap();
        assert_verifies(&minter.mint(&agent(0)).await.unwrap(), &key);
        signal("KILL", &folder);
        wait_for_state('Z', &folder);
        for number in 0..10 {
            assert_eq!(unavailable(&minter, number).await, KeyErrorKind::Unavailable);
        }
    });
}

#[test]
#[ignore = "needs tpm"]
fn frozen_resource_manager_returns_unavailable_until_it_continues() {
    with_tpm("frozen_resource_manager_returns_unavailable_until_it_continues", async |folder| {
        let minter = Minter::new(license_key(), open("agents").await);
        let key = minter.check_key().await.unwrap();
        assert_verifies(&minter.mint(&agent(0)).await.unwrap(), &key);
        signal("STOP", &folder);
        wait_for_state('T', &folder);
        for number in 0..5 {
            assert_eq!(unavailable(&minter, number).await, KeyErrorKind::Unavailable);
        }
        signal("CONT", &folder);
        // The threads that hang return first.
        for number in 0.. {
            match minter.mint(&agent(number)).await {
                Ok(token) => {
                    assert_verifies(&token, &key);
                    break;
                }
                Err(error) => assert!(number < 20, "{error:?}"),
            }
        }
        drop(minter);
        // The module crashes if the process ends during a call.
        wait_for(&|| {
            let mut threads = fs::read_dir("/proc/self/task").unwrap();
            threads.all(|thread| {
                fs::read_to_string(thread.unwrap().path().join("comm")).map_or(true, |name| name != "pkcs11\n")
            })
        });
    });
}

/// Returns the kind of the error of a mint, which returns within its deadlines.
async fn unavailable(minter: &Minter, number: usize) -> KeyErrorKind {
    let claims = agent(number);
    let mint = tokio::time::timeout(Duration::from_secs(9), minter.mint(&claims));
    match mint.await.unwrap() {
        Err(MintError::Key(error)) => {
            println!("{}", chain(&error));
            error.kind()
        }
        other => panic!("{other:?}"),
    }
}

async fn open(label: &str) -> Pkcs11Key {
    builder().token_label("tpm").key_label(label).open().await.unwrap()
}

fn builder() -> Pkcs11KeyBuilder {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let modules = folders.map(|folder| Path::new(folder).join("libtpm2_pkcs11.so.1"));
    Pkcs11Key::builder(modules.into_iter().find(|module| module.exists()).unwrap()).pin(Pin::new(PIN))
}

/// Sends a signal to the resource manager, which handles it later.
fn signal(name: &str, folder: &Path) {
    run(Command::new("kill").args(["-s", name, &resource_manager(folder)]));
}

/// Waits until each thread of the resource manager is in this state of `proc_pid_stat(5)`.
fn wait_for_state(state: char, folder: &Path) {
    let threads = format!("/proc/{}/task", resource_manager(folder));
    wait_for(&|| {
        fs::read_dir(&threads).unwrap().all(|thread| {
            // A thread that has ended has no file.
            let stat = fs::read_to_string(thread.unwrap().path().join("stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with(state))
        })
    });
}

fn resource_manager(folder: &Path) -> String {
    fs::read_to_string(folder.join("resource-manager.pid")).unwrap()
}

fn wait_for(is_ready: &dyn Fn() -> bool) {
    for _ in 0..150 {
        if is_ready() {
            return;
        }
        thread::sleep(Duration::from_millis(200));
    }
    panic!("not ready");
}

/// Runs the body in a child process with a TPM that has the keys `agents` and `imported`.
fn with_tpm(test: &str, body: impl AsyncFnOnce(PathBuf)) {
    if let Some(folder) = env::var_os("COBROWSE_TEST_PKCS11_FOLDER") {
        let runtime = runtime();
        runtime.block_on(body(folder.into()));
        // Threads can hang.
        return runtime.shutdown_background();
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let variables = [
        ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", at("bus"))),
        ("TPM2_PKCS11_STORE", at("store")),
        ("TPM2_PKCS11_TCTI", "tabrmd:bus_type=session".to_owned()),
        ("TPM2TOOLS_TCTI", "tabrmd:bus_type=session".to_owned()),
    ];
    let start = |program: &str, arguments: &str| {
        let mut command = Command::new(program);
        command.args(arguments.split(' ')).envs(variables.clone()).stdout(Stdio::null()).stderr(Stdio::null());
        Daemon(command.spawn().unwrap())
    };
    for name in ["state", "store"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let port = two_ports();
    let _tpm = start(
        "swtpm",
        &format!(
            "socket --tpm2 --tpmstate dir={} --server type=tcp,port={port} --ctrl type=tcp,port={} --flags not-need-init,startup-clear",
            at("state"),
            port + 1
        ),
    );
    let _bus = start("dbus-daemon", &format!("--session --nofork --nopidfile --address=unix:path={}", at("bus")));
    let prepare = |program: &str, arguments: &str| {
        let mut command = Command::new(program);
        command.args(arguments.split(' ')).envs(variables.clone());
        command
    };
    wait_for(&|| folder.path().join("bus").exists() && std::net::TcpStream::connect(("127.0.0.1", port + 1)).is_ok());
    let manager =
        start("/usr/sbin/tpm2-abrmd", &format!("--allow-root --session --tcti=swtpm:host=127.0.0.1,port={port}"));
    wait_for(&|| prepare("tpm2_getcap", "properties-fixed").output().unwrap().status.success());
    fs::write(folder.path().join("resource-manager.pid"), manager.0.id().to_string()).unwrap();

    let pem = PemKey::generate(RsaKeySize::Rsa2048).unwrap().to_pkcs8_pem().unwrap();
    fs::write(folder.path().join("imported.pem"), &*pem).unwrap();
    for arguments in [
        "init".to_owned(),
        format!("addtoken --pid=1 --label=tpm --userpin={PIN} --sopin=97531"),
        format!("addkey --algorithm=rsa2048 --label=tpm --key-label=agents --userpin={PIN}"),
        format!(
            "import --algorithm=rsa --label=tpm --key-label=imported --userpin={PIN} --privkey={}",
            at("imported.pem")
        ),
    ] {
        run(&mut prepare("tpm2_ptool", &arguments));
    }
    let variables = variables.map(|(name, value)| (name, value.into()));
    in_child(test, folder.path(), &variables);
}

/// Returns a port that is free together with the next one, on which the TPM expects commands and controls.
fn two_ports() -> u16 {
    // Outside the range from which connections of other tests get their ports.
    let mut ports = iter::repeat_with(|| fastrand::u16(10_000..30_000));
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    ports.find(|&port| is_free(port) && is_free(port + 1)).unwrap()
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
