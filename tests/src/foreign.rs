//! Third-party programs, each in a process.

use std::{
    env,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

/// What the verifiers of one program say of one token: by the verifier's name, `header` and `payload`, or `error`.
pub type Answer = Value;

/// Asks the npm packages `jsonwebtoken` and `jose`.
#[must_use]
pub fn node(public_key_pem: &str, license_key: &str, tokens: &[String]) -> Vec<Answer> {
    ask(node_command("verify.mjs"), public_key_pem, license_key, tokens)
}

/// Runs a program in `interop/node` with a question as JSON, and reads the JSON that it prints.
#[must_use]
pub fn node_json(program: &str, question: &Value) -> Value {
    run(node_command(program), &question.to_string())
}

/// Asks `PyJWT`.
#[must_use]
pub fn python(public_key_pem: &str, license_key: &str, tokens: &[String]) -> Vec<Answer> {
    ask(python_command("verify.py"), public_key_pem, license_key, tokens)
}

/// Runs a program in `interop/python` and reads the JSON that it prints.
#[must_use]
pub fn python_json(program: &str) -> Value {
    run(python_command(program), "")
}

fn node_command(program: &str) -> Command {
    let mut command = Command::new("node");
    command.env("COBROWSE_TEST_NODE_MODULES", setting("COBROWSE_TEST_NODE_MODULES"));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/node").join(program));
    command
}

fn python_command(program: &str) -> Command {
    let mut command = Command::new(setting("COBROWSE_TEST_PYTHON"));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/python").join(program));
    command
}

fn setting(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run `cargo xtask test`, which sets the verifiers up"))
}

fn ask(command: Command, public_key_pem: &str, license_key: &str, tokens: &[String]) -> Vec<Answer> {
    let question = json!({
        "publicKeyPem": public_key_pem, "licenseKey": license_key, "audience": "https://cobrowse.io", "tokens": tokens,
    });
    let Value::Array(answers) = run(command, &question.to_string()) else { panic!("the answer is not an array") };
    assert_eq!(answers.len(), tokens.len());
    answers
}

fn run(mut command: Command, input: &str) -> Value {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?} failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
