//! Errors of averages over correlated series, in bounded memory.
//!
//! # Blocking
//!
//! A series of n samples is averaged in blocks of B = 1, 2, 4, … samples while it streams in (Flyvbjerg and Petersen,
//! J. Chem. Phys. 91, 461 (1989), doi:10.1063/1.457480). From the n_B block means of each length, the error of the total
//! mean is
//!
//! ```text
//! s_B^2 = var_B / n_B (1 + 2 max(rho_B, 0)),     rho_B = 1 - sum (x_k - x_(k-1))^2 / (2 (n_B - 1) var_B)
//! ```
//!
//! with rho_B the correlation of neighbouring block means: blocks that outlast the correlation know only of their
//! neighbours, and the factor counts these in full. The length taken is the smallest for which
//!
//! ```text
//! B^3 > n g^2 / 10,     g = max(1, n s_B^2 / var_1)
//! ```
//!
//! the rule of Lee et al. (Phys. Rev. E 83, 066706 (2011), doi:10.1103/PhysRevE.83.066706), which balances the bias of
//! blocks that are too short with the noise of blocks that are too few, with a smaller number, since the factor leaves
//! less bias. With fewer than [`MIN_BLOCKS`] blocks, with rho_B above 1/2, or where no length obeys, the series is too
//! short for an error, and none is given.
//!
//! | symbol | here |
//! |---|---|
//! | n | [`Blocking::count`] |
//! | n_B, var_B, rho_B | a level's count, variance and correlation |
//! | g | statistical inefficiency, `n / independent_samples` |

use serde::{Deserialize, Serialize};

/// An error needs at least this many blocks: with 16, it is itself uncertain by a fifth.
pub const MIN_BLOCKS: u64 = 16;

/// Neighbouring blocks that are more alike than this are too short.
const MAX_CORRELATION: f64 = 0.5;

/// Standard error of a mean, and the number of independent samples that it amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanError {
    /// One standard error, in the unit of the samples; `None` where the series is too short.
    pub standard_error: Option<f64>,
    /// Samples divided by the statistical inefficiency; an upper bound where there is no standard error.
    pub independent_samples: f64,
}

impl MeanError {
    /// The error of the same quantity in another unit.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self { standard_error: self.standard_error.map(|error| error * factor.abs()), ..self }
    }
}

/// Streaming block averages: O(log n) memory, O(1) amortised time per sample.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Blocking {
    levels: Vec<Level>,
}

/// Moments of the block means of one length (Welford's recursion), and their steps from one to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Level {
    count: u64,
    mean: f64,
    second_moment: f64,
    last: f64,
    squared_steps: f64,
}

impl Level {
    /// Takes a block mean; returns the mean of a completed pair.
    fn push(&mut self, block: f64) -> Option<f64> {
        let previous = std::mem::replace(&mut self.last, block);
        if self.count > 0 {
            self.squared_steps += (block - previous).powi(2);
        }
        self.count += 1;
        let deviation = block - self.mean;
        self.mean += deviation / self.count as f64;
        self.second_moment += deviation * (block - self.mean);
        self.count.is_multiple_of(2).then_some(0.5 * (previous + block))
    }

    fn variance(&self) -> f64 {
        if self.count < 2 { 0.0 } else { self.second_moment / (self.count - 1) as f64 }
    }

    /// Whether blocks differ by rounding alone.
    fn is_constant(&self) -> bool {
        self.variance() <= (1e-14 * self.mean).powi(2)
    }

    /// Correlation of neighbouring blocks.
    fn correlation(&self) -> f64 {
        1.0 - 0.5 * self.squared_steps / self.second_moment
    }

    /// What neighbours' correlation multiplies the variance of the mean by.
    fn correlation_factor(&self) -> f64 {
        1.0 + 2.0 * self.correlation().max(0.0)
    }
}

impl Blocking {
    /// No samples yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next sample of the series.
    pub fn push(&mut self, sample: f64) {
        let mut carried = Some(sample);
        let mut level = 0;
        while let Some(block) = carried {
            if level == self.levels.len() {
                self.levels.push(Level::default());
            }
            carried = self.levels[level].push(block);
            level += 1;
        }
    }

