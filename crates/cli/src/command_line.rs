use clap::{
    CommandFactory as _, FromArgMatches as _, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    completions::Completions,
    configured,
    doctor::Doctor,
    exit::{self, Exit},
    help,
    inspect::Inspect,
    keygen::Keygen,
    man::Manual,
    mint::Mint,
    public_key::PublicKeyOf,
    verify::Verify,
};

/// Mint Cobrowse agent tokens, generate their keys, and find out why a token is refused.
#[derive(Parser)]
#[command(name = "cobrowse-jwt", version, after_help = help::examples(EXAMPLES, exit::HELP))]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) subcommand: Subcommand,
    /// Show the causes of an error, and the checks that passed
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

const EXAMPLES: &[&str] = &[
    "cobrowse-jwt keygen key.pem",
    "cobrowse-jwt doctor key.pem --license SPGqPIcVnsOEJQ --expect-public-key key.pub.pem",
    "cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --customer user_id=42",
    "pbpaste | cobrowse-jwt inspect",
];

#[derive(clap::Subcommand)]
pub(crate) enum Subcommand {
    Keygen(Keygen),
    PublicKey(PublicKeyOf),
    Mint(Mint),
    Inspect(Inspect),
    Verify(Verify),
    Doctor(Doctor),
    Completions(Completions),
    Man(Manual),
}

impl CommandLine {
    /// Parses the command line. Prints help to stdout, and errors to stderr with their values redacted: a value can be a key, a token or a
    /// passphrase in the wrong place.
    pub(crate) fn parse() -> Result<Self, Exit> {
        let command = configured::without_empty_variables(Self::command());
        let parsed = command.try_get_matches().and_then(|matches| Self::from_arg_matches(&matches));
        parsed.map_err(|error| {
            // Help lists empty variables too.
            let error = match error.kind() {
                ErrorKind::DisplayHelp => Self::command().try_get_matches().err().unwrap_or(error),
                _ => error,
            };
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            let _ = redacted(error.with_cmd(&Self::command())).print();
            exit
        })
    }
}

/// Redacts what was typed, except a flag or a subcommand that resembles one of this program.
fn redacted(mut error: clap::Error) -> clap::Error {
    for (kind, suggestion) in [
        (ContextKind::InvalidValue, None),
        (ContextKind::InvalidArg, Some(ContextKind::SuggestedArg)),
        (ContextKind::InvalidSubcommand, Some(ContextKind::SuggestedSubcommand)),
    ] {
        // Other kinds of error have the name of a defined argument there.
        let is_typed = kind != ContextKind::InvalidArg || error.kind() == ErrorKind::UnknownArgument;
        let is_misspelled = suggestion.is_some_and(|suggestion| error.get(suggestion).is_some());
        let is_shown = |text: &str| is_misspelled && is_name(text.trim_start_matches('-'));
        if is_typed && matches!(error.get(kind), Some(ContextValue::String(text)) if !is_shown(text)) {
            error.insert(kind, ContextValue::String("<redacted>".to_owned()));
        }
    }
    // A suggestion of this kind repeats the value. Those of similar flags and subcommands stay.
    error.remove(ContextKind::Suggested);
    error
}

fn is_name(text: &str) -> bool {
    const LONGEST: usize = 20;
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
