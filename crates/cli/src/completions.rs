use std::io::Write as _;

use clap::Command;
use clap_complete::{Shell, generate};

use crate::{
    exit::{self, Exit},
    failure::Failure,
    help,
    output::Stdout,
};

/// Print a completion script for a shell
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &[&str] = &[
    "cobrowse-jwt completions bash > ~/.local/share/bash-completion/completions/cobrowse-jwt",
    "cobrowse-jwt completions fish > ~/.config/fish/completions/cobrowse-jwt.fish",
];

impl Completions {
    pub(crate) fn run(&self, mut command: Command, stdout: &mut Stdout) -> Result<Exit, Failure> {
        // In memory, because a failure to write would panic in `generate`.
        let mut script = Vec::new();
        generate(self.shell, &mut command, "cobrowse-jwt", &mut script);
        stdout.write_all(&script)?;
        Ok(Exit::Ok)
    }
}