    /// Samples taken.
    pub fn count(&self) -> u64 {
        self.levels.first().map_or(0, |level| level.count)
    }

    /// Mean of all samples; NaN before the first.
    pub fn mean(&self) -> f64 {
        self.levels.first().map_or(f64::NAN, |level| level.mean)
    }

    /// Variance of single samples (n - 1 in the denominator); 0 for fewer than two.
    pub fn variance(&self) -> f64 {
        self.levels.first().map_or(0.0, Level::variance)
    }

    /// The error of [`Blocking::mean`].
    pub fn mean_error(&self) -> MeanError {
        let n = self.count() as f64;
        let Some(single) = self.levels.first().filter(|level| level.count >= MIN_BLOCKS) else {
            return MeanError { standard_error: None, independent_samples: n };
        };
        if single.is_constant() {
            return MeanError { standard_error: Some(0.0), independent_samples: n };
        }
        let mut worst = 1.0_f64;
        for (l, level) in self.levels.iter().enumerate().filter(|(_, level)| level.count >= MIN_BLOCKS) {
            let block = (1u64 << l.min(62)) as f64;
            let inefficiency = block * level.variance() / single.variance() * level.correlation_factor();
            worst = worst.max(inefficiency);
            let long_enough = 10.0 * block.powi(3) > n * inefficiency.max(1.0).powi(2);
            if long_enough && level.correlation() < MAX_CORRELATION {
                return MeanError {
                    standard_error: Some((single.variance() * inefficiency / n).sqrt()),
                    independent_samples: n / inefficiency.max(1.0),
                };
            }
        }
        MeanError { standard_error: None, independent_samples: n / worst }
    }
}

/// The error of the mean of `rows`: averages over consecutive stretches of a run that are equally long and shall outlast
/// the correlation. It is that of one length of [`Blocking`]'s blocks, with the same two reasons to give none.
pub fn rows_error(rows: &[f64]) -> MeanError {
    let n = rows.len() as f64;
    let mut level = Level::default();
    for &row in rows {
        level.push(row);
    }
    if level.count < MIN_BLOCKS || !level.variance().is_finite() {
        return MeanError { standard_error: None, independent_samples: n };
    }
    if level.is_constant() {
        return MeanError { standard_error: Some(0.0), independent_samples: n };
    }
    let inefficiency = level.correlation_factor();
    let standard_error = (level.variance() * inefficiency / n).sqrt();
    let long_enough = level.correlation() < MAX_CORRELATION;
    MeanError { standard_error: long_enough.then_some(standard_error), independent_samples: n / inefficiency }
}

#[cfg(test)]
mod tests {
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::math::rng::seeded;

    /// x' = phi x + noise, in its stationary state with variance 1. The mean of n samples has, to order 1/n, the variance
    /// (1 + phi) / (1 - phi) / n; `exact_error` is its root with all orders.
    fn autoregressive(seed: u64, phi: f64, n: usize) -> Vec<f64> {
        let mut rng = seeded(seed, 0);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut x = normal();
        (0..n)
            .map(|_| {
                let now = x;
                x = phi * x + (1.0 - phi * phi).sqrt() * normal();
                now
            })
            .collect()
    }

    fn exact_error(phi: f64, n: usize) -> f64 {
        let m = n as f64;
        let tail = 2.0 * phi * (1.0 - phi.powi(n as i32)) / (m * (1.0 - phi).powi(2));
        (((1.0 + phi) / (1.0 - phi) - tail) / m).sqrt()
    }

    fn blocking(samples: &[f64]) -> Blocking {
        let mut blocking = Blocking::new();
        samples.iter().for_each(|&x| blocking.push(x));
        blocking
    }

    struct Coverage {
        within: f64,
        known: f64,
        /// Root mean square of the errors over the exact one.
        size: f64,
    }

    fn coverage(phi: f64, n: usize, series: u64, error_of: impl Fn(&[f64]) -> (f64, MeanError)) -> Coverage {
        let (mut within, mut known, mut square) = (0.0, 0.0, 0.0);
        for seed in 0..series {
            let (mean, error) = error_of(&autoregressive(seed, phi, n));
            if let Some(error) = error.standard_error {
                known += 1.0;
                square += error * error;
                within += f64::from(mean.abs() < error);
            }
        }
        let size = (square / known).sqrt() / exact_error(phi, n);
        Coverage { within: within / known, known: known / series as f64, size }
    }

