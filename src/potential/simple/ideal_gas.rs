//! Atoms that do not interact: every ensemble's laws are then known exactly.

use crate::error::Result;
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::potential::{Evaluation, Potential};
use crate::system::System;

/// No interaction at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct IdealGas;

impl Potential for IdealGas {
    fn cutoff(&self) -> f64 {
        // A neighbour list needs some length; a short one keeps it nearly empty.
        0.1
    }

    fn species_count(&self) -> Option<usize> {
        None
    }

    fn evaluate(&mut self, system: &System, _neighbors: &NeighborList, out: &mut Evaluation) -> Result<()> {
        out.site_energies.clear();
        out.site_energies.resize(system.len(), 0.0);
        out.forces.clear();
        out.forces.resize(system.len(), Vec3::zeros());
        out.virial = Mat3::zeros();
        Ok(())
    }

    fn atom_virials(&self, neighbors: &NeighborList, out: &mut Vec<Mat3>) -> bool {
        out.clear();
        out.resize(neighbors.len(), Mat3::zeros());
        true
    }
}
