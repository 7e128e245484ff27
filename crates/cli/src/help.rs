//! What several help texts share.

/// Help of an argument that takes a key.
pub(crate) const KEY: &str = if cfg!(feature = "aws-kms") {
    "Private key: a path, file:///path, env:VARIABLE, awskms:///alias/name or awskms://host:port/id"
} else {
    "Private key: a path, file:///path or env:VARIABLE"
};

/// The key URIs of this build, for a hint.
pub(crate) const KEY_SCHEMES: &str = if cfg!(feature = "aws-kms") {
    "use a path, file:///path, env:VARIABLE or awskms:///alias/name"
} else {
    "use a path, file:///path or env:VARIABLE"
};

/// Headings of groups of arguments.
pub(crate) mod heading {
    pub(crate) const ACCESS: &str = "Access of the agent";
    pub(crate) const CHECKS: &str = "Checks";
    pub(crate) const KEY: &str = "Key";
    pub(crate) const OUTPUT: &str = "Output";
    pub(crate) const TOKEN: &str = "Token";
}

/// Formats the end of a help text. Examples with a scheme that this build does not open are left out.
pub(crate) fn examples(examples: &[&str], exit_codes: &str) -> String {
    let is_shown = |example: &&&str| cfg!(feature = "aws-kms") || !example.contains("awskms:");
    let examples: Vec<&str> = examples.iter().filter(is_shown).copied().collect();
    format!("Examples:\n  {}\n\n{exit_codes}", examples.join("\n  "))
}
