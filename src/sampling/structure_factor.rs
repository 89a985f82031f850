//! Partial structure factors from wave vectors of the box, in the form of Faber and Ziman.
//!
//! ```text
//! S_ab(k) = 1 + (<rho_a(k) rho_b(-k)>/N - c_a delta_ab) / (c_a c_b),     rho_a(k) = sum over atoms of a of exp(i k r)
//! ```
//!
//! (Faber and Ziman, Phil. Mag. 11, 153 (1965), doi:10.1080/14786436508211931). c_a are mole fractions of atoms; every S_ab
//! goes to 1 at large k. Nothing is cut off, so that nothing rings; the box has no wave vector below 2 pi/L. Up to
//! [`PER_BIN`] vectors, spread over all directions, stand for a bin of |k|.

use std::f64::consts::PI;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::rows::Rows;
use super::{Frame, Observer};
use crate::math::Vec3;
use crate::math::statistics::{MeanError, rows_error};
use crate::system::System;

/// Largest wave number, 1/Å.
const LARGEST: f64 = 8.0;
/// Width of a bin, 1/Å.
const BIN: f64 = 0.1;
/// Wave vectors that stand for a bin.
const PER_BIN: usize = 8;
/// Cells with more wave vectors than this along an axis are seen at their smaller wave numbers only.
const MAX_INDEX: usize = 60;
/// Atoms whose phases are held at a time: some 12 MB of them at most.
const CHUNK: usize = 4096;

/// A partial structure factor.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialStructureFactor {
    /// One species.
    pub first: String,
    /// The other.
    pub second: String,
    /// Their mole fractions of atoms.
    pub fractions: [f64; 2],
    /// Wave numbers, 1/Å.
    pub k: Vec<f64>,
    /// S_ab.
    pub s: Vec<f64>,
    /// Their errors.
    pub errors: Vec<MeanError>,
}

/// What makes `<rho_a(k) rho_b(-k)>/N` a partial structure factor.
struct Scale {
    own: f64,
    fractions: f64,
}

impl Scale {
    fn partial(&self, product: f64) -> f64 {
        1.0 + (product - self.own) / self.fractions
    }
}

/// Follows all partial structure factors of a cell that is periodic in all directions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StructureFactor {
    names: Vec<String>,
    counts: Vec<usize>,
    /// By type: which of the species above.
    place: Vec<usize>,
    /// Wave vectors as multiples of the reciprocal ones, bin by bin.
    waves: Vec<[i32; 3]>,
    /// For each bin that has any: its mean wave number, and the end of its vectors.
    bins: Vec<(f64, usize)>,
    reach: [usize; 3],
    frames: u64,
    rows: Rows,
    #[serde(skip)]
    scratch: Scratch,
}

#[derive(Debug, Clone, Default)]
struct Scratch {
    /// For each axis: powers of the phases of a chunk of atoms, (re, im), power by power.
    phases: [Vec<(f64, f64)>; 3],
    row: Vec<f64>,
    /// rho_a(k), (re, im), species by species for each wave vector.
    densities: Vec<(f64, f64)>,
}

impl StructureFactor {
    /// An observer for runs of `system`; `None` for a cell that is open along a direction.
    pub fn new(system: &System) -> Option<Self> {
        system.cell.volume()?;
        let reciprocal = system.cell.inverse().transpose() * (2.0 * PI);
        let edges = system.cell.vectors();
        let reach: [usize; 3] =
            std::array::from_fn(|k| ((LARGEST * edges.column(k).norm() / (2.0 * PI)) as usize).clamp(1, MAX_INDEX));
        let mut by_bin: Vec<Vec<([i32; 3], f64)>> = vec![Vec::new(); (LARGEST / BIN) as usize];
        let [x, y, z] = reach.map(|n| n as i32);
        for n in (0..=x).flat_map(|a| (-y..=y).flat_map(move |b| (-z..=z).map(move |c| [a, b, c]))) {
            if n <= [0, 0, 0] {
                continue;
            }
            let k = (reciprocal * Vec3::from(n.map(f64::from))).norm();
            if let Some(bin) = by_bin.get_mut((k / BIN) as usize) {
                bin.push((n, k));
            }
        }
        let (mut waves, mut bins) = (Vec::new(), Vec::new());
        for bin in by_bin.into_iter().filter(|bin| !bin.is_empty()) {
            let chosen: Vec<_> =
                (0..bin.len().min(PER_BIN)).map(|i| bin[i * bin.len() / bin.len().min(PER_BIN)]).collect();
            bins.push((chosen.iter().map(|(_, k)| k).sum::<f64>() / chosen.len() as f64, waves.len() + chosen.len()));
            waves.extend(chosen.iter().map(|(n, _)| *n));
        }
        let all = system.counts();
        let present: Vec<usize> = (0..all.len()).filter(|&s| all[s] > 0).collect();
        let pairs = present.len() * (present.len() + 1) / 2;
        Some(Self {
            names: present.iter().map(|&s| system.species[s].name.clone()).collect(),
            counts: present.iter().map(|&s| all[s]).collect(),
            place: (0..all.len()).map(|s| present.iter().position(|&p| p == s).unwrap_or(0)).collect(),
            rows: Rows::new((pairs * bins.len()).max(1)),
            waves,
            bins,
            reach,
            frames: 0,
            scratch: Scratch::default(),
        })
    }

