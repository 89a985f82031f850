//! The same structure in another order of atoms, or with atoms in other images of the cell.

use std::collections::HashMap;

use super::{SAME_POSITION, System};
use crate::math::Vec3;

/// Width of the bins that atoms are looked up in, Å.
const BIN: f64 = 0.01;
/// How near the edge of a bin, in its widths, an atom may belong to the next one: above [`SAME_POSITION`] in any direction.
const EDGE: f64 = 1e-3;

impl System {
    /// The atom of `other` at the place of each atom of this one, where both are one structure: the same cell, and atoms of the
    /// same species in the same places up to their order and to lattice vectors. No coordinate differs by as much as
    /// [`SAME_POSITION`]. `None` where they are two structures.
    pub fn matched_with(&self, other: &Self) -> Option<Vec<usize>> {
        let same_cell = self.len() == other.len()
            && self.cell.periodic() == other.cell.periodic()
            && (self.cell.vectors() - other.cell.vectors()).amax() < SAME_POSITION;
        if !same_cell {
            return None;
        }
        let mut bins = Bins::new(other);
        (0..self.len()).map(|atom| bins.take(self.name_of(atom), &self.positions[atom])).collect()
    }

    /// A number that neither the order of atoms nor their images change, Å: of equal structures it differs by less than
    /// [`SAME_POSITION`] times 10.
    pub fn fingerprint(&self) -> f64 {
        let (faces, turn) = (self.cell.face_distances(), std::f64::consts::TAU);
        // By species, or every decoration of a lattice would have the same.
        let weights: Vec<f64> = self.species.iter().map(|species| weight(&species.name)).collect();
        let of_atom = |(position, kind): (&Vec3, &u32)| {
            let s = self.cell.fractional(position);
            // Along an open direction the coordinate is in Å itself.
            let along =
                |k: usize| if faces[k].is_finite() { faces[k] / turn * (turn * s[k] + 1.0).sin() } else { s[k] };
            weights[*kind as usize] * (along(0) + along(1) + along(2))
        };
        self.positions.iter().zip(&self.types).map(of_atom).sum::<f64>() / self.len().max(1) as f64
    }

    fn name_of(&self, atom: usize) -> &str {
        &self.species[self.types[atom] as usize].name
    }
}

/// A number from 0.5 to 1 of a species' name, by the hash of Fowler, Noll and Vo.
fn weight(name: &str) -> f64 {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    0.5 + 0.5 * f64::from(hash) / f64::from(u32::MAX)
}

/// The atoms of a system by species and place in the cell.
struct Bins<'a> {
    system: &'a System,
    /// Bins along each lattice vector, or in an Å of an open direction.
    counts: [f64; 3],
    atoms: HashMap<(&'a str, [i64; 3]), Vec<usize>>,
}

impl<'a> Bins<'a> {
    fn new(system: &'a System) -> Self {
        let along = |face: f64| if face.is_finite() { (face / BIN).floor().max(1.0) } else { 1.0 / BIN };
        let counts = system.cell.face_distances().map(along);
        let mut bins = Self { system, counts, atoms: HashMap::with_capacity(system.len()) };
        for atom in 0..system.len() {
            let bin = bins.bin(&system.positions[atom], [0.0; 3]);
            bins.atoms.entry((system.name_of(atom), bin)).or_default().push(atom);
        }
        bins
    }

    /// Takes out an atom of this name at this place, or an image of it.
    fn take(&mut self, name: &'a str, position: &Vec3) -> Option<usize> {
        let corner = |k: usize| [0, 1, 2].map(|axis| if k >> axis & 1 == 0 { -EDGE } else { EDGE });
        let mut near: Vec<[i64; 3]> = (0..8).map(|k| self.bin(position, corner(k))).collect();
        near.sort_unstable();
        near.dedup();
        near.into_iter().find_map(|bin| {
            let system = self.system;
            let atoms = self.atoms.get_mut(&(name, bin))?;
            let found = atoms.iter().position(|&atom| is_image(system, &(position - system.positions[atom])))?;
            Some(atoms.swap_remove(found))
        })
    }

    /// The bin of a position moved by some widths of bins.
    fn bin(&self, position: &Vec3, moved: [f64; 3]) -> [i64; 3] {
        let (s, periodic) = (self.system.cell.fractional(position), self.system.cell.periodic());
        std::array::from_fn(|k| {
            let bin = (s[k] * self.counts[k] + moved[k]).floor() as i64;
            if periodic[k] { bin.rem_euclid(self.counts[k] as i64) } else { bin }
        })
    }
}

/// Whether a vector is a lattice vector.
fn is_image(system: &System, vector: &Vec3) -> bool {
    let (s, periodic) = (system.cell.fractional(vector), system.cell.periodic());
    let images = Vec3::from_fn(|k, _| if periodic[k] { s[k].round() } else { 0.0 });
    (vector - system.cell.vectors() * images).amax() < SAME_POSITION
}
