use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result, ensure};

use super::metadata::{Package, packages};
use crate::run::{cargo, root, succeed};

const LARGEST: u64 = 100 * 1024;

/// Compiles all packages from what would be published, and checks their sizes.
pub(super) fn check() -> Result<()> {
    let packages: Vec<_> = packages()?.into_iter().filter(Package::is_published).collect();
    remove_unpacked(&packages)?;
    let mut package = cargo("package --locked --allow-dirty --target-dir target");
    succeed(package.args(packages.iter().flat_map(|package| ["--package", &package.name])))?;
    for package in packages {
        let file = format!("target/package/{}-{}.crate", package.name, package.version);
        let size = fs::metadata(root().join(&file)).with_context(|| format!("failed to find {file}"))?.len();
        println!("{file}: {} KiB", size.div_ceil(1024));
        ensure!(size <= LARGEST, "{file} is larger than {} KiB", LARGEST / 1024);
    }
    Ok(())
}

/// Removes what an earlier check unpacked: Cargo would not unpack a changed package of the same version again.
fn remove_unpacked(packages: &[Package]) -> Result<()> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registries = home.context("no home directory; set HOME or CARGO_HOME")?.join("registry/src");
    // The name of a registry in a folder starts with the hyphen that follows the host in other names.
    let folders = fs::read_dir(registries).into_iter().flatten().flatten();
    for folder in folders.filter(|folder| folder.file_name().as_encoded_bytes().starts_with(b"-")) {
        for package in packages {
            let unpacked = folder.path().join(format!("{}-{}", package.name, package.version));
            if unpacked.exists() {
                fs::remove_dir_all(&unpacked).with_context(|| format!("failed to remove {}", unpacked.display()))?;
            }
        }
    }
    Ok(())
}
