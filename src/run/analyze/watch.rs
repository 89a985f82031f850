//! The observers of a trajectory.

use super::{heat, logged};
use crate::analysis::{Estimate, Property, transport};
use crate::error::{Error, Result};
use crate::io::{FluxLog, FluxRow};
use crate::math::Mat3;
use crate::math::statistics::Blocking;
use crate::run::melt::StructureObservers;
use crate::run::observers::rdf;
use crate::run::spec::Results;
use crate::run::transport::{OPEN_CELL, is_often_enough, properties};
use crate::sampling::{Currents, Fluctuations, Frame, Msd, Observer, Rdf, Vacf};
use crate::system::System;

/// A cell whose vectors change by more than this part of their length does not keep its volume.
const UNCHANGED: f64 = 1e-6;
const CELL_CHANGES: &str = "Needs a trajectory at constant volume: in this one the cell changes.";
const NO_TEMPERATURE: &str =
    "Needs a temperature: the file has no velocities, and none is given, by a log or otherwise.";
/// Velocities whose temperature is outside, as a part of the one that is known otherwise, are in other units.
const SAME_UNITS: std::ops::Range<f64> = 0.5..2.0;
/// A cell that has become this much narrower than the first is no cell of the same trajectory, and neighbours in it know no end.
const NARROWEST: f64 = 0.5;
const NO_TIMES: &str = "Needs the time between frames.";

/// What looks at each frame.
pub(super) struct Watch {
    first: System,
    rdf: Option<Rdf>,
    msd: Msd,
    structure: StructureObservers,
    vacf: Vacf,
    currents: Option<Currents>,
    cells: Fluctuations,
    density: Blocking,
    temperature: Blocking,
    given_kelvin: Option<f64>,
    has_velocities: bool,
    cell_changes: bool,
    frames: usize,
}

impl Watch {
    /// For a trajectory that starts with `system`.
    pub(super) fn new(system: &System, has_velocities: bool, given_kelvin: Option<f64>) -> Result<Self> {
        Ok(Self {
            first: system.clone(),
            rdf: rdf(system)?,
            msd: Msd::new(system),
            structure: StructureObservers::new(system),
            vacf: Vacf::new(system),
            currents: Currents::new(system),
            cells: Fluctuations::new(),
            density: Blocking::new(),
            temperature: Blocking::new(),
            given_kelvin,
            has_velocities,
            cell_changes: false,
            frames: 0,
        })
    }

    pub(super) fn observe(&mut self, index: u64, interval_fs: Option<f64>, system: &System, has_velocities: bool) {
        self.frames += 1;
        self.has_velocities &= has_velocities;
        let measured = has_velocities.then(|| system.temperature(3 * system.len().max(2) - 3));
        let frame = Frame {
            step: index,
            time_fs: index as f64 * interval_fs.unwrap_or(1.0),
            system,
            temperature_kelvin: measured.or(self.given_kelvin).unwrap_or_default(),
            pressure_tensor: None,
            potential_energy: 0.0,
            kinetic_energy: system.kinetic_energy(),
            conserved_energy: 0.0,
        };
        if let Some(rdf) = &mut self.rdf {
            rdf.observe(&frame);
        }
        self.msd.observe(&frame);
        self.cells.observe(&frame);
        self.structure.observe(&frame, self.rdf.as_ref());
        if let Some(currents) = &mut self.currents {
            currents.observe(&frame, &[], None);
        }
        if self.has_velocities {
            self.vacf.observe(&frame);
        }
        if let Some(density) = system.density_g_cm3() {
            self.density.push(density);
        }
        if let Some(kelvin) = measured {
            self.temperature.push(kelvin);
        }
        let vectors = |system: &System| *system.cell.vectors();
        let change: Mat3 = vectors(system) - vectors(&self.first);
        self.cell_changes |= change.amax() > UNCHANGED * vectors(&self.first).amax();
    }

    /// What a log tells of volumes and heat, with the ensemble that it shows, in words.
    pub(super) fn heat(&self, log: &FluxLog) -> Option<(Vec<Property>, String)> {
        heat::of_log(log, &self.first, self.cell_changes)
    }

