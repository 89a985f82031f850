//! Energies, forces and stresses of given configurations: what `crucible efs` writes and the package's `evaluate` returns.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::io::Configuration;
use crate::neighbor::{NeighborList, Pair};
use crate::potential::{Evaluation, Potential};

/// Skin of the neighbour list, Å. Not zero, so that the potential alone decides on pairs at the very cutoff: the list sums
/// their distance in another order, and a basis that does not vanish there shows the last bit.
const SKIN: f64 = 0.1;

/// Results for a list of configurations, in their order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Efs {
    /// One entry per configuration.
    pub cfgs: Vec<EvaluatedConfiguration>,
}

/// What a potential says of one configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvaluatedConfiguration {
    /// Its name, where its file gives one.
    pub name: Option<String>,
    /// Number of atoms.
    pub n: usize,
    /// Total energy, eV.
    pub energy: f64,
    /// Energy of each atom, eV, species coefficients included.
    pub site_energies: Vec<f64>,
    /// Force on each atom, eV/Å: x, y, z of the first atom, then of the second, ...
    pub forces: Vec<f64>,
    /// Pressure tensor times volume (MLIP's PlusStress), eV, compression positive, row by row.
    pub plus_stress_3x3: [f64; 9],
    /// The two atoms that are closest to each other, where two are within the potential's cutoff.
    #[serde(skip)]
    pub closest: Option<Pair>,
}

/// Evaluates every configuration under `potential`.
///
/// # Errors
/// A species that the potential does not know; two atoms at the same place; atoms so close, or coefficients so large, that a value is not finite.
pub fn evaluate_all(potential: &mut dyn Potential, configurations: &[Configuration]) -> Result<Efs> {
    let cfgs =
        configurations.iter().enumerate().map(|(k, c)| evaluate_one(potential, k + 1, c)).collect::<Result<_>>()?;
    Ok(Efs { cfgs })
}

fn evaluate_one(
    potential: &mut dyn Potential,
    number: usize,
    configuration: &Configuration,
) -> Result<EvaluatedConfiguration> {
    let system = &configuration.system;
    let mut neighbors = NeighborList::new(potential.cutoff(), SKIN)?;
    neighbors.update(system)?;
    let closest = neighbors.closest_pair();
    neighbors.check_apart(system, &title(number, configuration))?;
    let mut values = Evaluation::default();
    potential.evaluate(system, &neighbors, &mut values)?;
    let energy = values.energy();
    if !(energy.is_finite() && values.forces.iter().flatten().chain(&values.virial).all(|x| x.is_finite())) {
        let found = match closest {
            Some(pair) => format!("a value that is not finite; closest are {}", pair.in_words(system)),
            None => "a value that is not finite".to_owned(),
        };
        return Err(Error::invalid(
            format!("energy and forces of {}", title(number, configuration)),
            found,
            "atoms further apart, or smaller coefficients in the potential",
        ));
    }
    Ok(EvaluatedConfiguration {
        name: configuration.name.clone(),
        n: system.len(),
        energy,
        forces: values.forces.iter().flatten().copied().collect(),
        plus_stress_3x3: std::array::from_fn(|k| values.virial[(k / 3, k % 3)]),
        site_energies: values.site_energies,
        closest,
    })
}

/// A configuration as messages name it.
fn title(number: usize, configuration: &Configuration) -> String {
    let name = configuration.name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
    format!("configuration {number}{name}")
}