    /// Frames taken in.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// All partials so far, each pair of species once; none before the first frame.
    pub fn partials(&self) -> Vec<PartialStructureFactor> {
        if self.frames == 0 {
            return Vec::new();
        }
        let mean = self.rows.mean();
        let partial = |(p, (a, b)): (usize, (usize, usize))| {
            let scale = self.scale(a, b);
            let columns = p * self.bins.len()..(p + 1) * self.bins.len();
            PartialStructureFactor {
                first: self.names[a].clone(),
                second: self.names[b].clone(),
                fractions: [self.fraction(a), self.fraction(b)],
                k: self.bins.iter().map(|(k, _)| *k).collect(),
                s: mean[columns.clone()].iter().map(|product| scale.partial(*product)).collect(),
                errors: columns
                    .map(|column| rows_error(&self.rows.column(column)).scaled(1.0 / scale.fractions))
                    .collect(),
            }
        };
        pairs(self.names.len()).enumerate().map(partial).collect()
    }

    /// A sum of the partials with its errors, in which their correlation counts. `weights` tells, for a wave number in 1/Å, the
    /// weight of each partial in the order of [`StructureFactor::partials`]; `None` where it does, or before the first frame.
    pub fn total(&self, weights: impl Fn(f64) -> Option<Vec<f64>>) -> Option<(Vec<f64>, Vec<MeanError>)> {
        if self.frames == 0 {
            return None;
        }
        let scales: Vec<Scale> = pairs(self.names.len()).map(|(a, b)| self.scale(a, b)).collect();
        let mean = self.rows.mean();
        let mut total = (Vec::new(), Vec::new());
        for (bin, &(k, _)) in self.bins.iter().enumerate() {
            let weights = weights(k)?;
            let of = |row: &[f64]| -> f64 {
                let partial = |(p, scale): (usize, &Scale)| weights[p] * scale.partial(row[p * self.bins.len() + bin]);
                scales.iter().enumerate().map(partial).sum()
            };
            let rows: Vec<f64> = (0..self.rows.len()).map(|i| of(self.rows.row(i))).collect();
            total.0.push(of(&mean));
            total.1.push(rows_error(&rows));
        }
        Some(total)
    }

    fn fraction(&self, species: usize) -> f64 {
        self.counts[species] as f64 / self.counts.iter().sum::<usize>() as f64
    }

    fn scale(&self, a: usize, b: usize) -> Scale {
        let [ca, cb] = [a, b].map(|species| self.fraction(species));
        Scale { own: if a == b { ca } else { 0.0 }, fractions: ca * cb }
    }

    /// Sums rho_a(k) of all species and wave vectors.
    fn sum_densities(&self, system: &System, scratch: &mut Scratch) {
        let Scratch { phases, densities, .. } = scratch;
        let species = self.names.len().max(1);
        densities.clear();
        densities.resize(self.waves.len() * self.names.len(), (0.0, 0.0));
        for first in (0..system.len()).step_by(CHUNK) {
            let chunk = first..(first + CHUNK).min(system.len());
            self.set_phases(system, chunk.clone(), phases);
            let types = &system.types[chunk];
            for (wave, sums) in self.waves.iter().zip(densities.chunks_exact_mut(species)) {
                self.add_density(wave, types, phases, sums);
            }
        }
    }

