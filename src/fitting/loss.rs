//! What a fit minimises: weighted squares of the errors of energy, forces and PlusStress.
//!
//! Mean over configurations of `w_e dE^2/N + w_f sum |dF|^2 + w_s |dS|^2/N` in eV^2, `|dS|` the Frobenius norm of the
//! symmetric tensor; other [`Weighting`]s change the powers of N. The penalty `p sum_mu (|c_mu|^2 - 1)^2` holds the size of
//! the radial functions, which the energy alone leaves open: doubling one and halving the moments' coefficients is no change.

// The fit itself solves normal equations (`optimizer.rs`), which took fewer and cheaper steps. The gradient is for other
// optimisers, and holds the derivatives that both share against finite differences and the reference programs.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::parallel;
use crate::potential::mtp::MtpParameters;
use crate::potential::mtp::jacobian::{JacobianKernel, JacobianWorkspace, Sensitivity};

use super::dataset::{DataSet, Labels};
use super::errors::{Lists, each_prediction};

/// Tasks that share the gradient, each with a sum of its own; fixed, so that the sum does not depend on threads.
const TASKS: usize = 16;

/// How a configuration's weight depends on its number of atoms N.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// Energy and stress over N: as if every atom counted once.
    #[default]
    Vibrations,
    /// Total energies count: for small molecules.
    Molecules,
    /// Vibrations over N: every configuration counts once.
    Structures,
}

/// Weights of the loss.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// w_e.
    pub energy: f64,
    /// w_f, Å^2.
    pub force: f64,
    /// w_s.
    pub stress: f64,
    /// Dependence on N.
    pub weighting: Weighting,
    /// e of the factor `e/(|F|^2 + e)` on each atom's force weight, (eV/Å)^2: large forces count less. `None`: no factor.
    pub force_scaling: Option<f64>,
    /// p.
    pub penalty: f64,
}

impl Default for Weights {
    fn default() -> Self {
        let weighting = Weighting::default();
        Self { energy: 1.0, force: 0.01, stress: 0.001, weighting, force_scaling: None, penalty: 0.0 }
    }
}

impl Weights {
    /// # Errors
    /// A weight that is negative or not finite, all three zero, a force scaling that is not positive.
    pub fn validate(&self) -> Result<()> {
        let named =
            [("energy", self.energy), ("force", self.force), ("stress", self.stress), ("penalty", self.penalty)];
        for (name, value) in named {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::invalid(format!("{name} weight"), value, "a number, zero or more"));
            }
        }
        if self.energy == 0.0 && self.force == 0.0 && self.stress == 0.0 {
            return Err(Error::invalid("weights", "all zero", "at least one above zero"));
        }
        match self.force_scaling {
            Some(e) if !(e > 0.0 && e.is_finite()) => {
                Err(Error::invalid("force scaling", e, "a positive number, (eV/Å)^2"))
            }
            _ => Ok(()),
        }
    }

    /// Weight of each row of a configuration of N atoms: energy, 3N forces, six stresses; zero where there is no label.
    pub fn rows(&self, labels: &Labels, out: &mut Vec<f64>) {
        let n = labels.forces.len() as f64;
        let (energy, force) = match self.weighting {
            Weighting::Vibrations => (1.0 / n, 1.0),
            Weighting::Molecules => (1.0, 1.0),
            Weighting::Structures => (1.0 / (n * n), 1.0 / n),
        };
        out.clear();
        out.push(self.energy * energy);
        for label in &labels.forces {
            let scaling = self.force_scaling.map_or(1.0, |e| e / (label.norm_squared() + e));
            out.extend([self.force * force * scaling; 3]);
        }
        let stress = if labels.stress.is_some() { self.stress * energy } else { 0.0 };
        // An off-diagonal component stands for two.
        out.extend([1.0, 1.0, 1.0, 2.0, 2.0, 2.0].map(|multiplicity| stress * multiplicity));
    }
}

/// `|c_mu|^2` of each radial function, over all pairs of species.
pub(super) fn radial_norms(parameters: &MtpParameters) -> Vec<f64> {
    let (size, count) = (parameters.radial_basis.size, parameters.radial_funcs_count);
    let mut norms = vec![0.0; count];
    for (row, coefficients) in parameters.radial_coeffs.chunks_exact(size).enumerate() {
        norms[row % count] += coefficients.iter().map(|c| c * c).sum::<f64>();
    }
    norms
}

