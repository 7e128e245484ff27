use std::{
    fmt,
    io::{self, Write},
};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const OPEN: Style = AnsiColor::Yellow.on_default();
pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const ERROR: Style = BAD;
pub(crate) const WARNING: Style = OPEN.bold();

/// Where results go: coloured on a terminal only, and silent once its reader has left, for a verdict does not change by that.
pub(crate) struct Stdout {
    stream: AutoStream<io::Stdout>,
    is_gone: bool,
}

impl Stdout {
    pub(crate) fn new() -> Self {
        Self { stream: anstream::stdout(), is_gone: false }
    }

    fn unless_gone<T>(
        &mut self,
        otherwise: T,
        write: impl FnOnce(&mut AutoStream<io::Stdout>) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_gone {
            return Ok(otherwise);
        }
        match write(&mut self.stream) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_gone = true;
                Ok(otherwise)
            }
            written => written,
        }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_gone(bytes.len(), |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_gone((), AutoStream::flush)
    }
}

/// A line on stderr. If nobody reads there, nobody can be told.
pub(crate) fn note(line: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

pub(crate) fn warning(text: &str) {
    note(format_args!("{WARNING}warning:{WARNING:#} {text}"));
}
