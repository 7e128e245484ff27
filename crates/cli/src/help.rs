//! What several help texts share.

/// The names of keys that this build opens.
pub(crate) const KEY_FORMS: &str = if cfg!(feature = "aws-kms") {
    "a path, file:///path, env:VARIABLE, awskms:///alias/name or awskms://host:port/id"
} else {
    "a path, file:///path or env:VARIABLE"
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
