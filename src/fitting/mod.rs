//! Fitting potentials to labelled configurations.
//!
//! [`DataSet`] holds what is fitted to, [`TemplateSpec`] makes the potential's tables, [`Weights`] say what counts, [`Fit`]
//! finds the coefficients, and [`errors`] says how good they are.

pub mod active_set;
mod data_curve;
mod dataset;
mod doubts;
mod errors;
mod fit_report;
mod identity;
mod loss;
pub mod maxvol;
mod normal;
mod optimizer;
mod outliers;
mod plausible;
mod report;
mod span;
mod spec;
mod start;
mod state;
mod summary;
pub mod template;
mod units;

pub use active_set::{Selection, build_active_set, grade_configurations, grade_mode, grade_of};
pub use data_curve::{SizePoint, data_curve};
pub use dataset::{DataSet, Labelled, Labels};
pub use errors::{Deviation, Errors, errors};
pub use fit_report::{FitReport, GRADE_MODE, SELECTION_THRESHOLD, parts};
pub use loss::{Loss, Weighting, Weights};
pub use maxvol::MaxVol;
pub use optimizer::Fit;
pub use outliers::Outlier;
pub use report::{
    CompositionErrors, Parity, PartReport, SpeciesErrors, WorstConfiguration, learning_curve, loss_curve, parity_charts,
};
pub use span::{ActiveSetSpan, CompositionRows, HeldOutGrades, SpeciesRows};
pub use spec::FitSpec;
pub use state::{Candidate, FitEnd, FitPoint, FitProgress, FitState};
pub use summary::{ClosestPair, CompositionSummary, DataSummary, Extent, LabelCounts, SpeciesCount};
pub use template::TemplateSpec;

use nalgebra::{DMatrix, DVector};

/// Energy of an atom of each species, eV, that describes the compositions of a data set best: the part of the labels that
/// no interaction need explain. Taken off before anything is fitted, so that energies of some hundred eV an atom cost no
/// digits. Where compositions do not tell species apart, each gets the mean.
pub fn reference_energies(set: &DataSet) -> Vec<f64> {
    let labelled: Vec<(Vec<usize>, f64)> =
        set.configurations.iter().map(|labelled| (labelled.system.counts(), labelled.labels.energy)).collect();
    composition_energies(set.species.len(), &labelled)
}

/// The same from the atoms of each species and the energy of configurations that have atoms.
fn composition_energies(species: usize, labelled: &[(Vec<usize>, f64)]) -> Vec<f64> {
    weighted_composition_energies(species, labelled, &vec![1.0; labelled.len()])
}

/// The same with a weight, above 0, of each configuration.
fn weighted_composition_energies(species: usize, labelled: &[(Vec<usize>, f64)], weights: &[f64]) -> Vec<f64> {
    let atoms = |counts: &[usize]| counts.iter().sum::<usize>() as f64;
    let per_atom = |(counts, energy): &(Vec<usize>, f64)| energy / atoms(counts);
    let all = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mean = labelled.iter().zip(weights).map(|(entry, weight)| weight * per_atom(entry)).sum::<f64>() / all;
    let (mut matrix, mut right) = (DMatrix::zeros(species, species), DVector::zeros(species));
    for (entry, weight) in labelled.iter().zip(weights) {
        let n = atoms(&entry.0);
        let shares = DVector::from_iterator(species, entry.0.iter().map(|&count| count as f64 / n));
        matrix += &shares * shares.transpose() * *weight;
        right += shares * (weight * (per_atom(entry) - mean));
    }
    let ridge = 1e-9 * matrix.trace();
    for k in 0..species {
        matrix[(k, k)] += ridge;
    }
    let differences = matrix.cholesky().map_or_else(|| DVector::zeros(species), |solver| solver.solve(&right));
    differences.iter().map(|difference| mean + difference).collect()
}
