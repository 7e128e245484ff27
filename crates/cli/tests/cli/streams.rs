//! What becomes of results when nobody takes them, and what is started for them.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use crate::program::{Ended, Folder, HEADER, KEY, LICENSE, PROGRAM, accepted, good_claims, token};

/// Runs the program with a stdout that nobody reads.
fn unread(folder: &Folder, words: &[&str]) -> Ended {
    let mut command = Command::new(PROGRAM);
    command.args(words).current_dir(folder.path("")).env_clear().envs(folder.variables());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    Ended::of(&child.wait_with_output().unwrap())
}

#[test]
fn a_reader_that_left_is_no_error_and_changes_no_verdict() {
    let folder = Folder::new();
    for (words, exit) in [
        (&["public-key", "key.pem"][..], 0),
        (&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"], 0),
        (&["doctor", "key.pem", "--license", LICENSE], 0),
        (&["doctor", "nothing.pem", "--license", LICENSE], 4),
        (&["inspect", "no token"], 1),
        (&["verify", "no token", "--license", LICENSE, "--public-key", "key.pub.pem"], 10),
        (&["--help"], 0),
    ] {
        let ended = unread(&folder, words);
        assert_eq!((ended.exit, ended.stderr.as_str()), (exit, ""), "{words:?}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let folder = Folder::new();
    let mut command = Command::new(PROGRAM);
    command.args(["public-key", "key.pem"]).current_dir(folder.path("")).env_clear().envs(folder.variables());
    let output = command.stdout(File::options().write(true).open("/dev/full").unwrap()).output().unwrap();
    Ended::of(&output).exits(1, "the result cannot be written");
}

#[test]
fn colours_are_for_terminals() {
    let folder = Folder::new();
    let ended = folder.read(&["inspect"], &token(HEADER, &good_claims().to_string()));
    assert!(!ended.stdout.contains('\u{1b}'), "{ended:?}");
    let failed = folder.run(&["public-key", "nothing.pem"]);
    assert!(!failed.stderr.contains('\u{1b}'), "{failed:?}");
}

/// The file of the AWS configuration is a pipe without a writer: whoever opened it would wait for ever.
#[test]
fn a_key_in_a_file_reads_no_aws_configuration() {
    let folder = Folder::new();
    let made = Command::new("mkfifo").arg(folder.path("aws")).status().unwrap();
    assert!(made.success());
    let aws = folder.path("aws").to_str().unwrap().to_owned();
    let with_aws = |words: &[&str]| {
        let mut command = folder.command(words);
        command.env("AWS_CONFIG_FILE", &aws).env("AWS_SHARED_CREDENTIALS_FILE", &aws).env("AWS_PROFILE", "none");
        command
    };
    let mut mint = with_aws(&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"]);
    accepted(&Ended::of(&mint.output().unwrap()).result(), KEY.public_key());
    for words in [&["public-key", "key.pem"][..], &["inspect", "x"], &["doctor", "key.pem", "--license", LICENSE]] {
        let ended = Ended::of(&with_aws(words).output().unwrap());
        assert!([0, 1].contains(&ended.exit), "{ended:?}");
    }
}
