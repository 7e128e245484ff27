//! `cargo deny`: licences, bans and sources always; advisories where their database can be reached.

use std::process::Command;
use std::time::Duration;

use crate::run::{Report, root, succeed, succeed_within};
use crate::setup::cargo_deny;

/// The clone is a few megabytes.
const FETCH_LIMIT: Duration = Duration::from_mins(1);

/// Says in the report whether the advisories were checked.
pub(crate) fn check(report: &mut Report) {
    let Some(program) = report.step("set-up: cargo-deny", cargo_deny::program) else {
        report.not_run("licences, bans, sources, advisories", "not run, the set-up failed");
        return;
    };
    let deny = || {
        let mut deny = Command::new(&program);
        deny.current_dir(root()).arg("--locked");
        deny
    };
    report.step("licences, bans, sources", || succeed(deny().args(["check", "licenses", "bans", "sources"])));

    // Fetched apart from the check: so a failure here is the network's, and one below is an advisory's.
    // A wrong `deny.toml` has failed above.
    let mut fetch = deny();
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    if let Err(error) = succeed_within(FETCH_LIMIT, &mut fetch) {
        println!("{error:#}");
        report.not_run("advisories", "not checked, the database could not be reached");
        return;
    }
    report.step("advisories", || succeed(deny().args(["--offline", "check", "advisories"])));
}
