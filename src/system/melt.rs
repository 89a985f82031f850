//! Random starting structures of melts.
//!
//! Atoms are put in one after the other at random places that keep a smallest distance to those already there (random
//! sequential addition). This fills at most about 0.38 of the volume with spheres of that distance, so the distances are
//! kept below contact, and a relaxation under [`Soft`](crate::potential::simple::Soft) does the rest.

use std::collections::BTreeMap;

use rand::RngExt;

use crate::error::{Error, Result};
use crate::math::Vec3;
use crate::math::rng::{self, Rng};
use crate::units::U_PER_A3_TO_G_PER_CM3;

use super::sizes::radius;
use super::species::element;
use super::{Cell, MAX_ATOMS, Species, System};

/// Part of the sum of radii that a pair keeps where the user says nothing.
const DEFAULT_CONTACT: f64 = 0.65;
/// Places tried for an atom before it is given up.
const TRIES: usize = 2000;
/// Default distances shrink by this factor, up to [`SHRINKS`] times, where the atoms do not fit.
const SHRINK: f64 = 0.85;
const SHRINKS: usize = 6;
/// Densities that can be asked for, g/cm^3.
const DENSITIES: [f64; 2] = [1e-3, 50.0];
/// Largest bins along an edge of the search grid.
const MAX_BINS: usize = 128;
/// Stream of the seed that places atoms.
const STREAM: u64 = 10;

/// A random melt in a cubic cell.
#[derive(Debug, Clone, PartialEq)]
pub struct MeltSpec {
    /// Species by type index.
    pub species: Vec<Species>,
    /// Atoms of each species.
    pub counts: Vec<usize>,
    /// Density, g/cm^3.
    pub density_g_cm3: f64,
    /// Smallest distance by pair of names, Å: `Ca-Cl`. Others follow from the elements' sizes.
    pub minimum_distances: BTreeMap<String, f64>,
}

impl MeltSpec {
    /// Builds the melt; the same seed gives the same melt.
    ///
    /// # Errors
    /// No atoms, too many, a density out of range, an unknown pair or impossible distance, atoms that do not fit.
    pub fn build(&self, seed: u64) -> Result<System> {
        let cell = self.cell()?;
        let distances = Distances::new(self)?;
        for shrinks in 0..=SHRINKS {
            let mut rng = rng::seeded(seed, STREAM);
            let current = distances.shrunk(SHRINK.powi(shrinks as i32));
            if let Some(positions) = self.place(&cell, &current, &mut rng)? {
                return System::new(cell, self.species.clone(), self.types(), positions);
            }
            if distances.given.iter().all(|given| *given) {
                break;
            }
        }
        let found = format!("atoms do not fit at {:.3} g/cm^3", self.density_g_cm3);
        Err(Error::invalid("minimum distances", found, "smaller distances or a lower density"))
    }

    fn cell(&self) -> Result<Cell> {
        let total = self.counts.iter().try_fold(0usize, |sum, &n| sum.checked_add(n)).unwrap_or(usize::MAX);
        if total == 0 || total > MAX_ATOMS {
            return Err(Error::invalid("number of atoms", total, format!("1 to {MAX_ATOMS}")));
        }
        if self.counts.len() != self.species.len() {
            let found = format!("{} counts for {} species", self.counts.len(), self.species.len());
            return Err(Error::invalid("melt", found, "one count for each species"));
        }
        let density = self.density_g_cm3;
        if !(DENSITIES[0]..=DENSITIES[1]).contains(&density) {
            return Err(Error::invalid("density", density, format!("{} to {} g/cm^3", DENSITIES[0], DENSITIES[1])));
        }
        let mass: f64 = self.counts.iter().zip(&self.species).map(|(n, species)| *n as f64 * species.mass_u).sum();
        let edge = (mass / density * U_PER_A3_TO_G_PER_CM3).cbrt();
        Cell::orthorhombic(edge, edge, edge)
    }

    fn types(&self) -> Vec<u32> {
        self.counts.iter().enumerate().flat_map(|(t, &n)| std::iter::repeat_n(t as u32, n)).collect()
    }

    /// Positions by species, large ones placed first; `None` if an atom finds no place.
    fn place(&self, cell: &Cell, distances: &Distances, rng: &mut Rng) -> Result<Option<Vec<Vec3>>> {
        let edge = cell.vectors()[(0, 0)];
        let mut grid = Grid::new(edge, distances.largest());
        let mut order: Vec<usize> = (0..self.counts.len()).collect();
        order.sort_by(|&a, &b| distances.get(b, b).total_cmp(&distances.get(a, a)));
        let mut placed: Vec<Vec<Vec3>> = vec![Vec::new(); self.counts.len()];
        for kind in order {
            for _ in 0..self.counts[kind] {
                let free = (0..TRIES).find_map(|_| {
                    let position = Vec3::from_fn(|_, _| edge * rng.random::<f64>());
                    grid.is_free(&position, kind, distances).then_some(position)
                });
                let Some(position) = free else { return Ok(None) };
                grid.add(position, kind);
                placed[kind].push(position);
            }
        }
        Ok(Some(placed.concat()))
    }
}

