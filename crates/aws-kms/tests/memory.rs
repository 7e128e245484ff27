//! Large responses take no memory. A separate program, because it reads the memory of the whole process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{fs, time::Duration};

use cobrowse_jwt_aws_kms::AwsKmsKey;
use cobrowse_jwt_core::{KeyErrorKind, MintError, Minter};
use cobrowse_jwt_fault_server::{Fault, FaultServer, Operation, Times, claims, license_key};
use support::kms_client;
use tokio::{task::JoinSet, time::timeout};

const LIMIT_KIB: u64 = 50 * 1024;

/// The most memory that was resident at one time.
fn peak_resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_100_mb_responses_stay_under_50_mb() {
    let server = FaultServer::start().await;
    let key = AwsKmsKey::new(&kms_client(server.url()), FaultServer::ALIAS).unwrap();
    let minter = Minter::new(license_key(), key);
    minter.mint(&claims()).await.unwrap();
    for fault in [Fault::ChunkedHuge, Fault::HugeBody] {
        server.fault(Operation::Sign, fault, Times::Always);
        let mut mints = JoinSet::new();
        for _ in 0..50 {
            let minter = minter.clone();
            mints.spawn(async move { timeout(Duration::from_secs(5), minter.mint(&claims())).await });
        }
        for minted in mints.join_all().await {
            let Ok(Err(MintError::Key(error))) = minted else { panic!("{fault:?}: {minted:?}") };
            assert!(
                matches!(error.kind(), KeyErrorKind::InvalidResponse | KeyErrorKind::Unavailable),
                "{fault:?}: {error:?}"
            );
        }
        server.clear_faults();
    }
    let peak = peak_resident_kib();
    assert!(peak < LIMIT_KIB, "{peak} KiB");
    println!("peak: {peak} KiB");
}
