//! Relaxation of positions to the nearest minimum: FIRE 2.0 (Guénolé et al., doi:10.1016/j.commatsci.2020.109584).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::neighbor::NeighborList;
use crate::potential::{Evaluation, Potential};
use crate::system::System;

use super::guard::Limits;

/// Parameters of table 1 in the paper.
const DELAY: usize = 20;
const GROW: f64 = 1.1;
const SHRINK: f64 = 0.5;
const ALPHA_START: f64 = 0.25;
const ALPHA_SHRINK: f64 = 0.99;
/// First and longest pseudo-timestep, in `Å/sqrt(eV)`: all atoms have mass 1 eV t^2/Å^2, so that light and heavy ones relax alike.
const STEP_START: f64 = 0.05;
const STEP_MAX: f64 = 0.4;
const STEP_MIN: f64 = 1e-4;

/// When to stop, and how far to go at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FireOptions {
    /// Converged when no force exceeds this, eV/Å.
    pub force_tolerance: f64,
    /// Evaluations at most.
    pub max_iterations: usize,
    /// No atom moves further than this in an iteration, Å: keeps close contacts from flying apart.
    pub max_displacement: f64,
}

impl Default for FireOptions {
    fn default() -> Self {
        Self { force_tolerance: 0.01, max_iterations: 1000, max_displacement: 0.1 }
    }
}

/// How a relaxation ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FireReport {
    /// Whether the largest force is below the tolerance.
    pub converged: bool,
    /// Evaluations done.
    pub iterations: usize,
    /// Energy at the start and at the end, eV.
    pub energy: [f64; 2],
    /// Largest force at the end, eV/Å.
    pub max_force: f64,
}

/// Relaxes the positions of `system` in its cell; velocities are left as they are.
///
/// # Errors
/// Options out of range, a structure that the potential refuses, forces that are not finite (the positions are then those
/// that gave them).
pub fn fire(system: &mut System, potential: &mut dyn Potential, options: &FireOptions) -> Result<FireReport> {
    let mut relaxation = Relaxation::new(system, potential, *options)?;
    loop {
        if let Some(report) = relaxation.step(system, potential)? {
            return Ok(report);
        }
    }
}

/// A relaxation that is taken step by step, for callers that share their thread.
pub struct Relaxation {
    options: FireOptions,
    neighbors: NeighborList,
    evaluation: Evaluation,
    velocities: Vec<Vec3>,
    pace: Pace,
    first_energy: Option<f64>,
    iterations: usize,
}

impl Relaxation {
    /// Ready to relax `system` under `potential`.
    ///
    /// # Errors
    /// Options out of range.
    pub fn new(system: &System, potential: &dyn Potential, options: FireOptions) -> Result<Self> {
        check(&options)?;
        Ok(Self {
            options,
            neighbors: NeighborList::new(potential.cutoff(), Limits::default().skin_angstrom)?,
            evaluation: Evaluation::default(),
            velocities: vec![Vec3::zeros(); system.len()],
            pace: Pace::default(),
            first_energy: None,
            iterations: 0,
        })
    }

    /// Evaluates once and moves the atoms, or reports the end without moving them.
    ///
    /// # Errors
    /// As [`fire`].
    pub fn step(&mut self, system: &mut System, potential: &mut dyn Potential) -> Result<Option<FireReport>> {
        self.iterations += 1;
        self.neighbors.update(system)?;
        potential.evaluate(system, &self.neighbors, &mut self.evaluation)?;
        let forces = &self.evaluation.forces;
        if let Some(atom) = forces.iter().position(|f| !f.iter().all(|x| x.is_finite())) {
            let reason = format!("the force on atom {} is not finite while relaxing", atom + 1);
            return Err(Error::Unstable { step: self.iterations as u64, reason });
        }
        let energy = self.evaluation.energy();
        let max_force = forces.iter().map(|f| f.norm()).fold(0.0, f64::max);
        let converged = max_force < self.options.force_tolerance;
        let start = *self.first_energy.get_or_insert(energy);
        if converged || self.iterations >= self.options.max_iterations {
            let iterations = self.iterations;
            return Ok(Some(FireReport { converged, iterations, energy: [start, energy], max_force }));
        }
        self.pace.advance(system, &mut self.velocities, forces, self.options.max_displacement);
        Ok(None)
    }

    /// Evaluations done.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// The latest evaluation: of the positions before the latest move.
    pub fn evaluation(&self) -> &Evaluation {
        &self.evaluation
    }
}

fn check(options: &FireOptions) -> Result<()> {
    if options.force_tolerance.is_nan() || options.force_tolerance <= 0.0 {
        return Err(Error::invalid("force tolerance", options.force_tolerance, "a positive number in eV/Å"));
    }
    if !(options.max_displacement > 0.0 && options.max_displacement <= 1.0) {
        return Err(Error::invalid("displacement limit", options.max_displacement, "a length above 0 and up to 1 Å"));
    }
    if options.max_iterations == 0 {
        return Err(Error::invalid("number of iterations", 0, "at least one"));
    }
    Ok(())
}

/// The adaptive part of the method.
struct Pace {
    step: f64,
    alpha: f64,
    downhill: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { step: STEP_START, alpha: ALPHA_START, downhill: 0 }
    }
}

impl Pace {
    fn advance(&mut self, system: &mut System, velocities: &mut [Vec3], forces: &[Vec3], max_displacement: f64) {
        let power: f64 = velocities.iter().zip(forces).map(|(v, f)| v.dot(f)).sum();
        if power > 0.0 {
            self.downhill += 1;
            if self.downhill > DELAY {
                self.step = (self.step * GROW).min(STEP_MAX);
                self.alpha *= ALPHA_SHRINK;
            }
        } else {
            self.downhill = 0;
            self.step = (self.step * SHRINK).max(STEP_MIN);
            self.alpha = ALPHA_START;
            // Half a step back: the minimum along the path lies behind.
            system.positions.iter_mut().zip(velocities.iter()).for_each(|(x, v)| *x -= v * (0.5 * self.step));
            velocities.iter_mut().for_each(|v| *v = Vec3::zeros());
        }
        velocities.iter_mut().zip(forces).for_each(|(v, f)| *v += f * self.step);
        let norm2 = |vectors: &[Vec3]| vectors.iter().map(|v| v.norm_squared()).sum::<f64>();
        let steer = self.alpha * (norm2(velocities) / norm2(forces).max(f64::MIN_POSITIVE)).sqrt();
        velocities.iter_mut().zip(forces).for_each(|(v, f)| *v = *v * (1.0 - self.alpha) + f * steer);
        let fastest = velocities.iter().map(|v| v.norm()).fold(0.0, f64::max);
        let brake = (max_displacement / (fastest * self.step).max(f64::MIN_POSITIVE)).min(1.0);
        velocities.iter_mut().for_each(|v| *v *= brake);
        system.positions.iter_mut().zip(velocities.iter()).for_each(|(x, v)| *x += v * self.step);
    }
}
