//! The fluctuating currents behind the transport coefficients, as one table of block averages.
//!
//! | columns | what | unit |
//! |---|---|---|
//! | 6 | pressure tensor times volume: xx, yy, zz, yz, xz, xy | eV |
//! | 1 | total energy, less its first value | eV |
//! | 3 | energy current `sum_i (e_i v_i + W_i v_i)` | eV Å/fs |
//! | 3 for each species | its particle current `sum_i v_i` | Å/fs |
//! | 3 for each species | the same from the way its atoms went since the last look | Å/fs |
//!
//! e_i is the energy of atom i and W_i its virial ([`Potential::atom_virials`](crate::potential::Potential::atom_virials)).
//! Velocities are relative to the centre of mass of all atoms.
//!
//! # Bounded memory
//!
//! The table averages over blocks that double in length when it is full. Averaging over a block leaves the
//! zero-frequency limit of every spectrum as it is, and with it every transport coefficient: what is lost is the shape of
//! correlations that are shorter than a block, and by then a block is a few ten-thousandths of the run.

use serde::{Deserialize, Serialize};

use super::Frame;
use super::rows::Rows;
use crate::math::{Mat3, Vec3};
use crate::system::{Species, System};
use crate::units::MASS_VELOCITY2_TO_EV;

/// Rows at which blocks double.
const MAX_ROWS: usize = 8192;
const ENERGY: usize = 6;
const ENERGY_CURRENT: usize = 7;
const SPECIES: usize = 10;

/// Currents of a system whose cell does not change. Frames must be equally spaced in time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Currents {
    /// Species that have atoms, and how many.
    species: Vec<(Species, usize)>,
    /// By type index: which of them.
    place: Vec<usize>,
    volume: f64,
    cube_edge: Option<f64>,
    table: Rows,
    frames: u64,
    start_fs: f64,
    last_fs: f64,
    temperature_sum: f64,
    first_energy: f64,
    has_energy_current: bool,
    last_positions: Vec<Vec3>,
    latest: Vec<f64>,
}

impl Currents {
    /// An observer for runs of `system`; `None` for a cell that is open along a direction.
    pub fn new(system: &System) -> Option<Self> {
        let volume = system.cell.volume()?;
        let counts = system.counts();
        let present = || counts.iter().enumerate().filter(|(_, count)| **count > 0);
        let mut place = vec![0; counts.len()];
        present().enumerate().for_each(|(at, (species, _))| place[species] = at);
        let species: Vec<_> = present().map(|(k, count)| (system.species[k].clone(), *count)).collect();
        let width = SPECIES + 6 * species.len();
        Some(Self {
            species,
            place,
            volume,
            cube_edge: cube_edge(system.cell.vectors()),
            table: Rows::with_most(width, MAX_ROWS),
            frames: 0,
            start_fs: 0.0,
            last_fs: 0.0,
            temperature_sum: 0.0,
            first_energy: 0.0,
            has_energy_current: true,
            last_positions: Vec::new(),
            latest: vec![0.0; width],
        })
    }

    /// Takes in a frame: energies and, where the potential knows them, virials of its atoms.
    pub fn observe(&mut self, frame: &Frame, site_energies: &[f64], atom_virials: Option<&[Mat3]>) {
        let Some(pressure) = frame.pressure_tensor else { return };
        let system = frame.system;
        self.temperature_sum += frame.temperature_kelvin;
        self.frames += 1;
        self.last_fs = frame.time_fs;
        if self.frames == 1 {
            self.start_fs = frame.time_fs;
            self.first_energy = frame.potential_energy + frame.kinetic_energy;
            self.last_positions.extend_from_slice(&system.positions);
            return;
        }
        let p = pressure * self.volume;
        self.latest[..ENERGY].copy_from_slice(&[p.m11, p.m22, p.m33, p.m23, p.m13, p.m12]);
        self.latest[ENERGY] = frame.potential_energy + frame.kinetic_energy - self.first_energy;
        self.sum_over_atoms(system, site_energies, atom_virials);
        self.last_positions.copy_from_slice(&system.positions);
        self.table.push(self.latest.iter().copied());
    }

