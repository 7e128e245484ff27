use clap::ValueEnum;
use cobrowse_jwt::{Access, ClaimsError, Policy, PolicyError, Role, Rule};

use crate::{failure::Failure, text_file};

/// What the agent may do. Without any of these it is the account's default for its agents.
#[derive(clap::Args)]
pub(crate) struct AccessArgs {
    /// The role. Beside a policy only `null` denies what the policy does not grant, and so it is `null` there unless said otherwise
    #[arg(long)]
    role: Option<RoleArg>,
    /// What the agent may use: JSON, or a file of it
    #[arg(long, value_name = "FILE|JSON", value_parser = read_policy)]
    policy: Option<Policy>,
    /// Only the devices and sessions of the customer with this `custom_data`. Repeat it, and all of them must hold
    #[arg(long, value_name = "KEY=VALUE", conflicts_with_all = ["policy", "role"], value_parser = read_customer)]
    customer: Vec<(String, String)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArg {
    /// Everything, also in the account's settings
    Administrator,
    Agent,
    /// What the policy grants, and nothing else
    Null,
    /// The account's default: the claim is left out
    Default,
}

impl AccessArgs {
    pub(crate) fn access(&self) -> Result<Access, Failure> {
        if !self.customer.is_empty() {
            return only_the_customer(&self.customer).map_err(|error| Failure::usage(error.to_string()));
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

/// Starting a session on a device takes `push` too, which has no customer.
fn only_the_customer(custom_data: &[(String, String)]) -> Result<Access, PolicyError> {
    let customer = custom_data.iter().fold(Rule::any(), |rule, (key, value)| rule.with_custom_data(key, value));
    Policy::builder().devices(customer.clone()).sessions(customer).push(Rule::any()).build().map(Access::PolicyOnly)
}

fn read_customer(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, such as user_id=42")?;
    // Asked of the library here, so that clap names the flag.
    Policy::builder().devices(Rule::custom_data(key, value)).build().map_err(|error| error.to_string())?;
    Ok((key.to_owned(), value.to_owned()))
}

fn read_policy(text: &str) -> Result<Policy, String> {
    let is_json = text.trim_start().starts_with('{');
    let read = if is_json {
        serde_json::from_str(text)
    } else {
        let json = text_file::read(text.as_ref())
            .map_err(|sentence| format!("this is no JSON, so it is taken for a path: {sentence}"))?;
        serde_json::from_str(&json)
    };
    read.map_err(|error| error.to_string())
}
