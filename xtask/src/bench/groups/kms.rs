//! A key in AWS KMS beside the bare call of the SDK, against a stub in the same process but on another thread.

use anyhow::{Result, ensure};

use super::super::compare::{Side, interleaved};
use super::super::figure::{Figures, Target};
use super::super::programs::{Program, Sampler};
use super::own::{named_count, thread_side};

/// What a token may cost beyond the bare call and one verification, in nanoseconds.
const BEYOND: f64 = 5_000.0;

/// Everything of KMS.
pub(super) fn kms(figures: &mut Figures) -> Result<()> {
    let mut programs = [Sampler::start("bench-kms", "kms-samples")?];
    let mut of_256 = (0.0, 0.0);
    // Many short rounds, so that some of them are undisturbed.
    for (concurrency, count) in [(1, 128), (64, 256), (256, 512)] {
        let (bare, mint) = (format!("bare-{concurrency}"), format!("mint-{concurrency}"));
        let with_verify = format!("bare-verify-{concurrency}");
        let sides = [
            thread_side(0, &bare, count),
            thread_side(0, &with_verify, count),
            thread_side(0, &mint, count),
            thread_side(0, "verify-raw", 256),
        ];
        let [bare, with_verify, mint, verify] = &interleaved(&mut programs, &sides, 91)?[..] else {
            unreachable!("four sides")
        };
        let name = format!("KMS, {concurrency} at once:");
        let (more, allowed) = (mint.min() - bare.min(), verify.min() + BEYOND);
        figures.add(&format!("{name} mint - bare/verify + 5 us"), more / allowed, "ratio", Target::AtMost(1.0));
        let median = (mint.median() - bare.median()) / (verify.median() + BEYOND);
        figures.info(&format!("{name} the same, medians"), median, "ratio");
        figures.info(&format!("{name} bare call"), bare.min() / 1e3, "us CPU");
        figures.info(&format!("{name} mint - bare"), more / 1e3, "us CPU");
        // A verification between calls finds its code and its key no longer in the caches.
        figures.info(&format!("{name} a verify in its place"), (with_verify.min() - bare.min()) / 1e3, "us CPU");
        figures.info(&format!("{name} mint - bare - that"), (mint.min() - with_verify.min()) / 1e3, "us CPU");
        of_256 = (bare.min(), allowed);
    }

    let (bare, allowed) = of_256;
    for (concurrency, count, target) in [(64, 1_280, 0.97), (256, 5_120, bare / (bare + allowed))] {
        let names = [format!("bare-{concurrency}-late"), format!("mint-{concurrency}-late")];
        let sides = names.each_ref().map(|workload| Side { program: 0, workload, count, clock: |sample| sample.wall });
        let [bare, mint] = &interleaved(&mut programs, &sides, 21)?[..] else { unreachable!("two sides") };
        let name = format!("KMS, 20 ms later, {concurrency} at once: tokens/bare");
        figures.add(&name, bare.min() / mint.min(), "ratio", Target::AtLeast(target));
        figures.info(&format!("{name}, medians"), bare.median() / mint.median(), "ratio");
    }

    let counts = Program::built("bench-kms", "kms-allocations")?.output(&[])?;
    let counts: Vec<_> = counts.lines().map(named_count).collect::<Result<_>>()?;
    ensure!(counts.len() == 2, "the allocations of two workloads, not of {}", counts.len());
    let more = f64::from(counts[1].1) - f64::from(counts[0].1);
    figures.add("KMS: mint - bare", more, "allocations", Target::AtMost(15.0));
    figures.info("KMS: bare call", f64::from(counts[0].1), "allocations");
    Ok(())
}
