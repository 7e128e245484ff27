//! The crate `jwt-simple` on BoringSSL, used as in its documentation.

use std::hint::black_box;

use harness::{
    AUDIENCE, Claims as Wanted, DISPLAY_NAME, LICENSE_KEY, Policy, SIZES, SUBJECT, Workload, private_key, serve,
};
use jwt_simple::prelude::{Claims, Duration, RS256KeyPair, RSAKeyPairLike as _};
use serde::Serialize;

/// The claims that RFC 7519 does not register.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Custom {
    display_name: &'static str,
    role: Option<&'static str>,
    policy: Policy<'static>,
}

fn main() {
    let mut workloads: Vec<Workload<'_>> = Vec::new();
    for bits in SIZES {
        let key = RS256KeyPair::from_pem(&private_key(bits)).unwrap();
        let mint = move || {
            let custom = Custom { display_name: DISPLAY_NAME, role: None, policy: Wanted::now().policy };
            let claims = Claims::with_custom_claims(custom, Duration::from_hours(1));
            let claims = claims.with_issuer(LICENSE_KEY).with_audience(AUDIENCE).with_subject(SUBJECT);
            key.sign(claims).unwrap()
        };
        workloads
            .push((format!("mint-{bits}"), Box::new(move |count| (0..count).for_each(|_| drop(black_box(mint()))))));
    }
    serve(workloads);
}
