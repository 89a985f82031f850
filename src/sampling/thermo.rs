//! Temperature, pressure, energies, density and volume: series for plots, and averages with errors.

use serde::{Deserialize, Serialize};

use super::series::{MergingSeries, TimeSeries};
use super::{Frame, Observer};
use crate::analysis::Estimate;
use crate::math::statistics::Blocking;
use crate::units::EV_PER_A3_TO_GPA;

/// What [`Thermo`] follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// Kinetic temperature, K.
    Temperature,
    /// A third of the pressure tensor's trace, GPa.
    Pressure,
    /// Potential energy, eV/atom.
    PotentialEnergy,
    /// Kinetic energy, eV/atom.
    KineticEnergy,
    /// Potential plus kinetic energy, eV/atom.
    TotalEnergy,
    /// The ensemble's conserved quantity, eV/atom.
    ConservedEnergy,
    /// Mass density, g/cm^3. Its average is that of the instantaneous density, not mass over the average volume.
    Density,
    /// Volume of the cell, Å^3.
    Volume,
}

impl Quantity {
    /// All quantities, in the order of their columns.
    pub const ALL: [Self; 8] = [
        Self::Temperature,
        Self::Pressure,
        Self::PotentialEnergy,
        Self::KineticEnergy,
        Self::TotalEnergy,
        Self::ConservedEnergy,
        Self::Density,
        Self::Volume,
    ];

    /// Name in specifications and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Pressure => "pressure",
            Self::PotentialEnergy => "potential-energy",
            Self::KineticEnergy => "kinetic-energy",
            Self::TotalEnergy => "total-energy",
            Self::ConservedEnergy => "conserved-energy",
            Self::Density => "density",
            Self::Volume => "volume",
        }
    }

    /// The quantity of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.name() == name)
    }

    /// Unit of series and averages.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Temperature => "K",
            Self::Pressure => "GPa",
            Self::PotentialEnergy | Self::KineticEnergy | Self::TotalEnergy | Self::ConservedEnergy => "eV/atom",
            Self::Density => "g/cm³",
            Self::Volume => "Å³",
        }
    }

    /// Whether it has a value only where the cell is periodic in all directions.
    fn needs_volume(self) -> bool {
        matches!(self, Self::Pressure | Self::Density | Self::Volume)
    }
}

const COLUMNS: usize = Quantity::ALL.len();

/// Follows the quantities of [`Quantity`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Thermo {
    series: MergingSeries<COLUMNS>,
    averages: [Blocking; COLUMNS],
    bulk: bool,
}

impl Default for Thermo {
    fn default() -> Self {
        Self::new()
    }
}

impl Thermo {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { series: MergingSeries::new(), averages: Default::default(), bulk: true }
    }

    /// Forgets the averages and keeps the series: what equilibration is for.
    pub fn restart_averages(&mut self) {
        self.averages = Default::default();
    }

    /// The quantities that this run has.
    pub fn quantities(&self) -> impl Iterator<Item = Quantity> {
        let bulk = self.bulk;
        Quantity::ALL.into_iter().filter(move |quantity| bulk || !quantity.needs_volume())
    }

    /// The series of a quantity since the start of the run, at most 2000 points.
    pub fn series(&self, quantity: Quantity) -> TimeSeries {
        self.series.column(quantity as usize, quantity.name(), quantity.unit())
    }

    /// The average of a quantity since [`Thermo::restart_averages`]; `None` before the first sample, or where the run does
    /// not have the quantity.
    pub fn estimate(&self, quantity: Quantity) -> Option<Estimate> {
        let average = &self.averages[quantity as usize];
        let known = average.count() > 0 && (self.bulk || !quantity.needs_volume());
        known.then(|| Estimate::of_mean(average, quantity.unit()))
    }
}

impl Observer for Thermo {
    fn observe(&mut self, frame: &Frame) {
        let per_atom = 1.0 / frame.system.len().max(1) as f64;
        let volume = frame.system.cell.volume();
        self.bulk = volume.is_some() && frame.pressure_tensor.is_some();
        let pressure = frame.pressure_tensor.map_or(0.0, |tensor| tensor.trace() / 3.0);
        let values = Quantity::ALL.map(|quantity| match quantity {
            Quantity::Temperature => frame.temperature_kelvin,
            Quantity::Pressure => pressure * EV_PER_A3_TO_GPA,
            Quantity::PotentialEnergy => frame.potential_energy * per_atom,
            Quantity::KineticEnergy => frame.kinetic_energy * per_atom,
            Quantity::TotalEnergy => (frame.potential_energy + frame.kinetic_energy) * per_atom,
            Quantity::ConservedEnergy => frame.conserved_energy * per_atom,
            Quantity::Density => frame.system.density_g_cm3().unwrap_or(0.0),
            Quantity::Volume => volume.unwrap_or(0.0),
        });
        self.series.push(frame.time_fs, values);
        for (average, value) in self.averages.iter_mut().zip(values) {
            average.push(value);
        }
    }
}
