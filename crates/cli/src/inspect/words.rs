//! Header and claims in plain words. Nobody vouches for them, so every text of theirs is quoted and escaped.

use std::{
    io::{self, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use cobrowse_jwt::Inspection;
use serde_json::{Map, Value};

use crate::{
    output::HEADING,
    printable::{json, quoted},
    times,
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
        [("sub", "agent"), ("displayName", "shown as"), ("iss", "license key"), ("aud", "audience")];
    for (claim, word) in KNOWN {
        if let Some(value) = claims.get(claim) {
            line(out, word, &json(value))?;
        }
    }
    for (claim, word) in [("iat", "issued"), ("exp", "expires")] {
        if let Some(value) = claims.get(claim) {
            line(out, word, &date(value, now))?;
        }
    }
    if let (Some(issued), Some(expires)) = (number(claims, "iat"), number(claims, "exp"))
        && let Some(lives) = expires.checked_sub(issued).and_then(|lives| u64::try_from(lives).ok())
        && !in_milliseconds(expires)
    {
        line(out, "lives", &times::length(lives))?;
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

/// What role and policy say together.
fn access(claims: &Members) -> &'static str {
    match (claims.get("role"), claims.contains_key("policy")) {
        (None, false) => "the account's default for its agents",
        (None, true) => "a policy without a role: how it merges with the account's default is not documented",
        (Some(Value::Null), false) => "role null without a policy: nothing",
        (Some(Value::Null), true) => "what the policy grants, and nothing else",
        (Some(Value::String(role)), false) if role == "administrator" => "all that an administrator may do",
        (Some(Value::String(role)), false) if role == "agent" => "all that the role agent may do",
        (Some(Value::String(role)), true) if role == "administrator" => {
            "all that an administrator may do, except where the policy narrows it"
        }
        (Some(Value::String(role)), true) if role == "agent" => {
            "all that the role agent may do, except where the policy narrows it"
        }
        (Some(_), _) => "a role that Cobrowse does not know",
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

/// `all of them`, `with custom_data "user_id" = "42"; only to "read"`.
fn grant(rule: &Value) -> String {
    let Some(conditions) = rule.as_object() else { return json(rule) };
    if conditions.is_empty() {
        return "all of them".to_owned();
    }
    let words = conditions.iter().map(|(condition, value)| match (condition.as_str(), value) {
        ("custom_data", Value::Object(entries)) if entries.is_empty() => {
            "with empty custom_data: all of them".to_owned()
        }
        ("custom_data", Value::Object(entries)) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{} = {}", quoted(key), json(value))).collect();
            format!("with custom_data {}", entries.join(" and "))
        }
        ("id", id) => format!("with the id {}", json(id)),
        ("permissions", Value::Array(listed)) => {
            format!("only to {}", listed.iter().map(json).collect::<Vec<_>>().join(", "))
        }
        (_, value) => format!("{} {}", quoted(condition), json(value)),
    });
    words.collect::<Vec<_>>().join("; ")
}

fn date(value: &Value, now: i64) -> String {
    let Some(date) = value.as_i64() else { return format!("{}, which is no whole number", json(value)) };
    let in_words = |seconds| Some(format!("{}, {}", times::local(seconds)?, times::relative(seconds, now)));
    let read = if in_milliseconds(date) { date / 1_000 } else { date };
    match in_words(read) {
        Some(words) if in_milliseconds(date) => format!("{date}, in milliseconds: {words}"),
        Some(words) => words,
        None => format!("{date}, beyond the calendar"),
    }
}

/// As in the rule `seconds`.
const fn in_milliseconds(date: i64) -> bool {
    date > 99_999_999_999
}

fn number(claims: &Members, name: &str) -> Option<i64> {
    claims.get(name).and_then(Value::as_i64)
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// A name as it is if it looks like one.
fn name_of(name: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "_-.:/".contains(char);
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { quoted(name) }
}

fn line(out: &mut impl Write, name: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {name:<12}  {text}")
}
