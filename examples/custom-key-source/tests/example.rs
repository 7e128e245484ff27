//! Runs the example.

use std::process::Command;

#[test]
fn example_prints_verified_claims_and_no_token() {
    let output = Command::new(env!("CARGO_BIN_EXE_custom-key-source")).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{stderr}");
    assert!(stdout.contains("jane@example.com"), "{stdout}");
    assert!(!format!("{stdout}{stderr}").contains("eyJ"), "{stdout}{stderr}");
}
