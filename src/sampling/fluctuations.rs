//! Means and fluctuations of volume and energy, and what follows from them with errors.
//!
//! Each frame gives the volume, the potential energy, the kinetic energy, and their squares and product. These are averaged
//! over 32 to 63 equal stretches of the run; a derived quantity f is computed from the average over all stretches and from
//! those over all but one. The jackknife's pseudo-values
//!
//! ```text
//! p_i = n f(all) - (n - 1) f(all but i)
//! ```
//!
//! have a mean that is free of f's bias to first order in 1/n — a variance within a run of length T is too small by
//! `2 tau/T` of itself — and their scatter gives its error ([`rows_error`]; Quenouille 1956, doi:10.1093/biomet/43.3-4.353).
//!
//! Values are taken relative to those of the first frame, so that squares lose no digits.

use serde::{Deserialize, Serialize};

use super::rows::Rows;
use super::{Frame, Observer};
use crate::analysis::Estimate;
use crate::math::statistics::rows_error;

const COLUMNS: usize = 7;

/// First and second moments over a stretch of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Mean volume, Å^3.
    pub volume: f64,
    /// Mean potential energy of all atoms, eV.
    pub potential: f64,
    /// Mean kinetic energy of all atoms, eV.
    pub kinetic: f64,
    /// Variance of the volume, Å^6.
    pub volume_variance: f64,
    /// Variance of the potential energy, eV^2.
    pub potential_variance: f64,
    /// Covariance of volume and potential energy, eV Å^3.
    pub covariance: f64,
    /// Variance of the kinetic energy, eV^2.
    pub kinetic_variance: f64,
}

/// An estimate as the run grew: times in ps, values and errors.
pub type Convergence = (Vec<f64>, Vec<f64>, Vec<Option<f64>>);

/// Follows volume and energies in bounded memory. Frames must be equally spaced in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fluctuations {
    frames: u64,
    start_fs: f64,
    last_fs: f64,
    /// Volume, potential and kinetic energy of the first frame.
    origin: [f64; 3],
    rows: Rows,
}

impl Default for Fluctuations {
    fn default() -> Self {
        Self::new()
    }
}

impl Fluctuations {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { frames: 0, start_fs: 0.0, last_fs: 0.0, origin: [0.0; 3], rows: Rows::new(COLUMNS) }
    }

    /// Takes in volume, Å^3, potential and kinetic energy, eV, at a time in fs.
    pub fn take(&mut self, time_fs: f64, now: [f64; 3]) {
        if self.frames == 0 {
            self.start_fs = time_fs;
            self.origin = now;
        }
        self.frames += 1;
        self.last_fs = time_fs;
        let [v, u, k]: [f64; 3] = std::array::from_fn(|c| now[c] - self.origin[c]);
        self.rows.push([v, u, k, v * v, u * u, u * v, k * k].into_iter());
    }

    /// Frames taken in.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Time over which frames were taken, ps.
    pub fn time_ps(&self) -> f64 {
        1e-3 * (self.last_fs - self.start_fs)
    }

    /// A quantity that follows from moments, bias removed, in `unit`; `None` before there are two stretches.
    pub fn estimate(&self, unit: &str, quantity: impl Fn(&Moments) -> f64) -> Option<Estimate> {
        let pseudo = self.pseudo_values(self.rows.len(), &quantity)?;
        let value = pseudo.iter().sum::<f64>() / pseudo.len() as f64;
        Some(Estimate::new(value, rows_error(&pseudo), unit))
    }

    /// The same from the first 2, 3, ... stretches.
    pub fn convergence(&self, quantity: impl Fn(&Moments) -> f64) -> Convergence {
        let row_ps = self.time_ps() / self.frames.saturating_sub(1).max(1) as f64 * self.rows.stride() as f64;
        let mut curve = Convergence::default();
        for used in 2..=self.rows.len() {
            let Some(pseudo) = self.pseudo_values(used, &quantity) else { continue };
            curve.0.push(row_ps * used as f64);
            curve.1.push(pseudo.iter().sum::<f64>() / used as f64);
            curve.2.push(rows_error(&pseudo).standard_error);
        }
        curve
    }

    /// Pseudo-values over the first `used` stretches.
    fn pseudo_values(&self, used: usize, quantity: &impl Fn(&Moments) -> f64) -> Option<Vec<f64>> {
        if used < 2 {
            return None;
        }
        let n = used as f64;
        let mut sum = [0.0; COLUMNS];
        for i in 0..used {
            sum.iter_mut().zip(self.rows.row(i)).for_each(|(sum, value)| *sum += value);
        }
        let all = quantity(&self.moments(&sum.map(|x| x / n)));
        let without = |i: usize| {
            let row = self.rows.row(i);
            quantity(&self.moments(&std::array::from_fn(|c| (sum[c] - row[c]) / (n - 1.0))))
        };
        Some((0..used).map(|i| n * all - (n - 1.0) * without(i)).collect())
    }

    fn moments(&self, mean: &[f64; COLUMNS]) -> Moments {
        let &[v, u, k, vv, uu, uv, kk] = mean;
        Moments {
            volume: self.origin[0] + v,
            potential: self.origin[1] + u,
            kinetic: self.origin[2] + k,
            volume_variance: vv - v * v,
            potential_variance: uu - u * u,
            covariance: uv - u * v,
            kinetic_variance: kk - k * k,
        }
    }
}

impl Observer for Fluctuations {
    fn observe(&mut self, frame: &Frame) {
        let volume = frame.system.cell.volume().unwrap_or(0.0);
        self.take(frame.time_fs, [volume, frame.potential_energy, frame.kinetic_energy]);
    }
}
