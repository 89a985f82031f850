//! An Einstein crystal: each atom tied to a site by a spring, in a cell that may itself be elastic.
//!
//! `E = sum_i k |u_i|^2 / 2 + B (V - V0)^2 / (2 V0)`, with `u_i = x_i - H s_i`, `H` the cell and `s_i` the fractional
//! coordinates of the site. Sites deform with the cell, so that `PlusStress = -k sum_i u_i (x) u_i - B (V - V0) V/V0 I`.
//!
//! Exact answers in the canonical ensemble: `<k u^2/2> = 3 k_B T/2` for each atom; at constant pressure the springs carry
//! exactly the opposite of the kinetic pressure, and the volume is Gaussian with variance `k_B T V0/B` about
//! `V0 (1 - P/B)`.

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::potential::{Evaluation, Potential};
use crate::system::System;

/// Springs to sites that are fixed in fractional coordinates.
#[derive(Debug, Clone)]
pub struct Harmonic {
    sites: Vec<Vec3>,
    stiffness: f64,
    elastic: Option<ElasticCell>,
}

/// The cell's own energy `B (V - V0)^2 / (2 V0)`.
#[derive(Debug, Clone, Copy)]
struct ElasticCell {
    bulk_modulus: f64,
    volume: f64,
}

impl Harmonic {
    /// Ties each atom to where it is now by a spring of `stiffness` eV/Å^2.
    ///
    /// # Errors
    /// A stiffness that is not positive and finite.
    pub fn new(system: &System, stiffness: f64) -> Result<Self> {
        if !(stiffness > 0.0 && stiffness.is_finite()) {
            return Err(Error::invalid("spring stiffness", stiffness, "a positive number in eV/Å^2"));
        }
        let sites = system.positions.iter().map(|x| system.cell.fractional(x)).collect();
        Ok(Self { sites, stiffness, elastic: None })
    }

    /// Gives the cell an energy of its own: `bulk_modulus` in eV/Å^3 about the volume that `system` has.
    ///
    /// # Errors
    /// A modulus that is not positive and finite, or a cell that is not periodic in all directions.
    pub fn with_elastic_cell(mut self, system: &System, bulk_modulus: f64) -> Result<Self> {
        if !(bulk_modulus > 0.0 && bulk_modulus.is_finite()) {
            return Err(Error::invalid("bulk modulus", bulk_modulus, "a positive number in eV/Å^3"));
        }
        let Some(volume) = system.cell.volume() else {
            return Err(Error::invalid("cell", "a direction without periodicity", "a cell periodic in all directions"));
        };
        self.elastic = Some(ElasticCell { bulk_modulus, volume });
        Ok(self)
    }
}

impl Potential for Harmonic {
    fn cutoff(&self) -> f64 {
        0.1
    }

    fn species_count(&self) -> Option<usize> {
        None
    }

    fn conserves_momentum(&self) -> bool {
        false
    }

    fn evaluate(&mut self, system: &System, _neighbors: &NeighborList, out: &mut Evaluation) -> Result<()> {
        if system.len() != self.sites.len() {
            return Err(Error::invalid(
                "number of atoms",
                system.len(),
                format!("one for each of {} sites", self.sites.len()),
            ));
        }
        out.site_energies.clear();
        out.forces.clear();
        out.virial = Mat3::zeros();
        for (position, site) in system.positions.iter().zip(&self.sites) {
            let displacement = position - system.cell.cartesian(site);
            let force = -self.stiffness * displacement;
            out.site_energies.push(0.5 * self.stiffness * displacement.norm_squared());
            out.forces.push(force);
            out.virial += force * displacement.transpose();
        }
        if let (Some(elastic), Some(volume)) = (self.elastic, system.cell.volume()) {
            let strain = (volume - elastic.volume) / elastic.volume;
            let share = 0.5 * elastic.bulk_modulus * strain * strain * elastic.volume / self.sites.len() as f64;
            out.site_energies.iter_mut().for_each(|energy| *energy += share);
            out.virial -= Mat3::identity() * (elastic.bulk_modulus * strain * volume);
        }
        Ok(())
    }
}
