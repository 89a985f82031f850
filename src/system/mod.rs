//! Atoms in a cell: [`System`], [`Cell`], [`Species`], and the builders of starting structures.

pub mod cell;
pub mod composition;
pub mod lattice;
mod matching;
pub mod melt;
pub mod sizes;
pub mod species;

use serde::{Deserialize, Serialize};

pub use cell::Cell;
pub use composition::Composition;
pub use lattice::{Lattice, replicate};
pub use melt::MeltSpec;
pub use species::Species;

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::units::{BOLTZMANN, MASS_VELOCITY2_TO_EV, U_PER_A3_TO_G_PER_CM3};

/// Two structures are one where no coordinate differs by more, Å.
pub const SAME_POSITION: f64 = 1e-6;
/// The largest number of atoms that a system may have.
pub const MAX_ATOMS: usize = 1_000_000;
/// Atoms that are closer than this overlap, Å: no bond is shorter.
pub const OVERLAP: f64 = 0.5;
/// No coordinate may be further from zero, Å: the cells that an atom is away are counted in 32 bits.
pub const MAX_COORDINATE: f64 = 1e8;

/// Atoms in a cell. `types`, `positions` and `velocities` have one entry per atom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// The cell and its periodicity.
    pub cell: Cell,
    /// Species by type index.
    pub species: Vec<Species>,
    /// Species index of each atom.
    pub types: Vec<u32>,
    /// Positions, Å, unwrapped: an atom that leaves the cell keeps going.
    pub positions: Vec<Vec3>,
    /// Velocities, Å/fs.
    pub velocities: Vec<Vec3>,
}

impl System {
    /// A system at rest.
    ///
    /// # Errors
    /// Lengths that differ, a type without species, more than [`MAX_ATOMS`] atoms, a coordinate that is not finite or beyond
    /// [`MAX_COORDINATE`].
    pub fn new(cell: Cell, species: Vec<Species>, types: Vec<u32>, positions: Vec<Vec3>) -> Result<Self> {
        if types.len() != positions.len() {
            let found = format!("{} types for {} positions", types.len(), positions.len());
            return Err(Error::invalid("system", found, "one type for each position"));
        }
        if types.len() > MAX_ATOMS {
            return Err(Error::invalid("number of atoms", types.len(), format!("at most {MAX_ATOMS}")));
        }
        if let Some(atom) = types.iter().position(|&t| t as usize >= species.len()) {
            let found = format!("type {} of atom {}", types[atom], atom + 1);
            return Err(Error::invalid("system", found, format!("a type below {}", species.len())));
        }
        let allowed = -MAX_COORDINATE..=MAX_COORDINATE;
        if let Some(atom) = positions.iter().position(|p| !p.iter().all(|x| allowed.contains(x))) {
            let [x, y, z] = positions[atom].into();
            let (what, found) = (format!("position of atom {}", atom + 1), format!("{x:e} {y:e} {z:e}"));
            return Err(Error::invalid(what, found, format!("three numbers within ±{MAX_COORDINATE:e} Å")));
        }
        let velocities = vec![Vec3::zeros(); positions.len()];
        Ok(Self { cell, species, types, positions, velocities })
    }

    /// Whether cells, positions and names of species are the same, atom by atom; no coordinate differs by as much as
    /// [`SAME_POSITION`].
    pub fn coincides_with(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.cell.periodic() == other.cell.periodic()
            && (self.cell.vectors() - other.cell.vectors()).amax() < SAME_POSITION
            && self.positions.iter().zip(&other.positions).all(|(p, q)| (p - q).amax() < SAME_POSITION)
            && self
                .types
                .iter()
                .zip(&other.types)
                .all(|(a, b)| self.species[*a as usize].name == other.species[*b as usize].name)
    }

    /// Number of atoms.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there are no atoms.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// An atom as messages name it: by its number from 1 and its species.
    pub fn atom_name(&self, atom: usize) -> String {
        let species = self.types.get(atom).and_then(|&t| self.species.get(t as usize));
        format!("atom {} ({})", atom + 1, species.map_or("?", |s| &s.name))
    }

    /// Net charge of the ions of a salt, e; `None` where there is no anion, or a species whose charge is not known.
    pub fn ionic_charge(&self) -> Option<f64> {
        let present = self.species.iter().zip(self.counts()).filter(|(_, count)| *count > 0);
        let charges = present.map(|(species, n)| Some((species.charge_e?, n))).collect::<Option<Vec<_>>>()?;
        let is_salt = charges.iter().any(|(charge, _)| *charge < 0.0);
        is_salt.then(|| charges.iter().map(|(charge, n)| charge * *n as f64).sum())
    }

    /// Mass of atom `i`, u.
    pub fn mass(&self, i: usize) -> f64 {
        self.species[self.types[i] as usize].mass_u
    }

    /// Sum of the masses, u.
    pub fn total_mass(&self) -> f64 {
        (0..self.len()).map(|i| self.mass(i)).sum()
    }

    /// Mass over volume, g/cm^3; `None` for a cell that is open along a direction.
    pub fn density_g_cm3(&self) -> Option<f64> {
        self.cell.volume().map(|volume| self.total_mass() / volume * U_PER_A3_TO_G_PER_CM3)
    }

    /// Atoms of each species.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.species.len()];
        for &t in &self.types {
            counts[t as usize] += 1;
        }
        counts
    }

    /// Kinetic energy, eV.
    pub fn kinetic_energy(&self) -> f64 {
        let twice: f64 = (0..self.len()).map(|i| self.mass(i) * self.velocities[i].norm_squared()).sum();
        0.5 * twice * MASS_VELOCITY2_TO_EV
    }

    /// Temperature in K for `degrees_of_freedom` (3N - 3 where the centre of mass is held).
    pub fn temperature(&self, degrees_of_freedom: usize) -> f64 {
        2.0 * self.kinetic_energy() / (degrees_of_freedom.max(1) as f64 * BOLTZMANN)
    }
}
