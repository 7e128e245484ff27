//! The arrows between crates: all point to core, and core carries no runtime and no HTTP client.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::none;
use super::workspace::{Member, Package, Workspace};

/// What everything stands on.
const CORE: &str = "cobrowse-jwt-core";
/// What unites core and the backends, for users only.
pub(super) const FACADE: &str = "cobrowse-jwt";
/// The only crate that may name a crate of the AWS SDK.
const AWS: &str = "cobrowse-jwt-aws-kms";

/// What would bring a runtime or an HTTP client into core.
const RUNTIMES_AND_CLIENTS: [&str; 16] = [
    "async-executor",
    "async-global-executor",
    "async-std",
    "attohttpc",
    "curl",
    "futures-executor",
    "h2",
    "hyper",
    "hyper-util",
    "isahc",
    "monoio",
    "reqwest",
    "smol",
    "surf",
    "tokio",
    "ureq",
];

/// Checks the crates as they are.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut found = between_crates(&workspace.members);
    for library in workspace.libraries() {
        let closure = library.closure()?;
        found.extend(several_versions(&library.name, &closure, &workspace.members));
        if library.name == CORE {
            found.extend(runtimes(&closure));
        }
    }
    none(&found)
}

/// Which of our libraries depends on one of ours that it must not know, and who else names an AWS crate.
fn between_crates(members: &[Member]) -> Vec<String> {
    let ours: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut found = Vec::new();
    for member in members {
        for dependency in &member.dependencies {
            if member.is_library && ours.contains(dependency.as_str()) && !may_know(&member.name, dependency) {
                found.push(format!("{} depends on {dependency}: the arrows point to core", member.name));
            }
            if member.name != AWS && is_aws_sdk(dependency) {
                found.push(format!("{} depends on {dependency}: only {AWS} may", member.name));
            }
        }
    }
    found
}

/// Whether one of our libraries may depend on another of our crates.
fn may_know(library: &str, dependency: &str) -> bool {
    match library {
        CORE => false,
        FACADE => true,
        "cobrowse-jwt-env" => [CORE, "cobrowse-jwt-pem"].contains(&dependency),
        // Every other backend or wrapper, and a third party's could do no more.
        _ => dependency == CORE,
    }
}

/// Whether a crate belongs to the AWS SDK. The cryptography of `aws-lc-rs` does not.
fn is_aws_sdk(name: &str) -> bool {
    name == "aws-config"
        || ["aws-sdk-", "aws-smithy-", "aws-runtime", "aws-types"].iter().any(|it| name.starts_with(it))
}

/// The runtimes and HTTP clients in core's closure.
fn runtimes(closure: &BTreeSet<Package>) -> Vec<String> {
    let unwanted = closure.iter().filter(|package| RUNTIMES_AND_CLIENTS.contains(&package.name.as_str()));
    unwanted.map(|package| format!("{CORE} pulls {}: it has no runtime and no HTTP client", package.name)).collect()
}

/// Those of our crates that a closure holds in more than one version: their types would not fit together.
fn several_versions(library: &str, closure: &BTreeSet<Package>, members: &[Member]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in closure.iter().filter(|package| members.iter().any(|member| member.name == package.name)) {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions.iter().map(|(name, found)| format!("{library} pulls {name} as {}", found.join(" and as "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(name: &str, dependencies: &[&str]) -> Member {
        let dependencies = dependencies.iter().map(ToString::to_string).collect();
        Member { name: name.into(), is_library: true, dependencies, ..Member::default() }
    }

    /// Our crates as designed, the given ones changed.
    fn crates(changed: Vec<Member>) -> Vec<Member> {
        let mut members = vec![
            library(CORE, &["url", "aws-lc-rs"]),
            library("cobrowse-jwt-pem", &[CORE, "aws-lc-rs", "aws-lc-sys"]),
            library("cobrowse-jwt-env", &[CORE, "cobrowse-jwt-pem"]),
            library(AWS, &[CORE, "aws-config", "aws-sdk-kms", "tokio"]),
            library("cobrowse-jwt-pkcs11", &[CORE]),
            library(FACADE, &[CORE, "cobrowse-jwt-pem", "cobrowse-jwt-env", AWS, "cobrowse-jwt-pkcs11"]),
            Member { is_library: false, ..library("quickstart", &[FACADE, "tokio"]) },
        ];
        members.retain(|member| changed.iter().all(|other| other.name != member.name));
        members.extend(changed);
        members
    }

    fn packages(packages: &[(&str, &str)]) -> BTreeSet<Package> {
        packages.iter().map(|&(name, version)| Package { name: name.into(), version: version.into() }).collect()
    }

    #[test]
    fn the_design_passes() {
        assert_eq!(between_crates(&crates(Vec::new())), Vec::<String>::new());
    }

    #[test]
    fn core_on_anything_of_ours_is_found() {
        let found = between_crates(&crates(vec![library(CORE, &["cobrowse-jwt-pem"])]));
        assert_eq!(found, ["cobrowse-jwt-core depends on cobrowse-jwt-pem: the arrows point to core"]);
    }

    #[test]
    fn a_backend_on_the_facade_is_found() {
        let found = between_crates(&crates(vec![library("cobrowse-jwt-pem", &[CORE, FACADE])]));
        assert_eq!(found, ["cobrowse-jwt-pem depends on cobrowse-jwt: the arrows point to core"]);
    }

    #[test]
    fn a_backend_on_another_is_found() {
        let found = between_crates(&crates(vec![library("cobrowse-jwt-pkcs11", &[CORE, "cobrowse-jwt-pem"])]));
        assert_eq!(found, ["cobrowse-jwt-pkcs11 depends on cobrowse-jwt-pem: the arrows point to core"]);
        let found = between_crates(&crates(vec![library("cobrowse-jwt-env", &[CORE, AWS])]));
        assert_eq!(found, ["cobrowse-jwt-env depends on cobrowse-jwt-aws-kms: the arrows point to core"]);
    }

    #[test]
    fn an_aws_crate_elsewhere_is_found() {
        for name in ["aws-config", "aws-sdk-kms", "aws-smithy-runtime"] {
            let found = between_crates(&crates(vec![library(FACADE, &[CORE, name])]));
            assert_eq!(found, [format!("cobrowse-jwt depends on {name}: only cobrowse-jwt-aws-kms may")]);
        }
    }

    #[test]
    fn a_runtime_or_a_client_deep_below_core_is_found() {
        for name in ["tokio", "reqwest"] {
            let found = runtimes(&packages(&[(CORE, "0.1.0"), ("url", "2.5.8"), (name, "1.0.0")]));
            assert_eq!(found, [format!("cobrowse-jwt-core pulls {name}: it has no runtime and no HTTP client")]);
        }
        assert_eq!(runtimes(&packages(&[(CORE, "0.1.0"), ("http", "1.5.0")])), Vec::<String>::new());
    }

    #[test]
    fn two_versions_of_one_of_ours_are_found() {
        let closure = packages(&[(CORE, "0.1.0"), (CORE, "0.2.0"), ("syn", "2.0.0"), ("syn", "3.0.0")]);
        let found = several_versions(FACADE, &closure, &crates(Vec::new()));
        assert_eq!(found, ["cobrowse-jwt pulls cobrowse-jwt-core as 0.1.0 and as 0.2.0"]);
    }
}
