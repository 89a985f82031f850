//! Stopping a run and going on bit by bit.
//!
//! A run that is still relaxing is stored as the number of steps it took, and takes them again: relaxation is short, and
//! deterministic. Dynamics is stored whole, observers included.

use std::mem::replace;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::dynamics::{Checkpoint, Simulation};
use crate::error::{Error, Result};
use crate::math::checksum;

use super::extrapolation::Seen;
use super::observers::Observers;
use super::spec::RunSpec;
use super::stages::{Moving, Phase, Run, first_phase};

/// The form of what is saved; a later change of the form counts it up.
const VERSION: u8 = 7;
/// What the checkpoint of a run starts with.
const RUN: &[u8; 8] = b"crucible";

#[derive(Serialize, Deserialize)]
struct Saved {
    /// As JSON: its tagged forms need a self-describing format.
    spec: String,
    state: State,
}

#[derive(Serialize, Deserialize)]
enum State {
    Relaxing {
        taken: u64,
    },
    Moving {
        stage: usize,
        stage_steps: u64,
        earlier_steps: u64,
        earlier_fs: f64,
        simulation: Box<Checkpoint>,
        observers: Box<Observers>,
        /// Grades so far, where the potential has an active set.
        extrapolation: Option<Box<Seen>>,
    },
}

pub(super) fn broken(found: &str) -> Error {
    Error::invalid("checkpoint", found, "the bytes of a checkpoint of this version, unchanged")
}

impl Run {
    /// Everything that the run needs to go on, apart from its files.
    ///
    /// # Errors
    /// Never for a run that steps could be taken of.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        let state = match &self.phase {
            Phase::Relaxing(relaxing) => State::Relaxing { taken: relaxing.taken },
            Phase::Moving(moving) => State::Moving {
                stage: moving.stage,
                stage_steps: moving.stage_steps,
                earlier_steps: moving.earlier_steps,
                earlier_fs: moving.earlier_fs,
                simulation: Box::new(moving.simulation.checkpoint()),
                observers: Box::new(self.observers.clone()),
                extrapolation: self.extrapolation.as_ref().map(|own| Box::new(own.seen.clone())),
            },
        };
        let spec = serde_json::to_string(&self.spec).map_err(|e| broken(&e.to_string()))?;
        sealed(RUN, &Saved { spec, state })
    }

    /// Goes on from a checkpoint of a run with the same files and the same specification, but for the length of production,
    /// which may differ where production has no ramp.
    ///
    /// # Errors
    /// Bytes that are no checkpoint or damaged, or one of another run, or of another length of a ramp; this run is then as it
    /// was.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<()> {
        let saved: Saved = opened(RUN, bytes)?;
        let spec: RunSpec = serde_json::from_str(&saved.spec).map_err(|e| broken(&e.to_string()))?;
        let length = spec.production.time_ps;
        let mut same = spec;
        same.production.time_ps = self.spec.production.time_ps;
        if same != self.spec {
            return Err(Error::invalid("checkpoint", "one of another run", "one with this run's specification"));
        }
        if length != self.spec.production.time_ps && self.plan.production().ensemble.is_ramped() {
            let expected = format!("{length}, as in the checkpoint: with its time the ramp of production would change");
            return Err(Error::invalid("production.time_ps", self.spec.production.time_ps, expected));
        }
        match saved.state {
            State::Relaxing { taken } => self.replay(taken),
            State::Moving { stage, stage_steps, earlier_steps, earlier_fs, simulation, observers, extrapolation } => {
                let atoms = simulation.system();
                if atoms.types != self.start.types || atoms.species != self.start.species {
                    return Err(Error::invalid("checkpoint", "other atoms", "the atoms of this run"));
                }
                let simulation = Simulation::restore(*simulation, self.forces.potential()?)?;
                let moving = Moving { stage, simulation, stage_steps, earlier_steps, earlier_fs };
                self.phase = Phase::Moving(Box::new(moving));
                self.observers = *observers;
                if let (Some(own), Some(seen)) = (&mut self.extrapolation, extrapolation) {
                    own.seen = *seen;
                }
                // Production may have been prolonged after the end.
                self.reopen_production();
                Ok(())
            }
        }
    }

    fn replay(&mut self, taken: u64) -> Result<()> {
        let most = self.spec.prepare.relax_steps.saturating_add(10_000);
        if taken > most {
            return Err(broken("more relaxation than the run has"));
        }
        let phase = first_phase(&self.spec, &self.plan, &self.forces, &self.start)?;
        let observers = Observers::new(&self.start, &self.spec.sampling)?;
        let before = (replace(&mut self.phase, phase), replace(&mut self.observers, observers));
        let replayed = self.enter().and_then(|()| self.advance(taken, &mut || false));
        if replayed.is_err() {
            (self.phase, self.observers) = before;
        }
        replayed.map(|_| ())
    }

    fn reopen_production(&mut self) {
        let Phase::Moving(moving) = &mut self.phase else { return };
        let last = self.plan.stages.len() - 1;
        if moving.stage > last {
            let before: u64 = self.plan.stages[..last].iter().map(|stage| stage.steps).sum();
            let done = (moving.earlier_steps + moving.simulation.step_count()).saturating_sub(before);
            if done < self.plan.stages[last].steps {
                moving.stage = last;
                moving.stage_steps = done;
            }
        }
    }
}

/// What is saved, behind the mark of its kind, the form's version, and a checksum.
///
/// # Errors
/// Never for what serde can write without knowing its length.
pub(super) fn sealed(mark: &[u8; 8], saved: &impl Serialize) -> Result<Vec<u8>> {
    let body = postcard::to_stdvec(saved).map_err(|e| broken(&e.to_string()))?;
    let mut bytes = mark.to_vec();
    bytes.push(VERSION);
    bytes.extend(checksum(body.iter().copied()).to_le_bytes());
    bytes.extend(body);
    Ok(bytes)
}

/// What [`sealed`] saved.
///
/// # Errors
/// Other bytes, damaged ones, or those of another version.
pub(super) fn opened<T: DeserializeOwned>(mark: &[u8; 8], bytes: &[u8]) -> Result<T> {
    let rest = bytes.strip_prefix(mark).ok_or_else(|| broken("other bytes"))?;
    let (version, rest) = rest.split_first().ok_or_else(|| broken("too few bytes"))?;
    if *version != VERSION {
        let found = format!("a run that another version of Crucible saved (form {version}, this one's is {VERSION})");
        return Err(Error::invalid("saved run", found, "one of this version; start the run anew"));
    }
    let (sum, body) = rest.split_first_chunk::<8>().ok_or_else(|| broken("too few bytes"))?;
    if checksum(body.iter().copied()) != u64::from_le_bytes(*sum) {
        return Err(broken("damaged bytes"));
    }
    postcard::from_bytes(body).map_err(|_| {
        Error::invalid(
            "saved run",
            "a form that this version of Crucible doesn't know",
            "one of its own; start the run anew",
        )
    })
}
