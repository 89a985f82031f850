//! [`Run`]: a specification carried out, stage by stage and step by step.

use crate::dynamics::minimize::{FireOptions, Relaxation};
use crate::dynamics::{Limits, Simulation, maxwell_boltzmann};
use crate::error::{Error, Result};
use crate::io::{Configuration, StructureFormat, write_labelled};
use crate::math::{Mat3, rng};
use crate::potential::simple::Soft;
use crate::potential::{Evaluation, Potential};
use crate::sampling::{Quantity, TimeSeries};
use crate::system::System;
use crate::units::EV_PER_A3_TO_GPA;

use super::extrapolation::{self, Extrapolation, Kept};
use super::ingredients::{self, Files, Forces};
use super::measured::Measured;
use super::observers::Observers;
use super::plan::{Plan, StagePlan};
use super::spec::{Progress, Results, RunSpec, Stage, StructureSpec};

/// Most FIRE steps under the soft model, and the force at which it is relaxed enough, eV/Å.
const SOFT_STEPS: usize = 400;
const SOFT_TOLERANCE: f64 = 0.1;
/// Force at which the structure counts as relaxed under the potential, eV/Å.
const RELAX_TOLERANCE: f64 = 0.05;
/// No atom moves further than this in a FIRE step under the potential, Å.
const RELAX_DISPLACEMENT: f64 = 0.05;
/// Said of every value of a run that failed or was stopped: the atoms go back to a good state then, what was counted does not.
const INCLUDES_FAILURE: &str =
    "The run failed or was stopped, and the steps on the way there, 100 at most, count in this value.";

/// Stream of the seed that draws velocities where there is no warm-up.
const VELOCITY_STREAM: u64 = 11;

/// A run. The same specification and files give the same trajectory, whatever the slices it is advanced in.
pub struct Run {
    pub(super) spec: RunSpec,
    pub(super) plan: Plan,
    pub(super) forces: Forces,
    pub(super) start: System,
    pub(super) phase: Phase,
    pub(super) observers: Observers,
    pub(super) extrapolation: Option<Extrapolation>,
    measured: Vec<Measured>,
}

pub(super) enum Phase {
    Relaxing(Box<Relaxing>),
    Moving(Box<Moving>),
}

/// FIRE, under the soft model or the potential.
pub(super) struct Relaxing {
    stage: Stage,
    system: System,
    potential: Box<dyn Potential>,
    relaxation: Relaxation,
    most: usize,
    /// FIRE steps since the start of the run, both stages.
    pub(super) taken: u64,
}

/// Dynamics.
pub(super) struct Moving {
    /// Index into the plan's stages; past the last: finished.
    pub(super) stage: usize,
    pub(super) simulation: Simulation,
    /// Steps done in this stage.
    pub(super) stage_steps: u64,
    /// Steps and time of earlier simulations.
    pub(super) earlier_steps: u64,
    pub(super) earlier_fs: f64,
}

impl Run {
    /// Reads the files, builds the structure and checks everything; no step is taken yet.
    ///
    /// # Errors
    /// What is wrong with the specification or a file; temperatures of a scan, which [`Scan`](super::Scan) carries out.
    pub fn new(spec: RunSpec, files: Files) -> Result<Self> {
        if let Some(further) = spec.further_temperatures_k.first() {
            let expected = "none in a single run; crucible scan carries it out at all its temperatures";
            return Err(Error::invalid("further_temperatures_k", further, expected));
        }
        let plan = Plan::new(&spec)?;
        let forces = Forces::new(&spec.potential, files)?;
        let start = ingredients::structure(&spec, &forces, files)?;
        plan.check(&start)?;
        let observers = Observers::new(&start, &spec.sampling)?;
        let phase = first_phase(&spec, &plan, &forces, &start)?;
        let grade = forces.grade()?;
        let extrapolation = grade.map(|grade| Extrapolation::new(grade, spec.extrapolation.clone()));
        let at =
            |kelvin| ingredients::measured(&spec, files, |card, amounts| card.measured_properties(amounts, kelvin));
        let measured = plan.production_kelvin.map(at).unwrap_or_default();
        let mut run = Self { spec, plan, forces, start, phase, observers, extrapolation, measured };
        run.enter()?;
        Ok(run)
    }

    /// The specification.
    pub fn spec(&self) -> &RunSpec {
        &self.spec
    }

    /// Takes up to `max_steps` steps, of relaxation or of dynamics; stops early at the end of the run, or after a step when
    /// `should_stop` says so.
    ///
    /// # Errors
    /// [`Unstable`](crate::Error::Unstable) when the run blows up: it then stands at its last good state, and stays there.
    pub fn advance(&mut self, max_steps: u64, should_stop: &mut dyn FnMut() -> bool) -> Result<Progress> {
        for _ in 0..max_steps {
            if self.is_finished() {
                break;
            }
            self.take_step()?;
            if should_stop() {
                break;
            }
        }
        Ok(self.progress())
    }