    fn blocked(samples: &[f64]) -> (f64, MeanError) {
        let blocking = blocking(samples);
        (blocking.mean(), blocking.mean_error())
    }

    #[test]
    fn one_sigma_covers_two_thirds() {
        for (phi, n) in
            [(0.0, 300), (0.0, 5000), (0.6, 1500), (0.9, 2000), (0.9, 20_000), (0.97, 60_000), (0.99, 60_000)]
        {
            let Coverage { within, known, size } = coverage(phi, n, 600, blocked);
            println!("phi {phi} n {n}: within {within:.3} known {known:.3} size {size:.3}");
            // 68.3 %, with 600 series good to 2 %, and up to 8 blocks' heavier tails.
            assert!((0.60..0.76).contains(&within), "phi {phi}, n {n}: {within}");
            assert!((0.85..1.1).contains(&size), "phi {phi}, n {n}: {size} of the exact error");
            assert!(known > 0.9, "phi {phi}, n {n}: known in {known}");
        }
    }

    #[test]
    fn rows_cover_two_thirds() {
        for (phi, n) in [(0.0, 32), (0.0, 60), (0.2, 40)] {
            let mean = |rows: &[f64]| rows.iter().sum::<f64>() / rows.len() as f64;
            let Coverage { within, known, size } = coverage(phi, n, 2000, |rows| (mean(rows), rows_error(rows)));
            println!("rows: phi {phi} n {n}: within {within:.3} known {known:.3} size {size:.3}");
            assert!((0.60..0.76).contains(&within), "phi {phi}, n {n}: {within}");
            assert!((0.85..1.15).contains(&size), "phi {phi}, n {n}: {size}");
            assert!(known > 0.97);
        }
    }

    #[test]
    fn a_series_shorter_than_its_memory_has_no_error() {
        for (phi, n) in [(0.99, 200), (0.999, 2000), (0.9999, 5000)] {
            let Coverage { known, .. } = coverage(phi, n, 200, blocked);
            println!("phi {phi} n {n} known {known}");
            assert!(known < 0.02, "phi {phi}, n {n}: an error in {known} of all series");
        }
        let trend: Vec<f64> = (0..10_000).map(f64::from).collect();
        assert_eq!(blocking(&trend).mean_error().standard_error, None);
        assert_eq!(blocking(&[1.0, 2.0, 1.5]).mean_error().standard_error, None);
        assert_eq!(rows_error(&trend[..40]).standard_error, None);
        assert_eq!(rows_error(&[1.0; 8]).standard_error, None);
        assert!(Blocking::new().mean().is_nan());
    }

    #[test]
    fn independent_samples_are_counted() {
        // Statistical inefficiency (1 + phi) / (1 - phi) = 19; 30 % allow for the few blocks.
        let mean = (0..50).map(|s| blocked(&autoregressive(s, 0.9, 20_000)).1.independent_samples).sum::<f64>() / 50.0;
        assert!((mean * 19.0 / 20_000.0 - 1.0).abs() < 0.3, "{mean}");
    }

    #[test]
    fn moments_are_those_of_the_samples() {
        let samples = autoregressive(7, 0.5, 1001);
        let mean = samples.iter().sum::<f64>() / 1001.0;
        let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1000.0;
        let streamed = blocking(&samples);
        assert_eq!(streamed.count(), 1001);
        assert!((streamed.mean() - mean).abs() < 1e-13 && (streamed.variance() - variance).abs() < 1e-12);
    }

    #[test]
    fn a_constant_has_no_error() {
        assert_eq!(blocking(&[2.5; 100]).mean_error().standard_error, Some(0.0));
        assert_eq!(rows_error(&[0.1; 20]).standard_error, Some(0.0));
    }

    #[test]
    fn memory_grows_with_the_logarithm() {
        let mut blocking = Blocking::new();
        (0..1 << 20).for_each(|k| blocking.push(f64::from(k % 17)));
        assert_eq!(blocking.levels.len(), 21);
    }
}
