//! The arrows between the modules of core: `embed ─▶ token ─▶ claims`, `token ─▶ keys`, and nothing back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::none;
use crate::run::root;

/// The modules between which there are arrows, each with those that it may use.
const ARROWS: [(&str, &[&str]); 4] =
    [("claims", &[]), ("keys", &[]), ("token", &["claims", "keys"]), ("embed", &["claims", "keys", "token"])];

/// A file of core: its path below `src`, and its text.
type File = (String, String);

/// Checks the sources as they are.
pub(crate) fn check() -> Result<()> {
    let source = root().join("crates/core/src");
    let mut files = Vec::new();
    read(&source, &source, &mut files)?;
    none(&violations(&files))
}

/// Collects the Rust files below a folder.
fn read(source: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            read(source, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(source)?.display().to_string();
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name, text));
        }
    }
    Ok(())
}

/// Which file uses a module that its own must not know. A module without arrows is ground that all
/// may stand on, so it uses none of the four.
fn violations(files: &[File]) -> Vec<String> {
    let exports = files.iter().find(|(path, _)| path == "lib.rs").map(|(_, text)| exports(text)).unwrap_or_default();
    let mut found = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path != "lib.rs") {
        let own = path.split(['/', '.']).next().unwrap_or_default();
        let allowed = ARROWS.iter().find(|(module, _)| *module == own).map_or(&[][..], |(_, allowed)| allowed);
        for used in used_modules(text, &exports) {
            if used == "*" {
                found.push(format!("{path} uses all of the crate's root: name what it needs"));
            } else if used != own && !allowed.contains(&used.as_str()) {
                found.push(format!("{path} uses the module `{used}`"));
            }
        }
    }
    found
}

/// What the root re-exports from which of the modules: `crate::Minter` is a use of `token` as well.
fn exports(root: &str) -> BTreeMap<String, String> {
    let tokens = tokens(root);
    let mut exports = BTreeMap::new();
    for statement in tokens.split(|token| token == ";") {
        let path = statement.iter().skip_while(|token| *token != "use").skip(1);
        let mut names = path.filter(|token| token.starts_with(is_word)).filter(|token| *token != "self");
        let module = names.find(|token| *token != "crate");
        if let Some(module) = module.filter(|module| is_arrowed(module)) {
            exports.extend(names.map(|name| (name.clone(), module.clone())));
        }
    }
    exports
}

/// The modules with arrows that a text reaches by a path from the root or from a parent; `*` for a glob on the root.
fn used_modules(text: &str, exports: &BTreeMap<String, String>) -> Vec<String> {
    let tokens = tokens(text);
    let mut used = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !(token == "crate" || token == "super") || tokens.get(at + 1).is_none_or(|next| next != "::") {
            continue;
        }
        for head in heads(&tokens[at + 2..]) {
            if is_arrowed(head) || (head == "*" && token == "crate") {
                used.push(head.into());
            } else if let Some(module) = exports.get(head).filter(|_| token == "crate") {
                used.push(module.clone());
            }
        }
    }
    used
}

/// The first segments of what follows `crate::`: one, or each of a group in braces.
fn heads(tokens: &[String]) -> Vec<&str> {
    if tokens.first().is_none_or(|first| first != "{") {
        return tokens.first().map(String::as_str).into_iter().collect();
    }
    let mut heads = Vec::new();
    let mut depth = 0;
    let mut expects_head = false;
    for token in tokens {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            head if depth == 1 && expects_head => heads.push(head),
            _ => {}
        }
        expects_head = token == "{" || token == ",";
        if depth == 0 {
            break;
        }
    }
    heads
}

/// Whether a module is one of those with arrows.
fn is_arrowed(name: &str) -> bool {
    ARROWS.iter().any(|(module, _)| *module == name)
}

/// The words of a text, `::`, and every other sign alone; without line comments, whose links may point anywhere.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                _ if rest.starts_with("::") => 2,
                // The `//` of an address in a string stays: what follows it must not hide from us.
                '/' if rest.starts_with("//") && tokens.last().is_none_or(|last| last != ":") => break,
                _ if is_word(first) => rest.find(|other| !is_word(other)).unwrap_or(rest.len()),
                _ => first.len_utf8(),
            };
            let (token, after) = rest.split_at(length);
            if !first.is_whitespace() {
                tokens.push(token.into());
            }
            rest = after;
        }
    }
    tokens
}

/// Whether a character is part of a name.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "pub use claims::{Access, LicenseKey};\nmod token;\npub use token::Minter;";

    fn found(path: &str, text: &str) -> Vec<String> {
        violations(&[("lib.rs".into(), LIB.into()), (path.into(), text.into())])
    }

    #[test]
    fn what_points_along_the_arrows_passes() {
        let none = Vec::<String>::new();
        assert_eq!(found("token/mint.rs", "use crate::{claims::Access, keys::{self, KeyError}, LicenseKey};"), none);
        assert_eq!(found("embed/mod.rs", "use crate::token::Minter; fn f() -> crate::claims::Access {}"), none);
        assert_eq!(
            found("claims/access.rs", "use crate::{Access, json}; pub(crate) fn f() { super::token() }").len(),
            1
        );
        assert_eq!(
            found("claims/access.rs", "/// See [`crate::Minter`] and crate::token.\nuse super::super::json;"),
            none
        );
    }

    #[test]
    fn claims_and_keys_know_nothing_of_each_other_or_of_the_rest() {
        for (path, other) in [("claims/access.rs", "keys"), ("keys/mod.rs", "claims"), ("keys/jwk.rs", "token")] {
            let expected = [format!("{path} uses the module `{other}`")];
            for text in [
                format!("use crate::{other}::Thing;"),
                format!("use crate::{{json, {other}::{{Thing, Other}}}};"),
                format!("use crate::{{\n    json::{{self, read}},\n    {other},\n}};"),
                format!("use super::super::{other}::Thing;"),
                format!("let it = (\"https://example.com\", crate :: {other}::thing());"),
                format!("pub(super) fn f(it: &super::{other}::Thing) {{}}"),
            ] {
                assert_eq!(found(path, &text), expected, "{text}");
            }
        }
    }

    #[test]
    fn token_knows_nothing_of_embed() {
        assert_eq!(found("token/mint.rs", "use crate::embed::Instance;"), ["token/mint.rs uses the module `embed`"]);
    }

    #[test]
    fn a_detour_over_the_root_is_found() {
        assert_eq!(found("keys/mod.rs", "use crate::Minter;"), ["keys/mod.rs uses the module `token`"]);
        assert_eq!(found("keys/mod.rs", "use crate::{json, Access};"), ["keys/mod.rs uses the module `claims`"]);
        assert_eq!(found("keys/mod.rs", "use crate::*;").len(), 1);
    }

    #[test]
    fn a_detour_over_a_module_without_arrows_is_found() {
        assert_eq!(found("json.rs", "use crate::token::Minter;"), ["json.rs uses the module `token`"]);
    }
}
