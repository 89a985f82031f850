//! [`Simulation`]: a system, a potential and an ensemble, advanced step by step.
//!
//! Each step: bath half, kick half, drift (with the change of the cell in its middle), neighbours, forces, kick half, bath
//! half. After a step positions, velocities, forces and virial all belong to the same time.

use crate::error::{Error, Result};
use crate::math::rng::{self, Rng};
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::potential::{Evaluation, Potential};
use crate::system::{Cell, System};

use super::barostat::{self, Piston};
use super::ensemble::{Ensemble, Targets};
use super::guard::{self, Limits};
use super::nose_hoover::Chain;
use super::velocities::{maxwell_boltzmann, remove_drift};

use serde::{Deserialize, Serialize};

/// A state is set aside this often. On failure the run goes back to the last but one, so that what is kept is older than
/// the blow-up, which starts some steps before it is noticed.
const STEPS_BETWEEN_SNAPSHOTS: u64 = 50;
/// Streams of the seed: one for starting velocities, one for the noise of the run.
const VELOCITY_STREAM: u64 = 1;
const NOISE_STREAM: u64 = 2;

/// Everything that one step changes, apart from what follows from the positions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub system: System,
    pub step: u64,
    /// Step at which the ensemble was set; ramps count from it.
    pub stage_start: u64,
    pub targets: Targets,
    /// Energy that baths and changes of targets have given so far, eV.
    pub given: f64,
    pub rng: Rng,
    pub chain: Option<Chain>,
    pub piston: Option<Piston>,
}

impl State {
    /// Overwrites this state without allocating.
    fn copy_from(&mut self, other: &Self) {
        self.system.cell = other.system.cell.clone();
        self.system.positions.clone_from(&other.system.positions);
        self.system.velocities.clone_from(&other.system.velocities);
        self.step = other.step;
        self.stage_start = other.stage_start;
        self.targets = other.targets;
        self.given = other.given;
        self.rng = other.rng.clone();
        self.chain = other.chain;
        self.piston = other.piston;
    }
}

/// A running simulation.
///
/// Momentum: where the potential conserves it, the centre of mass is brought to rest at the start and held by every method
/// (3N - 3 degrees of freedom); under an external field all 3N move.
pub struct Simulation {
    pub(super) state: State,
    pub(super) ensemble: Ensemble,
    pub(super) timestep_fs: f64,
    pub(super) limits: Limits,
    pub(super) potential: Box<dyn Potential>,
    pub(super) neighbors: NeighborList,
    /// Positions and cell for which the neighbour list was built: they fix the order of its sums.
    pub(super) built: (Vec<Vec3>, Cell),
    pub(super) evaluation: Evaluation,
    /// The last snapshot and the one before.
    snapshots: [State; 2],
    failure: Option<Error>,
}

impl Simulation {
    /// Starts a run. A system at rest in an ensemble with a temperature is given velocities of that temperature.
    ///
    /// # Errors
    /// A timestep, limit or ensemble out of range, a species without mass or unknown to the potential, a cell that the
    /// barostat can't change, forces that are not finite.
    pub fn new(
        system: System,
        potential: Box<dyn Potential>,
        ensemble: Ensemble,
        timestep_fs: f64,
        seed: u64,
        limits: Limits,
    ) -> Result<Self> {
        guard::check_run(&system, &ensemble, timestep_fs, &limits)?;
        let mut state = State {
            system,
            step: 0,
            stage_start: 0,
            targets: ensemble.targets(0.0),
            given: 0.0,
            rng: rng::seeded(seed, NOISE_STREAM),
            chain: None,
            piston: None,
        };
        if state.targets.temperature > 0.0 && state.system.kinetic_energy() == 0.0 {
            let mut rng = rng::seeded(seed, VELOCITY_STREAM);
            maxwell_boltzmann(&mut state.system, state.targets.temperature, false, &mut rng)?;
        }
        if potential.conserves_momentum() {
            remove_drift(&mut state.system);
        }
        let built = (state.system.positions.clone(), state.system.cell.clone());
        let mut simulation = Self::assemble(state, built, potential, ensemble, timestep_fs, limits)?;
        simulation.couple();
        simulation.reset_snapshots();
        Ok(simulation)
    }