/// Smallest distance of each pair of species, Å.
#[derive(Clone)]
struct Distances {
    species: usize,
    values: Vec<f64>,
    /// Whether the user gave it; only the others may shrink.
    given: Vec<bool>,
}

impl Distances {
    fn new(spec: &MeltSpec) -> Result<Self> {
        let species = spec.species.len();
        let ionic = spec.species.iter().any(|s| s.charge_e.is_some_and(|q| q < 0.0));
        let mut radii = Vec::with_capacity(species);
        for each in &spec.species {
            radii.push(element(&each.name).map_or(1.5, |element| radius(element, ionic)));
        }
        let pair = |k: usize| (k / species, k % species);
        let values = (0..species * species).map(|k| DEFAULT_CONTACT * (radii[pair(k).0] + radii[pair(k).1])).collect();
        let mut distances = Self { species, values, given: vec![false; species * species] };
        for (name, &distance) in &spec.minimum_distances {
            let index = |part: &str| spec.species.iter().position(|s| s.name == part.trim());
            let Some((a, b)) = name.split_once('-').and_then(|(a, b)| Some((index(a)?, index(b)?))) else {
                let names: Vec<&str> = spec.species.iter().map(|s| s.name.as_str()).collect();
                let expected = format!("two of {}, such as {}-{}", names.join(", "), names[0], names[names.len() - 1]);
                return Err(Error::invalid("minimum distances", format!("\"{name}\""), expected));
            };
            if !(0.0..=10.0).contains(&distance) {
                return Err(Error::invalid(format!("minimum distance of {name}"), distance, "0 to 10 Å"));
            }
            for k in [a * species + b, b * species + a] {
                distances.values[k] = distance;
                distances.given[k] = true;
            }
        }
        Ok(distances)
    }

    fn shrunk(&self, factor: f64) -> Self {
        let values = self.values.iter().zip(&self.given).map(|(d, given)| if *given { *d } else { d * factor });
        Self { values: values.collect(), ..self.clone() }
    }

    fn get(&self, a: usize, b: usize) -> f64 {
        self.values[a * self.species + b]
    }

    fn largest(&self) -> f64 {
        self.values.iter().fold(0.0, |a, &b| a.max(b))
    }
}

/// A cubic periodic grid whose bins are at least as wide as the longest distance, or one bin with all images.
struct Grid {
    edge: f64,
    bins: usize,
    atoms: Vec<Vec<(Vec3, usize)>>,
}

impl Grid {
    fn new(edge: f64, reach: f64) -> Self {
        let bins = ((edge / reach.max(1e-3)).floor() as usize).clamp(1, MAX_BINS);
        Self { edge, bins, atoms: vec![Vec::new(); bins.pow(3)] }
    }

    fn bin(&self, position: &Vec3) -> [usize; 3] {
        std::array::from_fn(|k| ((position[k] / self.edge * self.bins as f64) as usize).min(self.bins - 1))
    }

    fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        (x * self.bins + y) * self.bins + z
    }

    fn add(&mut self, position: Vec3, kind: usize) {
        let index = self.index(self.bin(&position));
        self.atoms[index].push((position, kind));
    }

    /// Whether an atom may stand there. With fewer than three bins along an edge all are looked at, by nearest image.
    fn is_free(&self, position: &Vec3, kind: usize, distances: &Distances) -> bool {
        let near = |&(other, other_kind): &(Vec3, usize)| {
            let d = (other - position).map(|x| x - self.edge * (x / self.edge).round());
            d.norm_squared() < distances.get(kind, other_kind).powi(2)
        };
        if self.bins < 3 {
            // An atom that is nearer to its own image than allowed can stand nowhere.
            return self.edge >= distances.get(kind, kind) && !self.atoms.iter().flatten().any(near);
        }
        let home = self.bin(position);
        let offsets = [self.bins - 1, 0, 1];
        offsets.iter().all(|x| {
            offsets.iter().all(|y| {
                offsets.iter().all(|z| {
                    let bin = [(home[0] + x) % self.bins, (home[1] + y) % self.bins, (home[2] + z) % self.bins];
                    !self.atoms[self.index(bin)].iter().any(near)
                })
            })
        })
    }
}
