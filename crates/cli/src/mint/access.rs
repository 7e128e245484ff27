use std::{fs::File, io::Read as _, path::Path};

use clap::ValueEnum;
use cobrowse_jwt::{Access, ClaimsError, Policy, PolicyError, Role, Rule};

use crate::{failure::Failure, help::heading};

/// What the agent may do; by default the account's default role.
#[derive(clap::Args)]
pub(crate) struct AccessArgs {
    /// Role of the agent; with --policy the default is `null`: the agent gets only what the policy grants
    #[arg(long, help_heading = heading::ACCESS)]
    role: Option<RoleArg>,
    /// Policy: JSON, or a file with JSON
    #[arg(long, value_name = "FILE|JSON", value_parser = parse_policy, help_heading = heading::ACCESS)]
    policy: Option<Policy>,
    /// Restrict the agent to devices and sessions with this custom_data; if repeated, all must match
    #[arg(long, value_name = "KEY=VALUE", conflicts_with_all = ["policy", "role"], value_parser = parse_customer, help_heading = heading::ACCESS)]
    customer: Vec<(String, String)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArg {
    /// Everything, including the account's settings
    Administrator,
    /// What agents of the account may do
    Agent,
    /// Only what the policy grants
    Null,
    /// The account's default role: the claim is omitted
    Default,
}

impl AccessArgs {
    pub(crate) fn access(&self) -> Result<Access, Failure> {
        if !self.customer.is_empty() {
            return one_customer(&self.customer)
                .map_err(|error| Failure::usage(error.to_string()).with_hint(error.hint()));
        }
        let policy = self.policy.clone();
        Ok(match (self.role, policy) {
            (None | Some(RoleArg::Default), None) => Access::AccountDefault,
            (Some(RoleArg::Default), Some(policy)) => Access::DefaultWithPolicy(policy),
            (None | Some(RoleArg::Null), Some(policy)) => Access::PolicyOnly(policy),
            (Some(RoleArg::Null), None) => return Err(ClaimsError::NullRoleWithoutPolicy.into()),
            (Some(RoleArg::Administrator), policy) => with_role(Role::Administrator, policy),
            (Some(RoleArg::Agent), policy) => with_role(Role::Agent, policy),
        })
    }
}

fn with_role(role: Role, policy: Option<Policy>) -> Access {
    match policy {
        Some(policy) => Access::RoleWithPolicy(role, policy),
        None => Access::Role(role),
    }
}

/// Grants `push` too: starting a session on a device needs it.
fn one_customer(custom_data: &[(String, String)]) -> Result<Access, PolicyError> {
    let customer = custom_data.iter().fold(Rule::any(), |rule, (key, value)| rule.with_custom_data(key, value));
    Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build().map(Access::PolicyOnly)
}

/// Does not use the library's errors, which contain the key: base64 that ends in `=` is parsed as a key without a value.
fn parse_customer(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE with a key and a value, such as user_id=42"),
    }
}

fn parse_policy(text: &str) -> Result<Policy, String> {
    let is_json = text.trim_start().starts_with('{');
    let parsed = if is_json { serde_json::from_str(text) } else { serde_json::from_str(&read_file(text.as_ref())?) };
    parsed.map_err(|error| error.to_string())
}

/// Reads a text file of at most 64 KiB. A truncated file is an error: a part can mean something else than the whole.
///
/// Errors contain neither the path nor the contents: each can be a secret in the wrong place.
fn read_file(path: &Path) -> Result<String, String> {
    const LIMIT: u64 = 64 * 1024;
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("neither JSON nor a readable file ({})", error.kind()))?;
    let read = file.take(LIMIT + 1).read_to_end(&mut bytes);
    let length = read.map_err(|error| format!("failed to read the file ({})", error.kind()))?;
    if length as u64 > LIMIT {
        return Err("file is over 64 KiB".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "file is not UTF-8".to_owned())
}
