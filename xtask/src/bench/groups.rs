//! The measurements by name.

mod kms;
mod own;
mod peers;
mod program;

use anyhow::Result;

use super::figure::Figures;
pub(super) use own::allocations;

/// One measurement.
pub(super) struct Group {
    /// What one writes behind `cargo xtask bench`.
    pub(super) name: &'static str,
    /// Whether it is left out unless it is named.
    pub(super) is_slow: bool,
    /// Measures.
    pub(super) measure: fn(&mut Figures) -> Result<()>,
}

/// All of them, in the order in which they run.
pub(super) const ALL: &[Group] = &[
    group("crates", program::crates),
    group("overhead", own::overhead),
    group("policies", own::policies),
    group("mint", own::mint),
    group("threads", own::threads),
    group("first", own::first),
    group("verify", peers::verify),
    group("peers", peers::mint),
    group("kms", kms::kms),
    group("size", program::size),
    group("start", program::start),
    group("light-task", own::light_task),
    Group { name: "build-time", is_slow: true, measure: program::build_time },
];

const fn group(name: &'static str, measure: fn(&mut Figures) -> Result<()>) -> Group {
    Group { name, is_slow: false, measure }
}
