//! From series to [`Estimate`]s: a value is worth what its error bar says.

mod property;
pub mod scattering;
pub mod structure;
pub mod temperature;
pub mod thermodynamics;
pub mod transport;

use serde::{Deserialize, Serialize};

pub use property::Property;

use crate::math::statistics::{Blocking, MeanError};

/// A measured value with its error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value, in `unit`.
    pub value: f64,
    /// One standard error, in `unit`; `None` while the run is too short to know it.
    pub standard_error: Option<f64>,
    /// Unit as it is printed; empty for a pure number.
    pub unit: String,
    /// Number of independent samples that the series amounts to; an upper bound where there is no standard error.
    pub independent_samples: f64,
    /// What a reader must know before using the value.
    pub warnings: Vec<String>,
}

/// Said wherever a standard error is missing.
pub const TOO_SHORT: &str = "The run is still too short for an error bar.";

impl Estimate {
    /// A value with the error that its series gave.
    pub fn new(value: f64, error: MeanError, unit: &str) -> Self {
        let warnings = if error.standard_error.is_none() { vec![TOO_SHORT.to_owned()] } else { Vec::new() };
        Self {
            value,
            standard_error: error.standard_error,
            unit: unit.to_owned(),
            independent_samples: error.independent_samples,
            warnings,
        }
    }

    /// The mean of a correlated series whose samples are in `unit`.
    pub fn of_mean(series: &Blocking, unit: &str) -> Self {
        Self::new(series.mean(), series.mean_error(), unit)
    }

    /// The same estimate with the warnings of one that it was made from, each once.
    #[must_use]
    pub fn warned_by(mut self, source: &Self) -> Self {
        for warning in &source.warnings {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
        self
    }

    /// The same quantity in another unit.
    #[must_use]
    pub fn scaled(mut self, factor: f64, unit: &str) -> Self {
        self.value *= factor;
        self.standard_error = self.standard_error.map(|error| error * factor.abs());
        self.unit = unit.to_owned();
        self
    }
}
