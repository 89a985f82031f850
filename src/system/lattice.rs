//! Crystals and supercells.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};

use super::{Cell, MAX_ATOMS, OVERLAP, Species, System};

/// The crystals that can be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lattice {
    /// Face-centred cubic, one element.
    Fcc,
    /// Body-centred cubic, one element.
    Bcc,
    /// NaCl: cation, anion.
    Rocksalt,
    /// CaF2: cation, anion.
    Fluorite,
}

const FCC: [[f64; 3]; 4] = [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]];
const BCC: [[f64; 3]; 2] = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]];
/// Where the anions of a cation at the origin sit.
const OCTAHEDRAL: [[f64; 3]; 1] = [[0.5, 0.5, 0.5]];
const TETRAHEDRAL: [[f64; 3]; 2] = [[0.25, 0.25, 0.25], [0.75, 0.75, 0.75]];

impl Lattice {
    /// How many elements it is made of.
    pub fn elements(self) -> usize {
        match self {
            Self::Fcc | Self::Bcc => 1,
            Self::Rocksalt | Self::Fluorite => 2,
        }
    }

    /// Shortest distance between two atoms, in lattice constants.
    fn shortest(self) -> f64 {
        let squared: f64 = match self {
            Self::Fcc => 0.5,
            Self::Bcc => 0.75,
            Self::Rocksalt => 0.25,
            Self::Fluorite => 0.1875,
        };
        squared.sqrt()
    }

    /// Element (0 or 1) and fractional position of each atom of the cubic cell.
    pub fn basis(self) -> Vec<(usize, Vec3)> {
        let anions: &[[f64; 3]] = match self {
            Self::Fcc | Self::Bcc => &[],
            Self::Rocksalt => &OCTAHEDRAL,
            Self::Fluorite => &TETRAHEDRAL,
        };
        let sites: &[[f64; 3]] = if self == Self::Bcc { &BCC } else { &FCC };
        let mut basis: Vec<(usize, Vec3)> = sites.iter().map(|&site| (0, Vec3::from(site))).collect();
        for &site in sites {
            let position = |offset: &[f64; 3]| (Vec3::from(site) + Vec3::from(*offset)).map(f64::fract);
            basis.extend(anions.iter().map(|offset| (1, position(offset))));
        }
        basis
    }

    /// The crystal in `repeat` cubic cells with an edge of `constant` Å; element k is species `types[k]` of `species`.
    ///
    /// # Errors
    /// Another number of elements than [`Lattice::elements`], an edge that is not positive or has atoms overlap, too many atoms.
    pub fn build(self, species: &[Species], types: &[u32], constant: f64, repeat: [usize; 3]) -> Result<System> {
        if types.len() != self.elements() {
            let expected = format!("{} for {self:?}", self.elements());
            return Err(Error::invalid("elements of the crystal", types.len(), expected));
        }
        if !(constant > 0.0 && constant.is_finite()) {
            return Err(Error::invalid("lattice constant", constant, "a positive length in Å"));
        }
        let closest = constant * self.shortest();
        if closest < OVERLAP {
            let found = format!("{constant} Å, with atoms {closest:.1e} Å apart");
            let expected = format!("at least {:.2} Å, with atoms {OVERLAP} Å apart", OVERLAP / self.shortest());
            return Err(Error::invalid("lattice constant", found, expected));
        }
        let cell = Cell::orthorhombic(constant, constant, constant)?;
        let basis = self.basis();
        let unit = System::new(
            cell,
            species.to_vec(),
            basis.iter().map(|(element, _)| types[*element]).collect(),
            basis.iter().map(|(_, position)| position * constant).collect(),
        )?;
        replicate(&unit, repeat)
    }
}

