//! Measures this SDK and the bare signature, with the protocol of [`harness::serve`].

use std::{hint::black_box, thread};

use bench_ours::{NullKey, RawKey, Verifying, claims, mint, minter};
use cobrowse_jwt::pem::PemKey;
use harness::{SIZES, Workload, private_key, serve, token};

fn main() {
    let (claims, verifying) = (&claims(), &Verifying::new(2048));
    let mut workloads: Vec<Workload<'_>> = Vec::new();
    for bits in SIZES {
        let (pem, token) = (private_key(bits), token(bits));
        let (minter, raw) = (minter(PemKey::from_pem(&pem).unwrap()), RawKey::new(&pem));
        let message = token.rsplit_once('.').unwrap().0.to_owned();
        let mint = move || drop(black_box(mint(&minter, claims)));
        let sign = move || drop(black_box(raw.sign(message.as_bytes())));
        if bits == 2048 {
            let (mint, sign) = (mint.clone(), sign.clone());
            workloads.push(("mint-by-two".into(), by_two(mint)));
            workloads.push(("sign-by-two".into(), by_two(sign)));
        }
        workloads.push((format!("mint-{bits}"), by_one(mint)));
        workloads.push((format!("sign-{bits}"), by_one(sign)));
    }
    let null = minter(NullKey::source());
    workloads.push(("mint-null".into(), by_one(move || drop(black_box(mint(black_box(&null), black_box(claims)))))));
    workloads.push(("verify".into(), by_one(|| black_box(verifying).whole())));
    workloads.push(("verify-raw".into(), by_one(|| black_box(verifying).raw())));
    serve(workloads);
}

fn by_one<'a>(work: impl Fn() + 'a) -> Box<dyn FnMut(u32) + 'a> {
    Box::new(move |count| (0..count).for_each(|_| work()))
}

/// Repeats the work on each of two threads.
fn by_two<'a>(work: impl Fn() + Sync + 'a) -> Box<dyn FnMut(u32) + 'a> {
    Box::new(move |count| {
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..count).for_each(|_| work()));
            }
        });
    })
}
