//! Completions and manual pages.

use std::fs;

use crate::program::Directory;

#[test]
fn completions_list_subcommands_and_flags_for_each_shell() {
    let directory = Directory::empty();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = directory.run(&["completions", shell]).result();
        for word in ["cobrowse-jwt", "public-key", "thumbprint", "expect-public-key"] {
            assert!(script.contains(word), "{word} for {shell}: {script}");
        }
    }
    directory.run(&["completions", "csh"]).exits(2, "invalid value");
}

#[test]
fn man_prints_the_main_page() {
    let page = Directory::empty().run(&["man"]).result();
    assert!(page.contains(".TH cobrowse-jwt 1") && page.contains("Exit codes:"), "{page}");
}

#[test]
fn man_with_directory_writes_a_page_for_each_subcommand() {
    let directory = Directory::empty();
    // Twice: the pages of an earlier version are replaced.
    for _ in 0..2 {
        let mut command = directory.command(&["man", "share/man1"]);
        let output = command.env("COBROWSE_LICENSE_KEY", "value-of-variable").output().unwrap();
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    }
    let page = |name: &str| fs::read_to_string(directory.path("share/man1").join(name)).unwrap();
    let main = page("cobrowse-jwt.1");
    for subcommand in ["keygen", "public-key", "mint", "inspect", "verify", "doctor", "completions", "man"] {
        assert!(main.contains(&format!("\\-{}(1)", subcommand.replace('-', "\\-"))), "{subcommand} in {main}");
        assert!(page(&format!("cobrowse-jwt-{subcommand}.1")).contains("Exit codes:"), "{subcommand}");
    }
    let mint = page("cobrowse-jwt-mint.1");
    assert!(mint.contains("COBROWSE_LICENSE_KEY") && !mint.contains("value-of-variable"), "{mint}");
}

#[test]
fn man_with_unusable_directory_fails_without_naming_it() {
    let directory = Directory::empty();
    directory.write("file", "", 0o600);
    let output = directory.run(&["man", "file/man1"]).exits(1, "failed to write the manual pages");
    assert!(!output.stderr.contains("file/man1"), "{output:?}");
}
