use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::run::{cargo, output};

/// A package of `cargo metadata`.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) manifest_path: PathBuf,
    pub(super) rust_version: Option<String>,
    pub(super) source: Option<String>,
    pub(super) publish: Option<Vec<String>>,
    pub(super) targets: Vec<Target>,
}

#[derive(Debug, serde::Deserialize)]
pub(super) struct Target {
    kind: Vec<String>,
}

impl Package {
    /// Returns whether the package is in this workspace (it has no source) and is published (`publish` is not set).
    pub(super) fn is_published(&self) -> bool {
        self.source.is_none() && self.publish.is_none()
    }

    pub(super) fn is_library(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}

/// Returns our packages and all of their dependencies.
pub(super) fn packages() -> Result<Vec<Package>> {
    let metadata = output(&mut cargo("metadata --format-version 1 --locked"))?;
    let mut metadata: Value = serde_json::from_str(&metadata).context("cargo metadata is not valid")?;
    serde_json::from_value(metadata["packages"].take()).context("no packages")
}
