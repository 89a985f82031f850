//! What a production stage watches for the transport coefficients.

use serde::{Deserialize, Serialize};

use crate::analysis::{Property, transport};
use crate::dynamics::{Ensemble, Simulation};
use crate::io::FluxRow;
use crate::math::Mat3;
use crate::sampling::{Currents, Frame, Msd, Schedule, Vacf, energy_current};
use crate::system::System;

use super::stages::{Phase, Run};

/// Watches currents where the ensemble lets them be what they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TransportWatch {
    schedule: Schedule,
    velocities: Option<Vacf>,
    currents: Option<Currents>,
    /// Why there are no currents.
    refusal: String,
    /// Why what is measured is not the liquid's own, if it is not.
    disturbance: Option<String>,
    #[serde(skip)]
    virials: Vec<Mat3>,
}

pub(super) const OPEN_CELL: &str = "Needs a cell that is periodic in all directions.";
const UNDER_PRESSURE: &str = "Needs a production at constant volume, and this one is under pressure: in the set-up choose “NPT for \
    the density, then NVT for transport” (in run.json a density stage, and \"nvt\" for production).";
const FRICTION: &str = "Langevin's friction and noise change how currents decay: choose stochastic velocity rescaling, \
    Nosé–Hoover or NVE.";
const RAMPED: &str = "Needs a constant temperature and pressure.";
const NOT_ASKED: &str = "Sampling of currents is switched off (sampling.transport_every is 0).";
const NOT_STARTED: &str = "Comes with the next stage, at constant volume.";
/// Shorter relaxation times than this are known to show in transport, fs: Basconi and Shirts, J. Chem. Theory Comput. 9, 2887
/// (2013), doi:10.1021/ct400109a.
const GENTLE_FS: f64 = 100.0;
/// Friction this weak can't be told from none while a liquid remembers a velocity.
const FRICTIONLESS_FS: f64 = 100_000.0;
/// Velocities, stresses and heat fluxes further apart than this miss vibrations, and their integrals are wrong, fs.
pub(super) const OFTEN_ENOUGH_FS: f64 = 25.0;
/// By this part times in a file, or products of a timestep, may be off.
const ROUNDING: f64 = 1e-9;
/// Routes that read displacements alone, which miss nothing in between.
const FROM_DISPLACEMENTS: [&str; 3] = ["Einstein", "Nernst–Einstein", transport::SIZE_CORRECTED];

/// Whether looks that are so many fs apart follow vibrations.
pub(super) fn is_often_enough(interval_fs: f64) -> bool {
    interval_fs <= OFTEN_ENOUGH_FS * (1.0 + ROUNDING)
}

impl TransportWatch {
    pub(super) fn new(every: u64) -> Self {
        Self {
            schedule: Schedule::every(every),
            velocities: None,
            currents: None,
            refusal: NOT_STARTED.into(),
            disturbance: None,
            virials: Vec::new(),
        }
    }

    pub(super) fn start(&mut self, system: &System, ensemble: &Ensemble) {
        let ramped = ensemble.is_ramped();
        self.velocities = (self.schedule.every > 0 && !ramped).then(|| Vacf::new(system));
        self.currents = None;
        self.disturbance = disturbance(ensemble);
        self.refusal = match ensemble {
            _ if self.schedule.every == 0 => NOT_ASKED.into(),
            _ if ramped => RAMPED.into(),
            Ensemble::NvtLangevin { .. } => FRICTION.into(),
            _ if !ensemble.keeps_volume() => UNDER_PRESSURE.into(),
            _ => {
                self.currents = Currents::new(system);
                OPEN_CELL.into()
            }
        };
    }

    pub(super) fn is_due(&self, step: u64) -> bool {
        self.schedule.is_due(step)
    }

    pub(super) fn observe(&mut self, frame: &Frame, simulation: &Simulation) {
        if let Some(velocities) = &mut self.velocities {
            velocities.observe(frame);
        }
        let Some(currents) = &mut self.currents else { return };
        let virials = simulation.atom_virials(&mut self.virials).then_some(self.virials.as_slice());
        currents.observe(frame, &simulation.evaluation().site_energies, virials);
    }

