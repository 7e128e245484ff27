//! Checks that the modules of this crate depend on each other in one direction.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path};

const MODULES: [&str; 4] = ["claims", "keys", "token", "embed"];

#[test]
fn modules_use_only_modules_below_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let root = fs::read_to_string(source.join("lib.rs")).unwrap();
    let mut violations = Vec::new();
    for (path, code) in files(&source) {
        let module = path.split(['/', '\\', '.']).next().unwrap();
        let allowed: &[&str] = match module {
            "claims" | "keys" => &[module],
            "token" => &["claims", "keys", "token"],
            "embed" | "lib" => &MODULES,
            _ => &[],
        };
        for forbidden in MODULES.iter().filter(|name| !allowed.contains(name)) {
            violations.extend(uses(&code, forbidden, &root).map(|word| format!("{path} uses {word} of {forbidden}")));
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// Returns the paths through a module, and the names that the root of the crate exports from it.
fn uses<'a>(code: &'a str, module: &'a str, root: &'a str) -> impl Iterator<Item = &'a str> {
    let (_, exports) = root.split_once(&format!("pub use {module}::{{")).unwrap();
    let exports: Vec<_> = exports.split('}').next().unwrap().split(',').map(str::trim).collect();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = lines.flat_map(|line| line.split(|c: char| !(c.is_alphanumeric() || "_:".contains(c))));
    paths.filter(move |path| {
        let mut names = path.split("::").filter(|name| !name.is_empty());
        names.any(|name| exports.contains(&name) || (name == module && path.contains("::")))
    })
}

/// Returns the Rust files below a folder, by their path relative to it.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name().into_string().unwrap())).unwrap();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, code)| (format!("{name}/{below}"), code)));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    found
}
