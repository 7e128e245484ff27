//! `cargo xtask test`: every test there is.

use std::process::ExitCode;

use crate::run::{Report, cargo, succeed};
use crate::services::ForTests;
use crate::setup::{chromium, node, openssl, python};

/// Tests the crates, then what needs real programs, then what must stand outside the workspace.
pub(crate) fn test() -> ExitCode {
    let mut report = Report::default();
    report.step("crates", || {
        let others = "--exclude cobrowse-jwt-tests --exclude cobrowse-jwt-cli";
        succeed(&mut cargo(&format!("test --no-fail-fast --workspace --all-features {others}")))
    });
    report.step("100,000 mints over AWS KMS", || {
        succeed(&mut cargo("test --package cobrowse-jwt-aws-kms --test load -- --ignored"))
    });
    against_real_programs(&mut report);
    report.step("both crypto features of jsonwebtoken", || {
        let manifest = "--manifest-path tests/feature-unification/Cargo.toml --target-dir target/feature-unification";
        succeed(&mut cargo(&format!("test --locked {manifest}")))
    });
    report.finish()
}

/// Sets up openssl, Node, Python, Chromium and the services, runs the tests that use them, and stops the services.
fn against_real_programs(report: &mut Report) {
    let openssl = report.step("set-up: openssl", openssl::require);
    let modules = report.step("set-up: packages for Node", node::modules);
    let python = report.step("set-up: packages for Python", python::interpreter);
    let chromium = report.step("set-up: Chromium", chromium::executable);
    let services = ForTests::start(report);
    let name = "against openssl, Node, Python, Chromium and services";
    if let (Some(()), Some(modules), Some(python), Some(chromium)) = (openssl, modules, python, chromium) {
        report.step(name, || {
            // The command's own tests are among them: they need the program built beside them.
            let packages = "--package cobrowse-jwt-tests --package cobrowse-jwt-cli";
            // The helpers of the re-exec tests run in child processes only.
            let mut cargo = cargo(&format!("test --no-fail-fast {packages} -- --include-ignored --skip reexec_helper"));
            cargo.env("COBROWSE_TEST_NODE_MODULES", modules).env("COBROWSE_TEST_PYTHON", python);
            cargo.env("COBROWSE_TEST_CHROMIUM", chromium);
            cargo.envs(services.settings());
            for service in &services.missing {
                // By name: each test that needs a service has that service in its own.
                cargo.args(["--skip", &service.to_lowercase()]);
            }
            succeed(&mut cargo)
        });
        for service in &services.missing {
            report.not_run(&format!("against {service}"), "not run, its set-up failed");
        }
    } else {
        report.not_run(name, "not run, a set-up failed");
    }
    report.step("tear-down: services", || services.stop());
}
