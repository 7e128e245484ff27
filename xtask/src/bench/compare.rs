//! Two or more workloads, taking turns.

use anyhow::Result;

use super::figure::{Figures, Target};
use super::programs::{Sample, Sampler};

/// Half of AWS-LC's signatures are dearer if one asks at the wrong moments: it makes its blinding anew at every 32nd.
pub(super) const BATCH: u32 = 32;

/// One side of a comparison.
#[derive(Debug)]
pub(super) struct Side<'a> {
    /// Which of the programs is asked.
    pub(super) program: usize,
    /// For what.
    pub(super) workload: &'a str,
    /// How many at a time.
    pub(super) count: u32,
    /// Which of the clocks counts.
    pub(super) clock: fn(Sample) -> std::time::Duration,
}

/// What a side took for one, in nanoseconds, in each round.
#[derive(Debug)]
pub(super) struct Rounds(Vec<f64>);

impl Rounds {
    /// The round that nobody disturbed.
    pub(super) fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The round in the middle.
    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }
}

impl FromIterator<f64> for Rounds {
    fn from_iter<I: IntoIterator<Item = f64>>(rounds: I) -> Self {
        Self(rounds.into_iter().collect())
    }
}

/// Lets all sides take turns, once for nothing and then so many rounds.
pub(super) fn interleaved(programs: &mut [Sampler], sides: &[Side<'_>], rounds: usize) -> Result<Vec<Rounds>> {
    let mut taken: Vec<Vec<f64>> = sides.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (side, taken) in sides.iter().zip(&mut taken) {
            let sample = programs[side.program].sample(side.workload, side.count)?;
            if round > 0 {
                taken.push((side.clock)(sample).as_secs_f64() * 1e9 / f64::from(side.count));
            }
        }
    }
    Ok(taken.into_iter().map(Rounds).collect())
}

/// The ratio of the minima is what is judged; that of the medians stands beside it.
pub(super) fn ratio(figures: &mut Figures, name: &str, above: &Rounds, below: &Rounds, target: Target) {
    figures.add(name, above.min() / below.min(), "ratio", target);
    figures.info(&format!("{name}, medians"), above.median() / below.median(), "ratio");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minima_and_medians_are_of_all_rounds() {
        let rounds: Rounds = [3.0, 1.0, 2.0, 9.0, 8.0].into_iter().collect();
        assert_eq!((rounds.min(), rounds.median()), (1.0, 3.0));
    }
}
