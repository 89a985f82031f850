//! Ewald's sum: the Coulomb energy of periodic, neutral point charges (Ewald 1921, doi:10.1002/andp.19213690304; de Leeuw,
//! Perram, Smith 1980, doi:10.1098/rspa.1980.0135), with a conductor around the infinite crystal.
//!
//! ```text
//! E = 1/2 sum' K q_i q_j erfc(alpha r)/r  +  2 pi K/V sum_(k != 0) a(k) |S(k)|^2  -  K alpha/sqrt(pi) sum q_i^2
//! S(k) = sum_j q_j exp(i k r_j),     a(k) = exp(-k^2/(4 alpha^2))/k^2
//! PlusStress of the second sum = 2 pi K/V sum a(k) |S|^2 (1 - 2 (1/k^2 + 1/(4 alpha^2)) k (x) k)
//! ```
//!
//! | symbol | here |
//! |---|---|
//! | `K` | [`COULOMB`](crate::units::COULOMB) |
//! | `alpha`, largest k | `Ewald::new`: `exp(-(alpha c)^2) = exp(-k^2/(4 alpha^2)) = accuracy` at the cutoff c and at the largest k |
//!
//! One k of each pair (k, -k) is summed, and counted twice. `exp(i k r)` is a product of powers, built by recurrence, along
//! the three reciprocal vectors. Both passes run over threads in a fixed order: structure factors by rows of k that differ
//! in their third index only, then forces by groups of atoms.
//!
//! # Cost
//!
//! At a given cutoff the number of k grows with the volume, so that a step costs N^2; with the cutoff growing as N^(1/6) it
//! would be N^1.5. Good for up to about a thousand ions.

mod phase;
#[cfg(test)]
mod tests;

use std::f64::consts::PI;

use crate::error::{Error, Result};
use crate::math::lanes::Lanes;
use crate::math::{Mat3, Vec3};
use crate::parallel;
use crate::potential::Evaluation;
use crate::system::System;
use crate::units::COULOMB;

use phase::{Phase, Row, in_plane_phase};

const WIDTH: usize = 4;
type Wide = Lanes<WIDTH>;
/// Groups of [`WIDTH`] atoms that one pass over a row's wave vectors handles, so that they stay in the nearest cache.
const TILE: usize = 8;
/// Wave vectors and tables of phases that take more memory than this are refused, bytes: the cell is far too large. A page has
/// 512 MB for everything.
const MAX_BYTES: f64 = if cfg!(target_arch = "wasm32") { 2e8 } else { 1e9 };

/// A wave vector's structure factor, and `a(k)` (zero where it is not to be counted).
#[derive(Debug, Clone, Copy, Default)]
struct Wave {
    weight: f64,
    re: f64,
    im: f64,
}

/// What the wave vectors sum to at each atom of a group: energy, and force by reciprocal vector, but for constants.
#[derive(Debug, Clone, Copy)]
struct GroupSum {
    energy: Wide,
    force: [Wide; 3],
}

/// The sum for charges that come with each call. Buffers are reused between calls.
#[derive(Debug, Clone)]
pub(super) struct Ewald {
    alpha: f64,
    largest_wave: f64,
    /// Charges, groups of atoms; zero beyond the last atom.
    charges: Vec<Wide>,
    /// For each axis, powers 0, 1, ... of the first phase, each for all groups of atoms.
    phases: [Vec<Phase>; 3],
    rows: Vec<Row>,
    /// For each row, z from -largest to +largest.
    waves: Vec<Wave>,
    sums: Vec<GroupSum>,
    last: Last,
}

/// What the last call was about.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    reciprocal: Mat3,
    /// `4 pi K/V`.
    scale: f64,
    /// Largest third index.
    reach: usize,
}

impl Ewald {
    /// A sum whose real part ends at `cutoff` Å. `accuracy`: relative size of the first terms that are left out.
    ///
    /// # Errors
    /// An accuracy that is not between 1e-15 and 0.01.
    pub(super) fn new(cutoff: f64, accuracy: f64) -> Result<Self> {
        if !(1e-15..=1e-2).contains(&accuracy) {
            return Err(Error::invalid("accuracy of the Ewald sum", accuracy, "1e-15 to 0.01"));
        }
        let alpha = (-accuracy.ln()).sqrt() / cutoff;
        Ok(Self {
            alpha,
            largest_wave: 2.0 * alpha * (-accuracy.ln()).sqrt(),
            charges: Vec::new(),
            phases: [Vec::new(), Vec::new(), Vec::new()],
            rows: Vec::new(),
            waves: Vec::new(),
            sums: Vec::new(),
            last: Last::default(),
        })
    }

