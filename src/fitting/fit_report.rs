//! What a fit gives in the end: errors of both parts of the data, the learning curve, the active set.

use serde::{Deserialize, Serialize};

use crate::chart::ChartSpec;
use crate::error::Result;
use crate::io::Almtp;
use crate::potential::mtp::{GradeMode, MtpParameters};

use super::active_set::build_active_set;
use super::data_curve::{SizePoint, data_curve};
use super::optimizer::Fit;
use super::report::{PartReport, learning_curve, loss_curve, parity_charts};
use super::span::ActiveSetSpan;
use super::state::FitPoint;
use super::summary::DataSummary;

/// Rows of the active set are exchanged while that raises its volume by more than this factor.
pub const SELECTION_THRESHOLD: f64 = 1.001;
/// What the active set of a fit has rows for: the energy of each atom.
pub const GRADE_MODE: GradeMode = GradeMode::Neighborhood { weight: 1.0 };

/// Report of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitReport {
    /// What was in the data set.
    pub data: DataSummary,
    /// Errors on the training part, and on the held-out part where there is one.
    pub parts: Vec<PartReport>,
    /// A point for each step that was taken.
    pub history: Vec<FitPoint>,
    /// Errors of fits to parts of the training part, where they were made.
    #[serde(default)]
    pub sizes: Vec<SizePoint>,
    /// What the active set spans, where one was chosen.
    pub active_set: Option<ActiveSetSpan>,
}

impl FitReport {
    /// Evaluates `potential`, the result of `fit`.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn new(data: DataSummary, fit: &Fit, potential: &MtpParameters) -> Result<Self> {
        Ok(Self {
            data,
            parts: parts(fit, potential)?,
            history: fit.history().to_vec(),
            sizes: Vec::new(),
            active_set: None,
        })
    }

    /// Parity plots, the learning curve, the loss, and the errors over the size of the data where there are such fits.
    pub fn charts(&self) -> Vec<ChartSpec> {
        let mut charts = parity_charts(&self.parts);
        charts.push(learning_curve(&self.history));
        charts.push(loss_curve(&self.history));
        charts.extend((!self.sizes.is_empty()).then(|| data_curve(&self.sizes)));
        charts
    }
}

/// Errors of a potential on each part of a fit's data.
///
/// # Errors
/// A value that is not finite.
pub fn parts(fit: &Fit, potential: &MtpParameters) -> Result<Vec<PartReport>> {
    let reference = fit.species_energies();
    let mut parts = vec![PartReport::new("training", potential, fit.training(), reference, fit.weights())?];
    if !fit.held_out().is_empty() {
        parts.push(PartReport::new("held out", potential, fit.held_out(), reference, fit.weights())?);
    }
    Ok(parts)
}

impl Fit {
    /// `potential` with the active set of the training part, and what that spans.
    ///
    /// # Errors
    /// Derivatives that are not finite, rows that are exchanged without end.
    pub fn with_active_set(&self, potential: &MtpParameters) -> Result<(Almtp, Option<ActiveSetSpan>)> {
        let training = self.training().to_configurations();
        let numbers = self.training().configurations.iter().map(|labelled| labelled.number);
        let active_set = build_active_set(potential, numbers.zip(&training), GRADE_MODE, SELECTION_THRESHOLD)?;
        let almtp = Almtp { parameters: potential.clone(), active_set: Some(active_set) };
        let held_out = self.held_out().to_configurations();
        let span = ActiveSetSpan::new(&almtp, training.len(), &self.training().species, &held_out)?;
        Ok((almtp, span))
    }
}
