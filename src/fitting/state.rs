//! Where a fit stands: its candidates, its learning curve, and all that it needs to go on later.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

use super::errors::Errors;

/// Loss of coefficients that no pass has judged; JSON has no infinity.
const UNKNOWN_LOSS: f64 = f64::MAX;
/// Damping at the start of a stage.
const FIRST_DAMPING: f64 = 1e-2;

/// Coefficients with their quality.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub(super) radial: Vec<f64>,
    /// Species (less the reference energies), then moments.
    pub(super) linear: Vec<f64>,
    /// Mean loss on the training part, without the penalty's share.
    pub loss: f64,
    /// That share.
    pub penalty: f64,
    /// Mean loss on the held-out part.
    pub held_out_loss: Option<f64>,
}

/// The fit after one step, for the learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitPoint {
    /// Random start, from 0; the number of starts for the last stage.
    pub stage: usize,
    /// Passes over the data so far.
    pub passes: usize,
    /// Mean loss on the training part, without the penalty's share.
    pub loss: f64,
    /// That share.
    pub penalty: f64,
    /// Mean loss on the held-out part.
    pub held_out_loss: Option<f64>,
    /// Errors on the training part.
    pub training: Errors,
    /// Errors on the held-out part.
    pub held_out: Option<Errors>,
}

/// Why a fit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FitEnd {
    /// The loss falls no further.
    Converged,
    /// The held-out loss falls no further.
    HeldOut,
    /// All steps are used.
    Iterations,
}

impl FitEnd {
    /// In words, for progress.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Converged => "the loss falls no further",
            Self::HeldOut => "the errors on the held-out part fall no further",
            Self::Iterations => "all steps that were allowed are taken",
        }
    }
}

/// How far a fit is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitProgress {
    /// Random start, from 0; the number of starts for the last stage.
    pub stage: usize,
    /// Number of random starts.
    pub starts: usize,
    /// Steps taken in this stage.
    pub iteration: usize,
    /// Passes over the data so far.
    pub passes: usize,
    /// Part of the present pass that is done.
    pub pass_fraction: f64,
    /// Estimate of the part of the whole that is done; the last stage may end earlier.
    pub fraction: f64,
    /// The latest point of the learning curve.
    pub point: Option<FitPoint>,
    /// Why it ended, if it has.
    pub end: Option<FitEnd>,
}

/// What the first pass over the data is for where a fit begins or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Due {
    /// Linear coefficients.
    Solve,
    /// The errors of the present coefficients, and the equations to step from.
    Base,
    /// The equations alone.
    Equations,
}

/// All that a fit needs to go on later with the same template, data and specification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitState {
    /// What the fit is of: names and values.
    pub(super) of: Vec<(String, String)>,
    pub(super) stage: usize,
    pub(super) iteration: usize,
    pub(super) passes: usize,
    pub(super) current: Candidate,
    pub(super) damping: f64,
    pub(super) growth: f64,
    /// The best of the finished starts.
    pub(super) leader: Option<Candidate>,
    pub(super) best: Option<Candidate>,
    pub(super) since_best: usize,
    pub(super) due: Due,
    /// Linear coefficients that the equations at the present ones were made with.
    pub(super) probed: Vec<f64>,
    pub(super) history: Vec<FitPoint>,
    pub(super) end: Option<FitEnd>,
}

impl FitState {
    /// Before the first pass.
    pub(super) fn new(of: Vec<(String, String)>) -> Self {
        Self {
            of,
            stage: 0,
            iteration: 0,
            passes: 0,
            current: Candidate::unjudged(Vec::new(), Vec::new()),
            damping: FIRST_DAMPING,
            growth: 2.0,
            leader: None,
            best: None,
            since_best: 0,
            due: Due::Solve,
            probed: Vec::new(),
            history: Vec::new(),
            end: None,
        }
    }

    /// # Errors
    /// What another fit than `own` left, or another version.
    pub(super) fn check(&self, own: &Self) -> Result<()> {
        let sizes = |candidate: &Candidate| (candidate.radial.len(), candidate.linear.len());
        let named = own.of.iter().zip(&self.of);
        if own.of.len() != self.of.len() || named.clone().any(|((own, _), (other, _))| own != other) {
            return Err(Error::invalid("saved fit", "the form of another version", "that of this one"));
        }
        if let Some(((what, own), (_, other))) = named.into_iter().find(|(own, other)| own != other) {
            let expected = format!("{own}, as for this fit");
            return Err(Error::invalid(format!("{what} of the saved fit"), other, expected));
        }
        let probed = self.due != Due::Equations || self.probed.len() == own.current.linear.len();
        if sizes(&own.current) != sizes(&self.current) || !probed {
            return Err(Error::invalid("coefficients of the saved fit", "another number", "as many as this fit has"));
        }
        Ok(())
    }

    /// Begins a stage with coefficients that no pass has judged, or a leader that one has.
    pub(super) fn begin_stage(&mut self, stage: usize, current: Candidate, due: Due) {
        self.due = due;
        self.stage = stage;
        self.iteration = 0;
        self.since_best = 0;
        self.current = current;
        self.begin_steps();
    }

    /// Damping as before the first step.
    pub(super) fn begin_steps(&mut self) {
        self.damping = FIRST_DAMPING;
        self.growth = 2.0;
    }
}

impl Candidate {
    /// Coefficients that no pass has judged.
    pub(super) fn unjudged(radial: Vec<f64>, linear: Vec<f64>) -> Self {
        Self { radial, linear, loss: UNKNOWN_LOSS, penalty: 0.0, held_out_loss: None }
    }

    /// What steps make smaller, and starts are compared by.
    pub(super) fn objective(&self) -> f64 {
        self.loss + self.penalty
    }

    /// What the best is chosen by: the held-out loss, where configurations are held out.
    pub(super) fn quality(&self) -> f64 {
        self.held_out_loss.unwrap_or(self.objective())
    }
}
