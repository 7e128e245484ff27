//! `keys FOLDER` creates the keys and tokens that all programs use, unless they exist.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use bench_ours::{claims, clock, license_key, mint};
use cobrowse_jwt::{
    Minter,
    pem::{PemKey, RsaKeySize},
};

fn main() {
    let folder = std::env::args().nth(1).expect("usage: keys FOLDER");
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).unwrap();
    for size in [RsaKeySize::Rsa2048, RsaKeySize::Rsa3072, RsaKeySize::Rsa4096] {
        let bits = match size {
            RsaKeySize::Rsa2048 => 2048,
            RsaKeySize::Rsa3072 => 3072,
            _ => 4096,
        };
        // Written last, so that an interrupted run starts again.
        let token = folder.join(format!("token-{bits}"));
        if token.exists() {
            continue;
        }
        let key = PemKey::generate(size).unwrap();
        write(&folder.join(format!("private-{bits}.pem")), &key.to_pkcs8_pem().unwrap());
        write(&folder.join(format!("public-{bits}.pem")), key.public_key().to_pem());
        let minter = Minter::builder(license_key(), key).clock(clock).build();
        write(&token, mint(&minter, &claims()).expose_secret());
    }
}

fn write(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
