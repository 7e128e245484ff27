use clap::{
    CommandFactory as _, FromArgMatches as _, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    configured,
    doctor::Doctor,
    exit::{self, Exit},
    inspect::Inspect,
    keygen::Keygen,
    mint::Mint,
    public_key::PublicKeyOf,
    verify::Verify,
};

/// Sign your support agents in to Cobrowse: make keys, mint agent tokens, and find out why one is refused.
#[derive(Parser)]
#[command(name = "cobrowse-jwt", version, after_help = format!("{EXAMPLES}\n\n{}", exit::HELP))]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) subcommand: Subcommand,
    /// Show the causes of an error too
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

const EXAMPLES: &str = "\
KEY is a path, file:///path, env:VARIABLE, awskms:///alias/name or awskms://host:port/id.

Examples:
  cobrowse-jwt keygen key.pem
  cobrowse-jwt doctor key.pem --license SPGqPIcVnsOEJQ --expect-public-key key.pub.pem
  cobrowse-jwt mint key.pem --license SPGqPIcVnsOEJQ --agent jane@example.com --customer user_id=42
  pbpaste | cobrowse-jwt inspect";

#[derive(clap::Subcommand)]
pub(crate) enum Subcommand {
    Keygen(Keygen),
    PublicKey(PublicKeyOf),
    Mint(Mint),
    Inspect(Inspect),
    Verify(Verify),
    Doctor(Doctor),
}

impl CommandLine {
    /// Reads the words that the program was called with. Help goes to stdout; what is wrong with them goes to stderr, without a
    /// word of it that may be a key, a token or a passphrase in the wrong place.
    pub(crate) fn parse() -> Result<Self, Exit> {
        let command = configured::without_empty_variables(Self::command());
        let parsed = command.try_get_matches().and_then(|matches| Self::from_arg_matches(&matches));
        parsed.map_err(|error| {
            // Help names every variable, those that are set to nothing too.
            let error = match error.kind() {
                ErrorKind::DisplayHelp => Self::command().try_get_matches().err().unwrap_or(error),
                _ => error,
            };
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Ok };
            let _ = without_values(error.with_cmd(&Self::command())).print();
            exit
        })
    }
}

fn without_values(mut error: clap::Error) -> clap::Error {
    let hidden = || ContextValue::String("[not shown]".to_owned());
    if error.get(ContextKind::InvalidValue).is_some() {
        error.insert(ContextKind::InvalidValue, hidden());
    }
    if error.kind() == ErrorKind::UnknownArgument
        && matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(text)) if !is_flag(text))
    {
        error.insert(ContextKind::InvalidArg, hidden());
    }
    if matches!(error.get(ContextKind::InvalidSubcommand), Some(ContextValue::String(text)) if !is_name(text)) {
        error.insert(ContextKind::InvalidSubcommand, hidden());
    }
    // Tips of this kind say how to pass what was written as a value, and repeat it. Those about similar flags stay.
    error.remove(ContextKind::Suggested);
    error
}

/// A flag that somebody has misspelled, and no secret: `--licence`, `-x`.
fn is_flag(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|flag| is_name(flag.strip_prefix('-').unwrap_or(flag)))
}

/// A word that is no key, no token and no good passphrase.
fn is_name(text: &str) -> bool {
    const LONGEST: usize = 20;
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
