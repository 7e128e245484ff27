//! What several help texts share.

/// The names of keys that this build opens.
pub(crate) const KEY_FORMS: &str = match (cfg!(feature = "aws-kms"), cfg!(feature = "vault")) {
    (true, true) => {
        "a path, file:///path, env:VARIABLE, awskms:///alias/name, awskms://host:port/id or hashivault://name"
    }
    (true, false) => "a path, file:///path, env:VARIABLE, awskms:///alias/name or awskms://host:port/id",
    (false, true) => "a path, file:///path, env:VARIABLE or hashivault://name",
    (false, false) => "a path, file:///path or env:VARIABLE",
};

/// Returns whether this build opens every scheme in the text.
pub(crate) fn is_of_build(text: &str) -> bool {
    (cfg!(feature = "aws-kms") || !text.contains("awskms:"))
        && (cfg!(feature = "vault") || !text.contains("hashivault:"))
}

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
    let examples: Vec<&str> = examples.iter().filter(|example| is_of_build(example)).copied().collect();
    format!("Examples:\n  {}\n\n{exit_codes}", examples.join("\n  "))
}
