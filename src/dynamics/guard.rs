//! What makes a run stop: numbers that no longer mean anything.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::neighbor::NeighborList;
use crate::system::System;

use super::ensemble::Ensemble;

/// Timesteps that make sense for atoms, fs. Argon bears 10 fs; nothing bears 1 ps.
const TIMESTEP_RANGE: std::ops::RangeInclusive<f64> = 0.001..=20.0;

/// Bounds of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// A run hotter than this has blown up, K.
    pub max_temperature_kelvin: f64,
    /// Skin of the neighbour list, Å. An atom that moves further than half of it in one step has blown up.
    pub skin_angstrom: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_temperature_kelvin: 20_000.0, skin_angstrom: 0.8 }
    }
}

impl Limits {
    pub(super) fn check(&self) -> Result<()> {
        if self.max_temperature_kelvin.is_nan() || self.max_temperature_kelvin <= 0.0 {
            return Err(Error::invalid("temperature limit", self.max_temperature_kelvin, "a temperature in K above 0"));
        }
        // A skin of nothing would forbid all motion.
        if !(0.05..=10.0).contains(&self.skin_angstrom) {
            return Err(Error::invalid("neighbour skin", self.skin_angstrom, "a length between 0.05 and 10 Å"));
        }
        Ok(())
    }
}

/// Checks what a run is made of before its first step.
pub(crate) fn check_run(system: &System, ensemble: &Ensemble, timestep_fs: f64, limits: &Limits) -> Result<()> {
    limits.check()?;
    if system.is_empty() {
        return Err(Error::invalid("number of atoms", 0, "at least one"));
    }
    if !TIMESTEP_RANGE.contains(&timestep_fs) {
        let expected =
            format!("between {} and {} fs; 1 or 2 fs suit most melts", TIMESTEP_RANGE.start(), TIMESTEP_RANGE.end());
        return Err(Error::invalid("timestep", format!("{timestep_fs} fs"), expected));
    }
    if let Some(species) = system.species.iter().find(|s| !(s.mass_u > 0.0 && s.mass_u.is_finite())) {
        return Err(Error::invalid(format!("mass of {}", species.name), species.mass_u, "a positive mass in u"));
    }
    if let Some(atom) = system.velocities.iter().position(|v| !v.iter().all(|x| x.is_finite())) {
        let what = format!("velocity of atom {}", atom + 1);
        return Err(Error::invalid(what, "a value that is not finite", "numbers in Å/fs"));
    }
    ensemble.check(system, timestep_fs)?;
    let hottest = [0.0, f64::INFINITY].map(|time| ensemble.targets(time).temperature).into_iter().fold(0.0, f64::max);
    if hottest >= limits.max_temperature_kelvin {
        let expected = format!("below the run's limit of {} K", limits.max_temperature_kelvin);
        return Err(Error::invalid("temperature", format!("{hottest} K"), expected));
    }
    Ok(())
}

/// The error of a run that failed at `step` because of what `atom` did; `neighbors` shows the structure last evaluated.
pub(super) fn unstable(step: u64, atom: usize, what: &str, system: &System, neighbors: &NeighborList) -> Error {
    let pair = match neighbors.closest_pair() {
        Some(pair) => format!("the closest pair was {}", pair.in_words(system)),
        None => "no two atoms were near each other".to_owned(),
    };
    Error::Unstable { step, reason: format!("{} {what}; {pair}", system.atom_name(atom)) }
}

/// The atom with the highest kinetic energy.
pub(super) fn hottest_atom(system: &System) -> usize {
    let energy = |i: &usize| system.mass(*i) * system.velocities[*i].norm_squared();
    (0..system.len()).max_by(|a, b| energy(a).total_cmp(&energy(b))).unwrap_or(0)
}
