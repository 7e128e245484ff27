use std::fs;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

/// Describes the machine in one line: processor, cores, what AWS-LC signs with, and the compiler.
pub(crate) fn describe(shell: &Shell) -> Result<String> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").context("measurements need Linux")?;
    let field = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.split(':').next().is_some_and(|field| field.trim() == name));
        line.and_then(|line| line.split(':').nth(1)).map(str::trim)
    };
    let cpu = field("model name").unwrap_or(std::env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // With it, AWS-LC signs more than twice as fast.
    let ifma = field("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "avx512ifma"));
    let ifma = if ifma { "with" } else { "without" };
    let rustc = cmd!(shell, "rustc --version").quiet().read()?;
    let rustc = rustc.split(' ').nth(1).unwrap_or_default();
    Ok(format!("machine: {cpu}, {cores} cores, {ifma} AVX-512 IFMA; Rust {rustc}"))
}
