use anyhow::Result;

use crate::{
    figure::{Figures, Target},
    programs::{Sample, Sampler},
};

/// AWS-LC renews its blinding at every 32nd signature, which takes as long as a signature.
pub(crate) const BATCH: u32 = 32;

/// A workload of a comparison.
#[derive(Debug)]
pub(crate) struct Side<'a> {
    /// The index of the program.
    pub(crate) program: usize,
    pub(crate) workload: &'a str,
    /// Repetitions per sample.
    pub(crate) count: u32,
    pub(crate) clock: fn(Sample) -> std::time::Duration,
}

/// The nanoseconds that one repetition took, for each round.
#[derive(Debug)]
pub(crate) struct Rounds(Vec<f64>);

impl Rounds {
    /// Returns the fastest round, which other programs disturbed least.
    pub(crate) fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn median(&self) -> f64 {
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

/// Measures all sides in turn, after one round of warm-up.
pub(crate) fn interleaved(programs: &mut [Sampler], sides: &[Side<'_>], rounds: usize) -> Result<Vec<Rounds>> {
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

/// Adds the ratio of the minima, which has the target, and that of the medians.
pub(crate) fn ratio(figures: &mut Figures, name: &str, above: &Rounds, below: &Rounds, target: Target) {
    figures.add(name, above.min() / below.min(), "ratio", target);
    figures.info(&format!("{name}, medians"), above.median() / below.median(), "ratio");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn min_and_median_are_of_all_rounds() {
        let rounds: Rounds = [3.0, 1.0, 2.0, 9.0, 8.0].into_iter().collect();
        assert_eq!((rounds.min(), rounds.median()), (1.0, 3.0));
    }
}