    /// Puts a state together with its neighbour list, built for `built`, and evaluates it.
    pub(super) fn assemble(
        state: State,
        built: (Vec<Vec3>, Cell),
        potential: Box<dyn Potential>,
        ensemble: Ensemble,
        timestep_fs: f64,
        limits: Limits,
    ) -> Result<Self> {
        if let Some(known) = potential.species_count()
            && let Some(t) = state.system.types.iter().find(|&&t| t as usize >= known)
        {
            let found = format!("{}, type {t}", state.system.species[*t as usize].name);
            return Err(Error::invalid("species", found, format!("one of the potential's {known} species")));
        }
        let mut neighbors = NeighborList::new(potential.cutoff(), limits.skin_angstrom)?;
        let mut then = state.system.clone();
        (then.positions, then.cell) = built.clone();
        neighbors.update(&then)?;
        let mut simulation = Self {
            snapshots: [state.clone(), state.clone()],
            state,
            ensemble,
            timestep_fs,
            limits,
            potential,
            neighbors,
            built,
            evaluation: Evaluation::default(),
            failure: None,
        };
        simulation.evaluate()?;
        Ok(simulation)
    }

    /// Advances by one timestep.
    ///
    /// # Errors
    /// [`Error::Unstable`] when a number is not finite, an atom moves further than half the skin or the temperature
    /// passes its limit. The simulation then stands at the last good state, 50 to 100 steps earlier (or the start), and
    /// returns the same error until [`Simulation::set_ensemble`] is called.
    pub fn step(&mut self) -> Result<()> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.state.step.is_multiple_of(STEPS_BETWEEN_SNAPSHOTS) && self.state.step > self.snapshots[0].step {
            self.snapshots.swap(0, 1);
            self.snapshots[0].copy_from(&self.state);
        }
        self.follow_ramps();
        let outcome = self.integrate();
        if let Err(failure) = &outcome {
            self.failure = Some(failure.clone());
            self.go_back()?;
        }
        outcome
    }

    /// Why it does not go on, if it failed or was stopped.
    pub fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// Ends the run for a reason of the caller's, as [`Simulation::step`] does for its own: back to the last good state.
    ///
    /// # Errors
    /// None but what evaluating that state finds.
    pub fn stop_with(&mut self, failure: Error) -> Result<()> {
        self.failure = Some(failure);
        self.go_back()
    }

    /// Goes on where `earlier` stands, with another cell or timestep: no random number comes twice, and the conserved energy
    /// carries on without a jump.
    pub fn continue_from(&mut self, earlier: &Self) {
        self.state.rng = earlier.state.rng.clone();
        self.state.given += self.conserved_energy() - earlier.conserved_energy();
        self.reset_snapshots();
    }

    /// Changes the ensemble; ramps start now, the conserved energy carries on without a jump.
    ///
    /// # Errors
    /// As [`Simulation::new`]; the old ensemble then stays.
    pub fn set_ensemble(&mut self, ensemble: Ensemble) -> Result<()> {
        guard::check_run(&self.state.system, &ensemble, self.timestep_fs, &self.limits)?;
        let before = self.conserved_energy();
        self.ensemble = ensemble;
        self.state.stage_start = self.state.step;
        self.state.targets = ensemble.targets(0.0);
        self.couple();
        self.state.given += self.conserved_energy() - before;
        self.reset_snapshots();
        self.failure = None;
        Ok(())
    }

    /// Gives the atoms new velocities of a temperature in K, met exactly.
    ///
    /// # Errors
    /// A temperature that is negative or not finite.
    pub fn draw_velocities(&mut self, temperature: f64, seed: u64) -> Result<()> {
        let before = self.conserved_energy();
        maxwell_boltzmann(&mut self.state.system, temperature, true, &mut rng::seeded(seed, VELOCITY_STREAM))?;
        self.state.given += self.conserved_energy() - before;
        self.reset_snapshots();
        Ok(())
    }

    /// New chains and pistons at rest, as the ensemble wants them.
    fn couple(&mut self) {
        let f = self.degrees_of_freedom();
        let temperature = self.state.targets.temperature;
        (self.state.chain, self.state.piston) = match self.ensemble {
            Ensemble::NvtNoseHoover { damping_fs, .. } => (Some(Chain::new(f, damping_fs, temperature)), None),
            Ensemble::NptMtk { damping_fs, barostat_damping_fs, axes, .. } => (
                Some(Chain::new(f, damping_fs, temperature)),
                Some(Piston::new(axes, f, barostat_damping_fs, temperature)),
            ),
            _ => (None, None),
        };
    }

    fn reset_snapshots(&mut self) {
        self.snapshots.iter_mut().for_each(|snapshot| snapshot.copy_from(&self.state));
    }

    /// Moves the targets along their ramps; the energy that this gives to chains and piston is booked as given.
    fn follow_ramps(&mut self) {
        let elapsed = (self.state.step - self.state.stage_start) as f64 * self.timestep_fs;
        let targets = self.ensemble.targets(elapsed);
        if targets == self.state.targets {
            return;
        }
        let before = self.conserved_energy();
        self.state.targets = targets;
        if let Some(chain) = &mut self.state.chain {
            chain.set_temperature(targets.temperature);
        }
        if let Some(piston) = &mut self.state.piston {
            piston.set_temperature(targets.temperature);
        }
        self.state.given += self.conserved_energy() - before;
    }

    /// Neighbours, energies, forces and virial of the present positions.
    pub(super) fn evaluate(&mut self) -> Result<()> {
        if self.neighbors.update(&self.state.system)? {
            self.built.0.clone_from(&self.state.system.positions);
            self.built.1 = self.state.system.cell.clone();
        }
        self.potential.evaluate(&self.state.system, &self.neighbors, &mut self.evaluation)?;
        let forces = self.evaluation.forces.iter().position(|f| !f.iter().all(|x| x.is_finite()));
        let energies = || self.evaluation.site_energies.iter().position(|e| !e.is_finite());
        match forces.or_else(energies) {
            Some(atom) => Err(self.unstable(atom, "has a force or energy that is not finite")),
            None => Ok(()),
        }
    }

    pub(super) fn unstable(&self, atom: usize, what: &str) -> Error {
        guard::unstable(self.state.step + 1, atom, what, &self.state.system, &self.neighbors)
    }

    fn go_back(&mut self) -> Result<()> {
        let [_, older] = &self.snapshots;
        self.state.copy_from(older);
        self.neighbors.invalidate();
        self.evaluate()
    }

    /// Atoms and cell; after a failure the last good state.
    pub fn system(&self) -> &System {
        &self.state.system
    }

    /// Energies, forces and virial of [`Simulation::system`].
    pub fn evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    /// Fills `out` with the virial of each atom, and says whether the potential knows it: [`Potential::atom_virials`].
    pub fn atom_virials(&self, out: &mut Vec<Mat3>) -> bool {
        self.potential.atom_virials(&self.neighbors, out)
    }

    /// The neighbour list, up to date for [`Simulation::system`].
    pub fn neighbors(&self) -> &NeighborList {
        &self.neighbors
    }

    /// The ensemble that is sampled.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Steps done.
    pub fn step_count(&self) -> u64 {
        self.state.step
    }

    /// Timestep, fs.
    pub fn timestep_fs(&self) -> f64 {
        self.timestep_fs
    }

    /// Time simulated, fs.
    pub fn time_fs(&self) -> f64 {
        self.state.step as f64 * self.timestep_fs
    }

    /// 3N - 3 where the centre of mass is held, else 3N.
    pub fn degrees_of_freedom(&self) -> usize {
        let n = self.state.system.len();
        if n > 1 && self.potential.conserves_momentum() { 3 * n - 3 } else { 3 * n }
    }

    /// Temperature, K.
    pub fn temperature(&self) -> f64 {
        self.state.system.temperature(self.degrees_of_freedom())
    }

    /// Kinetic energy, eV.
    pub fn kinetic_energy(&self) -> f64 {
        self.state.system.kinetic_energy()
    }

    /// Potential energy, eV.
    pub fn potential_energy(&self) -> f64 {
        self.evaluation.energy()
    }

    /// Pressure tensor, eV/Å^3, compression positive; `None` for a cell without volume.
    pub fn pressure_tensor(&self) -> Option<Mat3> {
        let volume = self.state.system.cell.volume()?;
        Some((barostat::kinetic_tensor(&self.state.system) + self.evaluation.virial) / volume)
    }

    /// A third of the trace of the pressure tensor, eV/Å^3.
    pub fn pressure(&self) -> Option<f64> {
        self.pressure_tensor().map(|tensor| tensor.trace() / 3.0)
    }

    /// Temperature (K) and pressure (eV/Å^3) that the ensemble holds at present; zero where it holds none.
    pub fn targets(&self) -> Targets {
        self.state.targets
    }

    /// The energy that exact dynamics would keep constant, eV: kinetic, potential and that of chains, piston and `P V`,
    /// less what stochastic thermostats gave as heat and stochastic cell rescaling as work `-P dV`.
    pub fn conserved_energy(&self) -> f64 {
        let mut energy = self.kinetic_energy() + self.potential_energy() - self.state.given;
        energy += self.state.chain.map_or(0.0, |chain| chain.energy());
        if let (Some(piston), Some(volume)) = (self.state.piston, self.state.system.cell.volume()) {
            energy += piston.energy() + self.state.targets.pressure * volume;
        }
        energy
    }
}
