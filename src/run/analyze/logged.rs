//! A log beside a trajectory, as the currents that a run would have watched.

use crate::analysis::Property;
use crate::error::{Error, Result};
use crate::io::{FluxLog, FluxRow};
use crate::run::transport::{OFTEN_ENOUGH_FS, OPEN_CELL, is_often_enough};
use crate::sampling::{Currents, LoggedFluxes};
use crate::system::System;

/// Volumes of log and trajectory that differ by more than this part are of different runs.
const SAME_VOLUME: f64 = 1e-3;
/// A row is at the time of a frame if they differ by less than this part of the interval.
const SAME_TIME: f64 = 1e-2;
/// A volume that varies by more than this part is not held.
const HELD_VOLUME: f64 = 1e-6;

pub(super) const NO_LOG: &str = "Needs a log of stress (and heat flux) beside the trajectory.";
const VOLUME_CHANGES: &str = "Needs a run at constant volume: in this one the cell changes.";
const NO_TEMPERATURE: &str = "Needs a temperature: neither file has one, and none is given.";
/// What is read from a log.
const FROM_LOG: [&str; 3] = ["shear-viscosity", "bulk-viscosity", "thermal-conductivity"];

/// Mean temperature of a log that has one in each row, K.
pub(super) fn mean_kelvin(log: &FluxLog) -> Option<f64> {
    let all: Vec<f64> = log.rows.iter().map(|row| row.temperature_kelvin).collect::<Option<_>>()?;
    Some(all.iter().sum::<f64>() / all.len() as f64)
}

/// The rows of a log at the times of all frames but the first, which has no displacement before it; `None` where there is not
/// one for each.
pub(super) fn at_frames(log: &FluxLog, start_fs: f64, interval_fs: f64, frames: usize) -> Option<Vec<FluxRow>> {
    let mut rows = log.rows.iter().peekable();
    let row_at = |frame: usize| {
        let time = start_fs + interval_fs * frame as f64;
        let near = |row: &&FluxRow| (row.time_fs - time).abs() <= SAME_TIME * interval_fs;
        while rows.next_if(|row| row.time_fs < time - SAME_TIME * interval_fs).is_some() {}
        rows.next().filter(near).copied()
    };
    (1..frames).map(row_at).collect()
}

/// Whether the volume is the same in all rows that tell it.
pub(super) fn keeps_volume(rows: &[FluxRow]) -> bool {
    let volumes = || rows.iter().filter_map(|row| row.volume);
    let first = volumes().next().unwrap_or_default();
    volumes().all(|volume| (volume - first).abs() <= HELD_VOLUME * first)
}

/// The log's rows for the atoms of `system`; or why they tell nothing.
///
/// # Errors
/// A volume that is not the trajectory's.
pub(super) fn currents(
    rows: &[FluxRow],
    system: &System,
    cell_changes: bool,
    kelvin: Option<f64>,
) -> Result<std::result::Result<Currents, &'static str>> {
    let (Some(mut currents), Some(volume)) = (Currents::new(system), system.cell.volume()) else {
        return Ok(Err(OPEN_CELL));
    };
    if cell_changes || !keeps_volume(rows) {
        return Ok(Err(VOLUME_CHANGES));
    }
    if let Some(own) = rows.first().and_then(|row| row.volume).filter(|own| (own - volume).abs() > SAME_VOLUME * volume)
    {
        let expected = format!("the trajectory's {volume:.3} Å^3");
        return Err(Error::invalid("volume in the log", format!("{own:.3} Å^3"), expected));
    }
    for row in rows {
        let Some(temperature_kelvin) = row.temperature_kelvin.or(kelvin) else { return Ok(Err(NO_TEMPERATURE)) };
        let p = row.pressure * volume;
        currents.observe_logged(&LoggedFluxes {
            time_fs: row.time_fs,
            temperature_kelvin,
            stress: [p.m11, p.m22, p.m33, p.m23, p.m13, p.m12],
            energy: row.energy,
            energy_current: row.heat_flux.or(row.heat_flux_density.map(|density| density * volume)),
        });
    }
    Ok(Ok(currents))
}

/// Warns of what a log that was written too rarely gives.
pub(super) fn warn(properties: &mut [Property], log: Option<&FluxLog>) {
    let Some(log) = log.filter(|log| !is_often_enough(log.interval_fs)) else { return };
    for property in properties.iter_mut().filter(|property| FROM_LOG.contains(&property.id.as_str())) {
        if let Some(estimate) = &mut property.estimate {
            estimate.warnings.push(format!(
                "The log's rows are {:.1} fs apart: stress and heat flux change faster, and what is missed in between adds noise \
                 and a bias. Write every {OFTEN_ENOUGH_FS} fs or more often.",
                log.interval_fs
            ));
        }
    }
}
