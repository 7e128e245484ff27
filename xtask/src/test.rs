//! `cargo xtask test`: every test there is.

use std::process::ExitCode;

use crate::run::{Report, cargo, succeed};
use crate::setup::{node, openssl, python};

/// Tests the crates, then what needs real programs, then what must stand outside the workspace.
pub(crate) fn test() -> ExitCode {
    let mut report = Report::default();
    report.step("crates", || succeed(&mut cargo("test --workspace --all-features --exclude cobrowse-jwt-tests")));
    against_real_programs(&mut report);
    report.step("both crypto features of jsonwebtoken", || {
        let manifest = "--manifest-path tests/feature-unification/Cargo.toml --target-dir target/feature-unification";
        succeed(&mut cargo(&format!("test --locked {manifest}")))
    });
    report.finish()
}

/// Sets up openssl, Node and Python, and runs the tests that use them.
fn against_real_programs(report: &mut Report) {
    let openssl = report.step("set-up: openssl", openssl::require);
    let modules = report.step("set-up: verifiers in Node", node::modules);
    let python = report.step("set-up: verifiers in Python", python::interpreter);
    let name = "against openssl, Node and Python";
    let (Some(()), Some(modules), Some(python)) = (openssl, modules, python) else {
        report.not_run(name, "not run, a set-up failed");
        return;
    };
    report.step(name, || {
        succeed(
            cargo("test --package cobrowse-jwt-tests -- --include-ignored")
                .env("COBROWSE_TEST_NODE_MODULES", modules)
                .env("COBROWSE_TEST_PYTHON", python),
        )
    });
}
