//! The `rust-version` of every crate that is published is as low as its dependencies allow, and no lower.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::workspace::{Member, Package, Workspace};
use super::{arrows::FACADE, none};

/// Checks the crates as they are.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut found = Vec::new();
    for library in workspace.published() {
        // What the facade mounts behind a feature declares for itself what it needs.
        let closure = if library.name == FACADE { library.default_closure()? } else { library.closure()? };
        found.extend(mismatch(library, &closure, &workspace.rust_versions)?);
    }
    none(&found)
}

/// Says what is wrong with what a library declares, and which dependency says so.
fn mismatch(
    library: &Member,
    closure: &BTreeSet<Package>,
    rust_versions: &BTreeMap<Package, String>,
) -> Result<Option<String>> {
    let mut needed = edition_minimum(&library.edition);
    let mut by = format!("edition {}", library.edition);
    for package in closure.iter().filter(|package| package.name != library.name) {
        let Some(rust_version) = rust_versions.get(package) else { continue };
        if parse(rust_version)? > parse(needed)? {
            needed = rust_version;
            by = format!("{} {}", package.name, package.version);
        }
    }
    let Some(declared) = &library.rust_version else {
        return Ok(Some(format!("{} declares no rust-version: {by} needs {needed}", library.name)));
    };
    let fits = parse(declared)? == parse(needed)?;
    Ok((!fits).then(|| format!("{} declares rust-version {declared}: {by} needs {needed}", library.name)))
}

/// The first Rust that knew an edition.
fn edition_minimum(edition: &str) -> &'static str {
    if edition == "2024" { "1.85" } else { "1.56" }
}

/// `1.88` and `1.88.0` are the same.
fn parse(rust_version: &str) -> Result<[u32; 3]> {
    let mut parsed = [0; 3];
    for (part, number) in parsed.iter_mut().zip(rust_version.split('.')) {
        *part = number.parse().with_context(|| format!("`{rust_version}` is no Rust version"))?;
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a core that declares this and depends on `url` (no `rust-version`) and a `jsonwebtoken` with that one.
    fn said(declared: Option<&str>, jsonwebtoken: &str) -> Option<String> {
        let library = Member {
            name: "core".into(),
            edition: "2024".into(),
            rust_version: declared.map(Into::into),
            ..Member::default()
        };
        let package = |name: &str| Package { name: name.into(), version: "1.0.0".into() };
        let closure = BTreeSet::from(["core", "jsonwebtoken", "url"].map(package));
        let rust_versions =
            [("core", declared.unwrap_or("1.99")), ("jsonwebtoken", jsonwebtoken), ("unrelated", "1.95")];
        let rust_versions = rust_versions.map(|(name, version)| (package(name), version.to_owned())).into();
        mismatch(&library, &closure, &rust_versions).unwrap()
    }

    #[test]
    fn exactly_what_the_dependencies_need_passes() {
        assert_eq!(said(Some("1.88"), "1.88.0"), None);
        assert_eq!(said(Some("1.85"), "1.71"), None);
    }

    #[test]
    fn too_low_too_high_and_none_are_found_with_the_dependency() {
        assert_eq!(
            said(Some("1.87"), "1.88.0").unwrap(),
            "core declares rust-version 1.87: jsonwebtoken 1.0.0 needs 1.88.0"
        );
        assert_eq!(
            said(Some("1.90"), "1.88").unwrap(),
            "core declares rust-version 1.90: jsonwebtoken 1.0.0 needs 1.88"
        );
        assert_eq!(said(Some("1.86"), "1.71").unwrap(), "core declares rust-version 1.86: edition 2024 needs 1.85");
        assert_eq!(said(None, "1.88").unwrap(), "core declares no rust-version: jsonwebtoken 1.0.0 needs 1.88");
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        assert!(parse("1.100").unwrap() > parse("1.88.1").unwrap());
    }
}
