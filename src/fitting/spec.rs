//! [`FitSpec`]: how to fit.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

use super::loss::Weights;

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitSpec {
    /// Weights of the loss.
    pub weights: Weights,
    /// Seed of the random starts.
    pub seed: u64,
    /// Number of starts.
    pub starts: usize,
    /// Steps of each start before the best is chosen.
    pub start_iterations: usize,
    /// Most steps after that.
    pub max_iterations: usize,
    /// Share of the configurations that is held out.
    pub held_out: f64,
    /// Share of the others that is fitted to; the rest is left aside, to see what more data bring.
    pub training_share: f64,
    /// Ends where ten steps together gain less than this share of the loss.
    pub tolerance: f64,
    /// Ends where so many steps bring no better loss on the held-out part.
    pub patience: usize,
    /// Share of the diagonal that is added to the equations of the linear coefficients.
    pub ridge: f64,
}

impl Default for FitSpec {
    fn default() -> Self {
        Self {
            weights: Weights::default(),
            seed: 1,
            starts: 3,
            start_iterations: 6,
            max_iterations: 200,
            held_out: 0.1,
            training_share: 1.0,
            tolerance: 1e-3,
            patience: 15,
            ridge: 1e-10,
        }
    }
}

impl FitSpec {
    pub(super) fn validate(&self) -> Result<()> {
        self.weights.validate()?;
        if !(0.0..=0.5).contains(&self.held_out) {
            return Err(Error::invalid("held-out share", self.held_out, "a number from 0 to 0.5"));
        }
        if !(self.training_share > 0.0 && self.training_share <= 1.0) {
            return Err(Error::invalid("training share", self.training_share, "a number above 0, to 1"));
        }
        if self.starts == 0 || self.starts > 1000 {
            return Err(Error::invalid("random starts", self.starts, "1 to 1000"));
        }
        for (name, value) in [("tolerance", self.tolerance), ("ridge", self.ridge)] {
            if !(0.0..1.0).contains(&value) {
                return Err(Error::invalid(name, value, "a number from 0, below 1"));
            }
        }
        Ok(())
    }
}
