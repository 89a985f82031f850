//! Errors of a potential on labelled configurations.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::neighbor::NeighborList;
use crate::potential::mtp::{MtpParameters, MtpPotential};
use crate::potential::{Evaluation, Potential};
use crate::units::EV_PER_A3_TO_GPA;

use super::dataset::{DataSet, Labelled, neighbor_list};
use super::loss::Weights;

/// What a potential says of one configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Total energy, eV.
    pub energy: f64,
    /// Force on each atom, eV/Å.
    pub forces: Vec<Vec3>,
    /// PlusStress xx, yy, zz, yz, xz, xy, eV.
    pub stress: [f64; 6],
}

/// Root mean square, mean and largest of the magnitudes of some differences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Deviation {
    /// How many differences.
    pub count: usize,
    /// Root mean square.
    pub rms: f64,
    /// Mean magnitude.
    pub mean: f64,
    /// Largest magnitude.
    pub max: f64,
}

/// Errors on a set of configurations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Energy, eV an atom.
    pub energy_per_atom: Deviation,
    /// Each Cartesian component of each force, eV/Å. Its root mean square is what the `mlp` programs report for forces.
    pub force_component: Deviation,
    /// Length of the difference of each force, eV/Å. Its maximum is what the `mlp` programs report.
    pub force_vector: Deviation,
    /// Each of the six components of the stress, GPa; periodic configurations with a stress label only.
    pub stress_gpa: Deviation,
}

/// Sums behind a [`Deviation`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    count: usize,
    squares: f64,
    magnitudes: f64,
    max: f64,
}

impl Tally {
    pub(super) fn add(&mut self, difference: f64) {
        self.count += 1;
        self.squares += difference * difference;
        self.magnitudes += difference.abs();
        self.max = self.max.max(difference.abs());
    }

    pub(super) fn deviation(&self) -> Deviation {
        let n = self.count.max(1) as f64;
        Deviation { count: self.count, rms: (self.squares / n).sqrt(), mean: self.magnitudes / n, max: self.max }
    }
}

/// Sums behind [`Errors`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tallies {
    energy: Tally,
    component: Tally,
    vector: Tally,
    stress: Tally,
}

impl Tallies {
    pub(super) fn add(&mut self, labelled: &Labelled, prediction: &Prediction) {
        let labels = &labelled.labels;
        self.energy.add((prediction.energy - labels.energy) / labelled.system.len() as f64);
        for (found, label) in prediction.forces.iter().zip(&labels.forces) {
            let difference = found - label;
            difference.iter().for_each(|component| self.component.add(*component));
            self.vector.add(difference.norm());
        }
        let Some((stress, volume)) = labels.stress.zip(labelled.system.cell.volume()) else { return };
        for (found, label) in prediction.stress.iter().zip(stress) {
            self.stress.add((found - label) / volume * EV_PER_A3_TO_GPA);
        }
    }

    pub(super) fn errors(&self) -> Errors {
        Errors {
            energy_per_atom: self.energy.deviation(),
            force_component: self.component.deviation(),
            force_vector: self.vector.deviation(),
            stress_gpa: self.stress.deviation(),
        }
    }
}

/// Neighbour lists of a data set, kept between evaluations.
#[derive(Debug, Clone)]
pub(super) struct Lists(pub Vec<NeighborList>);

impl Lists {
    pub(super) fn new(set: &DataSet, cutoff: f64) -> Result<Self> {
        let list = |labelled: &Labelled| neighbor_list(&labelled.system, cutoff);
        Ok(Self(set.configurations.iter().map(list).collect::<Result<_>>()?))
    }
}

/// Errors of `parameters` on a data set.
///
/// # Errors
/// A species that the potential does not know; a value that is not finite.
pub fn errors(parameters: &MtpParameters, set: &DataSet) -> Result<Errors> {
    let lists = Lists::new(set, parameters.radial_basis.max_dist)?;
    let mut tallies = Tallies::default();
    each_prediction(parameters, set, &lists, |labelled, prediction| tallies.add(labelled, prediction))?;
    Ok(tallies.errors())
}

/// Errors and the mean loss without penalty.
pub(super) fn errors_and_loss(
    parameters: &MtpParameters,
    set: &DataSet,
    lists: &Lists,
    weights: &Weights,
) -> Result<(Errors, f64)> {
    let mut tallies = Tallies::default();
    let (mut loss, mut rows, mut labels) = (0.0, Vec::new(), Vec::new());
    each_prediction(parameters, set, lists, |labelled, prediction| {
        tallies.add(labelled, prediction);
        weights.rows(&labelled.labels, &mut rows);
        labelled.labels.rows(&mut labels);
        let forces = prediction.forces.iter().flat_map(|force| force.iter());
        let found = std::iter::once(&prediction.energy).chain(forces).chain(&prediction.stress);
        loss += rows.iter().zip(found.zip(&labels)).map(|(w, (x, y))| w * (x - y).powi(2)).sum::<f64>();
    })?;
    Ok((tallies.errors(), loss / set.len().max(1) as f64))
}

/// Hands each configuration of a set with its prediction to `visit`, in order.
pub(super) fn each_prediction(
    parameters: &MtpParameters,
    set: &DataSet,
    lists: &Lists,
    mut visit: impl FnMut(&Labelled, &Prediction),
) -> Result<()> {
    let mut potential = MtpPotential::new(parameters.clone())?;
    let mut evaluation = Evaluation::default();
    for (labelled, neighbors) in set.configurations.iter().zip(&lists.0) {
        potential.evaluate(&labelled.system, neighbors, &mut evaluation)?;
        let v = &evaluation.virial;
        let prediction = Prediction {
            energy: evaluation.energy(),
            stress: [v[(0, 0)], v[(1, 1)], v[(2, 2)], v[(1, 2)], v[(0, 2)], v[(0, 1)]],
            forces: std::mem::take(&mut evaluation.forces),
        };
        let forces = prediction.forces.iter().flat_map(|force| force.iter());
        if !forces.chain(&prediction.stress).chain([&prediction.energy]).all(|x| x.is_finite()) {
            let what = format!("energy and forces of configuration {}", labelled.number);
            return Err(Error::invalid(what, "a value that is not finite", "atoms further apart"));
        }
        visit(labelled, &prediction);
        evaluation.forces = prediction.forces;
    }
    Ok(())
}
