//! Values from a flag or an environment variable.

use std::{env, error::Error, ffi::OsStr, str::FromStr};

use clap::{
    Arg, Command,
    builder::{TypedValueParser, ValueParser},
    error::ErrorKind,
    parser::ValueSource,
};
use cobrowse_jwt::ClaimsError;

use crate::failure::Failure;

/// A value and its origin.
#[derive(Clone)]
pub(crate) struct Configured<T = String> {
    pub(crate) value: T,
    /// `--public-key`, `COBROWSE_PUBLIC_KEY`.
    origin: String,
    pub(crate) is_from_variable: bool,
}

impl<T> Configured<T> {
    /// Returns a usage error that names the origin.
    pub(crate) fn usage_error(&self, message: &str) -> Failure {
        Failure::usage(format!("{}: {message}", self.origin))
    }

    /// Adds the origin.
    pub(crate) fn with_origin(&self, failure: Failure) -> Failure {
        failure.with_context(&self.origin)
    }

    /// Adds the origin if it is a variable: a flag is visible on the command line.
    pub(crate) fn with_variable_origin(&self, failure: Failure) -> Failure {
        if self.is_from_variable { failure.with_context(&self.origin) } else { failure }
    }
}

/// Returns a parser of values.
pub(crate) fn parser<T, E>(parse: impl Fn(&str) -> Result<T, E> + Clone + Send + Sync + 'static) -> ValueParser
where
    T: Clone + Send + Sync + 'static,
    E: Into<Box<dyn Error + Send + Sync + 'static>> + 'static,
{
    ValueParser::new(Parser(parse))
}

/// Returns a parser that accepts any text.
pub(crate) fn text() -> ValueParser {
    parser(|text: &str| Ok::<_, String>(text.to_owned()))
}

/// Returns a parser of `true` and `false`, as in [`cobrowse_jwt::Config::from_env`].
pub(crate) fn boolean() -> ValueParser {
    parser(|text: &str| text.parse::<bool>().map_err(|_| "neither true nor false"))
}

/// Parses a claim.
pub(crate) fn claim<T: FromStr<Err = ClaimsError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ClaimsError| with_hint(&error, error.hint()))
}

/// Formats an error for clap, which has no hints.
pub(crate) fn with_hint(error: &impl Error, hint: Option<&str>) -> String {
    hint.map_or_else(|| error.to_string(), |hint| format!("{error}\n  hint: {hint}"))
}

/// Makes clap ignore empty variables.
pub(crate) fn without_empty_variables(command: Command) -> Command {
    let is_empty = |variable: &OsStr| env::var_os(variable).is_some_and(|value| value.is_empty());
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|arg| if arg.get_env().is_some_and(is_empty) { arg.env(None) } else { arg })
    })
}

#[derive(Clone)]
struct Parser<F>(F);

impl<F, T, E> TypedValueParser for Parser<F>
where
    F: Fn(&str) -> Result<T, E> + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
    E: Into<Box<dyn Error + Send + Sync + 'static>> + 'static,
{
    type Value = Configured<T>;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Self::Value, clap::Error> {
        self.parse_ref_(command, arg, value, ValueSource::CommandLine)
    }

    fn parse_ref_(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
        source: ValueSource,
    ) -> Result<Self::Value, clap::Error> {
        let variable = arg.and_then(Arg::get_env).filter(|_| source == ValueSource::EnvVariable);
        let Some(variable) = variable.map(|variable| variable.to_string_lossy().into_owned()) else {
            // clap parses with the function and formats its error.
            let value = self.0.parse_ref(command, arg, value)?;
            let origin =
                arg.and_then(Arg::get_long).map_or_else(|| "the argument".to_owned(), |flag| format!("--{flag}"));
            return Ok(Configured { value, origin, is_from_variable: false });
        };
        let parsed = match value.to_str() {
            Some(text) => (self.0)(text).map_err(|error| error.into().to_string()),
            None => Err("not UTF-8".to_owned()),
        };
        match parsed {
            Ok(value) => Ok(Configured { value, origin: variable, is_from_variable: true }),
            Err(message) => Err(command.clone().error(ErrorKind::ValueValidation, format!("{variable}: {message}\n"))),
        }
    }
}
