/// Whether an element of an embedded page is shown. Without a word of it, Cobrowse's settings decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Show {
    /// Not shown: `none`, the only value that Cobrowse documents.
    None,
}

impl Show {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
        }
    }
}

/// What an embedded page does at the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndAction {
    /// Goes to the dashboard; so it does by default.
    Dashboard,
    /// Stays.
    None,
    /// Asks for the next code.
    Code,
}

impl EndAction {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::None => "none",
            Self::Code => "code",
        }
    }
}
