//! What Cargo knows about our crates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{cargo, output};

/// Our crates, and what every package of the lock file asks of the compiler.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// All members, the unpublished ones too.
    pub(crate) members: Vec<Member>,
    /// The `rust-version` of each package that declares one.
    pub(crate) rust_versions: BTreeMap<Package, String>,
}

/// One of our crates.
#[derive(Debug, Default)]
pub(crate) struct Member {
    /// The package's name.
    pub(crate) name: String,
    /// Whether it is one that stands under `crates/` and has a library.
    pub(crate) is_library: bool,
    /// Whether it stands under `crates/`, and so is published.
    pub(crate) is_published: bool,
    /// Its Rust edition.
    pub(crate) edition: String,
    /// What it declares as its oldest compiler.
    pub(crate) rust_version: Option<String>,
    /// Its features, and what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// The packages that it names as normal or build dependencies, the optional ones too.
    pub(crate) dependencies: BTreeSet<String>,
}

/// A package in one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
}

impl Workspace {
    /// Asks Cargo.
    pub(crate) fn read() -> Result<Self> {
        Self::parse(&output(&mut cargo("metadata --format-version 1 --locked"))?)
    }

    /// Reads the answer of `cargo metadata`.
    fn parse(metadata: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(metadata)?;
        let ours = array(&metadata, "workspace_members")?;
        let crates = Path::new(text(&metadata, "workspace_root")?).join("crates");
        let mut workspace = Self { members: Vec::new(), rust_versions: BTreeMap::new() };
        for package in array(&metadata, "packages")? {
            if ours.contains(&package["id"]) {
                workspace.members.push(Member::parse(package, &crates)?);
            }
            if let Some(rust_version) = package["rust_version"].as_str() {
                workspace.rust_versions.insert(Package::parse(package)?, rust_version.into());
            }
        }
        Ok(workspace)
    }

    /// The crates under `crates/`, the command among them.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_published)
    }

    /// The library crates under `crates/`.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.is_library)
    }
}

impl Member {
    /// Reads one of the packages in the answer.
    fn parse(package: &Value, crates: &Path) -> Result<Self> {
        let is_below_crates = Path::new(text(package, "manifest_path")?).starts_with(crates);
        let targets = array(package, "targets")?;
        let has_library = targets.iter().any(|target| target["kind"] == serde_json::json!(["lib"]));
        let mut dependencies = BTreeSet::new();
        for dependency in array(package, "dependencies")? {
            // What only the tests use never reaches a user; normal dependencies have no kind.
            if dependency["kind"] != "dev" {
                dependencies.insert(text(dependency, "name")?.into());
            }
        }
        Ok(Self {
            name: text(package, "name")?.into(),
            is_library: is_below_crates && has_library,
            is_published: is_below_crates,
            edition: text(package, "edition")?.into(),
            rust_version: package["rust_version"].as_str().map(Into::into),
            features: serde_json::from_value(package["features"].clone()).context("features")?,
            dependencies,
        })
    }

    /// Every package that a user compiles with this one: all its features, all platforms, itself too.
    ///
    /// `cargo metadata` cannot tell: it unites the features that all members and their tests ask for.
    pub(crate) fn closure(&self) -> Result<BTreeSet<Package>> {
        self.tree("--all-features")
    }

    /// The same with the features that are on by default.
    pub(crate) fn default_closure(&self) -> Result<BTreeSet<Package>> {
        self.tree("")
    }

    fn tree(&self, features: &str) -> Result<BTreeSet<Package>> {
        let tree = format!(
            "tree --edges normal,build {features} --target all --prefix none --format {{p}} --locked --package"
        );
        output(cargo(&tree).arg(&self.name))?.lines().filter(|line| !line.is_empty()).map(Package::parse_line).collect()
    }
}

impl Package {
    /// Reads name and version of one of the packages in the answer.
    fn parse(package: &Value) -> Result<Self> {
        Ok(Self { name: text(package, "name")?.into(), version: text(package, "version")?.into() })
    }

    /// Reads a line of `cargo tree`: `name v1.2.3 (and more)`.
    fn parse_line(line: &str) -> Result<Self> {
        let mut words = line.split_whitespace();
        let name = words.next().context("an empty line in a tree")?;
        let version = words.next().and_then(|word| word.strip_prefix('v'));
        let version = version.with_context(|| format!("no version in the tree's line `{line}`"))?;
        Ok(Self { name: name.into(), version: version.into() })
    }
}

/// A field that is text.
fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field].as_str().with_context(|| format!("cargo metadata has no text `{field}`"))
}

/// A field that is a list.
fn array<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>> {
    value[field].as_array().with_context(|| format!("cargo metadata has no list `{field}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read() {
        let workspace = Workspace::parse(
            r#"{"workspace_root": "/clone", "workspace_members": ["ours"], "packages": [
                {"id": "ours", "name": "cobrowse-jwt-core", "version": "0.1.0", "edition": "2024", "rust_version": "1.88",
                 "manifest_path": "/clone/crates/core/Cargo.toml", "targets": [{"kind": ["lib"]}], "features": {"a": ["b"]},
                 "dependencies": [{"name": "url", "kind": null}, {"name": "cc", "kind": "build"}, {"name": "proptest", "kind": "dev"}]},
                {"id": "theirs", "name": "url", "version": "2.5.8", "rust_version": null}]}"#,
        )
        .unwrap();
        let [core] = workspace.members.as_slice() else { panic!("{workspace:?}") };
        assert!(core.is_library && core.is_published);
        assert_eq!(core.dependencies, BTreeSet::from(["url".into(), "cc".into()]));
        assert_eq!(core.features, BTreeMap::from([("a".into(), vec!["b".into()])]));
        assert_eq!(workspace.rust_versions.len(), 1);
    }

    #[test]
    fn a_line_of_a_tree_is_read() {
        let expected = Package { name: "async-trait".into(), version: "0.1.92".into() };
        assert_eq!(Package::parse_line("async-trait v0.1.92 (proc-macro) (*)").unwrap(), expected);
        Package::parse_line("async-trait").unwrap_err();
    }
}
