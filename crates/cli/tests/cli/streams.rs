//! Output streams, and what the program opens.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use crate::program::{Directory, HEADER, KEY, LICENSE, Output, PROGRAM, accepted, good_claims, token};

/// Runs the program with a closed stdout.
fn run_with_closed_stdout(directory: &Directory, args: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(args).current_dir(directory.path("")).env_clear().envs(directory.variables());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    Output::of(&child.wait_with_output().unwrap())
}

#[test]
fn closed_stdout_does_not_change_the_exit_code() {
    let directory = Directory::new();
    for (args, exit) in [
        (&["public-key", "key.pem"][..], 0),
        (&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"], 0),
        (&["doctor", "key.pem", "--license", LICENSE], 0),
        (&["doctor", "nothing.pem", "--license", LICENSE], 4),
        (&["inspect", "no token"], 1),
        (&["verify", "no token", "--license", LICENSE, "--public-key", "key.pub.pem"], 10),
        (&["--help"], 0),
    ] {
        let output = run_with_closed_stdout(&directory, args);
        assert_eq!((output.exit, output.stderr.as_str()), (exit, ""), "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn full_disk_is_an_error() {
    let directory = Directory::new();
    let mut command = Command::new(PROGRAM);
    command.args(["public-key", "key.pem"]).current_dir(directory.path("")).env_clear().envs(directory.variables());
    let output = command.stdout(File::options().write(true).open("/dev/full").unwrap()).output().unwrap();
    Output::of(&output).exits(1, "failed to write to stdout");
}

#[test]
fn output_to_a_pipe_has_no_colours() {
    let directory = Directory::new();
    let output = directory.read(&["inspect"], &token(HEADER, &good_claims().to_string()));
    assert!(!output.stdout.contains('\u{1b}'), "{output:?}");
    let failed = directory.run(&["public-key", "nothing.pem"]);
    assert!(!failed.stderr.contains('\u{1b}'), "{failed:?}");
}

/// The AWS configuration file is a pipe without a writer: opening it would block.
#[test]
fn key_in_a_file_does_not_read_the_aws_configuration() {
    let directory = Directory::new();
    let made = Command::new("mkfifo").arg(directory.path("aws")).status().unwrap();
    assert!(made.success());
    let aws = directory.path("aws").to_str().unwrap().to_owned();
    let with_aws = |args: &[&str]| {
        let mut command = directory.command(args);
        command.env("AWS_CONFIG_FILE", &aws).env("AWS_SHARED_CREDENTIALS_FILE", &aws).env("AWS_PROFILE", "none");
        command
    };
    let mut mint = with_aws(&["mint", "key.pem", "--license", LICENSE, "--agent", "a@b"]);
    accepted(&Output::of(&mint.output().unwrap()).result(), KEY.public_key());
    for args in [&["public-key", "key.pem"][..], &["inspect", "x"], &["doctor", "key.pem", "--license", LICENSE]] {
        let output = Output::of(&with_aws(args).output().unwrap());
        assert!([0, 1].contains(&output.exit), "{output:?}");
    }
}