    /// Energy of two unit charges in eV, and its slope over distance in eV/Å^2.
    #[inline]
    pub(super) fn real_space(&self, distance: f64) -> (f64, f64) {
        let x = self.alpha * distance;
        let energy = COULOMB * libm::erfc(x) / distance;
        let gaussian = COULOMB * 2.0 / PI.sqrt() * self.alpha * (-x * x).exp();
        (energy, -(energy + gaussian) / (distance * distance))
    }

    /// Adds reciprocal space and the self-energy to `out`; `charges` in e, one for each species.
    ///
    /// # Errors
    /// A cell that is not neutral, or far too large.
    pub(super) fn add_reciprocal(&mut self, system: &System, charges: &[f64], out: &mut Evaluation) -> Result<()> {
        let reciprocal = system.cell.inverse().transpose() * (2.0 * PI);
        let volume = system.cell.volume().unwrap_or(f64::INFINITY);
        self.set_charges(system, charges)?;
        let reach = self.set_rows(&reciprocal, &system.cell.face_distances())?;
        self.set_phases(system, reach);
        self.sum_waves(reach[2]);
        self.sum_atoms(reach[2]);
        let scale = 4.0 * PI * COULOMB / volume;
        let own = COULOMB * self.alpha / PI.sqrt();
        self.last = Last { reciprocal, scale, reach: reach[2] };
        for (i, (energy, force)) in out.site_energies.iter_mut().zip(&mut out.forces).enumerate() {
            let (group, lane) = (i / WIDTH, i % WIDTH);
            let (charge, sum) = (self.charges[group].0[lane], &self.sums[group]);
            let components = Vec3::from_fn(|axis, _| sum.force[axis].0[lane]);
            *energy += scale * charge * sum.energy.0[lane] - own * charge * charge;
            *force += reciprocal * components * (2.0 * scale * charge);
        }
        out.virial += self.virial(&reciprocal, reach[2]) * scale;
        Ok(())
    }

    fn set_charges(&mut self, system: &System, charges: &[f64]) -> Result<()> {
        let groups = system.len().div_ceil(WIDTH);
        self.charges.clear();
        self.charges.resize(groups, Wide::ZERO);
        let mut total = 0.0;
        for (i, &species) in system.types.iter().enumerate() {
            let charge = charges[species as usize];
            self.charges[i / WIDTH].0[i % WIDTH] = charge;
            total += charge;
        }
        if total.abs() > 1e-9 * system.len() as f64 {
            return Err(Error::invalid("charge of the cell", format!("{total} e"), "none: as many + as - charges"));
        }
        Ok(())
    }

    /// Refuses a cell whose waves and phases would not fit in memory; `reach` is the largest index along each axis.
    fn check_memory(&self, reach: [f64; 3], faces: &[f64; 3]) -> Result<()> {
        let waves = (reach[0] + 1.0) * (2.0 * reach[1] + 1.0) * (2.0 * reach[2] + 1.0);
        let phases = self.charges.len() as f64 * reach.iter().map(|n| n + 1.0).sum::<f64>();
        if waves * size_of::<Wave>() as f64 + phases * size_of::<Phase>() as f64 <= MAX_BYTES {
            return Ok(());
        }
        let longest = faces.iter().copied().fold(0.0, f64::max);
        let found = format!("{longest:.0} Å long, with {waves:.0} wave vectors");
        Err(Error::invalid("cell for an Ewald sum", found, "a smaller cell, or a longer cutoff"))
    }

