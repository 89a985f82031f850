//! Mean-square displacement of each species, in bounded memory and over many time origins.
//!
//! ```text
//! MSD_a(t) = < |u_i(t0 + t) - u_i(t0)|^2 >   over origins t0 and the atoms i of species a
//! ```
//!
//! # Displacements
//!
//! u_i is the path of atom i relative to the centre of mass of all atoms. Where the cell changes, unwrapped positions jump
//! with it however far the atom has strayed, which would add a spurious diffusion that grows with time (von Bülow,
//! Bullerjahn, Hummer, J. Chem. Phys. 153, 021101 (2020), doi:10.1063/5.0008316). So the path is summed from frame to
//! frame, the affine part of each step taken out: with h the matrix of lattice vectors and s = h^-1 r,
//!
//! ```text
//! u_i += 1/2 (h + h') (s_i' - s_i)
//! ```
//!
//! which is r' - r where the cell keeps its shape.
//!
//! # Lags
//!
//! Level l holds the paths at its last 8 samples, one every 2^l frames; a new sample is compared with those 5 to 8
//! (level 0: 1 to 8) before it (order-n: Frenkel and Smit, Understanding Molecular Simulation, section 4.4.2; Ramírez et
//! al., J. Chem. Phys. 133, 154103 (2010), doi:10.1063/1.3491098). Memory grows with the logarithm of the run's length;
//! every lag has all origins of its level. Errors come from blocking each lag's series over origins, which overlap.

use std::ops::{Range, RangeInclusive};

use serde::{Deserialize, Serialize};

use super::followed::Followed;
use super::levels::{FIRST_LAG, MAX_LEVELS, RING, due, lags, stride};
use super::rows::Rows;
use super::{Frame, Observer};
use crate::math::statistics::Blocking;
use crate::math::{Mat3, Vec3};
use crate::system::System;

/// Of larger systems, only about so many atoms of each species are followed.
const MAX_FOLLOWED: usize = 20_000;

/// One species' curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MsdCurve {
    /// Name of the species.
    pub species: String,
    /// Lag time, ps, ascending.
    pub time_ps: Vec<f64>,
    /// Mean-square displacement, Å^2.
    pub msd: Vec<f64>,
    /// Its standard error, Å^2; `None` where the run is too short for one.
    pub standard_error: Vec<Option<f64>>,
    /// Time origins behind each point.
    pub origins: Vec<u64>,
}

/// The slope of one species' curve between two lags, over stretches of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffusionWindow {
    /// First and last lag of the least-squares line, ps.
    pub lags_ps: [f64; 2],
    /// Length of a stretch, ps; at least the last lag.
    pub stretch_ps: f64,
    /// A sixth of the slope in each stretch, Å^2/fs.
    pub slopes: Vec<f64>,
    /// The line's value at the middle of the window, Å^2, over all stretches.
    pub middle: f64,
}

/// Mean-square displacements of every species that has atoms. Frames must be equally spaced in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Msd {
    followed: Followed,
    frames: u64,
    start_fs: f64,
    last_fs: f64,
    last_positions: Vec<Vec3>,
    last_cell: (Mat3, Mat3),
    paths: Vec<Vec3>,
    levels: Vec<Level>,
}

/// Paths at a level's last samples, and the averages over its lags.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Level {
    filled: u64,
    /// Sample k of the level lies at `k % RING`, atoms within.
    ring: Vec<Vec3>,
    /// By species, then by lag 1..=RING; unused below [`FIRST_LAG`] but on level 0.
    averages: Vec<Blocking>,
    /// The same columns, averaged over stretches of the run, once the ring is full.
    stretches: Rows,
    latest: Vec<f64>,
}

impl Msd {
    /// An observer for runs of `system`.
    pub fn new(system: &System) -> Self {
        let followed = Followed::new(system, MAX_FOLLOWED);
        Self {
            paths: vec![Vec3::zeros(); followed.atoms.len()],
            followed,
            frames: 0,
            start_fs: 0.0,
            last_fs: 0.0,
            last_positions: Vec::new(),
            last_cell: (*system.cell.vectors(), *system.cell.inverse()),
            levels: Vec::with_capacity(MAX_LEVELS),
        }
    }

    /// Frames taken in.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The curves so far, one per species; without points before the second frame.
    pub fn curves(&self) -> Vec<MsdCurve> {
        (0..self.followed.species.len()).map(|group| self.curve(group)).collect()
    }

    fn curve(&self, group: usize) -> MsdCurve {
        let mut curve = MsdCurve {
            species: self.followed.species[group].clone(),
            time_ps: Vec::new(),
            msd: Vec::new(),
            standard_error: Vec::new(),
            origins: Vec::new(),
        };
        let interval_ps = self.interval_ps();
        for (l, level) in self.levels.iter().enumerate() {
            for lag in lags(l) {
                let average = &level.averages[group * RING + lag - 1];
                if average.count() > 0 {
                    curve.time_ps.push(interval_ps * lag as f64 * stride(l));
                    curve.msd.push(average.mean());
                    curve.standard_error.push(average.mean_error().standard_error);
                    curve.origins.push(average.count());
                }
            }
        }
        curve
    }

