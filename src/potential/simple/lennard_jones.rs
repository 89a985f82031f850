//! Lennard-Jones, cut, and shifted in energy or in force.
//!
//! `phi(r) = 4 epsilon ((sigma/r)^12 - (sigma/r)^6)`, zero at and beyond the cutoff `c`:
//!
//! | truncation | pair energy for r < c |
//! |---|---|
//! | [`Truncation::Energy`] | `phi(r) - phi(c)`: the force jumps at the cutoff |
//! | [`Truncation::Force`] | `phi(r) - phi(c) - phi'(c) (r - c)`: energy and force are continuous (Toxvaerd and Dyre, doi:10.1063/1.3558787) |
//!
//! Unlike pairs mix by Lorentz and Berthelot: arithmetic mean of sigma, geometric mean of epsilon.
//! Argon: `epsilon/k_B = 119.8 K`, `sigma = 3.405 Å` (Rowley, Nicholson, Parsonage, doi:10.1016/0021-9991(75)90042-X).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::Mat3;
use crate::neighbor::NeighborList;
use crate::potential::{Evaluation, Potential};
use crate::system::System;
use crate::units::BOLTZMANN;

use super::pair::{self, AtomSum};

/// What is subtracted so that the pair energy ends at the cutoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truncation {
    /// The energy at the cutoff.
    Energy,
    /// The tangent at the cutoff.
    #[default]
    Force,
}

/// Well depth and size of one species.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairParameters {
    /// Depth of the well, eV.
    pub epsilon_ev: f64,
    /// Distance of zero energy, Å.
    pub sigma_angstrom: f64,
}

/// Lennard-Jones for any number of species.
#[derive(Debug, Clone)]
pub struct LennardJones {
    species: usize,
    /// For species a and b: entry `a * species + b`.
    pairs: Vec<Pair>,
    cutoff: f64,
    sums: Vec<AtomSum>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    /// `4 epsilon`, eV.
    depth: f64,
    sigma2: f64,
    energy_at_cutoff: f64,
    slope_at_cutoff: f64,
}

impl LennardJones {
    /// A potential for `species` with one `cutoff` in Å.
    ///
    /// # Errors
    /// No species, or a parameter that is not positive and finite.
    pub fn new(species: &[PairParameters], cutoff: f64, truncation: Truncation) -> Result<Self> {
        if species.is_empty() {
            return Err(Error::invalid("Lennard-Jones species", "none", "at least one"));
        }
        let positive = |what: &str, x: f64, unit: &str| match x > 0.0 && x.is_finite() {
            true => Ok(()),
            false => Err(Error::invalid(what, x, format!("a positive number in {unit}"))),
        };
        positive("Lennard-Jones cutoff", cutoff, "Å")?;
        for each in species {
            positive("Lennard-Jones epsilon", each.epsilon_ev, "eV")?;
            positive("Lennard-Jones sigma", each.sigma_angstrom, "Å")?;
        }
        let mix = |a: &PairParameters, b: &PairParameters| {
            let epsilon = (a.epsilon_ev * b.epsilon_ev).sqrt();
            Pair::new(epsilon, 0.5 * (a.sigma_angstrom + b.sigma_angstrom), cutoff, truncation)
        };
        let pairs = species.iter().flat_map(|a| species.iter().map(move |b| mix(a, b))).collect();
        Ok(Self { species: species.len(), pairs, cutoff, sums: Vec::new() })
    }

    /// Liquid argon: force-shifted at 2.5 sigma.
    pub fn argon() -> Self {
        let (epsilon, sigma) = (119.8 * BOLTZMANN, 3.405);
        let cutoff = 2.5 * sigma;
        let pairs = vec![Pair::new(epsilon, sigma, cutoff, Truncation::Force)];
        Self { species: 1, pairs, cutoff, sums: Vec::new() }
    }
}

impl Pair {
    fn new(epsilon: f64, sigma: f64, cutoff: f64, truncation: Truncation) -> Self {
        let mut pair =
            Self { depth: 4.0 * epsilon, sigma2: sigma * sigma, energy_at_cutoff: 0.0, slope_at_cutoff: 0.0 };
        let (energy, slope_over_r) = pair.at(cutoff * cutoff, cutoff);
        pair.energy_at_cutoff = energy;
        if truncation == Truncation::Force {
            pair.slope_at_cutoff = slope_over_r * cutoff;
        }
        pair
    }

    /// Energy in eV and slope over distance in eV/Å^2 at a squared distance.
    fn at(&self, distance2: f64, cutoff: f64) -> (f64, f64) {
        let inverse2 = 1.0 / distance2;
        let s6 = (self.sigma2 * inverse2).powi(3);
        let distance = distance2.sqrt();
        let energy = self.depth * (s6 * s6 - s6) - self.energy_at_cutoff - self.slope_at_cutoff * (distance - cutoff);
        let slope_over_r = self.depth * (6.0 * s6 - 12.0 * s6 * s6) * inverse2 - self.slope_at_cutoff / distance;
        (energy, slope_over_r)
    }
}

impl Potential for LennardJones {
    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn species_count(&self) -> Option<usize> {
        Some(self.species)
    }

    fn evaluate(&mut self, system: &System, neighbors: &NeighborList, out: &mut Evaluation) -> Result<()> {
        let mut sums = std::mem::take(&mut self.sums);
        let energy = |a: usize, b: usize, distance2| self.pairs[a * self.species + b].at(distance2, self.cutoff);
        let outcome = pair::evaluate(system, neighbors, self.species, self.cutoff, &mut sums, out, energy);
        self.sums = sums;
        outcome
    }

    fn atom_virials(&self, _neighbors: &NeighborList, out: &mut Vec<Mat3>) -> bool {
        pair::atom_virials(&self.sums, out);
        true
    }
}
