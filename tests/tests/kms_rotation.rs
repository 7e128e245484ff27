//! Rotation with a registered key, on two emulators of AWS KMS and with a file. A separate program, because it reads all log events.

use std::{
    fs,
    io::{self, Write},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use cobrowse_jwt::{
    KeyErrorKind, KeyUriRegistry, MintError, Minter, PublicKey, Verifier,
    aws_kms::aws_sdk_kms::types::KeySpec,
    pem::{PemKey, RsaKeySize},
};
use cobrowse_jwt_tests::{Emulator, claims, license_key, write_private_key};
use tokio::{task::JoinSet, time::sleep};
use tracing_subscriber::fmt::MakeWriter;

/// The events of this process, as text.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<u8>>>);

impl Events {
    /// Returns how many events report this unregistered key.
    fn reports(&self, key: &PublicKey) -> usize {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let is_report = |line: &&str| line.contains("unregistered key") && line.contains(key.thumbprint());
        text.lines().filter(is_report).count()
    }
}

impl Write for Events {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Events {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

static EVENTS: LazyLock<Events> = LazyLock::new(|| {
    let events = Events::default();
    tracing_subscriber::fmt().with_ansi(false).with_writer(events.clone()).init();
    events
});

async fn mint_and_verify(minter: &Minter, key: &PublicKey) {
    let token = minter.mint(&claims()).await.unwrap();
    Verifier::new(license_key(), key.clone()).verify(token.expose_secret()).unwrap();
}

async fn public_key(emulator: &Emulator, arn: &str) -> PublicKey {
    Minter::new(license_key(), emulator.key(arn).build().unwrap()).check_key().await.unwrap()
}

/// Mints in four tasks until the work ends. Every token must verify with this key.
async fn under_load(minter: &Minter, key: &PublicKey, work: impl Future<Output = ()>) {
    let (done, tokens) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut load = JoinSet::new();
    for _ in 0..4 {
        let (minter, key, done, tokens) = (minter.clone(), key.clone(), Arc::clone(&done), Arc::clone(&tokens));
        load.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                mint_and_verify(&minter, &key).await;
                tokens.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_millis(5)).await;
            }
        });
    }
    work.await;
    done.store(true, Ordering::Relaxed);
    load.join_all().await;
    assert!(tokens.load(Ordering::Relaxed) > 4);
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_mins(1), "not within a minute: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn moved_alias_signs_with_the_registered_key(emulator: Emulator) {
    const ALIAS: &str = "alias/registered";
    let events = EVENTS.clone();
    let (registered_arn, other_arn) =
        (emulator.create_rsa(KeySpec::Rsa2048).await, emulator.create_rsa(KeySpec::Rsa2048).await);
    let (registered, other) = (public_key(&emulator, &registered_arn).await, public_key(&emulator, &other_arn).await);
    emulator.point(ALIAS, &registered_arn).await;
    let source = emulator.key(ALIAS).refresh_after(Duration::from_millis(50)).build().unwrap();
    let minter = Minter::builder(license_key(), source).expect_public_key(registered.clone()).build();
    mint_and_verify(&minter, &registered).await;

    under_load(&minter, &registered, async {
        emulator.point(ALIAS, &other_arn).await;
        until("the report", || events.reports(&other) > 0).await;
    })
    .await;
    assert_eq!(events.reports(&other), 1);

    // Moved back: the source returns the registered key again, without a restart.
    emulator.point(ALIAS, &registered_arn).await;
    under_load(&minter, &registered, sleep(Duration::from_secs(6))).await;
    assert_eq!(events.reports(&other), 1);

    // The registered key is disabled while the alias names the other one.
    emulator.point(ALIAS, &other_arn).await;
    under_load(&minter, &registered, until("the second report", || events.reports(&other) == 2)).await;
    emulator.client.disable_key().key_id(&registered_arn).send().await.unwrap();
    for _ in 0..3 {
        let error = minter.mint(&claims()).await.unwrap_err();
        assert!(matches!(&error, MintError::UnregisteredKey { found } if found == other.thumbprint()), "{error:?}");
    }
}

