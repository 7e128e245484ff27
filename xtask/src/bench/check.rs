//! The counts that must not grow, compared with those that are committed: the same on every machine, whatever else it does.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use super::crates;
use super::groups::allocations;
use super::instructions::Callgrind;
use crate::run::root;

/// The committed counts, by name.
const COMMITTED: &str = "benches/counts.json";
/// How much more a count may be.
const TOLERANCE: f64 = 0.03;

type Counts = BTreeMap<String, u32>;

/// Counts, and fails if something has grown.
pub(crate) fn counts() -> Result<()> {
    let committed = root().join(COMMITTED);
    let text = fs::read_to_string(&committed).with_context(|| format!("cannot read {}", committed.display()))?;
    let committed: Counts = serde_json::from_str(&text).with_context(|| format!("{COMMITTED} is no list of counts"))?;
    let counted = count()?;
    println!("counted: {}", serde_json::to_string_pretty(&counted)?);
    let grown = compare(&committed, &counted);
    if grown.is_empty() {
        return Ok(());
    }
    bail!("{}\nmake it less, or commit the new count to {COMMITTED} and say why", grown.join("\n"))
}

/// All counts as they are.
fn count() -> Result<Counts> {
    let callgrind = Callgrind::new()?;
    let (with_aws_kms, _) = crates::with_aws_kms()?;
    let mut counts = Counts::from([
        ("crates, default features".into(), u32::try_from(crates::by_default()?)?),
        ("crates, with aws-kms".into(), u32::try_from(with_aws_kms)?),
        ("mint, instructions".into(), callgrind.count("mint")?),
        ("mint with 100 conditions, instructions".into(), callgrind.count("mint-100")?),
        (
            "verify without its signature, instructions".into(),
            callgrind.count("verify")? - callgrind.count("verify-raw")?,
        ),
    ]);
    counts.extend(allocations()?.into_iter().map(|(name, count)| (format!("{name}, allocations"), count)));
    Ok(counts)
}

/// What has grown by more than the tolerance, or is in one list only.
fn compare(committed: &Counts, counted: &Counts) -> Vec<String> {
    let mut found = Vec::new();
    for (name, count) in counted {
        match committed.get(name) {
            None => found.push(format!("{name}: {count}, and nothing is committed")),
            Some(most) if f64::from(*count) > f64::from(*most) * (1.0 + TOLERANCE) => {
                found.push(format!("{name}: {count}, more than {most}"));
            }
            Some(most) if f64::from(*count) < f64::from(*most) * (1.0 - TOLERANCE) => {
                println!("{name}: {count}, less than {most}: commit it");
            }
            Some(_) => {}
        }
    }
    let missing = committed.keys().filter(|name| !counted.contains_key(*name));
    found.extend(missing.map(|name| format!("{name}: committed, and nothing is counted")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u32)]) -> Counts {
        counts.iter().map(|&(name, count)| (name.into(), count)).collect()
    }

    #[test]
    fn growth_is_found_and_noise_is_not() {
        let committed = counts(&[("instructions", 1_000), ("allocations", 5)]);
        assert_eq!(compare(&committed, &counts(&[("instructions", 1_030), ("allocations", 5)])), Vec::<String>::new());
        assert_eq!(compare(&committed, &counts(&[("instructions", 900), ("allocations", 4)])), Vec::<String>::new());
        let grown = compare(&committed, &counts(&[("instructions", 1_031), ("allocations", 6)]));
        assert_eq!(grown, ["allocations: 6, more than 5", "instructions: 1031, more than 1000"]);
    }

    #[test]
    fn a_count_that_is_not_in_both_lists_is_found() {
        let found = compare(&counts(&[("old", 1)]), &counts(&[("new", 1)]));
        assert_eq!(found, ["new: 1, and nothing is committed", "old: committed, and nothing is counted"]);
    }
}
