use std::{env, fs, path::PathBuf};

/// Key sizes in bits.
pub const SIZES: [usize; 3] = [2048, 3072, 4096];

/// Returns a private key in PKCS#8 PEM, from the folder in `BENCH_KEYS`.
#[must_use]
pub fn private_key(bits: usize) -> String {
    read(&format!("private-{bits}.pem"))
}

/// Returns its public key in SPKI PEM.
#[must_use]
pub fn public_key(bits: usize) -> String {
    read(&format!("public-{bits}.pem"))
}

/// Returns a token that this private key has signed.
#[must_use]
pub fn token(bits: usize) -> String {
    read(&format!("token-{bits}"))
}

fn read(name: &str) -> String {
    let folder = env::var_os("BENCH_KEYS").expect("BENCH_KEYS is not set; run `cargo xtask bench`");
    let path = PathBuf::from(folder).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
