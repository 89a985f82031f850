//! A soft pair model that turns a random packing into something that a fitted potential may see.
//!
//! `u(r) = B exp((R_ab - r)/rho) + k q_a q_b / sqrt(r^2 + a^2)`, times `(1 - (r/c)^2)^2`
//!
//! | symbol | value |
//! |---|---|
//! | `R_ab` | sum of the radii of [`sizes`](crate::system::sizes) |
//! | `B`, `rho` | 0.2 eV, 0.35 Å: the size of the repulsion in alkali halides (Fumi and Tosi, doi:10.1016/0022-3697(64)90159-3) |
//! | `k` | 14.4 eV Å, Coulomb's constant; charges are zero where one is unknown or none is negative |
//! | `a` | 1.5 Å: no force at contact is without bound |
//! | `c` | cutoff, which also screens the charges |
//!
//! Both terms are finite at any distance, so that every packing relaxes, and opposite charges end up side by side, a little
//! further apart than in the melt. Not a model of any material: energies and pressures mean nothing.

use crate::error::Result;
use crate::math::Mat3;
use crate::neighbor::NeighborList;
use crate::potential::{Evaluation, Potential};
use crate::system::sizes::radius;
use crate::system::species::element;
use crate::system::{Species, System};

use super::pair::{self, AtomSum};

const CUTOFF: f64 = 8.0;
const REPULSION_EV: f64 = 0.2;
const RANGE: f64 = 0.35;
const COULOMB: f64 = 14.399_645;
const SOFTENING2: f64 = 1.5 * 1.5;

/// The model for a list of species.
#[derive(Debug, Clone)]
pub struct Soft {
    radii: Vec<f64>,
    charges: Vec<f64>,
    sums: Vec<AtomSum>,
}

impl Soft {
    /// The model for these species; names that are no elements get a radius of 1.5 Å.
    pub fn new(species: &[Species]) -> Self {
        let known: Option<Vec<f64>> = species.iter().map(|each| each.charge_e).collect();
        let charges = known.filter(|q| q.iter().any(|&q| q < 0.0)).unwrap_or_else(|| vec![0.0; species.len()]);
        let ionic = charges.iter().any(|&q| q != 0.0);
        let size = |each: &Species| element(&each.name).map_or(1.5, |element| radius(element, ionic));
        Self { radii: species.iter().map(size).collect(), charges, sums: Vec::new() }
    }

    /// Energy in eV and slope over distance in eV/Å^2.
    fn pair(&self, a: usize, b: usize, distance2: f64) -> (f64, f64) {
        let distance = distance2.sqrt().max(1e-9);
        let repulsion = REPULSION_EV * ((self.radii[a] + self.radii[b] - distance) / RANGE).exp();
        let softened = 1.0 / (distance2 + SOFTENING2).sqrt();
        let coulomb = COULOMB * self.charges[a] * self.charges[b] * softened;
        let (energy, slope_over_r) =
            (repulsion + coulomb, -repulsion / (RANGE * distance) - coulomb * softened * softened);
        let left = 1.0 - distance2 / (CUTOFF * CUTOFF);
        let (taper, taper_slope_over_r) = (left * left, -4.0 * left / (CUTOFF * CUTOFF));
        (energy * taper, slope_over_r * taper + energy * taper_slope_over_r)
    }
}

impl Potential for Soft {
    fn cutoff(&self) -> f64 {
        CUTOFF
    }

    fn species_count(&self) -> Option<usize> {
        Some(self.radii.len())
    }

    fn evaluate(&mut self, system: &System, neighbors: &NeighborList, out: &mut Evaluation) -> Result<()> {
        let mut sums = std::mem::take(&mut self.sums);
        let outcome =
            pair::evaluate(system, neighbors, self.radii.len(), CUTOFF, &mut sums, out, |a, b, r2| self.pair(a, b, r2));
        self.sums = sums;
        outcome
    }

    fn atom_virials(&self, _neighbors: &NeighborList, out: &mut Vec<Mat3>) -> bool {
        pair::atom_virials(&self.sums, out);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salt() -> Soft {
        Soft::new(&["K", "Ca", "Cl"].map(|name| Species::from_name(name).unwrap()))
    }

    #[test]
    fn the_slope_is_that_of_the_energy() {
        let soft = salt();
        for (a, b) in [(0, 0), (0, 2), (1, 2), (2, 2)] {
            for r in [0.1, 1.0, 2.5, 4.0, 7.9_f64] {
                let h = 1e-5;
                let energy = |r: f64| soft.pair(a, b, r * r).0;
                let numeric = (energy(r + h) - energy(r - h)) / (2.0 * h);
                let slope = soft.pair(a, b, r * r).1 * r;
                // Central differences err by h^2 u'''/6, and by rounding of u over h.
                let tolerance = 1e-7 * (1.0 + slope.abs()) + 1e-10 * energy(r).abs() / h;
                assert!((numeric - slope).abs() < tolerance, "{a}-{b} at {r}: {numeric} {slope}");
            }
        }
    }

    #[test]
    fn no_contact_is_without_bound_and_the_end_is_smooth() {
        let soft = salt();
        let (energy, slope) = soft.pair(1, 2, 0.0);
        assert!(energy.is_finite() && energy > 100.0 && slope.is_finite());
        let (energy, slope) = soft.pair(1, 2, CUTOFF * CUTOFF);
        assert_eq!((energy, slope), (0.0, 0.0));
    }

    #[test]
    fn metals_carry_no_charge() {
        let alloy = Soft::new(&["Ca", "Cu"].map(|name| Species::from_name(name).unwrap()));
        assert!(alloy.charges.iter().all(|&q| q == 0.0));
    }
}