    /// One step.
    ///
    /// # Errors
    /// As [`Run::advance`].
    pub fn step(&mut self) -> Result<Progress> {
        self.advance(1, &mut || false)
    }

    /// Steps that the present stage of dynamics still has; 1 while relaxing, whose end is not known.
    pub fn steps_left_in_stage(&self) -> u64 {
        match &self.phase {
            Phase::Relaxing(_) => 1,
            Phase::Moving(moving) => {
                self.plan.stages.get(moving.stage).map_or(0, |plan| plan.steps.saturating_sub(moving.stage_steps))
            }
        }
    }

    /// Whether all stages are done.
    pub fn is_finished(&self) -> bool {
        self.stage() == Stage::Finished
    }

    /// The present stage.
    pub fn stage(&self) -> Stage {
        match &self.phase {
            Phase::Relaxing(relaxing) => relaxing.stage,
            Phase::Moving(moving) => self.plan.stages.get(moving.stage).map_or(Stage::Finished, |plan| plan.stage),
        }
    }

    /// Atoms and cell; after an error the last good state.
    pub fn frame(&self) -> &System {
        match &self.phase {
            Phase::Relaxing(relaxing) => &relaxing.system,
            Phase::Moving(moving) => moving.simulation.system(),
        }
    }

    /// The latest energies, forces and virial; empty before the first step of a relaxation.
    pub fn evaluation(&self) -> &Evaluation {
        match &self.phase {
            Phase::Relaxing(relaxing) => relaxing.relaxation.evaluation(),
            Phase::Moving(moving) => moving.simulation.evaluation(),
        }
    }

    /// A quantity over the run's dynamics, by its [name](Quantity::name), or `grade` where the potential has an active set;
    /// `None` for other names.
    pub fn series(&self, name: &str) -> Option<TimeSeries> {
        if name == extrapolation::SERIES {
            return self.extrapolation.as_ref().map(Extrapolation::series);
        }
        Some(self.observers.thermo.series(Quantity::from_name(name)?))
    }

    /// What production has measured so far.
    pub fn results(&self) -> Results {
        let mut results = match self.stage() {
            Stage::Density | Stage::Production | Stage::Finished => self.observers.results(self.frame(), &self.plan),
            _ => Results::default(),
        };
        results.extrapolation = self.extrapolation.as_ref().and_then(Extrapolation::summary);
        let mut warnings = results.extrapolation.as_ref().map(|summary| summary.warnings.clone()).unwrap_or_default();
        if self.has_failed() {
            warnings.push(INCLUDES_FAILURE.to_owned());
        }
        results.warn(&warnings);
        results
    }

    /// Whether dynamics came to an early end: an error of [`Run::advance`] that stays.
    fn has_failed(&self) -> bool {
        matches!(&self.phase, Phase::Moving(moving) if moving.simulation.failure().is_some())
    }

    /// Whether the potential has an active set, so that the run is graded.
    pub fn is_graded(&self) -> bool {
        self.extrapolation.is_some()
    }

    /// Extrapolation grade of each atom as last computed, at most `extrapolation.every` steps ago; `None` before the first, and
    /// without an active set of sites.
    pub fn site_grades(&self) -> Option<&[f64]> {
        self.extrapolation.as_ref().and_then(Extrapolation::sites)
    }

    /// The configurations that were kept because of their grade, to be labelled.
    pub fn kept(&self) -> Vec<Configuration> {
        let run = format!("seed{}-{}K", self.spec.seed, self.spec.temperature_k);
        self.kept_states().iter().map(|kept| kept.configuration(&run)).collect()
    }

    pub(super) fn kept_states(&self) -> &[Kept] {
        self.extrapolation.as_ref().map_or(&[], Extrapolation::kept)
    }

    /// Configurations of this run as the text of a file that this run reads with the same species.
    ///
    /// # Errors
    /// As [`write_structure`](crate::io::write_structure).
    pub fn write(&self, format: StructureFormat, configurations: &[Configuration]) -> Result<String> {
        write_labelled(format, configurations, &self.forces.labels())
    }

    /// Temperature that production holds, or at constant energy starts from, K; `None` where it has a ramp.
    pub fn production_kelvin(&self) -> Option<f64> {
        self.plan.production_kelvin
    }

    /// What experiments say of this liquid at production's temperature, by the identifiers of [`Results::properties`]; nothing
    /// where that has a ramp.
    pub fn measured(&self) -> &[Measured] {
        &self.measured
    }

