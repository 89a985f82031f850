//! Moment Tensor Potentials (Shapeev, doi:10.1137/15M1054183; MLIP, doi:10.1088/2632-2153/abc9fe).
//!
//! `V_i = species_coeffs[zi] + sum_k moment_coeffs[k] m[alpha_moment_mapping[k]]`, where the basic moments are
//! `m_k = sum_j f_mu(r_ij) ux^p uy^q uz^s` and the others are products of earlier ones.
//!
//! # Forces in two passes
//!
//! A kernel fills `g_ij = dV_i/dr_ij` for each atom's own slots; then each atom gathers
//! `F_i = sum_j (g_ij - g_ji)` in the order of its slots. No atomics and no buffers per thread: the sums, and so a
//! trajectory, are the same for every number of threads.

mod grade;
pub mod jacobian;
mod kernel_lanes;
mod kernel_reference;
mod neighborhood;
pub mod parameters;
mod plan;
mod radial;
mod rows;
mod site;

pub use grade::{EnergyDerivatives, ExtrapolationGrade, GradeMode, Grades};
pub use parameters::{MtpParameters, Product, RadialBasis, RadialBasisKind};

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::parallel;
use crate::potential::{Evaluation, Potential};
use crate::system::System;

use kernel_reference::ReferenceKernel;
use site::{SiteInput, SiteKernel, SiteOutput};

/// Atoms that one task evaluates; fixed, so that partial virials are summed in one order.
const ATOMS_PER_TASK: usize = 32;

/// Which implementation evaluates the sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// Plain, for comparison.
    Reference,
    /// SIMD, as wide as the machine allows.
    Lanes,
    /// SIMD of 128 bits, the width of wasm: for comparison on other machines.
    Lanes128,
}

/// A Moment Tensor Potential ready to evaluate.
#[derive(Debug)]
pub struct MtpPotential {
    parameters: MtpParameters,
    kernel: Box<dyn SiteKernel>,
    gradients: Vec<Vec3>,
    virials: Vec<Mat3>,
}

impl MtpPotential {
    /// A potential with the fast kernel.
    ///
    /// # Errors
    /// Parameters that [`MtpParameters::validate`] refuses.
    pub fn new(parameters: MtpParameters) -> Result<Self> {
        Self::with_kernel(parameters, Kernel::Lanes)
    }

    /// A potential with a kernel of choice.
    ///
    /// # Errors
    /// Parameters that [`MtpParameters::validate`] refuses.
    pub fn with_kernel(parameters: MtpParameters, kernel: Kernel) -> Result<Self> {
        parameters.validate()?;
        let rank = parameters.alpha_index_basic.iter().map(|alpha| alpha[1..].iter().sum::<usize>()).max();
        let kernel: Box<dyn SiteKernel> = match kernel {
            // No template has tensors of such a rank; a file that does is evaluated all the same.
            _ if rank > Some(kernel_lanes::MAX_RANK) => Box::new(ReferenceKernel::new(&parameters)),
            Kernel::Reference => Box::new(ReferenceKernel::new(&parameters)),
            Kernel::Lanes => kernel_lanes::widest(&parameters),
            Kernel::Lanes128 => kernel_lanes::narrow(&parameters),
        };
        Ok(Self { parameters, kernel, gradients: Vec::new(), virials: Vec::new() })
    }

    /// What the file says.
    pub fn parameters(&self) -> &MtpParameters {
        &self.parameters
    }
}

impl Potential for MtpPotential {
    fn cutoff(&self) -> f64 {
        self.parameters.radial_basis.max_dist
    }

    fn species_count(&self) -> Option<usize> {
        Some(self.parameters.species_count)
    }

    fn evaluate(&mut self, system: &System, neighbors: &NeighborList, out: &mut Evaluation) -> Result<()> {
        check_species(system, self.parameters.species_count)?;
        out.site_energies.resize(system.len(), 0.0);
        out.forces.resize(system.len(), Vec3::zeros());
        self.gradients.resize(neighbors.slots().len(), Vec3::zeros());
        self.virials.resize(system.len().div_ceil(ATOMS_PER_TASK), Mat3::zeros());
        let input = SiteInput { system, neighbors };
        fill_sites(&*self.kernel, &input, 0, &mut out.site_energies, &mut self.gradients, &mut self.virials);
        out.virial = self.virials.iter().sum();
        gather_forces(neighbors, &self.gradients, &mut out.forces);
        Ok(())
    }

    fn atom_virials(&self, neighbors: &NeighborList, out: &mut Vec<Mat3>) -> bool {
        if self.gradients.len() != neighbors.slots().len() {
            return false;
        }
        out.resize(neighbors.len(), Mat3::zeros());
        gather_virials(neighbors, &self.gradients, out);
        true
    }
}

/// Whether every type is one of the potential's `known` species.
fn check_species(system: &System, known: usize) -> Result<()> {
    match system.types.iter().position(|&t| t as usize >= known) {
        Some(atom) => {
            let found = format!("type {} of atom {}", system.types[atom], atom + 1);
            Err(Error::invalid("species", found, format!("one of the potential's {known}, numbered from 0")))
        }
        None => Ok(()),
    }
}

/// Splits the atoms into tasks of [`ATOMS_PER_TASK`], each with its own share of every output.
fn fill_sites(
    kernel: &dyn SiteKernel,
    input: &SiteInput,
    first: usize,
    energies: &mut [f64],
    gradients: &mut [Vec3],
    virials: &mut [Mat3],
) {
    if let [virial] = virials {
        return kernel.sites(input, first, SiteOutput { energies, gradients, virial });
    }
    if virials.is_empty() {
        return;
    }
    let tasks = virials.len() / 2;
    let middle = first + tasks * ATOMS_PER_TASK;
    let slots = input.neighbors.range(middle).start - input.neighbors.range(first).start;
    let (energies, energies_right) = energies.split_at_mut(middle - first);
    let (gradients, gradients_right) = gradients.split_at_mut(slots);
    let (virials, virials_right) = virials.split_at_mut(tasks);
    parallel::join(
        || fill_sites(kernel, input, first, energies, gradients, virials),
        || fill_sites(kernel, input, middle, energies_right, gradients_right, virials_right),
    );
}

/// `W_i = sum_j r_ij (x) g_ji`.
fn gather_virials(neighbors: &NeighborList, gradients: &[Vec3], virials: &mut [Mat3]) {
    parallel::for_each_chunk(virials, ATOMS_PER_TASK, |chunk, virials| {
        for (k, virial) in virials.iter_mut().enumerate() {
            let i = chunk * ATOMS_PER_TASK + k;
            *virial = Mat3::zeros();
            for slot in neighbors.range(i) {
                let gradient = gradients[neighbors.reverse()[slot] as usize];
                *virial += neighbors.vector(i, slot) * gradient.transpose();
            }
        }
    });
}

/// Second pass: `F_i = sum_j (g_ij - g_ji)`.
fn gather_forces(neighbors: &NeighborList, gradients: &[Vec3], forces: &mut [Vec3]) {
    parallel::for_each_chunk(forces, ATOMS_PER_TASK, |chunk, forces| {
        for (k, force) in forces.iter_mut().enumerate() {
            let slots = neighbors.range(chunk * ATOMS_PER_TASK + k);
            *force = Vec3::zeros();
            for (own, &reverse) in gradients[slots.clone()].iter().zip(&neighbors.reverse()[slots]) {
                *force += own - gradients[reverse as usize];
            }
        }
    });
}