    /// What the frames lack.
    pub(super) fn notes(&self, interval_fs: Option<f64>) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.has_velocities {
            let rest =
                if self.given_kelvin.is_some() { "" } else { "; give a temperature for barriers and conductivities" };
            notes.push(format!("No velocities: nothing is said of temperature, nor of vibrations{rest}."));
        } else if let Some(interval) = interval_fs.filter(|fs| !is_often_enough(*fs)) {
            notes.push(format!(
                "Frames are {interval:.1} fs apart, too far to follow vibrations: velocities are used for the temperature only. \
                 Diffusion and conductivity come from displacements."
            ));
        }
        notes
    }

    /// Whether the cell has become far narrower than the first frame's.
    pub(super) fn has_shrunk(&self, now: &System) -> bool {
        let widths = self.first.cell.face_distances().into_iter().zip(now.cell.face_distances());
        widths.into_iter().any(|(first, now)| now < NARROWEST * first)
    }

    /// The temperature of the frames, else the one that was given, else the log's, K.
    ///
    /// # Errors
    /// Velocities whose temperature has nothing to do with the given one, or with the log's.
    fn kelvin(&self, log: Option<&FluxLog>) -> Result<Option<f64>> {
        let own = (self.temperature.count() > 0).then(|| self.temperature.mean());
        let logged = log.and_then(logged::mean_kelvin);
        for (known, whose) in [(self.given_kelvin, "given"), (logged, "log's")] {
            let Some((own, known)) = own.zip(known).filter(|(own, known)| !SAME_UNITS.contains(&(own / known))) else {
                continue;
            };
            let expected = format!(
                "about the {whose} {known:.1} K (velocities are read as Å/fs in extended XYZ, as Å/ps in a LAMMPS dump \
                 without ITEM: UNITS)"
            );
            return Err(Error::invalid("temperature of the velocities", format!("{own:.4} K"), expected));
        }
        Ok(own.or(self.given_kelvin).or(logged))
    }

    /// `heat` is what the log tells of volumes and heat, if it does.
    ///
    /// # Errors
    /// A log of another volume; a log, or a given temperature, that the velocities contradict.
    pub(super) fn results(
        &self,
        interval_fs: Option<f64>,
        start_fs: Option<f64>,
        log: Option<&FluxLog>,
        heat: Option<Vec<Property>>,
    ) -> Result<Results> {
        let mean = |name: &str, series: &Blocking, unit: &str| {
            (series.count() > 0).then(|| (name.to_owned(), Estimate::of_mean(series, unit)))
        };
        let averages = [mean("density", &self.density, "g/cm³"), mean("temperature", &self.temperature, "K")];
        let kelvin = self.kelvin(log)?;
        let mut structure = self.structure.properties(self.rdf.as_ref(), kelvin);
        if interval_fs.is_none() {
            // Counted in frames, as if they were 1 fs apart.
            structure.retain(|property| property.id != "residence-time");
        }
        let of_cells = || {
            let kelvin = kelvin.filter(|_| self.cell_changes);
            kelvin.map(|kelvin| heat::of_cells(&self.cells, &self.first, kelvin)).unwrap_or_default()
        };
        let heat = heat.unwrap_or_else(of_cells);
        let read = |rows: &[FluxRow]| logged::currents(rows, &self.first, self.cell_changes, kelvin);
        let logged = log.map(|log| read(&log.rows)).transpose()?;
        let fluxes = logged.as_ref().map_or(Err(logged::NO_LOG), |log| log.as_ref().map_err(|why| *why));
        let follows = self.has_velocities && interval_fs.is_some_and(is_often_enough);
        let shared = log.zip(start_fs).zip(interval_fs).filter(|_| follows && self.first.species.len() > 1);
        let shared = shared.and_then(|((log, start), interval)| logged::at_frames(log, start, interval, self.frames));
        let together = shared.map(|rows| read(&rows)).transpose()?.and_then(|read| read.ok());
        let particles = self.particles(follows, interval_fs.is_some(), kelvin);
        let particles = particles.as_ref().map_err(|why| *why);
        let vacf = follows.then_some(&self.vacf);
        let mut motion = match interval_fs {
            Some(_) => properties(&self.msd, vacf, fluxes, particles, together.as_ref()),
            None => transport::collective(fluxes, particles, None, &[]),
        };
        logged::warn(&mut motion, log);
        Ok(Results {
            estimates: averages.into_iter().flatten().collect(),
            rdf: self.rdf.as_ref().map(Rdf::curves).unwrap_or_default(),
            msd: if interval_fs.is_some() { self.msd.curves() } else { Vec::new() },
            extrapolation: None,
            properties: [heat, structure, motion].concat(),
        })
    }

    /// The motion of each species, or why it tells nothing of transport.
    fn particles(
        &self,
        follows: bool,
        timed: bool,
        kelvin: Option<f64>,
    ) -> std::result::Result<Currents, &'static str> {
        let currents = self.currents.clone().ok_or(OPEN_CELL)?;
        match kelvin {
            _ if self.cell_changes => Err(CELL_CHANGES),
            _ if !timed => Err(NO_TIMES),
            None => Err(NO_TEMPERATURE),
            Some(kelvin) if follows => Ok(currents.at_temperature(kelvin)),
            Some(kelvin) => Ok(currents.at_temperature(kelvin).without_velocities()),
        }
    }
}
