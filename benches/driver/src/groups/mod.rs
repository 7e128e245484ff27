mod kms;
mod own;
mod peers;
mod program;
mod vault;

use anyhow::Result;

use crate::figure::Figures;
pub(crate) use own::allocations;

/// A group of measurements.
pub(crate) struct Group {
    /// The argument of `cargo xtask bench`.
    pub(crate) name: &'static str,
    /// Left out unless named.
    pub(crate) is_slow: bool,
    pub(crate) measure: fn(&mut Figures) -> Result<()>,
}

/// In the order in which they run.
pub(crate) const ALL: &[Group] = &[
    group("crates", program::crates),
    group("overhead", own::overhead),
    group("policies", own::policies),
    group("mint", own::mint),
    group("threads", own::threads),
    group("first", own::first),
    group("verify", peers::verify),
    group("peers", peers::mint),
    group("kms", kms::kms),
    group("vault", vault::vault),
    group("size", program::size),
    group("start", program::start),
    group("light-task", own::light_task),
    Group { name: "build-time", is_slow: true, measure: program::build_time },
];

const fn group(name: &'static str, measure: fn(&mut Figures) -> Result<()>) -> Group {
    Group { name, is_slow: false, measure }
}
