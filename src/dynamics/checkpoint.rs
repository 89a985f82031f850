//! Stopping and going on bit for bit.
//!
//! Forces are sums over the neighbour list, and its order depends on the positions for which it was built. A checkpoint
//! therefore holds these as well: restoring builds the same list again, so that taking a checkpoint disturbs nothing and
//! both branches go on with the same bits.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::potential::Potential;
use crate::system::{Cell, System};

use super::ensemble::Ensemble;
use super::guard::{self, Limits};
use super::simulation::{Simulation, State};

/// The form of [`Checkpoint`]; a later change of the form counts it up.
const VERSION: u32 = 1;

/// All that a run needs to go on, apart from its potential. Serialises to binary formats and to JSON without loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    version: u32,
    #[serde(with = "as_json")]
    ensemble: Ensemble,
    timestep_fs: f64,
    limits: Limits,
    state: State,
    built_positions: Vec<Vec3>,
    built_cell: Cell,
}

impl Checkpoint {
    /// Atoms and cell at the checkpoint.
    pub fn system(&self) -> &System {
        &self.state.system
    }

    fn check(&self) -> Result<()> {
        if self.version != VERSION {
            return Err(Error::invalid(
                "checkpoint",
                format!("version {}", self.version),
                format!("version {VERSION}"),
            ));
        }
        let system = &self.state.system;
        check_cell(&system.cell)?;
        check_cell(&self.built_cell)?;
        let parts = (system.species.clone(), system.types.clone());
        System::new(self.built_cell.clone(), parts.0, parts.1, self.built_positions.clone())?;
        if system.velocities.len() != system.len() || system.positions.len() != system.len() {
            return Err(Error::invalid("checkpoint", "lists of different lengths", "one entry for each atom"));
        }
        guard::check_run(system, &self.ensemble, self.timestep_fs, &self.limits)?;
        let finite = system.positions.iter().all(|x| x.iter().all(|c| c.is_finite()))
            && self.state.given.is_finite()
            && self.state.chain.is_none_or(|chain| chain.is_finite())
            && self.state.piston.is_none_or(|piston| piston.is_finite());
        let wanted = match self.ensemble {
            Ensemble::NvtNoseHoover { .. } => (true, false),
            Ensemble::NptMtk { .. } => (true, true),
            _ => (false, false),
        };
        let there = (self.state.chain.is_some(), self.state.piston.is_some());
        if !finite || there != wanted || self.state.stage_start > self.state.step {
            return Err(Error::invalid("checkpoint", "a state that no run can have", "a checkpoint as it was written"));
        }
        Ok(())
    }
}

/// The cell's parts must fit each other, whoever wrote them.
fn check_cell(cell: &Cell) -> Result<()> {
    let periodic = cell.periodic();
    let again = Cell::new(std::array::from_fn(|k| periodic[k].then(|| cell.vectors().column(k).into_owned())))?;
    if &again == cell {
        return Ok(());
    }
    Err(Error::invalid("checkpoint", "a cell whose parts contradict each other", "a checkpoint as it was written"))
}

impl Simulation {
    /// What is needed to go on from here.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            version: VERSION,
            ensemble: self.ensemble,
            timestep_fs: self.timestep_fs,
            limits: self.limits,
            state: self.state.clone(),
            built_positions: self.built.0.clone(),
            built_cell: self.built.1.clone(),
        }
    }

    /// Goes on from a checkpoint with the potential that the run had.
    ///
    /// # Errors
    /// A checkpoint of another version or one that no run can have written, a species unknown to the potential.
    pub fn restore(checkpoint: Checkpoint, potential: Box<dyn Potential>) -> Result<Self> {
        checkpoint.check()?;
        let Checkpoint { ensemble, timestep_fs, limits, state, built_positions, built_cell, .. } = checkpoint;
        Self::assemble(state, (built_positions, built_cell), potential, ensemble, timestep_fs, limits)
    }
}

/// [`Ensemble`]'s tagged form needs a self-describing format; inside binary ones it travels as JSON text.
mod as_json {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    use super::Ensemble;

    pub(super) fn serialize<S: Serializer>(ensemble: &Ensemble, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&serde_json::to_string(ensemble).map_err(ser::Error::custom)?)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Ensemble, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
