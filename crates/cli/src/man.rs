use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Command;
use clap_mangen::{Man, generate_to};

use crate::{
    exit::{self, Exit},
    failure::Failure,
    help,
    output::Stdout,
};

/// Print the manual page, or write a page for each subcommand
#[derive(clap::Args)]
#[command(after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct Manual {
    /// The directory to write all pages to, which is created if it is missing
    directory: Option<PathBuf>,
}

const EXAMPLES: &[&str] = &["cobrowse-jwt man | man -l -", "cobrowse-jwt man ~/.local/share/man/man1"];

impl Manual {
    pub(crate) fn run(&self, command: Command, stdout: &mut Stdout) -> Result<Exit, Failure> {
        match &self.directory {
            Some(directory) => write_pages(command, directory)?,
            None => Man::new(command).render(stdout)?,
        }
        Ok(Exit::Ok)
    }
}

fn write_pages(command: Command, directory: &Path) -> Result<(), Failure> {
    let written = fs::create_dir_all(directory).and_then(|()| generate_to(command, directory));
    written.map_err(|error| {
        Failure::new(Exit::Refused, format!("failed to write the manual pages ({})", error.kind())).with_source(&error)
    })
}
