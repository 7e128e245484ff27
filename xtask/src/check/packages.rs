use std::fs;

use anyhow::{Context, Result, ensure};

use super::metadata::{Package, packages};
use crate::run::{cargo, root, succeed};

const LARGEST: u64 = 100 * 1024;

/// Compiles all packages from what would be published, and checks their sizes.
pub(super) fn check() -> Result<()> {
    let packages: Vec<_> = packages()?.into_iter().filter(Package::is_published).collect();
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
