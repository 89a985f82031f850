//! Born–Mayer–Huggins: rigid ions with full charges.
//!
//! ```text
//! u_ab(r) = k q_a q_b / r + A_ab exp((sigma_ab - r)/rho) - C_ab/r^6 - D_ab/r^8
//! ```
//!
//! | symbol | here |
//! |---|---|
//! | `k q_a q_b/r` | [`Ewald`]: all images of all ions |
//! | `A`, `sigma`, `rho`, `C`, `D` | [`ShortRange`]; for alkali halides those of [`AlkaliHalide`] |
//! | `c` | cutoff of the short-range part and of Ewald's real space |
//!
//! The short-range part is shifted by its value at c, so that the energy has no step there. What is cut off is put back on
//! average, as if there were no structure beyond c: per pair of species `2 pi N_a N_b/V` times
//! `integral_c^inf r^2 u dr + c^3 u(c)/3`, the second term for the shift. Energy and pressure are then those of the whole
//! potential, and the pressure remains the energy's derivative.
//!
//! At very short distances dispersion wins over repulsion and like ions collapse: never start from overlapping positions.

use std::f64::consts::PI;

use super::ewald::Ewald;
use super::pair::{self, AtomSum};
use super::tosi_fumi::AlkaliHalide;
use crate::error::{Error, Result};
use crate::math::Mat3;
use crate::neighbor::NeighborList;
use crate::potential::{Evaluation, Potential};
use crate::system::System;

/// Everything but the charges, for one pair of species.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ShortRange {
    /// `A`, eV.
    pub repulsion_ev: f64,
    /// `sigma`, Å.
    pub contact_angstrom: f64,
    /// `rho`, Å.
    pub range_angstrom: f64,
    /// `C`, eV Å^6.
    pub c6: f64,
    /// `D`, eV Å^8.
    pub c8: f64,
}

impl ShortRange {
    /// Energy in eV and slope over distance in eV/Å^2.
    fn at(&self, distance: f64) -> (f64, f64) {
        let repulsion = self.repulsion_ev * ((self.contact_angstrom - distance) / self.range_angstrom).exp();
        let inverse2 = 1.0 / (distance * distance);
        let inverse6 = inverse2 * inverse2 * inverse2;
        let (sixth, eighth) = (self.c6 * inverse6, self.c8 * inverse6 * inverse2);
        let slope_over_r = -repulsion / (self.range_angstrom * distance) + (6.0 * sixth + 8.0 * eighth) * inverse2;
        (repulsion - sixth - eighth, slope_over_r)
    }

    /// `integral_c^inf r^2 u dr + c^3 u(c)/3`, eV Å^3.
    fn beyond(&self, c: f64) -> f64 {
        let (at_cutoff, _) = self.at(c);
        let rho = self.range_angstrom;
        let repulsion = self.repulsion_ev * ((self.contact_angstrom - c) / rho).exp();
        let tail = repulsion * rho * (c * c + 2.0 * rho * c + 2.0 * rho * rho);
        tail - self.c6 / (3.0 * c.powi(3)) - self.c8 / (5.0 * c.powi(5)) + c.powi(3) * at_cutoff / 3.0
    }
}

/// Rigid ions of two species, a cation (type 0) and an anion (type 1).
#[derive(Debug, Clone)]
pub struct BornMayerHuggins {
    charges: [f64; 2],
    /// For species a and b: entry `a + b`.
    pairs: [ShortRange; 3],
    at_cutoff: [f64; 3],
    beyond: [f64; 3],
    cutoff: f64,
    ewald: Ewald,
    sums: Vec<AtomSum>,
    /// Each atom's share of the tail at the last evaluation, eV.
    tail_share: f64,
}

impl BornMayerHuggins {
    /// Relative size of what Ewald's two sums leave out where nothing else is asked for: forces are then good to about
    /// 1e-5 eV/Å.
    pub const ACCURACY: f64 = 1e-6;

    /// An alkali halide with the parameters of Fumi and Tosi. `cutoff` in Å, `accuracy` as in `Ewald::new`.
    ///
    /// # Errors
    /// A cutoff or an accuracy out of range.
    pub fn alkali_halide(salt: &AlkaliHalide, cutoff: f64, accuracy: f64) -> Result<Self> {
        if !(4.0..=40.0).contains(&cutoff) {
            return Err(Error::invalid("Born–Mayer–Huggins cutoff", cutoff, "4 to 40 Å"));
        }
        let pairs = salt.pairs();
        Ok(Self {
            charges: [1.0, -1.0],
            pairs,
            at_cutoff: pairs.map(|pair| pair.at(cutoff).0),
            beyond: pairs.map(|pair| pair.beyond(cutoff)),
            cutoff,
            ewald: Ewald::new(cutoff, accuracy)?,
            sums: Vec::new(),
            tail_share: 0.0,
        })
    }

    /// What the cutoff took away, on average, eV.
    fn tail(&self, system: &System, volume: f64) -> f64 {
        let mut counts = [0.0; 2];
        system.types.iter().for_each(|&t| counts[t as usize] += 1.0);
        let [cations, anions] = counts;
        let [same, unlike, other] = self.beyond;
        let sum = cations * cations * same + 2.0 * cations * anions * unlike + anions * anions * other;
        2.0 * PI * sum / volume
    }
}

impl Potential for BornMayerHuggins {
    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn species_count(&self) -> Option<usize> {
        Some(2)
    }

    fn evaluate(&mut self, system: &System, neighbors: &NeighborList, out: &mut Evaluation) -> Result<()> {
        let Some(volume) = system.cell.volume() else {
            let expected = "a cell periodic in all directions, as Ewald's sum needs";
            return Err(Error::invalid("cell", "a direction without periodicity", expected));
        };
        let mut sums = std::mem::take(&mut self.sums);
        let outcome = pair::evaluate(system, neighbors, 2, self.cutoff, &mut sums, out, |a, b, distance2| {
            let distance = distance2.sqrt();
            let (energy, slope_over_r) = self.pairs[a + b].at(distance);
            let (coulomb, coulomb_slope) = self.ewald.real_space(distance);
            let charges = self.charges[a] * self.charges[b];
            (energy - self.at_cutoff[a + b] + charges * coulomb, slope_over_r + charges * coulomb_slope)
        });
        self.sums = sums;
        outcome?;
        self.ewald.add_reciprocal(system, &self.charges, out)?;
        let tail = self.tail(system, volume);
        let share = tail / system.len() as f64;
        self.tail_share = share;
        out.site_energies.iter_mut().for_each(|energy| *energy += share);
        out.virial += Mat3::identity() * tail;
        Ok(())
    }

    fn atom_virials(&self, _neighbors: &NeighborList, out: &mut Vec<Mat3>) -> bool {
        pair::atom_virials(&self.sums, out);
        self.ewald.add_atom_virials(out);
        out.iter_mut().for_each(|virial| *virial += Mat3::identity() * self.tail_share);
        true
    }
}