    /// Rows of the half space that have a wave vector within reach; returns the largest index along each axis.
    fn set_rows(&mut self, reciprocal: &Mat3, faces: &[f64; 3]) -> Result<[usize; 3]> {
        // |n_k| = |r_k . k|/(2 pi) for a lattice vector r_k, and the part of k along the axis is at most all of it.
        let cell = reciprocal.try_inverse().unwrap_or_default().transpose() * (2.0 * PI);
        let reach: [f64; 3] = std::array::from_fn(|k| (self.largest_wave * cell.column(k).norm() / (2.0 * PI)).floor());
        self.check_memory(reach, faces)?;
        let reach = reach.map(|n| n as usize);
        let limits = reach.map(|n| n as i32);
        let largest2 = self.largest_wave * self.largest_wave;
        let [b1, b2, b3] = std::array::from_fn(|k| reciprocal.column(k).into_owned());
        self.rows.clear();
        self.waves.clear();
        for x in 0..=limits[0] {
            for y in (if x == 0 { 0 } else { -limits[1] })..=limits[1] {
                let base = b1 * f64::from(x) + b2 * f64::from(y);
                let mut row = Row { x, y, reach: 0 };
                let start = self.waves.len();
                let mut any = false;
                for z in -limits[2]..=limits[2] {
                    let k2 = (base + b3 * f64::from(z)).norm_squared();
                    let counted = k2 <= largest2 && (x > 0 || y > 0 || z > 0);
                    let weight = if counted { (-0.25 * k2 / (self.alpha * self.alpha)).exp() / k2 } else { 0.0 };
                    self.waves.push(Wave { weight, re: 0.0, im: 0.0 });
                    if counted {
                        any = true;
                        row.reach = row.reach.max(z.unsigned_abs() as usize);
                    }
                }
                if any {
                    self.rows.push(row);
                } else {
                    self.waves.truncate(start);
                }
            }
        }
        Ok(reach)
    }

    /// Powers of each atom's phases, from fractional coordinates.
    fn set_phases(&mut self, system: &System, reach: [usize; 3]) {
        let groups = self.charges.len();
        for (axis, (table, reach)) in self.phases.iter_mut().zip(reach).enumerate() {
            table.clear();
            table.resize(groups * (reach + 1), Phase::ONE);
            if reach == 0 {
                continue;
            }
            for (i, position) in system.positions.iter().enumerate() {
                let angle = 2.0 * PI * system.cell.fractional(position)[axis];
                let first = &mut table[groups + i / WIDTH];
                (first.re.0[i % WIDTH], first.im.0[i % WIDTH]) = (angle.cos(), angle.sin());
            }
            for power in 2..=reach {
                let (lower, upper) = table.split_at_mut(power * groups);
                let (first, last) = (&lower[groups..2 * groups], &lower[(power - 1) * groups..]);
                upper.iter_mut().zip(first.iter().zip(last)).for_each(|(out, (a, b))| *out = a.times(*b));
            }
        }
    }

    /// Structure factors, in two rounds: threads, then a fixed order within a row.
    fn sum_waves(&mut self, reach: usize) {
        let (rows, phases, charges) = (&self.rows, &self.phases, &self.charges);
        parallel::for_each_chunk(&mut self.waves, 2 * reach + 1, |index, waves| {
            let row = rows[index];
            let mut tile = [Phase::ONE; TILE];
            for start in (0..charges.len()).step_by(TILE) {
                let size = TILE.min(charges.len() - start);
                for (k, phase) in tile[..size].iter_mut().enumerate() {
                    *phase = in_plane_phase(phases, charges.len(), row, start + k).scaled(charges[start + k]);
                }
                for z in 0..=row.reach {
                    let powers = &phases[2][z * charges.len() + start..][..size];
                    let mut sums = [Phase { re: Wide::ZERO, im: Wide::ZERO }; 2];
                    for (phase, power) in tile[..size].iter().zip(powers) {
                        for (sum, part) in sums.iter_mut().zip(phase.times_both(*power)) {
                            sum.re += part.re;
                            sum.im += part.im;
                        }
                    }
                    // z = 0 has one wave vector, not two.
                    for (wave, sum) in [reach + z, reach - z].into_iter().zip(sums).take(1 + z.min(1)) {
                        waves[wave].re += sum.re.sum();
                        waves[wave].im += sum.im.sum();
                    }
                }
            }
        });
    }

