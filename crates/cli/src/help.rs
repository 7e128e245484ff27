//! What several help texts share.

/// Returns the names of keys that this build opens.
pub(crate) fn key_forms() -> String {
    let mut forms = vec!["a path", "file:///path", "env:VARIABLE"];
    if cfg!(feature = "aws-kms") {
        forms.extend(["awskms:///alias/name", "awskms://host:port/id"]);
    }
    if cfg!(feature = "vault") {
        forms.push("hashivault://name");
    }
    if cfg!(feature = "pkcs11") {
        forms.push("pkcs11:object=...");
    }
    let last = forms.pop().unwrap_or_default();
    format!("{} or {last}", forms.join(", "))
}

/// Returns whether this build opens every scheme in the text.
pub(crate) fn is_of_build(text: &str) -> bool {
    (cfg!(feature = "aws-kms") || !text.contains("awskms:"))
        && (cfg!(feature = "vault") || !text.contains("hashivault:"))
        && (cfg!(feature = "pkcs11") || !text.contains("pkcs11:"))
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
