//! Thermodynamics of a trajectory: from the volumes and energies of a log beside it, else from the cells of its frames.

use super::logged::keeps_volume;
use crate::analysis::Property;
use crate::analysis::thermodynamics::{self, Amount, Held};
use crate::io::{FluxLog, FluxRow};
use crate::sampling::Fluctuations;
use crate::system::System;
use crate::units::{BOLTZMANN, EV_PER_A3_TO_GPA};

/// An energy whose spread is below this part of what a thermostat gives the kinetic energy alone is held.
const HELD_ENERGY: f64 = 0.2;
/// What needs no energies.
const OF_VOLUME: [&str; 3] = ["density", "molar-volume", "compressibility"];

/// A row of a log: time in fs, volume in Å^3, potential and kinetic energy in eV.
type Row = (f64, [f64; 3]);

/// What a log tells with the ensemble that it shows, in words; nothing where it lacks temperatures or energies, or volumes
/// though the cell changes.
pub(super) fn of_log(log: &FluxLog, system: &System, cell_changes: bool) -> Option<(Vec<Property>, String)> {
    let freedom = (3 * system.len()).saturating_sub(3).max(1) as f64;
    let read = |row: &FluxRow| {
        let volume = row.volume.or(system.cell.volume().filter(|_| !cell_changes))?;
        let kinetic = 0.5 * freedom * BOLTZMANN * row.temperature_kelvin?;
        Some((row.time_fs, [volume, row.energy? - kinetic, kinetic]))
    };
    let rows: Vec<Row> = log.rows.iter().map(read).collect::<Option<_>>()?;
    let mut seen = Fluctuations::new();
    rows.iter().for_each(|&(time_fs, now)| seen.take(time_fs, now));
    let pressure = log.rows.iter().map(|row| row.pressure.trace() / 3.0).sum::<f64>() / rows.len() as f64;
    let shown = Shown::new(&rows, freedom, pressure, keeps_volume(&log.rows));
    let mut properties = thermodynamics::properties(&seen, &Amount::new(system), shown.held);
    if shown.constant_enthalpy {
        properties.retain(|property| property.route == "mean");
    }
    Some((properties, format!("The log's volume and energy are read as those of a run at {}.", shown.words)))
}

/// The ensemble that a log shows.
struct Shown {
    held: Held,
    words: String,
    /// Fluctuations are then others than those of any ensemble whose formulas are known here.
    constant_enthalpy: bool,
}

impl Shown {
    /// `pressure` in eV/Å^3.
    fn new(rows: &[Row], freedom: f64, pressure: f64, constant_volume: bool) -> Self {
        let gpa = pressure * EV_PER_A3_TO_GPA;
        let thermal_energy = rows.iter().map(|(_, now)| now[2]).sum::<f64>() / rows.len() as f64 * 2.0 / freedom;
        let kelvin = thermal_energy / BOLTZMANN;
        // Of a constant volume the energy may be held, of a varying one the enthalpy.
        let pressure = if constant_volume { 0.0 } else { pressure };
        let content = |[volume, potential, kinetic]: &[f64; 3]| potential + kinetic + pressure * volume;
        let first = content(&rows[0].1);
        let varies = spread(rows.iter().map(|(_, now)| content(now) - first));
        let isolated = varies < HELD_ENERGY * (0.5 * freedom).sqrt() * thermal_energy;
        let under_pressure = Held::Pressure { kelvin, gpa };
        let (held, words) = match (constant_volume, isolated) {
            (false, true) => {
                (under_pressure, format!("constant enthalpy and {gpa:.3} GPa, whose fluctuations are others"))
            }
            (false, false) => (under_pressure, format!("constant pressure, {gpa:.3} GPa, and {kelvin:.1} K")),
            (true, true) => (Held::Energy, "constant energy".to_owned()),
            (true, false) => (Held::Temperature { kelvin }, format!("constant volume and {kelvin:.1} K")),
        };
        Self { held, words, constant_enthalpy: isolated && !constant_volume }
    }
}

/// What the cells of the frames tell, if they change.
pub(super) fn of_cells(seen: &Fluctuations, system: &System, kelvin: f64) -> Vec<Property> {
    // The pressure enters with the enthalpy only.
    let all = thermodynamics::properties(seen, &Amount::new(system), Held::Pressure { kelvin, gpa: 0.0 });
    let own = all.into_iter().filter(|property| OF_VOLUME.contains(&property.id.as_str()));
    own.map(|mut property| {
        property.settings.insert("state".to_owned(), format!("{kelvin:.1} K, the pressure of the trajectory"));
        property
    })
    .collect()
}

/// Standard deviation.
fn spread(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}
