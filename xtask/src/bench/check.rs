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

type Counts = BTreeMap<String, f64>;

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
    let mut counts = Counts::new();
    let mut add = |name: &str, count: f64| counts.insert(name.into(), count.round());
    let callgrind = Callgrind::new()?;
    for (name, allocations) in allocations()? {
        add(&format!("{name}, allocations"), f64::from(allocations));
    }
    for conditions in [1, 100] {
        add(
            &format!("mint with {conditions} conditions, instructions"),
            callgrind.count(&format!("mint-{conditions}"))?,
        );
    }
    add("mint, instructions", callgrind.count("mint")?);
    add("verify beyond the signature, instructions", callgrind.count("verify")? - callgrind.count("verify-raw")?);
    let (with_aws_kms, _) = crates::with_aws_kms()?;
    for (name, crates) in [("default features", crates::by_default()?), ("aws-kms", with_aws_kms)] {
        add(&format!("crates, {name}"), f64::from(u16::try_from(crates)?));
    }
    Ok(counts)
}

/// What has grown by more than the tolerance, or is in one list only.
fn compare(committed: &Counts, counted: &Counts) -> Vec<String> {
    let mut found = Vec::new();
    for (name, count) in counted {
        match committed.get(name) {
            None => found.push(format!("{name}: {count}, and nothing is committed")),
            Some(most) if *count > most * (1.0 + TOLERANCE) => found.push(format!("{name}: {count}, more than {most}")),
            Some(most) if *count < most * (1.0 - TOLERANCE) => println!("{name}: {count}, less than {most}: commit it"),
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

    fn counts(counts: &[(&str, f64)]) -> Counts {
        counts.iter().map(|&(name, count)| (name.into(), count)).collect()
    }

    #[test]
    fn growth_is_found_and_noise_is_not() {
        let committed = counts(&[("instructions", 1_000.0), ("allocations", 5.0)]);
        assert_eq!(
            compare(&committed, &counts(&[("instructions", 1_030.0), ("allocations", 5.0)])),
            Vec::<String>::new()
        );
        assert_eq!(
            compare(&committed, &counts(&[("instructions", 900.0), ("allocations", 4.0)])),
            Vec::<String>::new()
        );
        let grown = compare(&committed, &counts(&[("instructions", 1_031.0), ("allocations", 6.0)]));
        assert_eq!(grown, ["allocations: 6, more than 5", "instructions: 1031, more than 1000"]);
    }

    #[test]
    fn a_count_that_is_not_in_both_lists_is_found() {
        let found = compare(&counts(&[("old", 1.0)]), &counts(&[("new", 1.0)]));
        assert_eq!(found, ["new: 1, and nothing is committed", "old: committed, and nothing is counted"]);
    }
}
