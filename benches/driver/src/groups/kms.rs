//! A key in AWS KMS beside the bare call of the AWS SDK, against a stub in the same process on another thread.

use anyhow::{Result, ensure};

use super::own::{named_count, thread_side};
use crate::{
    figure::{Figures, Target},
    programs::{Program, Sampler},
    rounds::{Side, interleaved},
};

/// A mint over KMS, its CPU time and allocations beside those of the bare call.
pub(crate) fn kms(figures: &mut Figures) -> Result<()> {
    let mut programs = [Sampler::start("bench-kms", "kms-samples")?];
    cpu(figures, &mut programs, "KMS", &[(1, 128), (64, 256), (256, 512)])?;

    for (concurrency, count, target) in [(64, 1_280, 0.97), (256, 5_120, 0.90)] {
        let names = ["bare", "bare-verify", "mint"].map(|name| format!("{name}-{concurrency}-late"));
        let sides = names.each_ref().map(|workload| Side { program: 0, workload, count, clock: |sample| sample.wall });
        let [bare, with_verify, mint] = &interleaved(&mut programs, &sides, 21)?[..] else {
            unreachable!("three sides")
        };
        let name = format!("KMS, 20 ms latency, {concurrency} at once: mints/bare");
        figures.add(&name, bare.min() / mint.min(), "ratio", Target::AtLeast(target));
        figures.info(&format!("{name}, medians"), bare.median() / mint.median(), "ratio");
        // A mint verifies the signature, which a bare call does not: no mint is faster than both.
        let name = name.replace("mints", "bare with verify");
        figures.info(&name, bare.min() / with_verify.min(), "ratio");
        figures.info(&format!("{name}, medians"), bare.median() / with_verify.median(), "ratio");
    }

    let counts = Program::built("bench-kms", "kms-allocations")?.output()?;
    let counts: Vec<_> = counts.lines().map(named_count).collect::<Result<_>>()?;
    ensure!(counts.len() == 2, "expected two workloads, found {}", counts.len());
    let more = f64::from(counts[1].1) - f64::from(counts[0].1);
    figures.add("KMS: mint - bare", more, "allocations", Target::AtMost(15.0));
    figures.info("KMS: bare call", f64::from(counts[0].1), "allocations");
    Ok(())
}

/// Compares the CPU time of a mint with that of the bare call. A load is the number of concurrent calls, and of calls per round.
pub(super) fn cpu(figures: &mut Figures, programs: &mut [Sampler], service: &str, loads: &[(u32, u32)]) -> Result<()> {
    // Many short rounds, because other programs disturb some of them.
    for &(concurrency, count) in loads {
        let (bare, mint) = (format!("bare-{concurrency}"), format!("mint-{concurrency}"));
        let with_verify = format!("bare-verify-{concurrency}");
        let sides = [
            thread_side(0, &bare, count),
            thread_side(0, &with_verify, count),
            thread_side(0, &mint, count),
            thread_side(0, "verify-raw", 256),
        ];
        let [bare, with_verify, mint, verify] = &interleaved(programs, &sides, 91)?[..] else {
            unreachable!("four sides")
        };
        let name = format!("{service}, {concurrency} at once:");
        // Between calls, a verification finds neither its code nor its key in the caches: that is a cold one.
        let more = (mint.min() - with_verify.min()) / 1e3;
        figures.add(&format!("{name} mint - (bare + cold verify)"), more, "us CPU", Target::AtMost(5.0));
        let median = (mint.median() - with_verify.median()) / 1e3;
        figures.info(&format!("{name} the same, medians"), median, "us CPU");
        figures.info(&format!("{name} bare call"), bare.min() / 1e3, "us CPU");
        figures.info(&format!("{name} cold verify"), (with_verify.min() - bare.min()) / 1e3, "us CPU");
        figures.info(&format!("{name} warm verify"), verify.min() / 1e3, "us CPU");
    }
    Ok(())
}
