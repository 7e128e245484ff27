mod advisories;
mod metadata;
mod packages;
mod public_types;
mod rust_version;

use std::path::Path;

use anyhow::Result;

use crate::{
    bench::bench,
    run::{Report, cargo, root, succeed},
    setup::cargo_tool::{CARGO_CHECK_EXTERNAL_TYPES, CARGO_DENY, CARGO_HACK, CARGO_MACHETE},
};

/// Rustdoc with unstable options.
const RUSTDOC: &str = "xtask/rustdoc.sh";

/// Checks everything but the tests. Quick steps come first.
pub(crate) fn check(advisory_db: Option<&Path>) -> Result<()> {
    let mut report = Report::default();
    report.step("formatting", || {
        succeed(&mut cargo("fmt --all --check"))?;
        succeed(&mut cargo("fmt --manifest-path tests/feature-unification/Cargo.toml --check"))?;
        succeed(&mut cargo("fmt --manifest-path fuzz/Cargo.toml --check"))?;
        succeed(&mut cargo("fmt --manifest-path benches/Cargo.toml --all --check"))
    });
    report.step("rust-version of each crate", rust_version::check);
    if let Some(deny) = report.step("set-up: cargo-deny", || CARGO_DENY.set_up()) {
        report.step("licenses, dependency rules, sources", || {
            succeed(deny().args(["--locked", "check", "licenses", "sources"]))?;
            let fuzz = "--locked --all-features --manifest-path fuzz/Cargo.toml --config deny.toml check licenses";
            succeed(deny().args(fuzz.split(' ')))?;
            // Without dev-dependencies: users do not get them, and the tests of a key source use other sources.
            succeed(deny().args(["--locked", "--exclude-dev", "check", "bans"]))
        });
        advisories::check(&mut report, &deny, advisory_db);
    }
    if let Some(machete) = report.step("set-up: cargo-machete", || CARGO_MACHETE.set_up()) {
        report.step("unused dependencies", || succeed(&mut machete()));
    }
    report.step("lints", || succeed(&mut cargo("clippy --workspace --all-targets --all-features -- --deny warnings")));
    report.step("lints of the fuzz targets", || {
        let fuzz = "clippy --locked --manifest-path fuzz/Cargo.toml --no-default-features --target-dir target";
        succeed(&mut cargo(&format!("{fuzz} --all-targets -- --deny warnings")))
    });
    let benches = "--manifest-path benches/Cargo.toml --target-dir target/benches --release --locked";
    report.step("lints of the benches", || {
        // Without the peers, two of which build a C library for minutes.
        let mut clippy = cargo(&format!("clippy {benches} --all-targets"));
        let packages =
            ["driver", "harness", "bench-ours", "bench-smallest", "bench-service", "bench-kms", "bench-vault"];
        clippy.args(packages.into_iter().flat_map(|package| ["--package", package]));
        succeed(clippy.args(["--", "--deny", "warnings"]))
    });
    report.step("tests of the bench driver", || succeed(&mut cargo(&format!("test {benches} --package driver"))));
    report.step("counts of the benches", || bench(&["--check"]));
    report.step("documentation", || {
        let doc = "doc --workspace --lib --no-deps --all-features";
        // As docs.rs does, which shows the features that an item needs.
        let flags = "--deny warnings --cfg docsrs";
        succeed(cargo(doc).env("RUSTDOC", root().join(RUSTDOC)).env("RUSTDOCFLAGS", flags))
    });
    report.step("links of Markdown files, messages in the manual", || {
        // With the packages and features of `cargo xtask test`, whose builds it shares.
        succeed(&mut cargo("test --workspace --all-features --test documentation --locked --quiet"))
    });
    let external_types = report.step("set-up: cargo-check-external-types", || CARGO_CHECK_EXTERNAL_TYPES.set_up());
    if let Some(external_types) = external_types {
        report.step("foreign types in public interfaces", || public_types::check(&external_types));
    }
    report.step("packages", packages::check);
    if let Some(hack) = report.step("set-up: cargo-hack", || CARGO_HACK.set_up()) {
        // Each published crate by itself, because Cargo unites the features of one build.
        let every =
            ["--workspace", "--ignore-private", "--feature-powerset", "--exclude-features", "default", "--keep-going"];
        report.step("lints, every combination of features", || {
            // Without tests, whose dependencies could enable a feature that the crate forgot.
            succeed(hack().arg("clippy").args(every).args(["--locked", "--", "--deny", "warnings"]))
        });
        report.step("tests, each feature alone", || {
            // `cargo xtask test` has all features, and a weekly job has the pairs.
            succeed(hack().arg("test").args(every).args(["--depth", "1", "--locked", "--quiet"]))
        });
    }
    report.finish()
}
