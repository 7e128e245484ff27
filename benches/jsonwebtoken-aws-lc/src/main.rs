//! The crate `jsonwebtoken`, used as in its documentation. Compiled once with AWS-LC and once with RustCrypto.

use std::hint::black_box;

use harness::{AUDIENCE, Claims, LICENSE_KEY, SIZES, Workload, private_key, public_key, serve, token};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};

fn main() {
    let mut workloads: Vec<Workload<'_>> = Vec::new();
    for bits in SIZES {
        let key = EncodingKey::from_rsa_pem(private_key(bits).as_bytes()).unwrap();
        let header = Header::new(Algorithm::RS256);
        let mint = move || encode(&header, &Claims::now(), &key).unwrap();
        workloads
            .push((format!("mint-{bits}"), Box::new(move |count| (0..count).for_each(|_| drop(black_box(mint()))))));
    }
    let (token, key) = (token(2048), DecodingKey::from_rsa_pem(public_key(2048).as_bytes()).unwrap());
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[LICENSE_KEY]);
    // The token serves many runs, and comparing its date with the clock costs next to nothing.
    validation.validate_exp = false;
    let verify = move || decode::<Claims<'static>>(&token, &key, &validation).unwrap();
    workloads.push(("verify".into(), Box::new(move |count| (0..count).for_each(|_| drop(black_box(verify()))))));
    serve(workloads);
}
