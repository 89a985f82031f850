//! What watches a run.

use serde::{Deserialize, Serialize};

use crate::dynamics::Ensemble;
use crate::error::Result;
use crate::math::Mat3;
use crate::sampling::{Fluctuations, Frame, MeanCell, Msd, Observer, Quantity, Rdf, RdfSettings, Schedule, Thermo};
use crate::system::System;

use super::melt::{self, MeltObservers};
use super::plan::Plan;
use super::spec::{Results, SamplingSpec, Stage};
use super::stages::Moving;
use super::transport::TransportWatch;

/// Series over all dynamics; averages, structure and displacements over production only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Observers {
    pub(super) thermo: Thermo,
    rdf: Option<Rdf>,
    msd: Msd,
    melt: MeltObservers,
    thermo_schedule: Schedule,
    structure_schedule: Schedule,
    displacements_schedule: Schedule,
    transport: TransportWatch,
    cell: MeanCell,
    /// What the density stage saw, where there is one.
    at_pressure: Option<Fluctuations>,
}

impl Observers {
    pub(super) fn new(system: &System, spec: &SamplingSpec) -> Result<Self> {
        Ok(Self {
            thermo: Thermo::new(),
            rdf: rdf(system)?,
            msd: Msd::new(system),
            melt: MeltObservers::new(system),
            thermo_schedule: Schedule::every(spec.thermo_every),
            structure_schedule: Schedule::every(spec.structure_every),
            displacements_schedule: Schedule::every(spec.displacements_every),
            transport: TransportWatch::new(spec.transport_every),
            cell: MeanCell::default(),
            at_pressure: None,
        })
    }

    /// Forgets what equilibration showed. The radial distribution functions reach as far as the present cell allows.
    pub(super) fn start_production(&mut self, system: &System, ensemble: &Ensemble) -> Result<()> {
        self.thermo.restart_averages();
        self.transport.start(system, ensemble);
        self.rdf = rdf(system)?;
        self.msd = Msd::new(system);
        self.melt = MeltObservers::new(system);
        Ok(())
    }

    /// Forgets what equilibration showed of the volume.
    pub(super) fn start_density(&mut self) {
        self.thermo.restart_averages();
        self.cell = MeanCell::default();
        self.at_pressure = Some(Fluctuations::new());
    }

    /// Mean lattice vectors of the density stage, else of equilibration's later half.
    pub(super) fn mean_cell(&self) -> Option<Mat3> {
        if self.at_pressure.is_some() { self.cell.mean() } else { self.cell.late_mean() }
    }

    pub(super) fn observe(&mut self, moving: &Moving, stage: Stage) {
        let simulation = &moving.simulation;
        let thermo = self.thermo_schedule.is_due(moving.stage_steps);
        let producing = stage == Stage::Production;
        let structure = producing && self.structure_schedule.is_due(moving.stage_steps);
        let displacements = producing && self.displacements_schedule.is_due(moving.stage_steps);
        let transport = producing && self.transport.is_due(moving.stage_steps);
        if !(thermo || structure || displacements || transport) {
            return;
        }
        let frame = Frame {
            step: moving.earlier_steps + simulation.step_count(),
            time_fs: moving.earlier_fs + simulation.time_fs(),
            ..Frame::of(simulation)
        };
        if transport {
            self.transport.observe(&frame, simulation);
        }
        if thermo {
            if matches!(stage, Stage::Equilibrate | Stage::Density) {
                self.cell.observe(&frame.system.cell);
            }
            if let (Stage::Density, Some(fluctuations)) = (stage, &mut self.at_pressure) {
                fluctuations.observe(&frame);
            }
            self.thermo.observe(&frame);
            if producing {
                self.melt.observe_thermo(&frame);
            }
        }
        if displacements {
            self.msd.observe(&frame);
        }
        if structure {
            if let Some(rdf) = &mut self.rdf {
                rdf.observe(&frame);
            }
            self.melt.observe_structure(&frame, self.rdf.as_ref());
        }
    }

    pub(super) fn results(&self, system: &System, plan: &Plan) -> Results {
        let estimate = |quantity: Quantity| Some((quantity.name().to_owned(), self.thermo.estimate(quantity)?));
        let kelvin = self.thermo.estimate(Quantity::Temperature).map(|mean| mean.value);
        let at_pressure = self.at_pressure.as_ref().zip(plan.density());
        let production = plan.production();
        Results {
            estimates: self.thermo.quantities().filter_map(estimate).collect(),
            rdf: self.rdf.as_ref().map(Rdf::curves).unwrap_or_default(),
            msd: self.msd.curves(),
            extrapolation: None,
            properties: [
                at_pressure
                    .map(|(seen, density)| melt::at_pressure(seen, system, &density.ensemble))
                    .unwrap_or_default(),
                self.melt.properties(system, &production.ensemble, self.rdf.as_ref(), kelvin),
                self.transport.properties(&self.msd, production.timestep_fs),
            ]
            .concat(),
        }
    }
}

/// A cell that is open along a direction has no density, and so no g(r).
pub(super) fn rdf(system: &System) -> Result<Option<Rdf>> {
    system.cell.is_bulk().then(|| Rdf::new(system, &RdfSettings::default())).transpose()
}
