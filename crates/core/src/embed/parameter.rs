/// Whether an element of an embedded page is visible. Without it, the account's settings apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Visibility {
    /// `none`, the only value that Cobrowse documents.
    Hidden,
}

impl Visibility {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "none",
        }
    }
}

/// What an embedded page does at the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndAction {
    /// `dashboard`: opens the dashboard (default).
    Dashboard,
    /// `none`: stays on the page.
    Stay,
    /// `code`: prompts for the next code.
    Code,
}

impl EndAction {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Stay => "none",
            Self::Code => "code",
        }
    }
}
