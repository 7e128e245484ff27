//! This SDK beside the bare signature.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::{
    figure::{Figures, Target},
    instructions::Callgrind,
    programs::{Program, Sampler},
    rounds::{BATCH, Rounds, Side, interleaved, ratio},
};

/// Key sizes in bits.
pub(crate) const SIZES: [u32; 3] = [2048, 3072, 4096];

/// A mint over the bare signature.
pub(crate) fn mint(figures: &mut Figures) -> Result<()> {
    let mut programs = [Sampler::start("bench-ours", "samples")?];
    // Many rounds, because other programs disturb some of them.
    for (bits, rounds) in SIZES.into_iter().zip([151, 61, 41]) {
        let names = [format!("mint-{bits}"), format!("sign-{bits}")];
        let sides = names.each_ref().map(|name| thread_side(0, name, BATCH));
        let [mint, sign] = &interleaved(&mut programs, &sides, rounds)?[..] else { unreachable!("two sides") };
        ratio(figures, &format!("mint/raw sign, {bits} bits"), mint, sign, Target::AtMost(1.01));
        figures.info(&format!("mint, {bits} bits"), mint.min() / 1e3, "us");
    }
    Ok(())
}

/// The throughput of two threads over that of one, and that over the bare signature's.
pub(crate) fn threads(figures: &mut Figures) -> Result<()> {
    let mut programs = [Sampler::start("bench-ours", "samples")?];
    let sides = ["mint-2048", "mint-by-two", "sign-2048", "sign-by-two"].map(|workload| Side {
        program: 0,
        workload,
        count: BATCH,
        clock: |sample| sample.wall,
    });
    let [mint, mint_by_two, sign, sign_by_two] = &interleaved(&mut programs, &sides, 151)?[..] else {
        unreachable!("four sides")
    };
    let scaling = |of: fn(&Rounds) -> f64, one: &Rounds, two: &Rounds| 2.0 * of(one) / of(two);
    let (ours, raw) = (scaling(Rounds::min, mint, mint_by_two), scaling(Rounds::min, sign, sign_by_two));
    figures.add("two threads/one, over that of raw sign", ours / raw, "ratio", Target::AtLeast(0.97));
    let median = scaling(Rounds::median, mint, mint_by_two) / scaling(Rounds::median, sign, sign_by_two);
    figures.info("two threads/one, over that of raw sign, medians", median, "ratio");
    figures.info("two threads/one", ours, "ratio");
    Ok(())
}

/// A mint without its signature.
pub(crate) fn overhead(figures: &mut Figures) -> Result<()> {
    for (name, count) in allocations()? {
        let target = if name == "mint" { Target::AtMost(8.0) } else { Target::None };
        figures.add(&format!("{name} without its signature"), f64::from(count), "allocations", target);
    }
    figures.add(
        "mint without its signature",
        f64::from(Callgrind::new()?.count("mint")?),
        "instructions",
        Target::AtMost(14_000.0),
    );
    let mut programs = [Sampler::start("bench-ours", "samples")?];
    let [mint] = &interleaved(&mut programs, &[thread_side(0, "mint-null", 32_000)], 15)?[..] else {
        unreachable!("one side")
    };
    figures.info("mint without its signature", mint.min(), "ns");
    Ok(())
}

/// Returns the allocations of one mint without its signature, and of one verification.
pub(crate) fn allocations() -> Result<Vec<(String, u32)>> {
    let counts = Program::built("bench-ours", "allocations")?.output()?;
    counts.lines().map(named_count).collect()
}

/// Parses `NAME COUNT`.
pub(crate) fn named_count(line: &str) -> Result<(String, u32)> {
    let (name, count) = line.split_once(' ').with_context(|| format!("`{line}` is not a name and a count"))?;
    Ok((name.to_owned(), count.parse()?))
}

/// The instructions of one more condition, in small and in large policies.
pub(crate) fn policies(figures: &mut Figures) -> Result<()> {
    let callgrind = Callgrind::new()?;
    let point = |conditions: u32| {
        let instructions = callgrind.count(&format!("mint-{conditions}"))?;
        Ok::<_, anyhow::Error>((f64::from(conditions), f64::from(instructions)))
    };
    let (one, ten, hundred, thousand) = (point(1)?, point(10)?, point(100)?, point(1_000)?);
    let slope = |less: (f64, f64), more: (f64, f64)| (more.1 - less.1) / (more.0 - less.0);
    figures.info("mint with a policy of 1 condition", one.1, "instructions");
    figures.info("a condition, from 1 to 10", slope(one, ten), "instructions");
    figures.info("a condition, from 10 to 100", slope(ten, hundred), "instructions");
    figures.info("a condition, from 100 to 1,000", slope(hundred, thousand), "instructions");
    // Longer numbers and a larger tree cost up to a tenth more.
    let growth = slope(hundred, thousand) / slope(one, ten);
    figures.add("a condition, of 1,000 / of 10", growth, "ratio", Target::AtMost(1.1));
    Ok(())
}

/// The first mint of a minter over later ones. Each round is a new process.
pub(crate) fn first(figures: &mut Figures) -> Result<()> {
    let program = Program::built("bench-ours", "first")?;
    let mut rounds = Vec::new();
    for _ in 0..15 {
        let times = program.output()?;
        let mut times = times.split_whitespace().map(str::parse::<f64>);
        let mut next = || times.next().context("a time is missing")?.context("not a number");
        rounds.push((next()?, next()?));
    }
    let first: Rounds = rounds.iter().map(|(first, _)| *first).collect();
    let steady: Rounds = rounds.iter().map(|(_, steady)| *steady).collect();
    ratio(figures, "first mint/steady", &first, &steady, Target::AtMost(1.1));
    Ok(())
}

/// The delay of a light task on a runtime of two workers that also sign.
pub(crate) fn light_task(figures: &mut Figures) -> Result<()> {
    let delays = Program::built("bench-ours", "light_task")?.output()?;
    for (line, load) in delays.lines().zip(["idle", "signing at half of capacity"]) {
        for (nanos, rank) in line.split_whitespace().zip(["median", "p99"]) {
            let nanos = Duration::from_nanos(nanos.parse()?);
            figures.info(&format!("light task, {load}, {rank}"), nanos.as_secs_f64() * 1e6, "us");
        }
    }
    Ok(())
}

/// Returns a side that is measured in CPU time of the working thread.
pub(crate) const fn thread_side(program: usize, workload: &str, count: u32) -> Side<'_> {
    Side { program, workload, count, clock: |sample| sample.cpu }
}