    /// Adds what a chunk of atoms has of rho_a(k) for one wave vector.
    fn add_density(&self, wave: &[i32; 3], types: &[u32], phases: &[Vec<(f64, f64)>; 3], sums: &mut [(f64, f64)]) {
        let atoms = types.len();
        let [x, y, z] = std::array::from_fn(|axis| {
            let from = wave[axis].unsigned_abs() as usize * atoms;
            &phases[axis][from..from + atoms]
        });
        let [_, sy, sz] = wave.map(|n| if n < 0 { -1.0 } else { 1.0 });
        for i in 0..atoms {
            let (re, im) = product(product(x[i], (y[i].0, sy * y[i].1)), (z[i].0, sz * z[i].1));
            let sum = &mut sums[self.place[types[i] as usize]];
            sum.0 += re;
            sum.1 += im;
        }
    }

    fn set_phases(&self, system: &System, chunk: Range<usize>, phases: &mut [Vec<(f64, f64)>; 3]) {
        let atoms = chunk.len();
        for (axis, table) in phases.iter_mut().enumerate() {
            table.clear();
            table.resize(atoms * (self.reach[axis] + 1), (1.0, 0.0));
            for (i, position) in system.positions[chunk.clone()].iter().enumerate() {
                let angle = 2.0 * PI * system.cell.fractional(position)[axis];
                let (sine, cosine) = angle.sin_cos();
                for power in 1..=self.reach[axis] {
                    let before = table[(power - 1) * atoms + i];
                    table[power * atoms + i] = product(before, (cosine, sine));
                }
            }
        }
    }
}

fn product(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// Each unordered pair of species once.
fn pairs(species: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..species).flat_map(move |a| (a..species).map(move |b| (a, b)))
}

impl Observer for StructureFactor {
    fn observe(&mut self, frame: &Frame) {
        let mut scratch = std::mem::take(&mut self.scratch);
        self.sum_densities(frame.system, &mut scratch);
        scratch.row.clear();
        scratch.row.resize(self.rows.width(), 0.0);
        let (atoms, species) = (frame.system.len(), self.names.len());
        let mut start = 0;
        for (bin, &(_, end)) in self.bins.iter().enumerate() {
            let scale = 1.0 / ((end - start) * atoms) as f64;
            for wave in start..end {
                let densities = &scratch.densities[wave * species..(wave + 1) * species];
                for (p, (a, b)) in pairs(species).enumerate() {
                    let (a, b) = (densities[a], densities[b]);
                    scratch.row[p * self.bins.len() + bin] += scale * (a.0 * b.0 + a.1 * b.1);
                }
            }
            start = end;
        }
        self.rows.push(scratch.row.iter().copied());
        self.frames += 1;
        self.scratch = scratch;
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::math::rng::seeded;
    use crate::system::{Cell, Species};

    /// More atoms than are held at a time, against a plain sum over all of them.
    #[test]
    fn chunks_add_up() {
        let (mut rng, atoms) = (seeded(1, 0), CHUNK + 700);
        let cell = Cell::orthorhombic(9.0, 11.0, 10.0).unwrap();
        let species = ["Na", "Cl"].map(|name| Species::from_name(name).unwrap()).to_vec();
        let types = (0..atoms).map(|i| u32::from(i % 3 == 0)).collect();
        let positions = (0..atoms).map(|_| Vec3::from_fn(|_, _| 10.0 * rng.random::<f64>())).collect();
        let system = System::new(cell, species, types, positions).unwrap();
        let observer = StructureFactor::new(&system).unwrap();
        let mut scratch = Scratch::default();
        observer.sum_densities(&system, &mut scratch);
        let reciprocal = system.cell.inverse().transpose() * (2.0 * PI);
        for (wave, found) in observer.waves.iter().zip(scratch.densities.chunks_exact(2)).step_by(29) {
            let k = reciprocal * Vec3::from(wave.map(f64::from));
            for (kind, found) in (0u32..).zip(found) {
                let own = (0..atoms).filter(|&i| system.types[i] == kind);
                let (im, re) = own
                    .map(|i| k.dot(&system.positions[i]).sin_cos())
                    .fold((0.0, 0.0), |sum, x| (sum.0 + x.0, sum.1 + x.1));
                // Thousands of terms of size 1, and phases of some 100 whose powers have rounded.
                assert!((found.0 - re).abs() < 1e-8 && (found.1 - im).abs() < 1e-8, "{wave:?}: {found:?} {re} {im}");
            }
        }
    }
}