    /// Least-squares slopes over ever later windows of lags, for each of the [`Msd::curves`].
    pub fn windows(&self) -> Vec<Vec<DiffusionWindow>> {
        let interval_ps = self.interval_ps();
        let window = |group: usize, (l, level): (usize, &Level)| level.window(group, interval_ps * stride(l));
        let of = |group: usize| self.levels.iter().enumerate().filter_map(move |level| window(group, level)).collect();
        (0..self.followed.species.len()).map(of).collect()
    }

    fn interval_ps(&self) -> f64 {
        1e-3 * (self.last_fs - self.start_fs) / self.frames.saturating_sub(1).max(1) as f64
    }

    /// Adds each atom's step since the last frame to its path.
    fn advance_paths(&mut self, system: &System) {
        let (cell, inverse) = (*system.cell.vectors(), *system.cell.inverse());
        let (last_cell, last_inverse) = self.last_cell;
        let unchanged = cell == last_cell;
        let middle = 0.5 * (cell + last_cell);
        let step = |now: &Vec3, then: &Vec3| {
            if unchanged { now - then } else { middle * (inverse * now - last_inverse * then) }
        };
        let mut centre = Vec3::zeros();
        for (i, (now, then)) in system.positions.iter().zip(&self.last_positions).enumerate() {
            centre += step(now, then) * system.mass(i);
        }
        centre /= system.total_mass();
        for (path, &atom) in self.paths.iter_mut().zip(&self.followed.atoms) {
            let atom = atom as usize;
            *path += step(&system.positions[atom], &self.last_positions[atom]) - centre;
        }
        self.last_positions.copy_from_slice(&system.positions);
        self.last_cell = (cell, inverse);
    }

    /// Hands the paths to every level that samples this frame; a level starts with its second sample.
    fn correlate(&mut self) {
        for l in 0..due(self.frames - 1) {
            if l == self.levels.len() {
                self.levels.push(Level::new(self.paths.len(), self.followed.groups.len()));
            }
            self.levels[l].take(&self.paths, &self.followed.groups, lags(l));
        }
    }
}

impl Level {
    /// A level whose first sample is the first frame, where all paths are zero.
    fn new(atoms: usize, groups: usize) -> Self {
        let columns = groups * RING;
        Self {
            filled: 1,
            ring: vec![Vec3::zeros(); RING * atoms],
            averages: vec![Blocking::new(); columns],
            stretches: Rows::new(columns),
            latest: vec![0.0; columns],
        }
    }

    fn take(&mut self, paths: &[Vec3], groups: &[Range<usize>], lags: RangeInclusive<usize>) {
        let atoms = paths.len();
        let place = |sample: u64| (sample % RING as u64) as usize * atoms;
        for lag in lags.take_while(|&lag| lag as u64 <= self.filled) {
            let start = place(self.filled - lag as u64);
            let origin = &self.ring[start..start + atoms];
            for (group, range) in groups.iter().enumerate() {
                let squares = origin[range.clone()].iter().zip(&paths[range.clone()]);
                let sum: f64 = squares.map(|(then, now)| (now - then).norm_squared()).sum();
                let column = group * RING + lag - 1;
                self.latest[column] = sum / range.len() as f64;
                self.averages[column].push(self.latest[column]);
            }
        }
        if self.filled as usize >= RING {
            self.stretches.push(self.latest.iter().copied());
        }
        let start = place(self.filled);
        self.ring[start..start + atoms].copy_from_slice(paths);
        self.filled += 1;
    }

    /// The line through the last lags of the level, whose samples are `interval_ps` apart.
    fn window(&self, group: usize, interval_ps: f64) -> Option<DiffusionWindow> {
        // A stretch shorter than the lags would be too much like its neighbour.
        let merge = (RING as u64).div_ceil(self.stretches.stride()) as usize;
        let lags = FIRST_LAG..=RING;
        let centre = 0.5 * (FIRST_LAG + RING) as f64;
        let spread: f64 = lags.clone().map(|lag| (lag as f64 - centre).powi(2)).sum();
        let columns: Vec<Vec<f64>> = lags.clone().map(|lag| self.stretches.column(group * RING + lag - 1)).collect();
        let slope = |row: usize| -> f64 {
            let terms = lags.clone().zip(&columns).map(|(lag, column)| (lag as f64 - centre) * column[row]);
            terms.sum::<f64>() / (spread * 6.0 * interval_ps * 1e3)
        };
        let rows: Vec<f64> = (0..self.stretches.len()).map(slope).collect();
        let slopes: Vec<f64> = rows.chunks_exact(merge).map(|rows| rows.iter().sum::<f64>() / merge as f64).collect();
        let values = columns.iter().flatten();
        let middle = values.clone().sum::<f64>() / values.count() as f64;
        (!slopes.is_empty()).then_some(DiffusionWindow {
            lags_ps: [FIRST_LAG as f64 * interval_ps, RING as f64 * interval_ps],
            stretch_ps: interval_ps * (merge as u64 * self.stretches.stride()) as f64,
            slopes,
            middle,
        })
    }
}

impl Observer for Msd {
    fn observe(&mut self, frame: &Frame) {
        if self.frames == 0 {
            self.start_fs = frame.time_fs;
            self.last_positions.extend_from_slice(&frame.system.positions);
            self.last_cell = (*frame.system.cell.vectors(), *frame.system.cell.inverse());
        }
        self.frames += 1;
        if self.frames > 1 {
            self.advance_paths(frame.system);
            self.correlate();
        }
        self.last_fs = frame.time_fs;
    }
}
