//! The child process.

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, Read as _},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::digest;
use cobrowse_jwt::{
    Access, AgentClaims, AgentToken, Instance, KeySource, KeyUriRegistry, MintError, Minter, PublicKey,
    pem::{Passphrase, PemKey},
    vault::{VaultAuth, VaultKey},
};
use cobrowse_jwt_fault_server::FaultServer;
use cobrowse_jwt_tests::license_key;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pollster::block_on;
use serde_json::json;
use tokio::runtime::Runtime;
use tracing_subscriber::filter::LevelFilter;

pub(crate) const MINTS: usize = 1_000;

/// The key URI of the source, or a path after `pem-text:`, `app-role:` (of the secret id), `jsonwebtoken:` or `careless:`.
pub(crate) const SOURCE: &str = "COBROWSE_TEST_LEAKS";
/// The same for a source that cannot sign.
pub(crate) const BROKEN: &str = "COBROWSE_TEST_LEAKS_BROKEN";
/// The path of the passphrase.
pub(crate) const PASSPHRASE_FILE: &str = "COBROWSE_TEST_LEAKS_PASSPHRASE";

const NOW: u64 = 1_800_000_000;

pub(crate) struct Settings {
    source: String,
    broken: String,
    passphrase_file: Option<String>,
}

impl Settings {
    pub(crate) fn from_env() -> Option<Self> {
        Some(Self {
            source: env::var(SOURCE).ok()?,
            broken: env::var(BROKEN).unwrap(),
            passphrase_file: env::var(PASSPHRASE_FILE).ok(),
        })
    }
}

/// Mints, fails and panics; drops everything, and waits until the parent has read the memory.
pub(crate) fn run(settings: &Settings) {
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(io::stderr).init();
    let fingerprints = match settings.source.split_once(':') {
        Some(("jsonwebtoken", path)) => without_source(|| jsonwebtoken_tokens(&read(path))),
        Some(("careless", path)) => without_source(|| careless_tokens(path)),
        _ => with_source(settings),
    };
    pause("dropped", &fingerprints.join(" "));
}

fn with_source(settings: &Settings) -> Vec<String> {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let passphrase = settings.passphrase_file.as_ref().map(|path| Passphrase::open_blocking(path).unwrap());
        let wrong_passphrase = passphrase.as_ref().map(|_| Passphrase::new("not the passphrase"));
        match open(&settings.broken, wrong_passphrase).await {
            Err(error) => print_chain(&*error),
            Ok(source) => print_error(&minter(source).mint(&claims(0)).await),
        }
        let source = open(&settings.source, passphrase).await.unwrap();
        eprintln!("{source:?}");
        let minter = minter(source.clone());
        let mut fingerprints = Vec::new();
        mint_until(MINTS / 2, &minter, &mut fingerprints).await;
        pause("failing", "");
        fail(&source, &minter).await;
        pause("recovering", "");
        mint_until(MINTS, &minter, &mut fingerprints).await;
        fingerprints
    })
}

async fn open(uri: &str, passphrase: Option<Passphrase>) -> Result<Arc<dyn KeySource>, Box<dyn Error>> {
    if let Some(path) = uri.strip_prefix("pem-text:") {
        return Ok(Arc::new(PemKey::from_pem(&*read(path))?));
    }
    if let Some(path) = uri.strip_prefix("app-role:") {
        let auth = VaultAuth::app_role("a-role-id", str::from_utf8(&read(path))?);
        return Ok(Arc::new(VaultKey::builder_from_env(FaultServer::KEY).auth(auth).open().await?));
    }
    let mut registry = KeyUriRegistry::new();
    if let Some(passphrase) = passphrase {
        registry = registry.passphrase(passphrase);
    }
    Ok(registry.open(&uri.parse()?).await?)
}

