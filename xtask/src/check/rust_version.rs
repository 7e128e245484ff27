use std::collections::HashMap;

use anyhow::{Context, Result, bail};

use super::metadata::{Package, packages};
use crate::run::{cargo, output};

/// The first Rust version with edition 2024.
const EDITION_2024: &str = "1.85";

/// Checks that each published crate declares the oldest Rust version that its dependencies support.
pub(crate) fn check() -> Result<()> {
    let packages = packages()?;
    let versions: HashMap<_, _> = packages
        .iter()
        .filter_map(|package| {
            Some((format!("{} v{}", package.name, package.version), package.rust_version.as_deref()?))
        })
        .collect();
    let mut wrong = Vec::new();
    for package in packages.iter().filter(|package| package.is_published()) {
        // What an optional key source needs is declared by its own crate.
        let features = if package.name == "cobrowse-jwt" { "" } else { "--all-features" };
        let tree = format!("tree --edges normal,build {features} --target all --prefix none --format {{p}} --locked");
        let tree = output(cargo(&tree).args(["--package", &package.name]))?;
        wrong.extend(mismatch(package, &tree, &versions)?);
    }
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

/// Returns a message if the declared version is not the highest of the dependencies' versions. The lines of `cargo tree` are
/// `name v1.2.3 (more)`.
fn mismatch(package: &Package, tree: &str, versions: &HashMap<String, &str>) -> Result<Option<String>> {
    let mut needed = (parse(EDITION_2024)?, "edition 2024".to_owned());
    for line in tree.lines() {
        let dependency = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        if let Some(version) = versions.get(&dependency).filter(|_| !line.starts_with(&format!("{} ", package.name))) {
            needed = needed.max((parse(version)?, dependency));
        }
    }
    let declared = package.rust_version.as_deref().unwrap_or("0");
    let [major, minor, patch] = needed.0;
    Ok((parse(declared)? != needed.0).then(|| {
        format!("{} declares rust-version {declared}, but {} needs {major}.{minor}.{patch}", package.name, needed.1)
    }))
}

/// Parses `1.88` like `1.88.0`.
fn parse(version: &str) -> Result<[u32; 3]> {
    let mut parsed = [0; 3];
    for (part, number) in parsed.iter_mut().zip(version.split('.')) {
        *part = number.parse().with_context(|| format!("invalid Rust version {version}"))?;
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a crate that declares one version and has dependencies with others.
    fn mismatch_of(declared: Option<&str>, dependencies: [&str; 2]) -> Option<String> {
        let package = |rust_version: Option<&str>| Package {
            name: "core".into(),
            version: "0.1.0".into(),
            manifest_path: "Cargo.toml".into(),
            rust_version: rust_version.map(Into::into),
            source: None,
            publish: None,
            targets: Vec::new(),
        };
        let [der, http] = dependencies;
        let versions = HashMap::from([
            ("core v0.1.0".to_owned(), declared.unwrap_or("1.99")),
            ("der v0.8.0".to_owned(), der),
            ("http v1.3.0".to_owned(), http),
            ("unrelated v1.0.0".to_owned(), "1.95"),
        ]);
        let tree = "core v0.1.0 (/clone/crates/core)\nder v0.8.0\nhttp v1.3.0 (*)\nurl v2.5.0\n";
        mismatch(&package(declared), tree, &versions).unwrap()
    }

    #[test]
    fn mismatch_with_highest_version_of_dependencies_returns_none() {
        assert_eq!(mismatch_of(Some("1.88"), ["1.88.0", "1.71"]), None);
        assert_eq!(mismatch_of(Some("1.100.1"), ["1.88.0", "1.100.1"]), None);
        assert_eq!(mismatch_of(Some("1.85"), ["1.60", "1.71"]), None);
    }

    #[test]
    fn mismatch_with_other_version_names_the_dependency() {
        let expected = |declared| Some(format!("core declares rust-version {declared}, but der v0.8.0 needs 1.88.0"));
        assert_eq!(mismatch_of(Some("1.87"), ["1.88.0", "1.71"]), expected("1.87"));
        assert_eq!(mismatch_of(Some("1.90"), ["1.88", "1.71"]), expected("1.90"));
        assert_eq!(mismatch_of(None, ["1.88", "1.9"]), expected("0"));
        let edition = "core declares rust-version 1.84, but edition 2024 needs 1.85.0";
        assert_eq!(mismatch_of(Some("1.84"), ["1.60", "1.71"]), Some(edition.into()));
    }
}
