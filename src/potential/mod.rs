//! Potentials: energies, forces and virial of a [`System`] from its [`NeighborList`].

pub mod mtp;
pub mod simple;

use crate::error::Result;
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::system::System;

/// What a potential says of a configuration. Buffers are reused between calls.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Energy of each atom, eV; the total is their sum in order.
    pub site_energies: Vec<f64>,
    /// Force on each atom, eV/Å.
    pub forces: Vec<Vec3>,
    /// `-sum_ij r_ij (x) dE/dr_ij`, eV, compression positive: MLIP's PlusStress. Potential part of pressure times volume.
    pub virial: Mat3,
}

impl Evaluation {
    /// Total energy, eV.
    pub fn energy(&self) -> f64 {
        self.site_energies.iter().sum()
    }
}

/// An interatomic potential.
pub trait Potential: Send {
    /// Distance in Å at and beyond which atoms do not interact.
    fn cutoff(&self) -> f64;

    /// Number of species it knows; a system's type indices must be below it. `None`: any.
    fn species_count(&self) -> Option<usize>;

    /// Whether the forces add up to zero, so that the centre of mass can be held at rest. Only a potential with external
    /// fields says no.
    fn conserves_momentum(&self) -> bool {
        true
    }

    /// Fills `out` for `system`. `neighbors` is up to date and holds every pair within [`Potential::cutoff`].
    ///
    /// # Errors
    /// A species that the potential does not know.
    fn evaluate(&mut self, system: &System, neighbors: &NeighborList, out: &mut Evaluation) -> Result<()>;

    /// Fills `out` with the virial of each atom at the last call of [`Potential::evaluate`], and says whether it could:
    ///
    /// ```text
    /// W_i = sum_j r_ij (x) dU_j/dr_ji      (eV; U_j the energy of atom j, r_ij from i to j)
    /// ```
    ///
    /// which add up to [`Evaluation::virial`], though none of them need be symmetric. They carry the energy that flows
    /// between atoms: `d/dt sum_i r_i e_i = sum_i (e_i v_i + W_i v_i)` (Fan et al., Phys. Rev. B 92, 094301 (2015),
    /// doi:10.1103/PhysRevB.92.094301). `neighbors` is that of the last evaluation.
    fn atom_virials(&self, _neighbors: &NeighborList, _out: &mut Vec<Mat3>) -> bool {
        false
    }
}
