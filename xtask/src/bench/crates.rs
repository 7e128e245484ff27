//! How many crates a user compiles.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use crate::run::{cargo, output};

/// Those below the facade with default features, itself among them.
pub(super) fn by_default() -> Result<usize> {
    Ok(tree("--package cobrowse-jwt")?.below(&["cobrowse-jwt"]))
}

/// Those with `aws-kms`, and those of them that are the AWS SDK's own.
pub(super) fn with_aws_kms() -> Result<(usize, usize)> {
    let tree = tree("--package cobrowse-jwt --features aws-kms")?;
    Ok((tree.below(&["cobrowse-jwt"]), tree.below(&["aws-config", "aws-sdk-kms"])))
}

/// Asks Cargo, for this platform and without what only builds need.
fn tree(of: &str) -> Result<Tree> {
    Tree::parse(&output(&mut cargo(&format!("tree --locked --edges normal --prefix depth --format |{{p}}| {of}")))?)
}

/// A crate's name and version to those right below it.
#[derive(Debug, Default)]
struct Tree(BTreeMap<String, BTreeSet<String>>);

impl Tree {
    /// From lines such as `2|url v2.5.8|`. What stands in the tree more than once has its dependencies below one of the places.
    fn parse(text: &str) -> Result<Self> {
        let mut tree = Self::default();
        let mut above: Vec<String> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (depth, rest) = line.split_once('|').with_context(|| format!("no depth in `{line}`"))?;
            let package = rest.split('|').next().unwrap_or_default();
            let package = package.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
            above.truncate(depth.parse()?);
            if let Some(parent) = above.last() {
                tree.0.entry(parent.clone()).or_default().insert(package.clone());
            }
            tree.0.entry(package.clone()).or_default();
            above.push(package);
        }
        Ok(tree)
    }

    /// How many there are from these on, themselves among them.
    fn below(&self, names: &[&str]) -> usize {
        let is_named = |package: &&String| names.iter().any(|name| package.split(' ').next() == Some(name));
        let mut open: Vec<&String> = self.0.keys().filter(is_named).collect();
        let mut reached = BTreeSet::new();
        while let Some(package) = open.pop() {
            if reached.insert(package) {
                open.extend(self.0.get(package).into_iter().flatten());
            }
        }
        reached.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_once_and_from_where_one_asks() {
        let tree = Tree::parse(
            "0|a v1.0.0 (/a)|\n1|b v1.0.0|\n2|c v1.0.0|\n2|d v1.0.0|\n1|e v1.0.0|\n2|b v1.0.0| (*)\n1|c v2.0.0|\n",
        )
        .unwrap();
        assert_eq!(tree.below(&["a"]), 6);
        assert_eq!(tree.below(&["e"]), 4);
        assert_eq!(tree.below(&["b", "c"]), 4);
    }
}
