//! Formats header and claims. They are unverified, so every string is quoted and escaped.

use std::{
    io::{self, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use cobrowse_jwt::Inspection;
use serde_json::{Map, Value};

use crate::{
    output::HEADING,
    printable::{json, quoted},
    time,
};

type Members = Map<String, Value>;

pub(super) fn write(out: &mut impl Write, inspection: &Inspection, now: SystemTime) -> io::Result<()> {
    if let Some(header) = inspection.header() {
        writeln!(out, "{HEADING}Header{HEADING:#}")?;
        for (name, value) in header {
            line(out, &name_of(name), &json(value))?;
        }
        writeln!(out)?;
    }
    if let Some(claims) = inspection.claims() {
        writeln!(out, "{HEADING}Claims{HEADING:#}")?;
        write_claims(out, claims, seconds(now))?;
        writeln!(out)?;
    }
    Ok(())
}

fn write_claims(out: &mut impl Write, claims: &Members, now: i64) -> io::Result<()> {
    const KNOWN: [(&str, &str); 4] =
        [("sub", "agent"), ("displayName", "name"), ("iss", "license key"), ("aud", "audience")];
    for (claim, label) in KNOWN {
        if let Some(value) = claims.get(claim) {
            line(out, label, &json(value))?;
        }
    }
    for (claim, label) in [("iat", "issued"), ("exp", "expires")] {
        if let Some(value) = claims.get(claim) {
            line(out, label, &timestamp(value, now))?;
        }
    }
    if let (Some(issued), Some(expires)) = (number(claims, "iat"), number(claims, "exp"))
        && let Some(lifetime) = expires.checked_sub(issued).and_then(|lifetime| u64::try_from(lifetime).ok())
        && !is_milliseconds(expires)
    {
        line(out, "lifetime", &time::length(lifetime))?;
    }
    line(out, "access", access(claims))?;
    write_policy(out, claims.get("policy"))?;
    let is_other = |name: &str| {
        !KNOWN.iter().any(|(known, _)| *known == name) && !["iat", "exp", "role", "policy"].contains(&name)
    };
    for (name, value) in claims.iter().filter(|(name, _)| is_other(name)) {
        line(out, &name_of(name), &json(value))?;
    }
    Ok(())
}

/// Describes what role and policy grant together.
fn access(claims: &Members) -> &'static str {
    match (claims.get("role"), claims.contains_key("policy")) {
        (None, false) => "default role of the account",
        (None, true) => "default role of the account with a policy (not documented how they merge)",
        (Some(Value::Null), false) => "nothing: role null without a policy",
        (Some(Value::Null), true) => "only what the policy grants",
        (Some(Value::String(role)), false) if role == "administrator" => "role administrator",
        (Some(Value::String(role)), false) if role == "agent" => "role agent",
        (Some(Value::String(role)), true) if role == "administrator" => {
            "role administrator; the policy restricts only the resources that it names"
        }
        (Some(Value::String(role)), true) if role == "agent" => {
            "role agent; the policy restricts only the resources that it names"
        }
        (Some(_), _) => "unknown role",
    }
}

fn write_policy(out: &mut impl Write, policy: Option<&Value>) -> io::Result<()> {
    let Some(policy) = policy else { return Ok(()) };
    let Some(members) = policy.as_object() else { return line(out, "policy", &json(policy)) };
    match members.get("version") {
        Some(version) => line(out, "policy", &format!("version {}", json(version)))?,
        None => line(out, "policy", "no version")?,
    }
    for (resource, rule) in members.iter().filter(|(name, _)| *name != "version") {
        line(out, &format!("  {}", name_of(resource)), &grant(rule))?;
    }
    Ok(())
}

/// Describes a rule: `all`, `custom_data "user_id" = "42"; permissions "read"`.
fn grant(rule: &Value) -> String {
    let Some(conditions) = rule.as_object() else { return json(rule) };
    if conditions.is_empty() {
        return "all".to_owned();
    }
    let parts = conditions.iter().map(|(condition, value)| match (condition.as_str(), value) {
        ("custom_data", Value::Object(entries)) if entries.is_empty() => "all (custom_data is empty)".to_owned(),
        ("custom_data", Value::Object(entries)) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{} = {}", quoted(key), json(value))).collect();
            format!("custom_data {}", entries.join(" and "))
        }
        ("id", id) => format!("id {}", json(id)),
        ("permissions", Value::Array(listed)) => {
            format!("permissions {}", listed.iter().map(json).collect::<Vec<_>>().join(", "))
        }
        (_, value) => format!("{} {}", quoted(condition), json(value)),
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn timestamp(value: &Value, now: i64) -> String {
    let Some(timestamp) = value.as_i64() else { return format!("{} (not an integer)", json(value)) };
    let format = |seconds| Some(format!("{}, {}", time::local(seconds)?, time::relative(seconds, now)));
    let seconds = if is_milliseconds(timestamp) { timestamp / 1_000 } else { timestamp };
    match format(seconds) {
        Some(text) if is_milliseconds(timestamp) => format!("{timestamp} in milliseconds: {text}"),
        Some(text) => text,
        None => format!("{timestamp} (out of range)"),
    }
}

/// The limit of the check `seconds`.
const fn is_milliseconds(timestamp: i64) -> bool {
    timestamp > 99_999_999_999
}

fn number(claims: &Members, name: &str) -> Option<i64> {
    claims.get(name).and_then(Value::as_i64)
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Quotes a name unless it is plain ASCII.
fn name_of(name: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-.:/".contains(char);
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { quoted(name) }
}

fn line(out: &mut impl Write, name: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {name:<12}  {text}")
}
