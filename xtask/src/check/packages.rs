use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::metadata::{Package, packages};
use crate::run::{cargo, root, succeed};

const LARGEST: u64 = 100 * 1024;

/// Compiles all packages from what would be published, and checks their sizes.
pub(super) fn check() -> Result<()> {
    let packages: Vec<_> = packages()?.into_iter().filter(Package::is_published).collect();
    remove_earlier(&packages)?;
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

/// Removes what an earlier check unpacked and compiled: Cargo takes a package of the same version for unchanged.
fn remove_earlier(packages: &[Package]) -> Result<()> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let sources = home.context("no home directory; set HOME or CARGO_HOME")?.join("registry/src");
    // The name of a registry in a folder starts with the hyphen that follows the host in other names.
    let registries = entries(&sources).filter(|registry| file_name(registry).starts_with('-'));
    let unpacked = registries.flat_map(|registry| entries(&registry));
    let earlier = unpacked.chain(entries(&root().join("target/debug/.fingerprint")));
    for folder in earlier.filter(|folder| packages.iter().any(|package| file_name(folder).starts_with(&package.name))) {
        fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    Ok(())
}

/// Returns what is in a folder, and nothing if it does not exist.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
