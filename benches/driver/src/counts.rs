use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, bail};

use crate::{crates, groups::allocations, instructions::Callgrind};

/// The committed counts, by name.
const COMMITTED: &str = "benches/counts.json";
/// How much a count may grow.
const TOLERANCE: f64 = 0.03;

type Counts = BTreeMap<String, u32>;

/// Counts instructions, allocations and crates, and fails if one of them has grown. The counts do not depend on the load of the machine.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(COMMITTED).with_context(|| format!("failed to read {COMMITTED}"))?;
    let committed: Counts = serde_json::from_str(&text).with_context(|| format!("{COMMITTED} is not valid"))?;
    let counted = count()?;
    println!("counted: {}", serde_json::to_string_pretty(&counted)?);
    let grown = compare(&committed, &counted);
    if grown.is_empty() {
        return Ok(());
    }
    bail!("{}\nreduce the count, or commit the new one to {COMMITTED} and say why", grown.join("\n"))
}

fn count() -> Result<Counts> {
    let callgrind = Callgrind::new()?;
    let mut counts = Counts::from([
        ("crates, core alone".into(), crates::below("cobrowse-jwt-core", "")?),
        ("crates, default features".into(), crates::below("cobrowse-jwt", "")?),
        ("crates, with aws-kms".into(), crates::below("cobrowse-jwt", "aws-kms")?),
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

/// Returns a line for each count that has grown by more than the tolerance, or is in one list only.
fn compare(committed: &Counts, counted: &Counts) -> Vec<String> {
    let mut found = Vec::new();
    for (name, count) in counted {
        match committed.get(name) {
            None => found.push(format!("{name}: {count}, not committed")),
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
    found.extend(missing.map(|name| format!("{name}: committed, not counted")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(counts: &[(&str, u32)]) -> Counts {
        counts.iter().map(|&(name, count)| (name.into(), count)).collect()
    }

    #[test]
    fn growth_beyond_the_tolerance_is_reported() {
        let committed = counts(&[("instructions", 1_000), ("allocations", 5)]);
        assert_eq!(compare(&committed, &counts(&[("instructions", 1_030), ("allocations", 5)])), Vec::<String>::new());
        assert_eq!(compare(&committed, &counts(&[("instructions", 900), ("allocations", 4)])), Vec::<String>::new());
        let grown = compare(&committed, &counts(&[("instructions", 1_031), ("allocations", 6)]));
        assert_eq!(grown, ["allocations: 6, more than 5", "instructions: 1031, more than 1000"]);
    }

    #[test]
    fn count_in_one_list_only_is_reported() {
        let found = compare(&counts(&[("old", 1)]), &counts(&[("new", 1)]));
        assert_eq!(found, ["new: 1, not committed", "old: committed, not counted"]);
    }
}
