use std::{
    env::{
        consts::{DLL_PREFIX, DLL_SUFFIX},
        current_exe,
    },
    time::Duration,
};

use cobrowse_jwt::{PublicKey, pkcs11::Pkcs11Key};

use crate::{deadline::Heartbeat, keys::Keys, target::Target};

/// Returns a key in the PKCS#11 module of the tests. The module injects its own faults in the first 15 of every 30 seconds.
pub(crate) fn target(heartbeat: &Heartbeat) -> Target {
    let program = current_exe().unwrap();
    // Cargo builds the module together with its library, which is a dependency.
    let module = format!("deps/{DLL_PREFIX}cobrowse_jwt_faulty_pkcs11{DLL_SUFFIX}");
    let builder = Pkcs11Key::builder(program.ancestors().nth(2).unwrap().join(module)).key_label("random");
    let source = builder.refresh_after(Duration::from_secs(1)).max_age(Duration::from_secs(5)).build().unwrap();
    let keys = Keys::default();
    keys.add(PublicKey::from_components(cobrowse_jwt_faulty_pkcs11::modulus(), &[1, 0, 1]).unwrap());
    Target::new("faulty HSM", source, keys, heartbeat)
}
