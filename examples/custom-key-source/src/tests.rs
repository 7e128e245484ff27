use std::{
    future::{Ready, ready},
    sync::{Arc, Mutex},
};

use aws_lc_rs::{encoding::AsDer as _, rsa};
use cobrowse_jwt_conformance::{Check, Outcome, Suite};
use cobrowse_jwt_core::{KeyError, KeyErrorKind, KeySource};

use crate::StoredKey;

type Stored = Result<Vec<u8>, KeyError>;

fn new_key() -> Vec<u8> {
    rsa::KeyPair::generate(rsa::KeySize::Rsa2048).unwrap().as_der().unwrap().as_ref().to_vec()
}

fn source(stored: Stored) -> (Arc<Mutex<Stored>>, impl KeySource + 'static) {
    let store = Arc::new(Mutex::new(stored));
    let shared = Arc::clone(&store);
    let fetch = move || -> Ready<Stored> { ready(shared.lock().unwrap().clone()) };
    let source = StoredKey { fetch, cached: Mutex::default() };
    (store, source)
}

#[tokio::test(start_paused = true)]
async fn stored_key_passes_the_conformance_suite() {
    let (store, key) = source(Ok(new_key()));
    let (_, unreachable) = source(Err(KeyError::new(KeyErrorKind::Unavailable, "failed to reach the secret store")));
    let (_, damaged) = source(Ok(b"not a key".to_vec()));
    let report = Suite::builder(key)
        .failing_source(KeyErrorKind::Unavailable, unreachable)
        .failing_source(KeyErrorKind::InvalidKey, damaged)
        .rotate(|| async move { *store.lock().unwrap() = Ok(new_key()) })
        .build()
        .run()
        .await;
    assert!(report.is_passed(), "\n{report}");
    // A key in this process never stops signing.
    let not_applicable =
        report.findings().iter().filter(|finding| matches!(finding.outcome, Outcome::NotApplicable(_)));
    assert_eq!(not_applicable.map(|finding| finding.check).collect::<Vec<_>>(), [Check::Superseded]);
}