async fn corrected_alias_signs_within_five_seconds(emulator: Emulator) {
    const ALIAS: &str = "alias/corrected";
    let arn = emulator.create_rsa(KeySpec::Rsa2048).await;
    let key = public_key(&emulator, &arn).await;
    let minter = Minter::new(license_key(), emulator.key(ALIAS).build().unwrap());
    let MintError::Key(error) = minter.mint(&claims()).await.unwrap_err() else { panic!("not a key error") };
    assert_eq!(error.kind(), KeyErrorKind::NotFound);

    emulator.point(ALIAS, &arn).await;
    let corrected = Instant::now();
    while minter.mint(&claims()).await.is_err() {
        assert!(corrected.elapsed() < Duration::from_secs(6), "the alias was not resolved again");
        sleep(Duration::from_millis(50)).await;
    }
    mint_and_verify(&minter, &key).await;
}

mod ministack {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs MiniStack, which `cargo xtask test` starts"]
    async fn moved_alias_signs_with_the_registered_key() {
        super::moved_alias_signs_with_the_registered_key(Emulator::from_env("COBROWSE_TEST_MINISTACK").await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs MiniStack, which `cargo xtask test` starts"]
    async fn corrected_alias_signs_within_five_seconds() {
        super::corrected_alias_signs_within_five_seconds(Emulator::from_env("COBROWSE_TEST_MINISTACK").await).await;
    }
}

mod localstack {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    async fn moved_alias_signs_with_the_registered_key() {
        super::moved_alias_signs_with_the_registered_key(Emulator::from_env("COBROWSE_TEST_LOCALSTACK").await).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "needs LocalStack, which `cargo xtask test` starts"]
    async fn corrected_alias_signs_within_five_seconds() {
        super::corrected_alias_signs_within_five_seconds(Emulator::from_env("COBROWSE_TEST_LOCALSTACK").await).await;
    }
}

/// The same for a file that is opened by a key URI.
#[tokio::test(flavor = "multi_thread")]
async fn replaced_file_signs_with_the_registered_key() {
    let events = EVENTS.clone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let replace = |key: &PemKey| {
        let new = folder.path().join("new.pem");
        write_private_key(&new, &key.to_pkcs8_pem().unwrap());
        fs::rename(new, &path).unwrap();
    };
    let (registered, other) =
        (PemKey::generate(RsaKeySize::Rsa2048).unwrap(), PemKey::generate(RsaKeySize::Rsa2048).unwrap());
    let registered_key = registered.public_key();
    let open = async || {
        let source = KeyUriRegistry::new().open(&path.to_str().unwrap().parse().unwrap()).await.unwrap();
        Minter::builder(license_key(), source).expect_public_key(registered_key.clone()).build()
    };

    // Started with the wrong file: minting fails until the file is corrected, without a restart.
    replace(&other);
    let minter = open().await;
    assert!(matches!(minter.mint(&claims()).await, Err(MintError::UnregisteredKey { .. })));
    replace(&registered);
    let corrected = Instant::now();
    while minter.mint(&claims()).await.is_err() {
        assert!(corrected.elapsed() < Duration::from_secs(6), "the file was not read again");
        sleep(Duration::from_millis(50)).await;
    }

    // Replaced under load: the registered key keeps signing, and one event reports the other.
    under_load(&minter, registered_key, async {
        replace(&other);
        until("the report", || events.reports(other.public_key()) > 0).await;
    })
    .await;
    assert_eq!(events.reports(other.public_key()), 1);
    replace(&registered);
    under_load(&minter, registered_key, sleep(Duration::from_secs(3))).await;
    assert_eq!(events.reports(other.public_key()), 1);
}
