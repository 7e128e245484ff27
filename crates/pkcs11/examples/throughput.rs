//! Compares signatures of the source with a bare loop of `cryptoki`, both with two sessions, in alternating rounds:
//! `throughput /usr/lib/softhsm/libsofthsm2.so TOKEN PIN`, for a token with one key.
#![expect(clippy::unwrap_used, reason = "a failure ends the measurement")]

use std::{
    env, thread,
    time::{Duration, Instant},
};

use cobrowse_jwt_core::{KeySource as _, SigningInput};
use cobrowse_jwt_pkcs11::{Pin, Pkcs11Key};
use cryptoki::{
    context::Pkcs11,
    mechanism::Mechanism,
    object::{Attribute, ObjectClass},
};
use tokio::task::JoinSet;

const ROUND: Duration = Duration::from_secs(3);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let [module, token, pin] = env::args().skip(1).collect::<Vec<_>>().try_into().unwrap();
    let source = Pkcs11Key::builder(&module).token_label(&token).pin(Pin::new(pin)).build().unwrap();
    source.authenticate().await.unwrap();
    for round in 1..=5 {
        let bare = bare(&module, &token);
        let ours = ours(&source).await;
        println!("round {round}: cryptoki {bare:.0}/s, source {ours:.0}/s, {:.1}%", 100.0 * ours / bare);
    }
}

/// Signs in two threads. The source has logged in.
fn bare(module: &str, token: &str) -> f64 {
    let pkcs11 = Pkcs11::new(module).unwrap();
    let is_named = |slot: &_| pkcs11.get_token_info(*slot).unwrap().label() == token;
    let slot = pkcs11.get_slots_with_token().unwrap().into_iter().find(is_named).unwrap();
    let sign = || {
        let session = pkcs11.open_ro_session(slot).unwrap();
        let key = session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)]).unwrap()[0];
        let (start, mut count) = (Instant::now(), 0_u32);
        while start.elapsed() < ROUND {
            session.sign(&Mechanism::RsaPkcs, key, &[7; 51]).unwrap();
            count += 1;
        }
        f64::from(count) / start.elapsed().as_secs_f64()
    };
    thread::scope(|scope| [scope.spawn(sign), scope.spawn(sign)].map(|thread| thread.join().unwrap()).iter().sum())
}

/// Signs in eight tasks.
async fn ours(source: &Pkcs11Key) -> f64 {
    let key = source.signing_key().await.unwrap();
    let (start, mut tasks) = (Instant::now(), JoinSet::new());
    for _ in 0..8 {
        let key = key.clone();
        tasks.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < ROUND {
                key.sign(&SigningInput::new(b"header.payload")).await.unwrap();
                count += 1;
            }
            count
        });
    }
    let count: u32 = tasks.join_all().await.iter().sum();
    f64::from(count) / start.elapsed().as_secs_f64()
}