    /// What there is to say of a run with this timestep.
    pub(super) fn properties(&self, displacements: &Msd, timestep_fs: f64) -> Vec<Property> {
        let currents = self.currents.as_ref().ok_or(self.refusal.as_str());
        let mut all = properties(displacements, self.velocities.as_ref(), currents, currents, currents.ok());
        for estimate in all.iter_mut().filter_map(|property| property.estimate.as_mut()) {
            estimate.warnings.extend(self.disturbance.clone());
        }
        warn_of_rare_samples(&mut all, self.schedule.every as f64 * timestep_fs);
        all
    }
}

/// Warns of what is integrated over samples that are too far apart, fs.
fn warn_of_rare_samples(properties: &mut [Property], interval_fs: f64) {
    if is_often_enough(interval_fs) {
        return;
    }
    let integrated = properties.iter_mut().filter(|property| !FROM_DISPLACEMENTS.contains(&property.route.as_str()));
    for estimate in integrated.filter_map(|property| property.estimate.as_mut()) {
        estimate.warnings.push(format!(
            "Currents are sampled {interval_fs:.1} fs apart and change faster: what is missed in between adds noise and a bias. \
             Sample every {OFTEN_ENOUGH_FS} fs or more often (sampling.transport_every)."
        ));
    }
}

/// What a ramp, or a thermostat that is too strong, does to the motion of atoms.
fn disturbance(ensemble: &Ensemble) -> Option<String> {
    if ensemble.is_ramped() {
        return Some("Temperature or pressure change during production: this is a mean over all of them.".to_owned());
    }
    match *ensemble {
        Ensemble::NvtLangevin { damping_fs, .. } => (damping_fs < FRICTIONLESS_FS).then(|| {
            "Langevin's friction slows atoms down: this is below what the liquid does by itself. Choose stochastic velocity \
             rescaling, Nosé–Hoover or NVE."
                .to_owned()
        }),
        Ensemble::NvtBussi { damping_fs, .. }
        | Ensemble::NvtNoseHoover { damping_fs, .. }
        | Ensemble::NptScr { damping_fs, .. }
        | Ensemble::NptMtk { damping_fs, .. } => (damping_fs < GENTLE_FS).then(|| {
            format!(
                "The thermostat is strong (relaxation time {:.3} ps) and may change how atoms move: {:.1} ps or more is safe.",
                1e-3 * damping_fs,
                1e-3 * GENTLE_FS
            )
        }),
        Ensemble::Nve => None,
    }
}

/// Everything about motion, self-diffusion first.
pub(super) fn properties(
    displacements: &Msd,
    velocities: Option<&Vacf>,
    fluxes: transport::Source,
    particles: transport::Source,
    together: Option<&Currents>,
) -> Vec<Property> {
    let (curves, windows) = (displacements.curves(), displacements.windows());
    let diffusion = curves.iter().zip(&windows).map(|(curve, windows)| transport::self_diffusion(curve, windows));
    let mut all: Vec<Property> = diffusion.collect();
    let correlations = velocities.map(Vacf::correlations).unwrap_or_default();
    all.extend(correlations.iter().flat_map(transport::from_velocities));
    all.extend(transport::collective(fluxes, particles, together, &all));
    all.extend(transport::size_corrected(fluxes, &all));
    all.sort_by_key(|property| property.id != "self-diffusion");
    all
}

impl Run {
    /// Stress, energy and heat flux as they are now, for a log; `None` while relaxing, and in a cell that is open somewhere.
    pub fn fluxes(&self) -> Option<FluxRow> {
        let Phase::Moving(moving) = &self.phase else { return None };
        let simulation = &moving.simulation;
        let mut virials = Vec::new();
        let heat_flux = simulation
            .atom_virials(&mut virials)
            .then(|| energy_current(simulation.system(), &simulation.evaluation().site_energies, &virials));
        Some(FluxRow {
            time_fs: moving.earlier_fs + simulation.time_fs(),
            pressure: simulation.pressure_tensor()?,
            temperature_kelvin: Some(simulation.temperature()),
            volume: simulation.system().cell.volume(),
            energy: Some(simulation.potential_energy() + simulation.kinetic_energy()),
            heat_flux,
            heat_flux_density: None,
        })
    }
}
