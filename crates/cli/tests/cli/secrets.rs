//! Secrets in the wrong place are not shown: terminals and CI logs keep what is printed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cobrowse_jwt::pem::Passphrase;
use serde_json::json;

use crate::program::{Directory, HEADER, KEY, LICENSE, Output, encode, good_claims, token};

/// A secret, and the texts of which no part may be shown.
struct Secret {
    text: String,
    hidden: Vec<String>,
}

impl Secret {
    fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { hidden: vec![text.clone()], text }
    }

    /// Asserts that the output contains no 12 characters of the secret.
    #[track_caller]
    fn assert_hidden(&self, args: &[&str], output: &Output) {
        const WINDOW: usize = 12;
        let shown = format!("{}{}", output.stdout, output.stderr);
        assert!(!shown.contains("panicked"), "{args:?}: {shown}");
        for hidden in &self.hidden {
            let chars: Vec<char> = hidden.chars().collect();
            for window in chars.windows(WINDOW.min(chars.len())) {
                let window: String = window.iter().collect();
                let is_label = ["-----", "PRIVATE KEY", "BEGIN", "Authorization", "https://cobrowse"]
                    .iter()
                    .any(|label| window.contains(label) || label.contains(&window));
                assert!(is_label || !shown.contains(&window), "{args:?} shows {window:?}: {shown}");
            }
        }
    }
}

fn secrets() -> Vec<Secret> {
    let pem = KEY.to_pkcs8_pem().unwrap();
    let encrypted = KEY.to_encrypted_pkcs8_pem(&Passphrase::new("horse")).unwrap();
    let lines: Vec<&str> = pem.lines().collect();
    let body = lines[1..lines.len() - 1].concat();
    let with_slash = lines.iter().find(|line| line.contains('/')).unwrap_or(&lines[2]);
    let token = token(HEADER, &good_claims().to_string());
    let parts: Vec<&str> = token.split('.').collect();
    let d = encode([7; 256]);
    let jwk = json!({"kty": "RSA", "n": encode([8; 256]), "e": "AQAB", "d": d}).to_string();
    let encoded_jwk = |encoded: String| Secret { hidden: vec![encoded.clone(), d.clone()], text: encoded };
    let mut secrets: Vec<Secret> = [
        pem.as_str(),
        &pem.replace('\n', "\r\n"),
        &pem.replace('\n', ""),
        &pem.replace('\n', "\\n"),
        &format!("\"{}\"", pem.trim_end()),
        &encrypted,
        lines[1],
        lines[2],
        lines[4],
        lines[lines.len() - 2],
        with_slash,
        &format!("/{}", lines[3]),
        &body,
        &body[..40],
        &STANDARD.encode(pem.as_bytes()),
        &STANDARD.encode(pem.as_bytes())[..60],
        &encode(pem.as_bytes()),
        &token,
        &format!("Bearer {token}"),
        &format!("Authorization: Bearer {token}"),
        &format!("{}.{}", parts[0], parts[1]),
        parts[2],
        &format!("'{token}'"),
        &jwk,
        &d,
        "hunter2-correct-horse",
        "correct horse battery staple",
        "Tr0ub4dor&3-Tr0ub4dor&3",
        "p@ssw0rd!23456#$%",
        "user:hunter2-correct-horse@host",
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmn",
        "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMn",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "IQoJb3JpZ2luX2VjEPT//////////wEaCXVzLWVhc3QtMSJ",
        "hvs.CAESIJ2Zb0Qh7m1nO0example0Gh4KHGh2cy5",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "AGE-SECRET-KEY-1QQPQYZL7M8NTUVWXY",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ==",
        "5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99",
        "9b2c1f7e-3a44-4d0e-8f6b-2f1d7f0c9e55",
        "{\"password\": \"hunter2-correct-horse\"}",
    ]
    .into_iter()
    .map(Secret::new)
    .collect();
    secrets.push(encoded_jwk(encode(&jwk)));
    secrets.push(encoded_jwk(encode(format!("{{\"keys\": [{jwk}]}}"))));
    secrets.push(encoded_jwk(STANDARD.encode(&jwk)));
    secrets
}

/// Runs the program with every secret in every place.
fn assert_hidden(places: impl Fn(&str) -> Vec<Vec<String>>) {
    let directory = Directory::new();
    directory.write("encrypted.pem", &KEY.to_encrypted_pkcs8_pem(&Passphrase::new("x")).unwrap(), 0o600);
    let secrets = secrets();
    assert!(secrets.len() >= 40, "{}", secrets.len());
    for (number, secret) in secrets.iter().enumerate() {
        for args in places(&secret.text) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            secret.assert_hidden(&args, &directory.run(&[&args, &["--verbose"][..]].concat()));
            // The verbose output contains the other one, so a sample is enough.
            if number % 10 == 0 {
                secret.assert_hidden(&args, &directory.run(&args));
            }
        }
    }
}

