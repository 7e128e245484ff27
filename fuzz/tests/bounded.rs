//! Runs each target with its seeds and with a fixed number of mutations of them.

use std::{fs, path::PathBuf};

use cobrowse_jwt_fuzz::{TARGETS, Target};
use fastrand::Rng;

const MUTATIONS: usize = 2_000;

#[test]
fn every_target_has_seeds() {
    let mut folders: Vec<_> = fs::read_dir(seeds_folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    folders.sort();
    assert!(folders.iter().eq(TARGETS.iter().map(|target| target.name)), "{folders:?}");
    let bytes: usize = TARGETS.iter().flat_map(seeds).map(|seed| seed.len()).sum();
    assert!(bytes < 300_000, "{bytes} bytes of seeds");
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_target_is_run() {
            assert!([$(stringify!($name)),*].into_iter().eq(TARGETS.iter().map(|target| target.name)));
        }
    };
}

tests! { agreement claims embed_url encrypted_pem key_uri kms_response pem pkcs11_uri policy token vault_response }

fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = seeds(target);
    for seed in &seeds {
        (target.run)(seed);
    }
    let mut rng = Rng::with_seed(1);
    for _ in 0..MUTATIONS {
        (target.run)(&mutated(&seeds, &mut rng));
    }
}

/// Returns a seed with one to four changes: a replaced, inserted or removed byte, a removed or repeated part, or the end of another seed.
fn mutated(seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = rng.choice(seeds).unwrap().clone();
    for _ in 0..rng.usize(1..=4) {
        let place = rng.usize(..=bytes.len());
        let end = (place + rng.usize(..32)).min(bytes.len());
        match rng.u8(..6) {
            0 => bytes.insert(place, rng.u8(..)),
            1 => drop(bytes.drain(place..end)),
            2 => drop(bytes.splice(place..place, bytes[place..end].to_vec())),
            3 => bytes.splice(place.., rng.choice(seeds).unwrap().iter().skip(place).copied()).for_each(drop),
            4 => bytes
                .iter_mut()
                .skip(place)
                .take(1)
                .for_each(|byte| *byte = *rng.choice(br#"{}[]":,.-_=%/\0 "#).unwrap()),
            _ => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << rng.u8(..8)),
        }
    }
    bytes
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        fs::read_dir(seeds_folder().join(target.name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

fn seeds_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds")
}
