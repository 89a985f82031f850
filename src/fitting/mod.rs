//! Fitting potentials to labelled configurations.
//!
//! [`DataSet`] holds what is fitted to, [`TemplateSpec`] makes the potential's tables, [`Weights`] say what counts, [`Fit`]
//! finds the coefficients, and [`errors`] says how good they are.

pub mod active_set;
mod dataset;
mod errors;
mod loss;
pub mod maxvol;
mod normal;
mod optimizer;
mod report;
mod spec;
mod start;
mod state;
pub mod template;
mod units;

pub use active_set::{Selection, build_active_set, grade_configurations, grade_mode, grade_of};
pub use dataset::{DataSet, Labelled, Labels};
pub use errors::{Deviation, Errors, Prediction, errors, predict};
pub use loss::{Loss, Weighting, Weights};
pub use maxvol::MaxVol;
pub use optimizer::Fit;
pub use report::{
    CompositionErrors, Parity, PartReport, SpeciesErrors, WorstConfiguration, learning_curve, parity_charts,
};
pub use spec::FitSpec;
pub use state::{Candidate, FitEnd, FitPoint, FitProgress, FitState};
pub use template::TemplateSpec;

use nalgebra::{DMatrix, DVector};

/// Energy of an atom of each species, eV, that describes the compositions of a data set best: the part of the labels that
/// no interaction need explain. Taken off before anything is fitted, so that energies of some hundred eV an atom cost no
/// digits. Where compositions do not tell species apart, each gets the mean.
pub fn reference_energies(set: &DataSet) -> Vec<f64> {
    let species = set.species.len();
    let per_atom: Vec<f64> =
        set.configurations.iter().map(|labelled| labelled.labels.energy / labelled.system.len() as f64).collect();
    let mean = per_atom.iter().sum::<f64>() / per_atom.len().max(1) as f64;
    let (mut matrix, mut right) = (DMatrix::zeros(species, species), DVector::zeros(species));
    for (labelled, energy) in set.configurations.iter().zip(&per_atom) {
        let n = labelled.system.len() as f64;
        let shares = DVector::from_iterator(species, labelled.system.counts().iter().map(|&count| count as f64 / n));
        matrix += &shares * shares.transpose();
        right += shares * (energy - mean);
    }
    let ridge = 1e-9 * matrix.trace();
    for k in 0..species {
        matrix[(k, k)] += ridge;
    }
    let differences = matrix.cholesky().map_or_else(|| DVector::zeros(species), |solver| solver.solve(&right));
    differences.iter().map(|difference| mean + difference).collect()
}
