//! What a fit minimises: weighted squares of the errors of energy, forces and PlusStress.
//!
//! Mean over configurations of `w_e dE^2/N + w_f sum |dF|^2 + w_s |dS|^2/N` (eV, eV/Å), `|dS|` the Frobenius norm of the
//! symmetric tensor; other [`Weighting`]s change the powers of N. The penalty `p sum_mu (|c_mu|^2 - 1)^2` holds the size of
//! the radial functions, which the energy alone leaves open: doubling one and halving the moments' coefficients is no change.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::potential::mtp::MtpParameters;

use super::dataset::Labels;

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
