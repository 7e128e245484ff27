//! Every combination of features builds without a warning and passes its tests.

use std::collections::{BTreeMap, BTreeSet};

use super::workspace::Workspace;
use crate::run::{Report, cargo, succeed};

/// Checks every published crate alone, so that no other crate's features help it out.
pub(crate) fn check(report: &mut Report, workspace: &Workspace) {
    for library in workspace.published() {
        for combination in combinations(&library.features) {
            let features = Vec::from_iter(combination).join(",");
            let shown = if features.is_empty() { "no features" } else { &features };
            one(
                report,
                &format!("{}: {shown}", library.name),
                &library.name,
                &format!("--no-default-features --features={features}"),
            );
        }
        if library.features.contains_key("default") {
            one(report, &format!("{}: default features", library.name), &library.name, "");
        }
    }
}

/// Lints and tests a library with some of its features.
fn one(report: &mut Report, name: &str, library: &str, features: &str) {
    report.step(name, || {
        // The library alone first: with its tests come their dependencies, which may turn on what it forgot to.
        succeed(&mut cargo(&format!("clippy --package {library} {features} -- --deny warnings")))?;
        succeed(&mut cargo(&format!("test --package {library} {features}")))
    });
}

/// All sets of features. Each holds what its features turn on, so that two names for one set are one.
fn combinations(features: &BTreeMap<String, Vec<String>>) -> BTreeSet<BTreeSet<String>> {
    let mut sets = BTreeSet::from([BTreeSet::new()]);
    for feature in features.keys().filter(|feature| *feature != "default") {
        let with = with_implied(feature, features);
        let larger: Vec<_> = sets.iter().map(|set| set | &with).collect();
        sets.extend(larger);
    }
    sets
}

/// A feature and those of the same crate that it turns on.
fn with_implied(feature: &str, features: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![feature];
    while let Some(next) = open.pop() {
        // The list also holds features of dependencies (`a/b`) and dependencies (`dep:a`), which are no key.
        if let Some(implied) = features.get(next).filter(|_| reached.insert(next.to_owned())) {
            open.extend(implied.iter().map(String::as_str));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(features: &[(&str, &[&str])]) -> Vec<String> {
        let features = features.iter().map(|(name, on)| ((*name).into(), on.iter().map(ToString::to_string).collect()));
        combinations(&features.collect()).into_iter().map(|set| Vec::from_iter(set).join("+")).collect()
    }

    #[test]
    fn a_crate_without_features_has_one_combination() {
        assert_eq!(shown(&[]), [""]);
    }

    #[test]
    fn independent_features_give_every_subset() {
        assert_eq!(
            shown(&[("default", &["a"]), ("a", &["dep:x"]), ("b", &[]), ("c", &[])]),
            ["", "a", "a+b", "a+b+c", "a+c", "b", "b+c", "c"]
        );
    }

    #[test]
    fn a_feature_that_implies_another_never_stands_alone() {
        assert_eq!(
            shown(&[("pem", &["dep:p"]), ("encrypted-pem", &["pem", "p/encrypted"])]),
            ["", "encrypted-pem+pem", "pem"]
        );
    }
}