/// `repeat` copies of a system along its cell's vectors, velocities included.
///
/// # Errors
/// A count of zero, copies along a direction that is not periodic, more than [`MAX_ATOMS`] atoms.
pub fn replicate(system: &System, repeat: [usize; 3]) -> Result<System> {
    let periodic = system.cell.periodic();
    if let Some(k) = (0..3).find(|&k| repeat[k] == 0 || (repeat[k] > 1 && !periodic[k])) {
        let found = format!("{} along vector {}", repeat[k], k + 1);
        return Err(Error::invalid("copies of the cell", found, "1 or more, and 1 where nothing repeats"));
    }
    let total = repeat.iter().try_fold(system.len(), |n, &copies| n.checked_mul(copies));
    if total.is_none_or(|n| n > MAX_ATOMS) {
        let found = format!("{} atoms in {} x {} x {} copies", system.len(), repeat[0], repeat[1], repeat[2]);
        return Err(Error::invalid("number of atoms", found, format!("at most {MAX_ATOMS}")));
    }
    let vectors = system.cell.vectors();
    let scaled = Mat3::from_columns(&std::array::from_fn::<Vec3, 3, _>(|k| vectors.column(k) * repeat[k] as f64));
    let cell = Cell::new(std::array::from_fn(|k| periodic[k].then(|| scaled.column(k).into_owned())))?;
    let (mut types, mut positions, mut velocities) = (Vec::new(), Vec::new(), Vec::new());
    for a in 0..repeat[0] {
        for b in 0..repeat[1] {
            for c in 0..repeat[2] {
                let shift = vectors * Vec3::new(a as f64, b as f64, c as f64);
                types.extend_from_slice(&system.types);
                positions.extend(system.positions.iter().map(|position| position + shift));
                velocities.extend_from_slice(&system.velocities);
            }
        }
    }
    let mut copy = System::new(cell, system.species.clone(), types, positions)?;
    copy.velocities = velocities;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbor::NeighborList;

    fn salt() -> Vec<Species> {
        ["Ca", "F"].iter().map(|name| Species::from_name(name).unwrap()).collect()
    }

    /// Number of neighbours of each atom's first shell, and its distance.
    fn first_shell(system: &System, atom: usize) -> (usize, f64) {
        let mut neighbors = NeighborList::new(6.0, 0.0).unwrap();
        neighbors.update(system).unwrap();
        let mut distances: Vec<f64> = neighbors.range(atom).map(|s| neighbors.vector(atom, s).norm()).collect();
        distances.sort_by(f64::total_cmp);
        (distances.iter().filter(|&&d| d < distances[0] * 1.0001).count(), distances[0])
    }

    #[test]
    fn crystals_have_their_coordination() {
        for (lattice, types, atoms, shells) in [
            (Lattice::Fcc, &[0][..], 4, vec![(12, 0.5_f64.sqrt())]),
            (Lattice::Bcc, &[0], 2, vec![(8, 0.75_f64.sqrt())]),
            (Lattice::Rocksalt, &[0, 1], 8, vec![(6, 0.5), (6, 0.5)]),
            (Lattice::Fluorite, &[0, 1], 12, vec![(8, 0.1875_f64.sqrt()), (4, 0.1875_f64.sqrt())]),
        ] {
            let system = lattice.build(&salt(), types, 5.0, [2, 1, 3]).unwrap();
            assert_eq!(system.len(), atoms * 6);
            for (kind, (coordination, distance)) in shells.into_iter().enumerate() {
                let atom = system.types.iter().position(|&t| t as usize == kind).unwrap();
                let (found, length) = first_shell(&system, atom);
                // Positions are sums of a few products of the edge, so that 1e-12 Å is rounding.
                assert!(
                    found == coordination && (length - 5.0 * distance).abs() < 1e-12,
                    "{lattice:?} {found} {length}"
                );
                assert!((length - 5.0 * lattice.shortest()).abs() < 1e-12, "{lattice:?}");
            }
        }
    }

    #[test]
    fn impossible_crystals_are_refused() {
        let build = |types: &[u32], constant, repeat| Lattice::Rocksalt.build(&salt(), types, constant, repeat);
        assert!(build(&[0], 5.0, [1; 3]).is_err());
        assert!(build(&[0, 1], f64::NAN, [1; 3]).is_err());
        let message = build(&[0, 1], 0.01, [1; 3]).unwrap_err().to_string();
        assert!(message.contains("lattice constant") && message.contains("5.0e-3 Å apart"), "{message}");
        assert!(build(&[0, 1], 5.0, [0, 1, 1]).is_err());
        let message = build(&[0, 1], 5.0, [100, 100, 200]).unwrap_err().to_string();
        assert!(message.contains("number of atoms"), "{message}");
        assert!(build(&[0, 1], 5.0, [usize::MAX; 3]).is_err());
    }
}
