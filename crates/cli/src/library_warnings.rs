use std::{
    collections::HashSet,
    fmt::{self, Write as _},
    sync::{Mutex, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::output;

/// Subscribes to the warnings of the library, such as for a key file that others may read, and prints them.
pub(crate) fn subscribe() {
    // Fails only if a subscriber is set already.
    let _ = tracing::subscriber::set_global_default(LibraryWarnings::default());
}

/// Prints each warning once: a file can be read twice.
#[derive(Default)]
struct LibraryWarnings {
    printed: Mutex<HashSet<String>>,
}

impl Subscriber for LibraryWarnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("cobrowse_jwt")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let text = format!("{}{}", text.message, text.fields);
        if self.printed.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone()) {
            output::warning(&text, None);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, ", {name} {value:?}"),
        };
    }
}
