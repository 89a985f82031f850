//! Observers that watch a run: live series, averages with errors, structure and motion, all in bounded memory.
//!
//! An observer sees [`Frame`]s when its [`Schedule`] is due. All are serialisable, and one restored from a checkpoint goes
//! on bit for bit. None allocates per frame, but for tables that grow with the logarithm of the run's length.
//!
//! | observer | what it keeps |
//! |---|---|
//! | [`Thermo`] | temperature, pressure, energies, density, volume: series for plots, and averages |
//! | [`Rdf`] | partial radial distribution functions and coordination numbers |
//! | [`Shells`] | coordination, bond angles, clusters and residence times of the first shells |
//! | [`StructureFactor`] | partial structure factors from wave vectors of the box |
//! | [`Fluctuations`] | moments of volume and energies: density, expansion, compressibility, heat capacities |
//! | [`Msd`] | mean-square displacement of each species |
//! | [`Vacf`] | velocity autocorrelation of each species |
//! | [`MeanCell`] | the cell's average, for what goes on at constant volume |
//! | [`Currents`] | stress, energy current and particle currents, for transport coefficients |
//!
//! [`Trajectory`] keeps snapshots of the whole run, for those who want to take it home.

mod currents;
mod fluctuations;
mod followed;
mod levels;
mod mean_cell;
mod msd;
mod pairs;
mod rdf;
mod rdf_features;
mod residence;
mod rows;
mod series;
mod shell_tables;
mod shells;
mod structure_factor;
mod thermo;
mod trajectory;
mod vacf;

use serde::{Deserialize, Serialize};

pub use currents::{Currents, LoggedFluxes, energy_current};
pub use fluctuations::{Convergence, Fluctuations, Moments};
pub use mean_cell::MeanCell;
pub use msd::{DiffusionWindow, Msd, MsdCurve};
pub use rdf::{Rdf, RdfCurve, RdfSettings};
pub use residence::{Residence, Survival};
pub use series::TimeSeries;
pub use shells::{ANGLES, COORDINATIONS, Histogram, SIZES, ShellLink, Shells};
pub use structure_factor::{PartialStructureFactor, StructureFactor};
pub use thermo::{Quantity, Thermo};
pub use trajectory::{Snapshot, Trajectory};
pub use vacf::{Vacf, VelocityCorrelation};

use crate::dynamics::Simulation;
use crate::math::Mat3;
use crate::system::System;

/// The state of a run after a completed step.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Steps done.
    pub step: u64,
    /// Time since the start, fs.
    pub time_fs: f64,
    /// Atoms and cell.
    pub system: &'a System,
    /// Temperature over the degrees of freedom that move, K.
    pub temperature_kelvin: f64,
    /// Pressure tensor, eV/Å^3, compression positive; `None` where the cell is not periodic in all directions.
    pub pressure_tensor: Option<Mat3>,
    /// Potential energy of all atoms, eV.
    pub potential_energy: f64,
    /// Kinetic energy of all atoms, eV.
    pub kinetic_energy: f64,
    /// The ensemble's conserved quantity, eV.
    pub conserved_energy: f64,
}

impl<'a> Frame<'a> {
    /// What a simulation shows now; steps and time since it was made.
    pub fn of(simulation: &'a Simulation) -> Self {
        Self {
            step: simulation.step_count(),
            time_fs: simulation.time_fs(),
            system: simulation.system(),
            temperature_kelvin: simulation.temperature(),
            pressure_tensor: simulation.pressure_tensor(),
            potential_energy: simulation.potential_energy(),
            kinetic_energy: simulation.kinetic_energy(),
            conserved_energy: simulation.conserved_energy(),
        }
    }
}

/// Something that watches a run.
pub trait Observer {
    /// Takes in one frame. The number and the order of atoms never change during a run.
    fn observe(&mut self, frame: &Frame);
}

/// When an observer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Steps from one look to the next; 0 means never.
    pub every: u64,
}

impl Schedule {
    /// Each `every` steps.
    pub fn every(every: u64) -> Self {
        Self { every }
    }

    /// Whether to look after `step`.
    pub fn is_due(&self, step: u64) -> bool {
        self.every > 0 && step.is_multiple_of(self.every)
    }
}
