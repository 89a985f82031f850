//! What a run tells of the melt's thermodynamics and structure.

use serde::{Deserialize, Serialize};

use crate::analysis::Property;
use crate::analysis::structure;
use crate::analysis::thermodynamics::{self, Amount, Held};
use crate::dynamics::Ensemble;
use crate::sampling::{Fluctuations, Frame, Observer, Rdf, Shells, StructureFactor};
use crate::system::System;

/// Observers of the production stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MeltObservers {
    fluctuations: Fluctuations,
    structure: StructureObservers,
}

/// What looks at the atoms' arrangement; also used for trajectories of others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StructureObservers {
    shells: Shells,
    factor: Option<StructureFactor>,
}

impl StructureObservers {
    pub(super) fn new(system: &System) -> Self {
        Self { shells: Shells::new(system), factor: StructureFactor::new(system) }
    }

    /// Takes in a frame that `rdf` has seen; without one there are no shells.
    pub(super) fn observe(&mut self, frame: &Frame, rdf: Option<&Rdf>) {
        if let Some(rdf) = rdf {
            self.shells.observe(frame, rdf);
        }
        if let Some(factor) = &mut self.factor {
            factor.observe(frame);
        }
    }

    /// Structure, with the potential of mean force where a temperature is known.
    pub(super) fn properties(&self, rdf: Option<&Rdf>, kelvin: Option<f64>) -> Vec<Property> {
        let Some(rdf) = rdf.filter(|rdf| rdf.frames() > 0) else { return Vec::new() };
        let barriers = kelvin.map(|kelvin| structure::mean_force(&rdf.curves(), kelvin)).unwrap_or_default();
        let factors = self.factor.as_ref().map(structure::structure_factors).unwrap_or_default();
        [barriers, structure::shells(&self.shells), factors].concat()
    }
}

impl MeltObservers {
    pub(super) fn new(system: &System) -> Self {
        Self { fluctuations: Fluctuations::new(), structure: StructureObservers::new(system) }
    }

    pub(super) fn observe_thermo(&mut self, frame: &Frame) {
        self.fluctuations.observe(frame);
    }

    /// Takes in a frame that `rdf` has seen.
    pub(super) fn observe_structure(&mut self, frame: &Frame, rdf: Option<&Rdf>) {
        self.structure.observe(frame, rdf);
    }

    /// What there is to say of a production in `ensemble`; `mean_kelvin` is the mean measured temperature, K.
    pub(super) fn properties(
        &self,
        system: &System,
        ensemble: &Ensemble,
        rdf: Option<&Rdf>,
        mean_kelvin: Option<f64>,
    ) -> Vec<Property> {
        let held = held(ensemble);
        let thermodynamic = thermodynamics::properties(&self.fluctuations, &Amount::new(system), held);
        let kelvin = match held {
            Held::Temperature { kelvin } | Held::Pressure { kelvin, .. } => Some(kelvin),
            Held::Energy => mean_kelvin,
            // A g(r) of many temperatures is no potential of mean force at any.
            Held::Nothing => None,
        };
        [thermodynamic, self.structure.properties(rdf, kelvin)].concat()
    }
}

/// What the density stage tells.
pub(super) fn at_pressure(seen: &Fluctuations, system: &System, ensemble: &Ensemble) -> Vec<Property> {
    thermodynamics::properties(seen, &Amount::new(system), held(ensemble))
}

/// What an ensemble holds constant.
fn held(ensemble: &Ensemble) -> Held {
    let (temperature, pressure) = ensemble.ramps();
    let Some(temperature) = temperature else { return Held::Energy };
    match (temperature.constant(), pressure.map(|pressure| pressure.constant())) {
        (Some(kelvin), None) => Held::Temperature { kelvin },
        (Some(kelvin), Some(Some(gpa))) => Held::Pressure { kelvin, gpa },
        _ => Held::Nothing,
    }
}