    fn take_step(&mut self) -> Result<()> {
        match &mut self.phase {
            Phase::Relaxing(relaxing) => {
                if relaxing.step()? {
                    self.next_after_relaxing()?;
                }
            }
            Phase::Moving(moving) => {
                moving.step()?;
                let stage = self.plan.stages.get(moving.stage).map_or(Stage::Finished, |plan| plan.stage);
                self.observers.observe(moving, stage);
                if let Some(extrapolation) = &mut self.extrapolation {
                    extrapolation.observe(moving)?;
                }
                self.skip_done_stages()?;
            }
        }
        Ok(())
    }

    fn next_after_relaxing(&mut self) -> Result<()> {
        let Phase::Relaxing(relaxing) = &self.phase else { return Ok(()) };
        let system = relaxing.system.clone();
        self.phase = match relaxing.stage {
            Stage::Soften if self.spec.prepare.relax_steps > 0 => {
                Phase::Relaxing(Relaxing::under_potential(&self.spec, &self.forces, system, relaxing.taken)?)
            }
            _ => Phase::Moving(Moving::new(&self.spec, &self.plan, &self.forces, system)?),
        };
        self.enter()?;
        self.skip_done_stages()
    }

    /// Starts what watches the present stage of dynamics, at its first step.
    pub(super) fn enter(&mut self) -> Result<()> {
        let Phase::Moving(moving) = &self.phase else { return Ok(()) };
        let Some(plan) = self.plan.stages.get(moving.stage) else { return Ok(()) };
        match plan.stage {
            Stage::Density => self.observers.start_density(),
            Stage::Production => self.observers.start_production(moving.simulation.system(), &plan.ensemble)?,
            _ => {}
        }
        Ok(())
    }

    /// Goes to the next stage with steps, once the present one has taken all of its own.
    fn skip_done_stages(&mut self) -> Result<()> {
        while let Phase::Moving(moving) = &mut self.phase {
            let Some(done) = self.plan.stages.get(moving.stage).filter(|plan| moving.stage_steps >= plan.steps) else {
                break;
            };
            if let Some(next) = self.plan.stages.get(moving.stage + 1) {
                let fixed = next.ensemble.keeps_volume() && !done.ensemble.keeps_volume();
                // The mean cell of a ramp is that of none of its temperatures.
                let cell = if fixed && !done.ensemble.is_ramped() { self.observers.mean_cell() } else { None };
                if next.timestep_fs == done.timestep_fs && cell.is_none() {
                    moving.simulation.set_ensemble(next.ensemble)?;
                } else {
                    let mut system = moving.simulation.system().clone();
                    if let Some(cell) = &cell {
                        take_cell(&mut system, cell)?;
                    }
                    let (seed, limits) = (self.spec.seed, self.plan.limits);
                    moving.go_on(system, self.forces.potential()?, next, seed, limits)?;
                }
            }
            // Only now: a run whose next stage can't begin stands at the end of this one.
            moving.stage += 1;
            moving.stage_steps = 0;
            self.enter()?;
        }
        Ok(())
    }

    /// Where the run stands.
    pub fn progress(&self) -> Progress {
        let system = self.frame();
        let evaluation = self.evaluation();
        let volume = system.cell.volume();
        let forces = evaluation.forces.iter().map(|f| f.amax()).fold(0.0, f64::max);
        let mut progress = Progress {
            stage: self.stage(),
            stage_fraction: 1.0,
            step: 0,
            total_steps: self.plan.total_steps(),
            time_ps: 0.0,
            timestep_fs: 0.0,
            atoms: system.len(),
            temperature_k: 0.0,
            pressure_gpa: None,
            potential_energy_ev: evaluation.energy(),
            kinetic_energy_ev: 0.0,
            conserved_energy_ev: evaluation.energy(),
            density_g_cm3: system.density_g_cm3(),
            volume_angstrom3: volume,
            largest_force_ev_angstrom: forces,
            grade: self.extrapolation.as_ref().and_then(Extrapolation::current),
            largest_grade: self.extrapolation.as_ref().and_then(Extrapolation::largest),
            kept_configurations: self.extrapolation.as_ref().map_or(0, Extrapolation::kept_count),
            scan: None,
        };
        match &self.phase {
            Phase::Relaxing(relaxing) => {
                progress.stage_fraction = relaxing.relaxation.iterations() as f64 / relaxing.most as f64;
                let pressure = volume.map(|volume| evaluation.virial.trace() / 3.0 / volume);
                progress.pressure_gpa = pressure.map(|p| p * EV_PER_A3_TO_GPA);
            }
            Phase::Moving(moving) => {
                let simulation = &moving.simulation;
                progress.step = moving.earlier_steps + simulation.step_count();
                progress.time_ps = 1e-3 * (moving.earlier_fs + simulation.time_fs());
                progress.timestep_fs = simulation.timestep_fs();
                progress.temperature_k = simulation.temperature();
                progress.pressure_gpa = simulation.pressure().map(|p| p * EV_PER_A3_TO_GPA);
                progress.kinetic_energy_ev = simulation.kinetic_energy();
                progress.conserved_energy_ev = simulation.conserved_energy();
                if let Some(plan) = self.plan.stages.get(moving.stage) {
                    progress.stage_fraction = moving.stage_steps as f64 / plan.steps.max(1) as f64;
                }
            }
        }
        progress
    }
}

