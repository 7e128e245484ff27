//! Correct sources and services pass the suite, and each flaw fails exactly one check. The tests use Tokio's paused clock.

mod keys;
mod services;
mod sources;

use std::collections::HashSet;

use crate::{Check, Outcome, Report, check_service, check_source};

/// Each flaw of a source, and the check that finds it.
const SOURCES: &[(sources::Flaw, Check)] = &[
    (sources::Flaw::DebugShowsTheKey, Check::Debug),
    (sources::Flaw::DebugShowsTheSignature, Check::Debug),
    (sources::Flaw::SelfCheckedSignatureIsShort, Check::Signature),
    (sources::Flaw::SelfCheckedSignatureIsWrong, Check::Signature),
    (sources::Flaw::RemoteSignatureIsWrong, Check::Signature),
    (sources::Flaw::SignNeverReturns, Check::TimeLimit),
    (sources::Flaw::RefreshNeverReturns, Check::TimeLimit),
    (sources::Flaw::SnapshotFollowsRefresh, Check::StablePublicKey),
    (sources::Flaw::SnapshotIsNewEachTime, Check::SameSnapshot),
    (sources::Flaw::RefreshReturnsAnotherKey, Check::RegisteredKey),
    (sources::Flaw::SecondCallerIsRefused, Check::Concurrency),
    (sources::Flaw::RotationIsIgnored, Check::Rotation),
    (sources::Flaw::OldSnapshotSignsWithTheNewKey, Check::Rotation),
    (sources::Flaw::SupersededIsNotFound, Check::Superseded),
    (sources::Flaw::ErrorHasAnotherKind, Check::ErrorKind),
    (sources::Flaw::ErrorShowsAnArn, Check::ErrorRedaction),
    (sources::Flaw::ErrorShowsThePassword, Check::ErrorRedaction),
    (sources::Flaw::DroppedLookupIsNeverRepeated, Check::Cancellation),
];

/// Each flaw of a service or of the engine, and the check that finds it.
const SERVICES: &[(services::Flaw, Check)] = &[
    (services::Flaw::DebugShowsThePassword, Check::Debug),
    (services::Flaw::SecondLoginFails, Check::Authentication),
    (services::Flaw::SecondLoginEndsTheSession, Check::Authentication),
    (services::Flaw::VersionIsASessionHandle, Check::StableVersion),
    (services::Flaw::VersionNamesTwoKeys, Check::StableVersion),
    (services::Flaw::VersionIsIgnored, Check::ExactVersion),
    (services::Flaw::AnotherVersionSigns, Check::ExactVersion),
    (services::Flaw::SignatureIsWrong, Check::Signature),
    (services::Flaw::SignNeverReturns, Check::TimeLimit),
    (services::Flaw::SecondSignatureIsRefused, Check::Concurrency),
    (services::Flaw::DroppedLoginIsNeverRepeated, Check::Cancellation),
    (services::Flaw::EngineReturnsUncheckedSignatures, Check::FaultRefused),
    (services::Flaw::EngineHasNoDeadline, Check::FaultInTime),
    (services::Flaw::EngineRepeatsItsFirstError, Check::FaultRecovery),
];

fn failed(report: &Report) -> Vec<Check> {
    report.failures().map(|(check, _)| check).collect()
}

#[tokio::test(start_paused = true)]
async fn source_with_a_flaw_fails_exactly_its_check() {
    for &(flaw, check) in SOURCES {
        let report = sources::suite(flaw).run().await;
        assert_eq!(failed(&report), [check], "{flaw:?}\n{report}");
        assert!(!report.is_passed() && !report.to_string().contains("hunter2"), "{flaw:?}\n{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn service_with_a_flaw_fails_exactly_its_check() {
    for &(flaw, check) in SERVICES {
        let report = services::suite(flaw).run().await;
        assert_eq!(failed(&report), [check], "{flaw:?}\n{report}");
        assert!(!report.is_passed() && !report.to_string().contains("hunter2"), "{flaw:?}\n{report}");
    }
}

#[test]
fn every_check_is_failed_by_a_flaw() {
    let found: HashSet<_> =
        SOURCES.iter().map(|(_, check)| check).chain(SERVICES.iter().map(|(_, check)| check)).collect();
    for check in Check::ALL {
        assert!(found.contains(check), "no flaw fails `{check}`");
    }
}

#[tokio::test(start_paused = true)]
async fn source_and_service_without_flaw_pass_every_check() {
    let (source, service) =
        (sources::suite(sources::Flaw::None).run().await, services::suite(services::Flaw::None).run().await);
    for report in [&source, &service] {
        let passed = report.findings().iter().all(|finding| finding.outcome == Outcome::Passed);
        assert!(passed && report.is_passed(), "\n{report}");
    }
    let all: HashSet<_> = service.findings().iter().map(|finding| finding.check).collect();
    assert_eq!(all.len(), Check::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn check_without_help_of_the_caller_is_not_applicable() {
    use Check::{ErrorKind, ErrorRedaction, Rotation, Superseded};
    let not_applicable = |report: Report| -> Vec<Check> {
        assert!(report.is_passed(), "\n{report}");
        let findings = report.findings().iter();
        findings.filter(|f| matches!(f.outcome, Outcome::NotApplicable(_))).map(|f| f.check).collect()
    };
    assert_eq!(not_applicable(check_source(sources::good()).await), [Rotation, Superseded, ErrorKind, ErrorRedaction]);
    assert_eq!(not_applicable(check_service(services::good()).await), [Rotation, Superseded, ErrorKind]);
}

#[tokio::test(start_paused = true)]
async fn report_prints_one_line_a_check() {
    let report = sources::suite(sources::Flaw::ErrorHasAnotherKind).run().await;
    let text = report.to_string();
    assert_eq!(text.lines().count(), report.findings().len());
    assert!(
        text.contains("FAILED          error-kind         source returned unavailable, expected not-found\n"),
        "{text}"
    );
    assert!(text.contains("passed          time-limit         Every call returns within the time limit.\n"), "{text}");
}

/// A suite can run in a task.
#[test]
fn run_returns_a_future_that_is_send() {
    fn assert_send(_: &impl Send) {}
    assert_send(&sources::suite(sources::Flaw::None).run());
}