    fn sum_over_atoms(&mut self, system: &System, site_energies: &[f64], atom_virials: Option<&[Mat3]>) {
        self.latest[ENERGY_CURRENT..].fill(0.0);
        let interval = (self.last_fs - self.start_fs) / (self.frames - 1) as f64;
        let (mut momentum, mut moved) = (Vec3::zeros(), Vec3::zeros());
        for (i, velocity) in system.velocities.iter().enumerate() {
            momentum += velocity * system.mass(i);
            moved += (system.positions[i] - self.last_positions[i]) * system.mass(i);
        }
        let (drift, shift) = (momentum / system.total_mass(), moved / system.total_mass());
        let mut energy_current = Vec3::zeros();
        self.has_energy_current &= atom_virials.is_some_and(|virials| virials.len() == system.len());
        for (i, velocity) in system.velocities.iter().enumerate() {
            let velocity = velocity - drift;
            let way = (system.positions[i] - self.last_positions[i] - shift) / interval;
            let own = SPECIES + 6 * self.place[system.types[i] as usize];
            for axis in 0..3 {
                self.latest[own + axis] += velocity[axis];
                self.latest[own + 3 + axis] += way[axis];
            }
            if let (true, Some(virials)) = (self.has_energy_current, atom_virials) {
                let kinetic = 0.5 * system.mass(i) * velocity.norm_squared() * MASS_VELOCITY2_TO_EV;
                energy_current += velocity * (kinetic + site_energies[i]) + virials[i] * velocity;
            }
        }
        self.latest[ENERGY_CURRENT..SPECIES].copy_from_slice(energy_current.as_slice());
    }

    /// Rows of the table.
    pub fn rows(&self) -> usize {
        self.table.len()
    }

    /// Time between rows, fs.
    pub fn interval_fs(&self) -> f64 {
        (self.last_fs - self.start_fs) / (self.frames - 1).max(1) as f64 * self.table.stride() as f64
    }

    /// Volume, Å^3.
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// Edge of the cell in Å if it is a cube.
    pub fn cube_edge(&self) -> Option<f64> {
        self.cube_edge
    }

    /// Mean temperature, K.
    pub fn temperature(&self) -> f64 {
        self.temperature_sum / self.frames.max(1) as f64
    }

    /// Species that have atoms, and how many.
    pub fn species(&self) -> &[(Species, usize)] {
        &self.species
    }

    /// A component of the pressure tensor times volume, eV: xx, yy, zz, yz, xz, xy.
    pub fn stress(&self, component: usize) -> Vec<f64> {
        self.table.column(component)
    }

    /// Total energy less its first value, eV.
    pub fn energy(&self) -> Vec<f64> {
        self.table.column(ENERGY)
    }

    /// x, y and z of the energy current, eV Å/fs; `None` where the potential has no virial for each atom.
    pub fn energy_current(&self) -> Option<[Vec<f64>; 3]> {
        self.has_energy_current.then(|| [0, 1, 2].map(|axis| self.table.column(ENERGY_CURRENT + axis)))
    }

    /// x, y and z of the sum of a species' velocities, Å/fs.
    pub fn particle_current(&self, species: usize) -> [Vec<f64>; 3] {
        [0, 1, 2].map(|axis| self.table.column(SPECIES + 6 * species + axis))
    }

    /// The same from displacements: its integral is the collective displacement without any error of sampling.
    pub fn displacement_current(&self, species: usize) -> [Vec<f64>; 3] {
        [3, 4, 5].map(|axis| self.table.column(SPECIES + 6 * species + axis))
    }
}

/// The edge, if edges differ by less than a part in a thousand and meet at right angles.
fn cube_edge(vectors: &Mat3) -> Option<f64> {
    let edge = vectors.trace() / 3.0;
    ((vectors - Mat3::identity() * edge).amax() < 1e-3 * edge).then_some(edge)
}