/// The loss of any parameters on one data set.
pub struct Loss<'a> {
    set: &'a DataSet,
    lists: Lists,
    weights: Weights,
}

/// The loss's derivatives by one configuration's energy, forces and stress.
struct Residual {
    energy: f64,
    forces: Vec<Vec3>,
    stress: [f64; 6],
}

/// One task's share of the gradient.
#[derive(Default)]
struct Share {
    workspace: JacobianWorkspace,
    gradient: Vec<f64>,
    error: Option<Error>,
}

impl<'a> Loss<'a> {
    /// Prepares the data set for potentials of a cutoff in Å.
    ///
    /// # Errors
    /// Weights out of range, a cell too small for a list of neighbours.
    pub fn new(set: &'a DataSet, cutoff: f64, weights: Weights) -> Result<Self> {
        weights.validate()?;
        Ok(Self { set, lists: Lists::new(set, cutoff)?, weights })
    }

    /// The loss, and its gradient by all parameters in the order radial `[zi][zj][mu][xi]`, species, moments.
    ///
    /// # Errors
    /// Parameters that can't be evaluated, values that are not finite.
    pub fn value_and_gradient(&self, parameters: &MtpParameters) -> Result<(f64, Vec<f64>)> {
        let count = self.set.len() as f64;
        let (mut value, mut residuals) = (0.0, Vec::with_capacity(self.set.len()));
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        each_prediction(parameters, self.set, &self.lists, |labelled, prediction| {
            self.weights.rows(&labelled.labels, &mut rows);
            labelled.labels.rows(&mut labels);
            let mut slope = |k: usize, found: f64| {
                let difference = found - labels[k];
                value += rows[k] * difference * difference / count;
                2.0 * rows[k] * difference / count
            };
            let energy = slope(0, prediction.energy);
            let n = prediction.forces.len();
            let forces = prediction.forces.iter().enumerate();
            let forces = forces.map(|(i, force)| Vec3::from_fn(|c, _| slope(1 + 3 * i + c, force[c]))).collect();
            let stress = std::array::from_fn(|k| slope(1 + 3 * n + k, prediction.stress[k]));
            residuals.push(Residual { energy, forces, stress });
        })?;
        let mut gradient = self.gradient(parameters, &residuals)?;
        let penalty = self.weights.penalty;
        value += radial_norms(parameters).iter().map(|norm| penalty * (norm - 1.0).powi(2)).sum::<f64>();
        let norms = radial_norms(parameters);
        let size = parameters.radial_basis.size;
        for (k, (entry, c)) in gradient.iter_mut().zip(&parameters.radial_coeffs).enumerate() {
            *entry += 4.0 * penalty * (norms[(k / size) % norms.len()] - 1.0) * c;
        }
        Ok((value, gradient))
    }

    fn gradient(&self, parameters: &MtpParameters, residuals: &[Residual]) -> Result<Vec<f64>> {
        let kernel = JacobianKernel::new(parameters)?;
        let mut shares: Vec<Share> = (0..TASKS.min(residuals.len())).map(|_| Share::default()).collect();
        let tasks = shares.len();
        parallel::for_each_chunk(&mut shares, 1, |index, shares| {
            let Some(share) = shares.first_mut() else { return };
            share.gradient.resize(kernel.parameter_count(), 0.0);
            let items = self.set.configurations.iter().zip(&self.lists.0).zip(residuals);
            for ((labelled, neighbors), residual) in items.skip(index).step_by(tasks) {
                let by = Sensitivity { energy: residual.energy, forces: &residual.forces, stress: residual.stress };
                let Share { workspace, gradient, error } = &mut *share;
                if let Err(reason) = kernel.add_gradient(&labelled.system, neighbors, &by, workspace, gradient) {
                    *error = Some(reason);
                }
            }
        });
        if let Some(error) = shares.iter_mut().find_map(|share| share.error.take()) {
            return Err(error);
        }
        let mut total = vec![0.0; kernel.parameter_count()];
        for share in &shares {
            total.iter_mut().zip(&share.gradient).for_each(|(sum, part)| *sum += part);
        }
        Ok(total)
    }
}
