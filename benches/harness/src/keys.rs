use std::{env, fs, path::PathBuf};

/// The sizes of the keys, in bits.
pub const SIZES: [usize; 3] = [2048, 3072, 4096];

/// A private key in PKCS#8 PEM, from the folder that `BENCH_KEYS` names.
#[must_use]
pub fn private_key(bits: usize) -> String {
    read(&format!("private-{bits}.pem"))
}

/// Its public half in SPKI PEM.
#[must_use]
pub fn public_key(bits: usize) -> String {
    read(&format!("public-{bits}.pem"))
}

/// A token that this private key has signed.
#[must_use]
pub fn token(bits: usize) -> String {
    read(&format!("token-{bits}"))
}

fn read(name: &str) -> String {
    let folder = env::var_os("BENCH_KEYS").expect("BENCH_KEYS is not set; start this by `cargo xtask bench`");
    let path = PathBuf::from(folder).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
