//! The tests that the threat model names exist, and it covers each requirement.

use std::{fs, path::Path};

const THREAT_MODEL: &str = include_str!("../../THREAT_MODEL.md");

/// The rows of the tables of requirements: the first and the last cell.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    let (_, requirements) = THREAT_MODEL.split_once("## Requirements and tests").unwrap();
    let rows = requirements.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        (cells[0], cells[2])
    })
}

#[test]
fn every_requirement_has_a_row() {
    let asvs = ["9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3", "9.2.4"].map(str::to_owned);
    let rfc_8725 = (1..=12).map(|section| format!("3.{section}"));
    let expected: Vec<_> = asvs.into_iter().chain(rfc_8725).collect();
    let found: Vec<_> = rows().map(|(requirement, _)| requirement.split(' ').next().unwrap()).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_named_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (requirement, tests) in rows() {
        let mut code = String::new();
        let mut count = 0;
        for name in tests.split('`').skip(1).step_by(2) {
            if Path::new(name).extension().is_some_and(|extension| extension == "rs") {
                code = fs::read_to_string(root.join(name))
                    .unwrap_or_else(|error| panic!("{requirement}: {name}: {error}"));
            } else {
                let is_test = code
                    .lines()
                    .any(|line| line.trim_start().trim_start_matches("async ").starts_with(&format!("fn {name}(")));
                assert!(is_test, "{requirement}: {name} does not exist");
                count += 1;
            }
        }
        assert!(count > 0, "{requirement} has no test");
    }
}
