//! Resources of this process, and signals to others. The values are 0 on systems without `/proc`.

use std::{fs, process::Command, time::Duration};

use tokio::time::sleep;

pub(crate) fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Waits until at most this many descriptors are open, for at most 95 seconds: an HTTP client keeps idle connections for 90.
pub(crate) async fn descriptors_once_idle(expected: usize) -> usize {
    for _ in 0..95 {
        if descriptors() <= expected {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    descriptors()
}

/// Sends a signal to a process group, with the `kill` of the shell.
pub(crate) fn signal(signal: &str, group: u32) {
    let script = r#"kill -s "$1" -- "-$2""#;
    Command::new("sh").args(["-c", script, "sh", signal, &group.to_string()]).status().expect("sh runs");
}
