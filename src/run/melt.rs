//! What a run tells of the melt's thermodynamics and structure.

use serde::{Deserialize, Serialize};

use crate::analysis::Property;
use crate::analysis::thermodynamics::{self, Amount, Held};
use crate::sampling::{Fluctuations, Frame, Observer};
use crate::system::System;

use super::spec::{EnsembleKind, RunSpec};

/// Observers of the production stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MeltObservers {
    fluctuations: Fluctuations,
}

impl MeltObservers {
    pub(super) fn new(_system: &System) -> Self {
        Self { fluctuations: Fluctuations::new() }
    }

    pub(super) fn observe_thermo(&mut self, frame: &Frame) {
        self.fluctuations.observe(frame);
    }

    pub(super) fn properties(&self, system: &System, spec: &RunSpec) -> Vec<Property> {
        thermodynamics::properties(&self.fluctuations, &Amount::new(system), held(spec))
    }
}

/// What production holds constant.
fn held(spec: &RunSpec) -> Held {
    let production = &spec.production;
    let (kelvin, gpa) = (spec.temperature_k, spec.pressure_gpa);
    let warms = production.temperature_end_k.is_some_and(|end| end != kelvin);
    let presses = production.pressure_end_gpa.is_some_and(|end| end != gpa);
    match production.ensemble {
        EnsembleKind::Nve => Held::Energy,
        EnsembleKind::Nvt if !warms => Held::Temperature { kelvin },
        EnsembleKind::Npt if !(warms || presses) => Held::Pressure { kelvin, gpa },
        EnsembleKind::Nvt | EnsembleKind::Npt => Held::Nothing,
    }
}
