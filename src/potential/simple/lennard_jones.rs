//! Lennard-Jones, cut and shifted.
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
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::parallel;
use crate::potential::{Evaluation, Potential};
use crate::system::System;
use crate::units::BOLTZMANN;

/// Atoms that one task handles.
const CHUNK: usize = 64;

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
    results: Vec<AtomResult>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    /// `4 epsilon`, eV.
    depth: f64,
    sigma2: f64,
    energy_at_cutoff: f64,
    slope_at_cutoff: f64,
}

/// What one atom sums over its own neighbours.
#[derive(Debug, Clone, Copy, Default)]
struct AtomResult {
    energy: f64,
    force: Vec3,
    /// Upper triangle of the symmetric virial: xx, yy, zz, yz, xz, xy.
    virial: [f64; 6],
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
        Ok(Self { species: species.len(), pairs, cutoff, results: Vec::new() })
    }

    /// Liquid argon: force-shifted at 2.5 sigma.
    pub fn argon() -> Self {
        let (epsilon, sigma) = (119.8 * BOLTZMANN, 3.405);
        let cutoff = 2.5 * sigma;
        let pairs = vec![Pair::new(epsilon, sigma, cutoff, Truncation::Force)];
        Self { species: 1, pairs, cutoff, results: Vec::new() }
    }

    fn sum_atom(&self, i: usize, system: &System, neighbors: &NeighborList) -> AtomResult {
        let mut sum = AtomResult::default();
        let row = system.types[i] as usize * self.species;
        for s in neighbors.range(i) {
            let r = neighbors.vector(i, s);
            let distance2 = r.norm_squared();
            if distance2 >= self.cutoff * self.cutoff {
                continue;
            }
            let other = neighbors.slots()[s].atom as usize;
            let (energy, slope_over_r) = self.pairs[row + system.types[other] as usize].at(distance2, self.cutoff);
            // The pair belongs half to either atom; r points away from i, so a negative slope pushes i back.
            sum.energy += 0.5 * energy;
            sum.force += slope_over_r * r;
            let w = -0.5 * slope_over_r;
            let products = [r.x * r.x, r.y * r.y, r.z * r.z, r.y * r.z, r.x * r.z, r.x * r.y];
            sum.virial.iter_mut().zip(products).for_each(|(total, product)| *total += w * product);
        }
        sum
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
        if let Some(t) = system.types.iter().find(|&&t| t as usize >= self.species) {
            return Err(Error::invalid("species", format!("type {t}"), format!("a type below {}", self.species)));
        }
        let mut results = std::mem::take(&mut self.results);
        results.resize(system.len(), AtomResult::default());
        parallel::for_each_chunk(&mut results, CHUNK, |chunk, atoms| {
            for (k, result) in atoms.iter_mut().enumerate() {
                *result = self.sum_atom(chunk * CHUNK + k, system, neighbors);
            }
        });
        out.site_energies.clear();
        out.site_energies.extend(results.iter().map(|atom| atom.energy));
        out.forces.clear();
        out.forces.extend(results.iter().map(|atom| atom.force));
        let mut virial = [0.0; 6];
        for atom in &results {
            virial.iter_mut().zip(atom.virial).for_each(|(total, part)| *total += part);
        }
        let [xx, yy, zz, yz, xz, xy] = virial;
        out.virial = Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz);
        self.results = results;
        Ok(())
    }
}
