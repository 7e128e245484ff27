#![doc = include_str!("../README.md")]
#![expect(clippy::doc_markdown, reason = "clap prints the comments of arguments as plain text")]

mod command_line;
mod completions;
mod config_args;
mod configured;
mod doctor;
mod exit;
mod failure;
mod help;
mod inspect;
mod key;
mod keygen;
mod library_warnings;
mod man;
mod mint;
mod output;
mod passphrase;
mod printable;
mod progress;
mod public_key;
mod time;
mod token_text;
mod verify;
mod verify_args;

use std::{io::Write as _, process::ExitCode};

use clap::CommandFactory as _;
use command_line::{CommandLine, Subcommand};
use exit::Exit;
use failure::Failure;
use output::Stdout;

fn main() -> ExitCode {
    let command_line = match CommandLine::parse() {
        Ok(command_line) => command_line,
        Err(exit) => return exit.into(),
    };
    library_warnings::subscribe();
    let exit = run(command_line.subcommand, command_line.verbose).unwrap_or_else(|failure| {
        failure.print(command_line.verbose);
        failure.exit
    });
    exit.into()
}

fn run(subcommand: Subcommand, verbose: bool) -> Result<Exit, Failure> {
    let mut stdout = Stdout::new();
    let exit = match subcommand {
        Subcommand::Keygen(keygen) => keygen.run(&mut stdout),
        Subcommand::PublicKey(public_key) => public_key.run(&mut stdout),
        Subcommand::Mint(mint) => mint.run(&mut stdout),
        Subcommand::Inspect(inspect) => inspect.run(&mut stdout, verbose),
        Subcommand::Verify(verify) => verify.run(&mut stdout),
        Subcommand::Doctor(doctor) => doctor.run(&mut stdout, verbose),
        Subcommand::Completions(completions) => completions.run(CommandLine::command(), &mut stdout),
        Subcommand::Man(manual) => manual.run(CommandLine::command(), &mut stdout),
    }?;
    stdout.flush()?;
    Ok(exit)
}
