//! `Evaluator`: one structure under one potential, evaluated again and again. What the speed benchmark times.

use wasm_bindgen::prelude::wasm_bindgen;

use super::{JsResult, error_object};
use crate::dynamics::Limits;
use crate::error::{Error, Result};
use crate::io::{read_cfg, read_mtp};
use crate::neighbor::NeighborList;
use crate::potential::mtp::MtpPotential;
use crate::potential::{Evaluation, Potential};
use crate::system::System;

/// A structure with its neighbour list, ready to evaluate.
#[wasm_bindgen]
pub struct Evaluator {
    system: System,
    neighbors: NeighborList,
    potential: MtpPotential,
    evaluation: Evaluation,
}

#[wasm_bindgen]
impl Evaluator {
    /// The first configuration of a .cfg text under the potential of a .mtp text.
    ///
    /// # Errors
    /// Throws `{ kind, message, hint }` where a text can't be read.
    #[wasm_bindgen(constructor)]
    pub fn new(potential_text: &str, cfg_text: &str) -> JsResult<Evaluator> {
        Self::read(potential_text, cfg_text).map_err(|error| error_object(&error))
    }

    /// Number of atoms.
    #[wasm_bindgen(getter)]
    pub fn atoms(&self) -> usize {
        self.system.len()
    }

    /// Evaluates energy, forces and virial; returns the energy in eV.
    ///
    /// # Errors
    /// Throws `{ kind, message, hint }` where the structure has a species that the potential lacks.
    pub fn evaluate(&mut self) -> JsResult<f64> {
        let done = self.potential.evaluate(&self.system, &self.neighbors, &mut self.evaluation);
        done.map(|()| self.evaluation.energy()).map_err(|error| error_object(&error))
    }
}

impl Evaluator {
    fn read(potential_text: &str, cfg_text: &str) -> Result<Self> {
        let potential = MtpPotential::new(read_mtp(potential_text, "potential")?)?;
        let first = read_cfg(cfg_text, "configuration", &[])?.into_iter().next();
        let system = first.ok_or_else(|| Error::invalid("configuration", "none", "at least one"))?.system;
        // As in dynamics: what lies in the skin is part of the cost.
        let mut neighbors = NeighborList::new(potential.cutoff(), Limits::default().skin_angstrom)?;
        neighbors.update(&system)?;
        Ok(Self { system, neighbors, potential, evaluation: Evaluation::default() })
    }
}
