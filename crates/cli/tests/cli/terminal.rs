//! Behaviour on a terminal, which `script` provides.
#![cfg(target_os = "linux")]

use std::{
    fs,
    io::{Read as _, Write as _},
    process::{Command, Stdio},
    thread,
};

use cobrowse_jwt::pem::Passphrase;

use crate::program::{Directory, HEADER, KEY, PROGRAM, good_claims, token};

/// Runs a shell command on a terminal and returns what the terminal shows. Types each text when its prompt appears and the echo is off.
fn terminal(directory: &Directory, shell: &str, variables: &[(&str, &str)], typed: &[(&str, &str)]) -> String {
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &format!("tty > tty; {shell}"), "/dev/null"]);
    command.current_dir(directory.path("")).env_clear().envs(directory.variables()).env("TERM", "xterm");
    command.env("SHELL", "/bin/sh").envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    for (prompt, text) in typed {
        let start = shown.len();
        while !String::from_utf8_lossy(&shown[start..]).contains(prompt) {
            let mut byte = [0];
            assert_eq!(stdout.read(&mut byte).unwrap(), 1, "no {prompt:?} in {:?}", String::from_utf8_lossy(&shown));
            shown.push(byte[0]);
        }
        while !text.is_empty() && has_echo(directory) {
            thread::yield_now();
        }
        stdin.write_all(text.as_bytes()).unwrap();
    }
    stdout.read_to_end(&mut shown).unwrap();
    child.wait().unwrap();
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

fn has_echo(directory: &Directory) -> bool {
    let terminal = fs::read_to_string(directory.path("tty")).unwrap();
    let modes = Command::new("stty").args(["--file", terminal.trim(), "--all"]).output().unwrap();
    assert!(modes.status.success(), "{modes:?}");
    String::from_utf8(modes.stdout).unwrap().split_whitespace().any(|mode| mode == "echo")
}

fn with_encrypted_key() -> Directory {
    let directory = Directory::empty();
    directory.write("key.pem", &KEY.to_encrypted_pkcs8_pem(&Passphrase::new("horse")).unwrap(), 0o600);
    directory
}

#[test]
#[ignore = "needs `script` of util-linux"]
fn output_has_colours_unless_disabled() {
    let directory = Directory::new();
    let shell = format!("{PROGRAM} inspect --verbose {}", token(HEADER, &good_claims().to_string()));
    let coloured = terminal(&directory, &shell, &[], &[]);
    assert!(coloured.contains("\u{1b}[32mok"), "{coloured:?}");
    let plain = terminal(&directory, &shell, &[("NO_COLOR", "1")], &[]);
    assert!(plain.contains("ok ") && !plain.contains('\u{1b}'), "{plain:?}");
}

#[test]
#[ignore = "needs `script` of util-linux"]
fn passphrase_prompt_does_not_echo() {
    let directory = with_encrypted_key();
    let shell = format!("{PROGRAM} public-key key.pem --thumbprint");
    let shown = terminal(&directory, &shell, &[], &[("passphrase: ", "horse\n")]);
    assert!(shown.contains(KEY.public_key().thumbprint()) && !shown.contains("horse"), "{shown:?}");

    let keygen = |file: &str, repeated: &str| {
        let shell = format!("{PROGRAM} keygen --encrypt {file}");
        terminal(&directory, &shell, &[], &[("new passphrase: ", "horse\n"), ("repeat passphrase: ", repeated)])
    };
    let chosen = keygen("new.pem", "horse\n");
    assert!(chosen.contains("(encrypted, mode 0600)") && !chosen.contains("horse"), "{chosen:?}");
    let differing = keygen("other.pem", "donkey\n");
    assert!(differing.contains("passphrases differ"), "{differing:?}");
    assert!(!directory.path("other.pem").exists());
}

#[test]
#[ignore = "needs `script` of util-linux"]
fn cancelled_passphrase_prompt_restores_the_terminal() {
    const CTRL_C: &str = "\u{3}";
    const CTRL_D: &str = "\u{4}";
    let directory = with_encrypted_key();
    for typed in [CTRL_C, "hor\u{3}", CTRL_D] {
        let shell = format!("{PROGRAM} public-key key.pem; echo exit $?; stty -a");
        let shown = terminal(&directory, &shell, &[], &[("passphrase: ", typed)]);
        assert!(shown.contains("error:") && shown.contains("cancelled\nexit 130\n"), "{typed:?}: {shown:?}");
        let modes: Vec<_> = shown.split_whitespace().collect();
        for mode in ["echo", "icanon", "isig"] {
            assert!(modes.contains(&mode), "{typed:?} disables {mode}: {shown:?}");
        }
    }
}

#[test]
#[ignore = "needs `script` of util-linux"]
fn terminated_passphrase_prompt_restores_the_terminal() {
    let directory = with_encrypted_key();
    for (signal, exit) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let kill = format!("until stty -a < /dev/tty | grep -q -- '-echo '; do sleep 0.05; done; kill -s {signal} $$");
        let prompt = format!("sh -c \"({kill}) & exec {PROGRAM} public-key key.pem\"");
        let shell = format!("{}; echo exit $?; stty -a", prompt.replace("$$", "\\$\\$"));
        let shown = terminal(&directory, &shell, &[], &[("passphrase: ", "")]);
        assert!(shown.contains(&format!("exit {exit}\n")), "{shown:?}");
        let modes: Vec<_> = shown.split_whitespace().collect();
        for mode in ["echo", "icanon", "isig"] {
            assert!(modes.contains(&mode), "{signal} disables {mode}: {shown:?}");
        }
    }
}

#[cfg(feature = "aws-kms")]
#[test]
#[ignore = "needs `script` of util-linux"]
fn progress_line_appears_only_for_slow_work() {
    use crate::program::LICENSE;
    let directory = Directory::new();
    // A KMS that accepts the connection and does not answer.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let key = format!("awskms://{}/alias/x", silent.local_addr().unwrap());
    let aws = [("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "eu-central-1")];
    let slow = terminal(&directory, &format!("{PROGRAM} mint {key} --license {LICENSE} --agent a@b"), &aws, &[]);
    assert!(slow.contains("signing ...\r\u{1b}[K"), "{slow:?}");
    let quick = || terminal(&directory, &format!("{PROGRAM} mint key.pem --license {LICENSE} --agent a@b"), &[], &[]);
    // A loaded machine can be slow once.
    assert!((0..5).any(|_| !quick().contains("...")), "{:?}", quick());
}
