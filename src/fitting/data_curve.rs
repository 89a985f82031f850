//! What more data would bring: the errors of fits to growing parts of a training set, all on the same held-out part.

use serde::{Deserialize, Serialize};

use crate::chart::{Axis, ChartSpec, Style, Theme};
use crate::error::Result;
use crate::potential::mtp::MtpParameters;

use super::dataset::DataSet;
use super::errors::{Errors, errors};
use super::optimizer::Fit;
use super::report::series;
use super::spec::FitSpec;

/// Errors of a fit to part of the data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SizePoint {
    /// Configurations that were fitted to.
    pub configurations: usize,
    /// Errors on them.
    pub training: Errors,
    /// Errors on the held-out part, where there is one.
    pub held_out: Option<Errors>,
}

impl SizePoint {
    /// Fits to `share` of the training part, from the same template and with the same specification as the whole fit. `None`
    /// where `should_stop` said so before its end.
    ///
    /// # Errors
    /// As [`Fit::new`]: a small part may hold fewer equations than parameters, or lack a species.
    pub fn fit(
        template: &MtpParameters,
        data: &DataSet,
        spec: FitSpec,
        share: f64,
        should_stop: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>> {
        // The units are those of the whole, which has been checked.
        let mut fit = Fit::unchecked(template.clone(), data.clone(), FitSpec { training_share: share, ..spec })?;
        match fit.advance(should_stop)?.end {
            Some(_) => Self::of(&fit).map(Some),
            None => Ok(None),
        }
    }

    /// Errors of a fit that has an end.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn of(fit: &Fit) -> Result<Self> {
        let Some(potential) = fit.potential() else { return Ok(Self::default()) };
        let held_out = (!fit.held_out().is_empty()).then(|| errors(&potential, fit.held_out())).transpose()?;
        let training = errors(&potential, fit.training())?;
        Ok(Self { configurations: fit.training().len(), training, held_out })
    }
}

/// Force errors over the number of configurations that were fitted to.
pub fn data_curve(points: &[SizePoint]) -> ChartSpec {
    let pairs = |of: &dyn Fn(&SizePoint) -> Option<&Errors>| -> Vec<[f64; 2]> {
        let pair = |point: &SizePoint| Some([point.configurations as f64, 1e3 * of(point)?.force_component.rms]);
        points.iter().filter_map(pair).collect()
    };
    let mut all = vec![series("training", &pairs(&|point| Some(&point.training)), Style::LinePoints)];
    let held_out = pairs(&|point| point.held_out.as_ref());
    if !held_out.is_empty() {
        all.push(series("held out", &held_out, Style::LinePoints));
    }
    let axis =
        |label: &str, unit: &str| Axis { label: label.to_owned(), unit: unit.to_owned(), range: None, log: false };
    ChartSpec {
        title: "Size of the data".to_owned(),
        x: axis("configurations fitted to", ""),
        y: axis("force error", "meV/Å"),
        series: all,
        theme: Theme::Light,
        transparent: false,
    }
}
