use crate::program::Directory;

/// Those that read a key or a token.
const KEY_SUBCOMMANDS: [&str; 5] = ["public-key", "mint", "inspect", "verify", "doctor"];

const SUBCOMMANDS: [&str; 8] = ["keygen", "public-key", "mint", "inspect", "verify", "doctor", "completions", "man"];

#[test]
fn help_has_examples_and_exit_codes() {
    let directory = Directory::empty();
    let help = directory.run(&["--help"]).result();
    for subcommand in SUBCOMMANDS {
        assert!(help.contains(&format!("\n  {subcommand} ")), "{help}");
        let own = directory.run(&[subcommand, "--help"]).result();
        for wanted in ["Examples:\n", &format!("  cobrowse-jwt {subcommand} "), "Exit codes:\n", "\n  2 "] {
            assert!(
                own.contains(wanted) || own.contains(&format!("| cobrowse-jwt {subcommand}")),
                "{wanted:?} in {own}"
            );
        }
    }
    for (code, meaning) in [
        (0, "success"),
        (1, "refused"),
        (2, "wrong usage"),
        (3, "key unavailable"),
        (4, "key unusable"),
        (130, "cancelled"),
    ] {
        assert!(help.contains(&format!("\n  {code:<3}  {meaning}")), "{help}");
    }
    assert!(directory.run(&["--version"]).result().starts_with("cobrowse-jwt 0."));
}

#[test]
fn wrong_usage_exits_2_with_a_message_on_stderr() {
    let directory = Directory::empty();
    for args in
        [&[][..], &["nonsense"], &["mint"], &["doctor", "key.pem"], &["inspect", "--nonsense"], &["keygen", "a", "b"]]
    {
        let output = directory.run(args).exits(2, "");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn crate_readme_lists_subcommands_variables_and_exit_codes() {
    let readme = include_str!("../../README.md");
    let directory = Directory::empty();
    for subcommand in SUBCOMMANDS {
        assert!(readme.contains(&format!("`{subcommand}`")), "{subcommand}");
        let help = directory.run(&[subcommand, "--help"]).result();
        for variable in help.split("[env: ").skip(1).filter_map(|rest| rest.split(']').next()) {
            assert!(readme.contains(&format!("`{variable}`")), "{variable}");
        }
    }
    for code in (0..=4).chain(10..=17).chain([130]) {
        assert!(readme.contains(&format!("| {code} |")), "{code}");
    }
}

#[test]
fn help_describes_every_value_and_groups_the_flags() {
    let directory = Directory::empty();
    let help = directory.run(&["mint", "--help"]).result();
    for text in
        ["- agent: ", "- null: ", "- dashboard: ", "- session/ID/recording: ", "\nKey:\n", "\nToken:\n", "\nOutput:\n"]
    {
        assert!(help.contains(text), "{text:?} in {help}");
    }
    let help = directory.run(&["keygen", "--help"]).result();
    for bits in ["- 2048: ", "- 3072: ", "- 4096: "] {
        assert!(help.contains(bits), "{bits:?} in {help}");
    }
}

#[test]
fn examples_have_no_token_on_the_command_line() {
    let directory = Directory::empty();
    for subcommand in ["--help", "inspect", "verify"] {
        let help = directory.run(&[subcommand, "--help"]).result();
        assert!(!help.contains("token=") && !help.contains("eyJ"), "{help}");
    }
}

/// A build without a key service neither lists its scheme nor shows an example of it.
#[test]
fn help_lists_the_schemes_of_the_build() {
    let directory = Directory::empty();
    for (uri, feature, is_listed) in [
        ("awskms:///alias/x", "aws-kms", cfg!(feature = "aws-kms")),
        ("hashivault://x", "vault", cfg!(feature = "vault")),
        ("pkcs11:token=t;object=x?module-path=/m.so", "pkcs11", cfg!(feature = "pkcs11")),
    ] {
        let (scheme, _) = uri.split_once(':').unwrap();
        for subcommand in KEY_SUBCOMMANDS {
            let help = directory.run(&[subcommand, "--help"]).result();
            assert_eq!(help.contains(scheme), is_listed, "{help}");
        }
        let unknown =
            directory.run(&["public-key", "nonsense:x"]).exits(2, "unknown key URI scheme\n  hint: use a path");
        assert_eq!(unknown.stderr.contains(scheme), is_listed, "{unknown:?}");
        if !is_listed {
            let message = format!("this build does not support {feature}");
            let output = directory.run(&["public-key", uri]).exits(2, &message);
            assert!(
                output.stderr.contains(&format!("install cobrowse-jwt-cli with `--features {feature}`")),
                "{output:?}"
            );
        }
    }
}

/// The messages are for users of the program, who do not know the library.
#[test]
fn messages_have_no_rust_names() {
    let directory = Directory::new();
    let mint = ["mint", "key.pem", "--license", "x", "--agent", "jane"];
    for args in [
        &["--policy", r#"{"version":3,"devices":{"custom_data":{}}}"#][..],
        &["--policy", r#"{"version":3}"#, "--role", "administrator"],
        &["--policy", r#"{"version":3}"#, "--role", "agent"],
        &["--policy", r#"{"version":3}"#, "--role", "default"],
        &["--policy", r#"{"version":2}"#],
        &["--policy", r#"{"version":2,"devices":{"permissions":["read"]}}"#],
        &["--lifetime", "25h"],
        &["--lifetime", "25h", "--allow-long-lived"],
        &["--agent", " "],
    ] {
        let output = directory.run(&[&mint[..if args[0] == "--agent" { 4 } else { 6 }], args].concat());
        assert!(!output.stderr.is_empty() && !output.stderr.contains("::"), "{output:?}");
    }
}