/// Gives the atoms another cell at the same fractional coordinates.
fn take_cell(system: &mut System, cell: &Mat3) -> Result<()> {
    let strain = cell * system.cell.inverse();
    system.cell = system.cell.deformed(&strain)?;
    system.positions.iter_mut().for_each(|position| *position = strain * *position);
    Ok(())
}

/// The phase that a run starts with.
pub(super) fn first_phase(spec: &RunSpec, plan: &Plan, forces: &Forces, start: &System) -> Result<Phase> {
    let melt = matches!(spec.structure, StructureSpec::Melt { .. });
    if spec.prepare.soft.unwrap_or(melt) {
        return Ok(Phase::Relaxing(Relaxing::under_soft_model(start.clone())?));
    }
    if spec.prepare.relax_steps > 0 {
        return Ok(Phase::Relaxing(Relaxing::under_potential(spec, forces, start.clone(), 0)?));
    }
    Ok(Phase::Moving(Moving::new(spec, plan, forces, start.clone())?))
}

impl Relaxing {
    fn under_soft_model(system: System) -> Result<Box<Self>> {
        let potential: Box<dyn Potential> = Box::new(Soft::new(&system.species));
        let options =
            FireOptions { force_tolerance: SOFT_TOLERANCE, max_iterations: SOFT_STEPS, ..FireOptions::default() };
        Self::new(Stage::Soften, system, potential, options, 0)
    }

    fn under_potential(spec: &RunSpec, forces: &Forces, system: System, taken: u64) -> Result<Box<Self>> {
        let options = FireOptions {
            force_tolerance: RELAX_TOLERANCE,
            max_iterations: spec.prepare.relax_steps as usize,
            max_displacement: RELAX_DISPLACEMENT,
        };
        Self::new(Stage::Relax, system, forces.potential()?, options, taken)
    }

    fn new(
        stage: Stage,
        system: System,
        potential: Box<dyn Potential>,
        options: FireOptions,
        taken: u64,
    ) -> Result<Box<Self>> {
        let relaxation = Relaxation::new(&system, &*potential, options)?;
        Ok(Box::new(Self { stage, system, potential, relaxation, most: options.max_iterations, taken }))
    }

    /// Whether this was the last step.
    fn step(&mut self) -> Result<bool> {
        self.taken += 1;
        Ok(self.relaxation.step(&mut self.system, &mut *self.potential)?.is_some())
    }
}

impl Moving {
    fn new(spec: &RunSpec, plan: &Plan, forces: &Forces, mut system: System) -> Result<Box<Self>> {
        let first = plan.stages[0];
        if first.stage != Stage::WarmUp && system.kinetic_energy() == 0.0 {
            maxwell_boltzmann(&mut system, spec.temperature_k, true, &mut rng::seeded(spec.seed, VELOCITY_STREAM))?;
        }
        let (potential, limits) = (forces.potential()?, plan.limits);
        let simulation = Simulation::new(system, potential, first.ensemble, first.timestep_fs, spec.seed, limits)?;
        Ok(Box::new(Self { stage: 0, simulation, stage_steps: 0, earlier_steps: 0, earlier_fs: 0.0 }))
    }

    fn step(&mut self) -> Result<()> {
        self.simulation.step().map_err(|error| counted_from(self.earlier_steps, error))?;
        self.stage_steps += 1;
        Ok(())
    }

    /// Goes on into the next stage with these atoms, in a simulation of its own.
    fn go_on(
        &mut self,
        system: System,
        potential: Box<dyn Potential>,
        next: &StagePlan,
        seed: u64,
        limits: Limits,
    ) -> Result<()> {
        let steps = self.earlier_steps + self.simulation.step_count();
        let mut simulation = Simulation::new(system, potential, next.ensemble, next.timestep_fs, seed, limits)
            .map_err(|error| counted_from(steps, error))?;
        simulation.continue_from(&self.simulation);
        self.earlier_steps = steps;
        self.earlier_fs += self.simulation.time_fs();
        self.simulation = simulation;
        Ok(())
    }
}

/// A simulation counts its own steps: the error as the whole run counts them.
fn counted_from(earlier_steps: u64, error: Error) -> Error {
    match error {
        Error::Unstable { step, reason } => Error::Unstable { step: earlier_steps + step, reason },
        other => other,
    }
}
