//! Values that stand on the command line or, failing that, in a variable.

use std::{env, error::Error, ffi::OsStr};

use clap::{
    Arg, Command,
    builder::{TypedValueParser, ValueParser},
    error::ErrorKind,
    parser::ValueSource,
};

use crate::failure::Failure;

/// A value that knows where it stood, so that an error about it can say so.
#[derive(Clone)]
pub(crate) struct Configured<T = String> {
    pub(crate) value: T,
    /// `--public-key`, `the variable COBROWSE_PUBLIC_KEY`.
    origin: String,
    pub(crate) is_from_variable: bool,
}

impl<T> Configured<T> {
    /// What is wrong with the value.
    pub(crate) fn wrong(&self, sentence: &str) -> Failure {
        Failure::usage(format!("{}: {sentence}", self.origin))
    }

    /// As the failure is, unless nobody sees on the command line which value it is about.
    pub(crate) fn blamed(&self, failure: Failure) -> Failure {
        if self.is_from_variable { failure.about(&self.origin) } else { failure }
    }
}

/// Reads the value at once.
pub(crate) fn by<T, E>(read: impl Fn(&str) -> Result<T, E> + Clone + Send + Sync + 'static) -> ValueParser
where
    T: Clone + Send + Sync + 'static,
    E: Into<Box<dyn Error + Send + Sync + 'static>> + 'static,
{
    ValueParser::new(By(read))
}

/// Takes the text as it is, for a value that is read where it is used.
pub(crate) fn text() -> ValueParser {
    by(|text: &str| Ok::<_, String>(text.to_owned()))
}

/// A variable that is set to nothing counts as not set.
pub(crate) fn without_empty_variables(command: Command) -> Command {
    let is_empty = |variable: &OsStr| env::var_os(variable).is_some_and(|value| value.is_empty());
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|arg| if arg.get_env().is_some_and(is_empty) { arg.env(None) } else { arg })
    })
}

#[derive(Clone)]
struct By<F>(F);

impl<F, T, E> TypedValueParser for By<F>
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
        let Some(variable) = variable.map(OsStr::to_string_lossy) else {
            // Of a function, clap's own parser, which words the error.
            let value = self.0.parse_ref(command, arg, value)?;
            let origin =
                arg.and_then(Arg::get_long).map_or_else(|| "the argument".to_owned(), |flag| format!("--{flag}"));
            return Ok(Configured { value, origin, is_from_variable: false });
        };
        let origin = format!("the variable {variable}");
        let read = match value.to_str() {
            Some(text) => (self.0)(text).map_err(|error| error.into().to_string()),
            None => Err("it is not Unicode; set it to text".to_owned()),
        };
        match read {
            Ok(value) => Ok(Configured { value, origin, is_from_variable: true }),
            Err(sentence) => {
                let sentence = format!("{origin}: {sentence}\n");
                Err(command.clone().error(ErrorKind::ValueValidation, sentence))
            }
        }
    }
}