fn minter(source: Arc<dyn KeySource>) -> Minter {
    Minter::builder(license_key(), source).clock(now).build()
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn claims(number: usize) -> AgentClaims {
    AgentClaims::new(format!("agent-{number}@example.com"), Access::AccountDefault).unwrap()
}

async fn mint_until(count: usize, minter: &Minter, fingerprints: &mut Vec<String>) {
    let mut failures = 0;
    while fingerprints.len() < count {
        match minter.mint(&claims(fingerprints.len())).await {
            Ok(token) => {
                eprintln!("{token:?} {:?}", Instance::default().token_response(&token));
                fingerprints.push(token.fingerprint());
            }
            error => {
                print_error(&error);
                failures += 1;
                assert!(failures < 600, "no recovery within a minute");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Causes every failure that a caller can cause, and mints while the parent causes other failures.
async fn fail(source: &Arc<dyn KeySource>, minter: &Minter) {
    for number in 0..15 {
        print_error(&minter.mint(&claims(number)).await);
        // A file is checked once per second.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    print_error(&minter.mint(&AgentClaims::new("a".repeat(1 << 20), Access::AccountDefault).unwrap()).await);
    let unregistered = Minter::builder(license_key(), source.clone()).expect_public_key(other_key()).build();
    print_error(&unregistered.mint(&claims(0)).await);

    let panicking = Minter::builder(license_key(), source.clone()).clock(|| panic!("a clock panics")).build();
    tokio::spawn(async move { panicking.mint(&claims(0)).await }).await.unwrap_err();
    let token = minter.mint(&claims(0)).await;
    catch_unwind(AssertUnwindSafe(move || panic!("with {token:?} of {minter:?}"))).unwrap_err();
}

fn other_key() -> PublicKey {
    PublicKey::from_pem(include_str!("../../../crates/core/tests/data/public_key.pem")).unwrap()
}

fn print_error(minted: &Result<AgentToken, MintError>) {
    match minted {
        Ok(token) => eprintln!("{token:?}"),
        Err(error) => print_chain(error),
    }
}

fn print_chain(error: &(dyn Error + 'static)) {
    eprintln!("{error:?}");
    for error in std::iter::successors(Some(error), |&error| error.source()) {
        eprintln!("{error}");
    }
}

/// Mints with a source that has no failures.
fn without_source<I: Iterator<Item = String>>(tokens: impl FnOnce() -> I) -> Vec<String> {
    let fingerprints = tokens().map(|token| fingerprint(&token)).collect();
    pause("failing", "");
    pause("recovering", "");
    fingerprints
}

/// Returns the tokens of this key in the order in which a child mints them.
pub(crate) fn expected_tokens(key: &PemKey) -> Vec<String> {
    let minter = minter(Arc::new(key.clone()));
    let mint = |number| block_on(minter.mint(&claims(number))).unwrap().expose_secret().to_owned();
    (0..MINTS).map(mint).collect()
}

/// Mints with the crate `jsonwebtoken`, as its documentation does.
pub(crate) fn jsonwebtoken_tokens(pem: &[u8]) -> impl Iterator<Item = String> + use<> {
    let key = EncodingKey::from_rsa_pem(pem).unwrap();
    (0..MINTS).map(move |number| {
        let claims = json!({"sub": format!("agent-{number}@example.com"), "iat": NOW, "exp": NOW + 3_600});
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
    })
}

/// Leaks on purpose.
fn careless_tokens(path: &str) -> impl Iterator<Item = String> {
    let pem = std::fs::read_to_string(path).unwrap();
    eprintln!("{pem}");
    let key = PemKey::from_pem(&pem).unwrap();
    std::mem::forget((pem, key.clone()));
    let tokens = expected_tokens(&key);
    eprintln!("{}", tokens[0]);
    std::mem::forget(tokens.clone());
    tokens.into_iter()
}

/// As [`AgentToken::fingerprint`].
pub(crate) fn fingerprint(token: &str) -> String {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    let start: [u8; 8] = digest.as_ref()[..8].try_into().unwrap();
    format!("{:016x}", u64::from_be_bytes(start))
}

/// Reads a file without a copy that is not wiped.
fn read(path: &str) -> zeroize::Zeroizing<Vec<u8>> {
    let mut text = zeroize::Zeroizing::new(Vec::with_capacity(16 * 1_024));
    File::open(path).unwrap().take(8 * 1_024).read_to_end(&mut text).unwrap();
    text
}

/// Prints the place and waits for a line from the parent.
fn pause(place: &str, text: &str) {
    println!("<<{place}: {text}>>");
    io::stdin().read_line(&mut String::new()).unwrap();
}