fn args(args: &[&str]) -> Vec<String> {
    args.iter().map(ToString::to_string).collect()
}

#[test]
fn secret_in_a_positional_argument_is_hidden() {
    assert_hidden(|secret| {
        vec![
            args(&[secret]),
            args(&["public-key", secret]),
            args(&["public-key", &format!("env:{secret}")]),
            args(&["public-key", &format!("file:{secret}")]),
            args(&["public-key", &format!("awskms:{secret}")]),
            args(&["mint", secret, "--license", LICENSE, "--agent", "a@b"]),
            args(&["doctor", secret, "--license", LICENSE, "--json"]),
            args(&["inspect", secret]),
            args(&["verify", secret, "--license", LICENSE, "--public-key", "key.pub.pem", "--json"]),
            args(&["mint", "key.pem", secret]),
            args(&["keygen", "new.pem", secret]),
        ]
    });
}

#[test]
fn secret_in_a_flag_is_hidden() {
    let mint = |flag: &str, secret: &str| {
        args(&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", &format!("{flag}={secret}")])
    };
    assert_hidden(|secret| {
        let mut places: Vec<_> =
            ["--lifetime", "--role", "--policy", "--customer", "--url", "--instance", "--expect-public-key", "--json"]
                .map(|flag| mint(flag, secret))
                .into();
        places.extend([
            mint("--licence", secret),
            mint(secret, ""),
            args(&["mint", "key.pem", "--agent", "a@b", "--lifetime", "x", "--license", secret]),
            args(&["public-key", "encrypted.pem", "--passphrase-file", secret]),
            args(&["inspect", "x", "--leeway", secret]),
            args(&["inspect", "x", "--key", secret]),
            args(&["verify", "x", "--license", LICENSE, "--public-key", secret, "--json"]),
        ]);
        places
    });
}

#[test]
fn secret_in_a_variable_is_hidden() {
    let directory = Directory::new();
    directory.write("encrypted.pem", &KEY.to_encrypted_pkcs8_pem(&Passphrase::new("x")).unwrap(), 0o600);
    for secret in secrets() {
        for (variable, command) in [
            ("COBROWSE_KEY", &["public-key"][..]),
            ("COBROWSE_KEY", &["doctor", "--license", LICENSE, "--json"]),
            ("COBROWSE_LICENSE_KEY", &["verify", "x", "--public-key", "key.pub.pem", "--json"]),
            ("COBROWSE_PUBLIC_KEY", &["inspect", "x"]),
            ("COBROWSE_LIFETIME", &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"]),
            ("COBROWSE_INSTANCE", &["mint", "key.pem", "--license", LICENSE, "--agent", "a@b", "--url", "code"]),
            ("COBROWSE_PASSPHRASE_FILE", &["public-key", "encrypted.pem"]),
            ("COBROWSE_PASSPHRASE", &["public-key", "encrypted.pem"]),
            ("BROKEN", &["public-key", "env:BROKEN"]),
        ] {
            let args = [command, &["--verbose"]].concat();
            let mut command = directory.command(&args);
            let output = Output::of(&command.env(variable, &secret.text).output().unwrap());
            // A private key in a variable is a valid key: `public-key` prints its public half.
            if output.exit != 0 {
                secret.assert_hidden(&args, &output);
            }
        }
    }
}

#[test]
fn misspelled_flag_or_subcommand_is_shown_and_another_word_is_redacted() {
    let directory = Directory::new();
    directory.run(&["mint", "--licence", "x"]).exits(2, "unexpected argument '--licence' found");
    directory.run(&["mnit"]).exits(2, "unrecognized subcommand 'mnit'");
    for args in [&["keygen", "new.pem", "hunter"][..], &["hunter"], &["mint", "--hunter2"]] {
        let output = directory.run(args).exits(2, "<redacted>");
        assert!(!output.stderr.contains("hunter"), "{output:?}");
    }
}

#[test]
fn help_names_the_variables_without_their_values() {
    let directory = Directory::new();
    let mut command = directory.command(&["doctor", "--help"]);
    let values = [
        "COBROWSE_KEY",
        "COBROWSE_LICENSE_KEY",
        "COBROWSE_PUBLIC_KEY",
        "COBROWSE_PASSPHRASE_FILE",
        "COBROWSE_LIFETIME",
    ];
    let output = command.envs(values.map(|name| (name, "a-value"))).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for name in values {
        assert!(help.contains(&format!("[env: {name}]")), "{name} in {help}");
    }
    assert!(!help.contains("a-value"), "{help}");
}
