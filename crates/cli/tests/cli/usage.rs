use crate::program::Folder;

const SUBCOMMANDS: [&str; 6] = ["keygen", "public-key", "mint", "inspect", "verify", "doctor"];

#[test]
fn every_help_has_examples_and_exit_codes() {
    let folder = Folder::empty();
    let help = folder.run(&["--help"]).result();
    for subcommand in SUBCOMMANDS {
        assert!(help.contains(&format!("\n  {subcommand} ")), "{help}");
        let own = folder.run(&[subcommand, "--help"]).result();
        for wanted in ["Examples:\n", &format!("  cobrowse-jwt {subcommand} "), "Exit codes:\n", "  2 "] {
            assert!(
                own.contains(wanted) || own.contains(&format!("| cobrowse-jwt {subcommand}")),
                "{wanted:?} in {own}"
            );
        }
    }
    for (code, meaning) in
        [(0, "ok"), (1, "refused"), (2, "wrong usage"), (3, "the key is unavailable"), (4, "the key is unusable")]
    {
        assert!(help.contains(&format!("\n  {code}  {meaning}")), "{help}");
    }
    assert!(folder.run(&["--version"]).result().starts_with("cobrowse-jwt 0."));
}

#[test]
fn wrong_usage_is_2_and_says_so_on_stderr() {
    let folder = Folder::empty();
    for words in
        [&[][..], &["nonsense"], &["mint"], &["doctor", "key.pem"], &["inspect", "--nonsense"], &["keygen", "a", "b"]]
    {
        let ended = folder.run(words).exits(2, "");
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{ended:?}");
    }
}

/// The crate's page lists what the program does.
#[test]
fn the_readme_of_the_crate_names_all_of_it() {
    let readme = include_str!("../../README.md");
    let folder = Folder::empty();
    for subcommand in SUBCOMMANDS {
        assert!(readme.contains(&format!("`{subcommand}`")), "{subcommand}");
        let help = folder.run(&[subcommand, "--help"]).result();
        for variable in help.split("[env: ").skip(1).filter_map(|rest| rest.split(']').next()) {
            assert!(readme.contains(&format!("`{variable}`")), "{variable}");
        }
    }
    for code in (0..=4).chain(10..=17) {
        assert!(readme.contains(&format!("| {code} |")), "{code}");
    }
}
