//! The crate `josekit` on OpenSSL, used as in its documentation.

use std::hint::black_box;

use harness::{Claims, SIZES, Workload, private_key, serve};
use josekit::{
    jws::{JwsHeader, RS256},
    jwt::{self, JwtPayload},
};
use serde_json::Value;

fn main() {
    let mut workloads: Vec<Workload<'_>> = Vec::new();
    for bits in SIZES {
        let signer = RS256.signer_from_pem(private_key(bits)).unwrap();
        let mint = move || {
            let mut header = JwsHeader::new();
            header.set_token_type("JWT");
            let Ok(Value::Object(claims)) = serde_json::to_value(Claims::now()) else { panic!("no object") };
            jwt::encode_with_signer(&JwtPayload::from_map(claims).unwrap(), &header, &signer).unwrap()
        };
        workloads
            .push((format!("mint-{bits}"), Box::new(move |count| (0..count).for_each(|_| drop(black_box(mint()))))));
    }
    serve(workloads);
}
