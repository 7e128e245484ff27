//! Keys in Vault, against OpenBao.
#![cfg(feature = "vault")]

use std::{env, os::unix::fs::symlink, process::Command};

use cobrowse_jwt::PublicKey;
use cobrowse_jwt_tests::OpenBao;
use serde_json::json;

use crate::{
    doctor::steps,
    program::{Directory, LICENSE, Output, accepted},
};

const README: &str = include_str!("../../../vault/README.md");

async fn server_with_key(name: &str) -> OpenBao {
    let server = OpenBao::from_env().await;
    server.create(name, "rsa-2048").await;
    server
}

fn run(server: &OpenBao, directory: &Directory, args: &[&str]) -> Output {
    let mut command = directory.command(args);
    Output::of(&command.env("VAULT_ADDR", &server.url).env("VAULT_TOKEN", &server.token).output().unwrap())
}

#[tokio::test]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn public_key_mint_and_doctor_use_the_key() {
    let (server, directory) = (server_with_key("cli").await, Directory::empty());
    let pem = run(&server, &directory, &["public-key", "hashivault://cli"]).result();
    let key = PublicKey::from_pem(&pem).unwrap();
    directory.write("registered.pem", &pem, 0o644);
    let mint = ["mint", "hashivault://cli", "--license", LICENSE, "--agent", "jane@example.com", "--role", "agent"];
    accepted(run(&server, &directory, &mint).result().trim(), &key);
    let doctor = ["doctor", "hashivault://cli", "--license", LICENSE, "--expect-public-key", "registered.pem", "-v"];
    let output = run(&server, &directory, &doctor).exits(0, "");
    let passed = ["open", "authenticate", "resolve", "sign", "verify", "permissions", "key", "registered"];
    let passed = passed.map(|step| ("ok", step));
    assert!(steps(&output.stdout).starts_with(&passed), "{output:?}");
}

#[tokio::test]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn failure_names_neither_key_nor_token() {
    let (server, directory) = (server_with_key("cli-other").await, Directory::empty());
    let unknown =
        run(&server, &directory, &["public-key", "hashivault://no-such-key", "-v"]).exits(4, "Vault key not found");
    let token = server.token("cli-other", json!({})).await;
    let limited = OpenBao { token: token.clone(), ..server.clone() };
    server.create("cli-forbidden", "rsa-2048").await;
    let denied = run(&limited, &directory, &["public-key", "hashivault://cli-forbidden", "-v"])
        .exits(4, "access to the Vault key denied");
    for output in [unknown, denied] {
        for secret in ["no-such-key", "cli-forbidden", token.as_str(), &server.url] {
            assert!(!output.stderr.contains(secret), "{output:?}");
        }
    }
    let unset = directory.run(&["public-key", "hashivault://x"]).exits(4, "Vault address is not set");
    assert!(unset.stderr.contains("set VAULT_ADDR"), "{unset:?}");
}

/// The commands of the quick start, on a new server.
#[tokio::test]
#[ignore = "needs OpenBao, which `cargo xtask test` starts"]
async fn readme_quick_start_mints_a_token() {
    let (own, directory) = (cobrowse_jwt_tests::OwnServer::start_empty().await, Directory::empty());
    symlink(env::var("COBROWSE_TEST_OPENBAO_PROGRAM").unwrap(), directory.path("vault")).unwrap();
    let block = README.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(block.lines().count() <= 20);
    let server = &own.server;
    let script = block.replace("https://vault.example.com:8200", &server.url);
    assert_ne!(script, block);
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", &script]).current_dir(directory.path("")).env_clear().envs(directory.variables());
    let path = format!("{}:{}", directory.path("").display(), directory.variables()[0].1);
    let output = shell.env("PATH", path).env("VAULT_TOKEN", &server.token).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let key = PublicKey::from_pem(&std::fs::read_to_string(directory.path("key.pub.pem")).unwrap()).unwrap();
    accepted(printed.lines().last().unwrap(), &key);
}
