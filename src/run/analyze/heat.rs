//! Thermodynamics of a trajectory: from the volumes and energies of a log beside it, else from the cells of its frames.

use crate::analysis::Property;
use crate::analysis::thermodynamics::{self, Amount, Held};
use crate::io::{FluxLog, FluxRow};
use crate::sampling::Fluctuations;
use crate::system::System;
use crate::units::{BOLTZMANN, EV_PER_A3_TO_GPA};

/// A volume that varies by more than this part is not held.
const HELD_VOLUME: f64 = 1e-6;
/// An energy whose spread is below this part of what a thermostat gives the kinetic energy alone is held.
const HELD_ENERGY: f64 = 0.2;
/// What needs no energies.
const OF_VOLUME: [&str; 3] = ["density", "molar-volume", "compressibility"];

/// What a log tells with the ensemble that it shows, in words; nothing where it lacks temperatures or energies, or volumes
/// though the cell changes.
pub(super) fn of_log(log: &FluxLog, system: &System, cell_changes: bool) -> Option<(Vec<Property>, String)> {
    let freedom = (3 * system.len()).saturating_sub(3).max(1) as f64;
    let read = |row: &FluxRow| {
        let volume = row.volume.or(system.cell.volume().filter(|_| !cell_changes))?;
        let kinetic = 0.5 * freedom * BOLTZMANN * row.temperature_kelvin?;
        Some((row.time_fs, [volume, row.energy? - kinetic, kinetic]))
    };
    let rows: Vec<(f64, [f64; 3])> = log.rows.iter().map(read).collect::<Option<_>>()?;
    let mut seen = Fluctuations::new();
    rows.iter().for_each(|&(time_fs, now)| seen.take(time_fs, now));
    let kelvin = rows.iter().map(|(_, now)| now[2]).sum::<f64>() / rows.len() as f64 * 2.0 / (freedom * BOLTZMANN);
    let gpa = log.rows.iter().map(|row| row.pressure.trace() / 3.0).sum::<f64>() / rows.len() as f64 * EV_PER_A3_TO_GPA;
    let volume_varies = spread(rows.iter().map(|(_, now)| now[0] / rows[0].1[0])) > HELD_VOLUME;
    let energy_spread = spread(rows.iter().map(|(_, now)| now[1] + now[2] - rows[0].1[1] - rows[0].1[2]));
    let thermal = (0.5 * freedom).sqrt() * BOLTZMANN * kelvin;
    let pressure = gpa / EV_PER_A3_TO_GPA;
    let enthalpy = |now: &[f64; 3]| now[1] + now[2] + pressure * now[0];
    let enthalpy_spread = spread(rows.iter().map(|(_, now)| enthalpy(now) - enthalpy(&rows[0].1)));
    let under_pressure = Held::Pressure { kelvin, gpa };
    // Of a constant volume the energy is held, of a varying one the enthalpy.
    let isolated = (if volume_varies { enthalpy_spread } else { energy_spread }) < HELD_ENERGY * thermal;
    let (held, words) = match (volume_varies, isolated) {
        (true, true) => (under_pressure, format!("constant enthalpy and {gpa:.3} GPa, whose fluctuations are others")),
        (true, false) => (under_pressure, format!("constant pressure, {gpa:.3} GPa, and {kelvin:.1} K")),
        (false, true) => (Held::Energy, "constant energy".to_owned()),
        (false, false) => (Held::Temperature { kelvin }, format!("constant volume and {kelvin:.1} K")),
    };
    let note = format!("The log's volume and energy are read as those of a run at {words}.");
    let mut properties = thermodynamics::properties(&seen, &Amount::new(system), held);
    if volume_varies && isolated {
        properties.retain(|property| property.route == "mean");
    }
    Some((properties, note))
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
