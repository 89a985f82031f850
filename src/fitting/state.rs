//! Where a fit stands: its candidates, its learning curve, and all that it needs to go on later.

use serde::{Deserialize, Serialize};

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
    /// The same on the held-out part.
    pub held_out_loss: Option<f64>,
}

/// The fit after one step, for the learning curve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitPoint {
    /// Random start, from 0; the number of starts for the last stage.
    pub stage: usize,
    /// Passes over the data so far.
    pub passes: usize,
    /// Mean loss on the training part.
    pub loss: f64,
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

/// All that a fit needs to go on later with the same template, data and specification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitState {
    /// What the fit is of, in words.
    pub(super) of: String,
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
    pub(super) fresh: bool,
    pub(super) history: Vec<FitPoint>,
    pub(super) end: Option<FitEnd>,
}

impl FitState {
    /// Before the first pass.
    pub(super) fn new(of: String) -> Self {
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
            fresh: true,
            history: Vec::new(),
            end: None,
        }
    }

    /// Begins a stage with coefficients that no pass has judged, or a leader that one has.
    pub(super) fn begin_stage(&mut self, stage: usize, current: Candidate) {
        self.stage = stage;
        self.iteration = 0;
        self.damping = FIRST_DAMPING;
        self.growth = 2.0;
        self.since_best = 0;
        self.current = current;
    }
}

impl Candidate {
    /// Coefficients that no pass has judged.
    pub(super) fn unjudged(radial: Vec<f64>, linear: Vec<f64>) -> Self {
        Self { radial, linear, loss: UNKNOWN_LOSS, held_out_loss: None }
    }

    /// What fits are compared by: the held-out loss, where configurations are held out.
    pub(super) fn quality(&self) -> f64 {
        self.held_out_loss.unwrap_or(self.loss)
    }
}
