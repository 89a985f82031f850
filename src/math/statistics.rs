//! Errors of averages over correlated series, in bounded memory.
//!
//! # Blocking
//!
//! A series of n samples is averaged in blocks of 1, 2, 4, … samples while it streams in. Each level l holds the n_l block
//! means of 2^l samples; if these were independent, the error of the total mean would be
//!
//! ```text
//! s_l^2 = var_l / n_l
//! ```
//!
//! s_l rises with l until blocks outlast the correlation and then stays, ever noisier (Flyvbjerg and Petersen, J. Chem. Phys.
//! 91, 461 (1989), doi:10.1063/1.457480). The level taken is the smallest whose block length B = 2^l obeys
//!
//! ```text
//! B^3 > 2 n (s_l / s_0)^4
//! ```
//!
//! where the bias of blocks that are too short equals the noise of blocks that are too few (Lee et al., Phys. Rev. E 83,
//! 066706 (2011), doi:10.1103/PhysRevE.83.066706). With fewer than [`MIN_BLOCKS`] blocks there, or where no level obeys,
//! the series is too short for an error, and none is given.
//!
//! | symbol | here |
//! |---|---|
//! | n | [`Blocking::count`] |
//! | var_l, n_l | a level's second moment and count |
//! | (s_l / s_0)^2 | statistical inefficiency, `n / independent_samples` |

use serde::{Deserialize, Serialize};

/// An error needs at least this many blocks: with 8, it is itself uncertain by a quarter.
pub const MIN_BLOCKS: u64 = 8;

/// Rows (see [`rows_error`]) below this number give no error.
pub const MIN_ROWS: usize = 16;

/// Standard error of a mean, and the number of independent samples that it amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanError {
    /// One standard error, in the unit of the samples; `None` where the series is too short.
    pub standard_error: Option<f64>,
    /// Samples divided by the statistical inefficiency; an upper bound where there is no standard error.
    pub independent_samples: f64,
}

/// Streaming block averages: O(log n) memory, O(1) amortised time per sample.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Blocking {
    levels: Vec<Level>,
}

/// Welford's moments of the block means of one length, and the half of the next longer block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Level {
    count: u64,
    mean: f64,
    second_moment: f64,
    pending: Option<f64>,
}

impl Level {
    /// Takes a block mean; returns the mean of a completed pair.
    fn push(&mut self, block: f64) -> Option<f64> {
        self.count += 1;
        let deviation = block - self.mean;
        self.mean += deviation / self.count as f64;
        self.second_moment += deviation * (block - self.mean);
        match self.pending.take() {
            Some(earlier) => Some(0.5 * (earlier + block)),
            None => {
                self.pending = Some(block);
                None
            }
        }
    }

    fn variance(&self) -> f64 {
        if self.count < 2 { 0.0 } else { self.second_moment / (self.count - 1) as f64 }
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
        let variance = self.variance();
        if self.count() >= MIN_BLOCKS && variance <= (1e-14 * self.mean()).powi(2) {
            return MeanError { standard_error: Some(0.0), independent_samples: n };
        }
        let mut worst = 1.0_f64;
        for (l, level) in self.levels.iter().enumerate().filter(|(_, level)| level.count >= MIN_BLOCKS) {
            let block = (1u64 << l.min(62)) as f64;
            let inefficiency = block * level.variance() / variance;
            worst = worst.max(inefficiency);
            if block.powi(3) > 2.0 * n * inefficiency * inefficiency {
                let standard_error = (variance * inefficiency / n).sqrt();
                return MeanError {
                    standard_error: Some(standard_error),
                    independent_samples: n / inefficiency.max(1.0),
                };
            }
        }
        MeanError { standard_error: None, independent_samples: n / worst }
    }
}

/// The error of the mean of `rows`: averages over consecutive stretches of a run that are equally long.
///
/// Rows shall outlast the correlation, so that only neighbours know of each other; the error is then that of independent
/// rows with a factor `1 + 2 rho_1` in the variance, rho_1 being the correlation of neighbouring rows (taken as 0 where it
/// comes out negative). Above 1/2 rows are too short for that, and no error is given, nor for less than [`MIN_ROWS`] rows.
pub fn rows_error(rows: &[f64]) -> MeanError {
    let n = rows.len() as f64;
    let unknown = MeanError { standard_error: None, independent_samples: n };
    if rows.len() < MIN_ROWS || !rows.iter().all(|x| x.is_finite()) {
        return unknown;
    }
    let mean = rows.iter().sum::<f64>() / n;
    let squares: f64 = rows.iter().map(|x| (x - mean).powi(2)).sum();
    if squares <= n * (1e-14 * mean).powi(2) {
        return MeanError { standard_error: Some(0.0), independent_samples: n };
    }
    let products: f64 = rows.windows(2).map(|w| (w[0] - mean) * (w[1] - mean)).sum();
    // 1/n is the bias of the correlation of n independent rows about their own mean.
    let correlation = products / squares + 1.0 / n;
    let inefficiency = 1.0 + 2.0 * correlation.max(0.0);
    if correlation > 0.5 {
        return MeanError { standard_error: None, independent_samples: n / inefficiency };
    }
    let standard_error = (squares / (n - 1.0) / n * inefficiency).sqrt();
    MeanError { standard_error: Some(standard_error), independent_samples: n / inefficiency }
}
