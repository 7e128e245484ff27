use std::{
    fmt,
    io::{self, Write},
};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const SKIPPED: Style = AnsiColor::Yellow.on_default();
pub(crate) const HEADING: Style = Style::new().bold();
pub(crate) const ERROR: Style = BAD;
pub(crate) const WARNING: Style = SKIPPED.bold();

/// Stdout, coloured on a terminal. A closed pipe is ignored, so that it does not change the exit code.
pub(crate) struct Stdout {
    stream: AutoStream<io::Stdout>,
    is_closed: bool,
}

impl Stdout {
    pub(crate) fn new() -> Self {
        Self { stream: anstream::stdout(), is_closed: false }
    }

    fn unless_closed<T>(
        &mut self,
        otherwise: T,
        write: impl FnOnce(&mut AutoStream<io::Stdout>) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_closed {
            return Ok(otherwise);
        }
        match write(&mut self.stream) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(otherwise)
            }
            written => written,
        }
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_closed(bytes.len(), |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_closed((), AutoStream::flush)
    }
}

/// Writes a line to stderr. A failure has nowhere to be reported.
pub(crate) fn note(line: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

pub(crate) fn warning(text: &str, hint: Option<&str>) {
    note(format_args!("{WARNING}warning:{WARNING:#} {text}"));
    if let Some(hint) = hint {
        note(format_args!("  hint: {hint}"));
    }
}

/// Formats the last line of `inspect` and `doctor`.
pub(crate) fn summary(checks: usize, failed: usize, skipped: usize) -> String {
    match (failed, skipped) {
        (0, 0) => "All checks passed.".to_owned(),
        (0, _) => format!("{} checks passed, {skipped} skipped.", checks - skipped),
        (_, 0) => format!("{failed} of {checks} checks failed."),
        _ => format!("{failed} of {checks} checks failed, {skipped} skipped."),
    }
}
