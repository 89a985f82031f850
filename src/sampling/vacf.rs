//! Velocity autocorrelation of each species, in bounded memory.
//!
//! ```text
//! C_a(t) = 1/3 < v_i(t0) . v_i(t0 + t) >      over origins t0 and the atoms i of species a
//! ```
//!
//! Velocities are relative to the centre of mass. Every eighth frame is an origin, kept for 256 frames; each frame meets
//! all origins that are left, so that eight frames together see every lag once. Averages are kept over stretches of the
//! run, for errors.

use serde::{Deserialize, Serialize};

use super::Frame;
use super::followed::Followed;
use super::rows::Rows;
use crate::math::Vec3;
use crate::system::System;

/// Lags that are followed, in frames.
const LAGS: usize = 256;
/// Frames from one origin to the next.
const SPACING: usize = 8;
const ORIGINS: usize = LAGS / SPACING;
/// Stretches merge in pairs when there are this many.
const STRETCHES: usize = 32;
/// Of larger systems, only about so many atoms of each species are followed.
const MAX_FOLLOWED: usize = 500;

/// One species' correlation.
#[derive(Debug, Clone, PartialEq)]
pub struct VelocityCorrelation {
    /// Name of the species.
    pub species: String,
    /// Time from one lag to the next, fs.
    pub interval_fs: f64,
    /// Length of a stretch, fs.
    pub stretch_fs: f64,
    /// The correlation at lags 0, 1, 2, …, Å^2/fs^2, in each stretch.
    pub stretches: Vec<Vec<f64>>,
}

/// Velocity autocorrelations of every species that has atoms. Frames must be equally spaced in time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vacf {
    followed: Followed,
    frames: u64,
    start_fs: f64,
    last_fs: f64,
    velocities: Vec<Vec3>,
    /// Origin k lies at `k % ORIGINS`, atoms within.
    origins: Vec<Vec3>,
    /// By species, then by lag: what the present eight frames have seen.
    latest: Vec<f64>,
    stretches: Rows,
}

impl Vacf {
    /// An observer for runs of `system`.
    pub fn new(system: &System) -> Self {
        let followed = Followed::new(system, MAX_FOLLOWED);
        let width = followed.groups.len() * LAGS;
        Self {
            velocities: vec![Vec3::zeros(); followed.atoms.len()],
            origins: vec![Vec3::zeros(); followed.atoms.len() * ORIGINS],
            latest: vec![0.0; width],
            stretches: Rows::with_most(width, STRETCHES),
            followed,
            frames: 0,
            start_fs: 0.0,
            last_fs: 0.0,
        }
    }

    /// Takes in one frame.
    pub fn observe(&mut self, frame: &Frame) {
        if self.frames == 0 {
            self.start_fs = frame.time_fs;
        }
        self.last_fs = frame.time_fs;
        let system = frame.system;
        let momentum: Vec3 = (0..system.len()).map(|i| system.velocities[i] * system.mass(i)).sum();
        let drift = momentum / system.total_mass();
        for (own, &atom) in self.velocities.iter_mut().zip(&self.followed.atoms) {
            *own = system.velocities[atom as usize] - drift;
        }
        let now = self.frames as usize;
        if now.is_multiple_of(SPACING) {
            let place = now / SPACING % ORIGINS * self.velocities.len();
            self.origins[place..place + self.velocities.len()].copy_from_slice(&self.velocities);
        }
        self.frames += 1;
        // The first origin has seen every lag but those that later frames will bring.
        if now + SPACING >= LAGS {
            self.correlate(now);
        }
    }

    fn correlate(&mut self, now: usize) {
        let atoms = self.velocities.len();
        let newest = now / SPACING;
        for origin in newest + 1 - ORIGINS..=newest {
            let lag = now - origin * SPACING;
            let place = origin % ORIGINS * atoms;
            let then = &self.origins[place..place + atoms];
            for (group, range) in self.followed.groups.iter().enumerate() {
                let pairs = then[range.clone()].iter().zip(&self.velocities[range.clone()]);
                let sum: f64 = pairs.map(|(a, b)| a.dot(b)).sum();
                self.latest[group * LAGS + lag] = sum / (3.0 * range.len() as f64);
            }
        }
        if (now + 1).is_multiple_of(SPACING) {
            self.stretches.push(self.latest.iter().copied());
        }
    }

    /// The correlations over stretches that are longer than the longest lag; none while there are no such stretches.
    pub fn correlations(&self) -> Vec<VelocityCorrelation> {
        let interval_fs = (self.last_fs - self.start_fs) / self.frames.saturating_sub(1).max(1) as f64;
        let merge = (ORIGINS as u64).div_ceil(self.stretches.stride()) as usize;
        let of = |(group, species): (usize, &String)| {
            let columns: Vec<Vec<f64>> = (0..LAGS).map(|lag| self.stretches.column(group * LAGS + lag)).collect();
            let stretch = |s: usize| {
                columns.iter().map(|c| c[s * merge..(s + 1) * merge].iter().sum::<f64>() / merge as f64).collect()
            };
            VelocityCorrelation {
                species: species.clone(),
                interval_fs,
                stretch_fs: interval_fs * (merge as u64 * self.stretches.stride()) as f64 * SPACING as f64,
                stretches: (0..self.stretches.len() / merge).map(stretch).collect(),
            }
        };
        self.followed.species.iter().enumerate().map(of).filter(|own| !own.stretches.is_empty()).collect()
    }
}
