//! What a kernel does: energies of a run of atoms, and the gradient of each with respect to its own neighbours.

use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::system::System;

/// What every kernel reads.
#[derive(Clone, Copy)]
pub(super) struct SiteInput<'a> {
    pub system: &'a System,
    pub neighbors: &'a NeighborList,
}

/// What a kernel fills for a run of atoms.
pub(super) struct SiteOutput<'a> {
    /// V_i, eV, one per atom.
    pub energies: &'a mut [f64],
    /// dV_i/dr_ij, eV/Å, one per neighbour slot of these atoms; zero at and beyond the cutoff.
    pub gradients: &'a mut [Vec3],
    /// `-sum_ij g_ij (x) r_ij` over these atoms, eV.
    pub virial: &'a mut Mat3,
}

/// First pass of the forces: each atom fills its own slots, independently of every other.
pub(super) trait SiteKernel: Send + Sync + std::fmt::Debug {
    /// Evaluates atoms `first .. first + out.energies.len()`.
    fn sites(&self, input: &SiteInput, first: usize, out: SiteOutput);
}
