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
//! Velocities are relative to the centre of mass of all atoms. A trajectory of others may lack velocities, stress and energies;
//! a log has nothing else: what was not in every frame is `None` when it is asked for.
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
    known: Known,
    last_positions: Vec<Vec3>,
    latest: Vec<f64>,
}

/// What every frame had.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Known {
    stress: bool,
    energy: bool,
    energy_current: bool,
    velocities: bool,
    displacements: bool,
}

/// A row of a log: what another program says of all atoms together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoggedFluxes {
    /// Time, fs.
    pub time_fs: f64,
    /// Temperature, K.
    pub temperature_kelvin: f64,
    /// Pressure tensor times volume, eV, compression positive: xx, yy, zz, yz, xz, xy.
    pub stress: [f64; 6],
    /// Total energy, eV.
    pub energy: Option<f64>,
    /// Energy current, eV Å/fs.
    pub energy_current: Option<Vec3>,
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
            known: Known { stress: true, energy: true, energy_current: true, velocities: true, displacements: true },
            last_positions: Vec::new(),
            latest: vec![0.0; width],
        })
    }

    /// The same, with another mean temperature than that of the frames, K.
    #[must_use]
    pub fn at_temperature(mut self, kelvin: f64) -> Self {
        self.temperature_sum = kelvin * self.frames as f64;
        self
    }

    /// Takes in a frame: energies and, where the potential knows them, virials of its atoms.
    pub fn observe(&mut self, frame: &Frame, site_energies: &[f64], atom_virials: Option<&[Mat3]>) {
        let system = frame.system;
        if self.count(frame.time_fs, frame.temperature_kelvin, frame.potential_energy + frame.kinetic_energy) == 1 {
            self.last_positions.extend_from_slice(&system.positions);
            return;
        }
        let p = frame.pressure_tensor.unwrap_or_default() * self.volume;
        self.latest[..ENERGY].copy_from_slice(&[p.m11, p.m22, p.m33, p.m23, p.m13, p.m12]);
        self.latest[ENERGY] = frame.potential_energy + frame.kinetic_energy - self.first_energy;
        self.known.stress &= frame.pressure_tensor.is_some();
        self.known.energy &= site_energies.len() == system.len();
        let virials = atom_virials.filter(|virials| virials.len() == system.len() && self.known.energy);
        self.known.energy_current &= virials.is_some();
        let heat = virials.map_or_else(Vec3::zeros, |virials| energy_current(system, site_energies, virials));
        self.latest[ENERGY_CURRENT..SPECIES].copy_from_slice(heat.as_slice());
        self.sum_over_atoms(system);
        self.last_positions.copy_from_slice(&system.positions);
        self.table.push(self.latest.iter().copied());
    }

    /// Takes in a row of a log.
    pub fn observe_logged(&mut self, row: &LoggedFluxes) {
        let energy = row.energy.unwrap_or_default();
        self.count(row.time_fs, row.temperature_kelvin, energy);
        self.latest[..ENERGY].copy_from_slice(&row.stress);
        self.latest[ENERGY] = energy - self.first_energy;
        self.latest[ENERGY_CURRENT..SPECIES].copy_from_slice(row.energy_current.unwrap_or_default().as_slice());
        self.known.energy &= row.energy.is_some();
        self.known.energy_current &= row.energy_current.is_some();
        self.known.velocities = false;
        self.known.displacements = false;
        self.table.push(self.latest.iter().copied());
    }

    /// Says that frames have no velocities: their particle currents come from displacements alone.
    #[must_use]
    pub fn without_velocities(mut self) -> Self {
        self.known.velocities = false;
        self
    }

    fn count(&mut self, time_fs: f64, kelvin: f64, energy: f64) -> u64 {
        self.temperature_sum += kelvin;
        self.frames += 1;
        self.last_fs = time_fs;
        if self.frames == 1 {
            self.start_fs = time_fs;
            self.first_energy = energy;
        }
        self.frames
    }

    fn sum_over_atoms(&mut self, system: &System) {
        self.latest[SPECIES..].fill(0.0);
        let interval = (self.last_fs - self.start_fs) / (self.frames - 1) as f64;
        let drift = drift(system);
        let mut moved = Vec3::zeros();
        for i in 0..system.len() {
            moved += (system.positions[i] - self.last_positions[i]) * system.mass(i);
        }
        let shift = moved / system.total_mass();
        for (i, velocity) in system.velocities.iter().enumerate() {
            let velocity = velocity - drift;
            let way = (system.positions[i] - self.last_positions[i] - shift) / interval;
            let own = SPECIES + 6 * self.place[system.types[i] as usize];
            for axis in 0..3 {
                self.latest[own + axis] += velocity[axis];
                self.latest[own + 3 + axis] += way[axis];
            }
        }
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

    /// The pressure tensor times volume, eV: xx, yy, zz, yz, xz, xy.
    pub fn stress(&self) -> Option<[Vec<f64>; 6]> {
        self.known.stress.then(|| [0, 1, 2, 3, 4, 5].map(|component| self.table.column(component)))
    }

    /// Total energy less its first value, eV.
    pub fn energy(&self) -> Option<Vec<f64>> {
        self.known.energy.then(|| self.table.column(ENERGY))
    }

    /// x, y and z of the energy current, eV Å/fs; `None` where the potential has no virial for each atom.
    pub fn energy_current(&self) -> Option<[Vec<f64>; 3]> {
        self.known.energy_current.then(|| self.three(ENERGY_CURRENT))
    }

    /// x, y and z of the sum of a species' velocities, Å/fs.
    pub fn particle_current(&self, species: usize) -> Option<[Vec<f64>; 3]> {
        self.known.velocities.then(|| self.three(SPECIES + 6 * species))
    }

    /// The same from displacements: its integral is the collective displacement without any error of sampling.
    pub fn displacement_current(&self, species: usize) -> Option<[Vec<f64>; 3]> {
        self.known.displacements.then(|| self.three(SPECIES + 6 * species + 3))
    }

    fn three(&self, first: usize) -> [Vec<f64>; 3] {
        [0, 1, 2].map(|axis| self.table.column(first + axis))
    }
}

/// `sum_i (e_i v_i + W_i v_i)`, eV Å/fs, with velocities relative to the centre of mass. One energy and one virial for each atom.
pub fn energy_current(system: &System, site_energies: &[f64], atom_virials: &[Mat3]) -> Vec3 {
    let drift = drift(system);
    let mut current = Vec3::zeros();
    for (i, ((velocity, energy), virial)) in system.velocities.iter().zip(site_energies).zip(atom_virials).enumerate() {
        let velocity = velocity - drift;
        let kinetic = 0.5 * system.mass(i) * velocity.norm_squared() * MASS_VELOCITY2_TO_EV;
        current += velocity * (kinetic + energy) + virial * velocity;
    }
    current
}

/// Velocity of the centre of mass, Å/fs.
fn drift(system: &System) -> Vec3 {
    let mut momentum = Vec3::zeros();
    for (i, velocity) in system.velocities.iter().enumerate() {
        momentum += velocity * system.mass(i);
    }
    momentum / system.total_mass()
}

/// The edge, if edges differ by less than a part in a thousand and meet at right angles.
fn cube_edge(vectors: &Mat3) -> Option<f64> {
    let edge = vectors.trace() / 3.0;
    ((vectors - Mat3::identity() * edge).amax() < 1e-3 * edge).then_some(edge)
}