    /// For each atom `sum_k a Re(S* e)` and, by axis, `sum_k n a (Re S Im e - Im S Re e)`, with e its phase at k.
    fn sum_atoms(&mut self, reach: usize) {
        let groups = self.charges.len();
        self.sums.clear();
        self.sums.resize(groups, GroupSum { energy: Wide::ZERO, force: [Wide::ZERO; 3] });
        let (rows, phases, waves) = (&self.rows, &self.phases, &self.waves);
        parallel::for_each_chunk(&mut self.sums, TILE, |index, sums| {
            let start = index * TILE;
            for (row, waves) in rows.iter().zip(waves.chunks_exact(2 * reach + 1)) {
                for (k, sum) in sums.iter_mut().enumerate() {
                    let phase = in_plane_phase(phases, groups, *row, start + k);
                    let (mut energy, mut in_plane, mut along) = (Wide::ZERO, Wide::ZERO, Wide::ZERO);
                    for z in 0..=row.reach {
                        let both = phase.times_both(phases[2][z * groups + start + k]);
                        for (wave, (phase, sign)) in
                            [reach + z, reach - z].into_iter().zip(both.into_iter().zip([1.0, -1.0])).take(1 + z.min(1))
                        {
                            let Wave { weight, re, im } = waves[wave];
                            let (re, im) = (Wide::splat(weight * re), Wide::splat(weight * im));
                            let force = re * phase.im - im * phase.re;
                            energy += re * phase.re + im * phase.im;
                            in_plane += force;
                            along += force * Wide::splat(sign * z as f64);
                        }
                    }
                    sum.energy += energy;
                    sum.force[0] += in_plane * Wide::splat(f64::from(row.x));
                    sum.force[1] += in_plane * Wide::splat(f64::from(row.y));
                    sum.force[2] += along;
                }
            }
        });
    }

    /// Adds each atom's part of the last call's virial: that of its charge in the waves of all.
    pub(super) fn add_atom_virials(&self, virials: &mut [Mat3]) {
        let Last { reciprocal, scale, reach } = self.last;
        let (rows, phases, charges) = (&self.rows, &self.phases, &self.charges);
        parallel::for_each_chunk(virials, TILE * WIDTH, |index, atoms| {
            let start = index * TILE;
            let size = atoms.len().div_ceil(WIDTH);
            let mut tile = [Phase::ONE; TILE];
            let mut sums = [[Wide::ZERO; 6]; TILE];
            for (row, waves) in rows.iter().zip(self.waves.chunks_exact(2 * reach + 1)) {
                for (k, phase) in tile[..size].iter_mut().enumerate() {
                    *phase = in_plane_phase(phases, charges.len(), *row, start + k).scaled(charges[start + k]);
                }
                for (z, wave) in waves.iter().enumerate().filter(|(_, wave)| wave.weight > 0.0) {
                    let third = z as i32 - reach as i32;
                    let tensor = self.stress(&(reciprocal * Vec3::new(row.x.into(), row.y.into(), third.into())));
                    let powers = &phases[2][third.unsigned_abs() as usize * charges.len() + start..][..size];
                    let (re, im) = (Wide::splat(wave.weight * wave.re), Wide::splat(wave.weight * wave.im));
                    for (sum, (phase, power)) in sums.iter_mut().zip(tile.iter().zip(powers)) {
                        let phase = phase.times(power.conjugate_if(third < 0));
                        let share = re * phase.re + im * phase.im;
                        sum.iter_mut().zip(tensor).for_each(|(total, t)| *total += share * Wide::splat(t));
                    }
                }
            }
            for (i, virial) in atoms.iter_mut().enumerate() {
                let [xx, yy, zz, yz, xz, xy] = sums[i / WIDTH].map(|sum| scale * sum.0[i % WIDTH]);
                *virial += Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz);
            }
        });
    }

    /// `1 - 2 (1/k^2 + 1/(4 alpha^2)) k (x) k`: xx, yy, zz, yz, xz, xy.
    fn stress(&self, k: &Vec3) -> [f64; 6] {
        let stretch = 2.0 / k.norm_squared() + 0.5 / (self.alpha * self.alpha);
        let diagonal = |x: f64| 1.0 - stretch * x * x;
        let products = [-stretch * k.y * k.z, -stretch * k.x * k.z, -stretch * k.x * k.y];
        [diagonal(k.x), diagonal(k.y), diagonal(k.z), products[0], products[1], products[2]]
    }

    /// `sum a |S|^2 (1 - 2 (1/k^2 + 1/(4 alpha^2)) k (x) k)` over half of the wave vectors.
    fn virial(&self, reciprocal: &Mat3, reach: usize) -> Mat3 {
        let mut virial = Mat3::zeros();
        for (row, waves) in self.rows.iter().zip(self.waves.chunks_exact(2 * reach + 1)) {
            for (z, wave) in waves.iter().enumerate().filter(|(_, wave)| wave.weight > 0.0) {
                let index = Vec3::new(f64::from(row.x), f64::from(row.y), z as f64 - reach as f64);
                let strength = wave.weight * (wave.re * wave.re + wave.im * wave.im);
                let [xx, yy, zz, yz, xz, xy] = self.stress(&(reciprocal * index));
                virial += Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz) * strength;
            }
        }
        virial
    }
}
