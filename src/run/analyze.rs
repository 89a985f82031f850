//! Trajectories made elsewhere, through the same observers as a run's own.
//!
//! Frames must be equally spaced in time. Positions that a file has wrapped into the cell are unwrapped by the nearest image
//! from frame to frame, which is right while no atom moves further than half of the cell in between; a note says so.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::analysis::{Estimate, transport};
use crate::error::{Error, Result};
use crate::io::TrajectoryFrame;
use crate::math::Vec3;
use crate::math::statistics::Blocking;
use crate::sampling::{Frame, Msd, Observer, Rdf, RdfSettings};
use crate::system::{Species, System};
use crate::units::U_PER_A3_TO_G_PER_CM3;

use super::melt::StructureObservers;
use super::spec::Results;

/// Frames that do not follow each other at this share of their interval are uneven.
const UNEVEN: f64 = 1e-3;
/// A step of this part of the cell's width between two frames is too long to know which image it went to.
const FAR: f64 = 0.35;

/// What a trajectory's file does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnalyzeSettings {
    /// Time between two frames, fs.
    pub interval_fs: Option<f64>,
    /// Timestep, fs: with it a file's steps are times.
    pub timestep_fs: Option<f64>,
    /// Elements of species that the file only numbers, in the order of the numbers.
    pub elements: Vec<String>,
    /// Charges by species, e.
    pub charges: BTreeMap<String, f64>,
    /// Frames at the start that are left out.
    pub skip: usize,
}

/// What a trajectory shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrajectoryReport {
    /// Frames that were used.
    pub frames: usize,
    /// Number of atoms.
    pub atoms: usize,
    /// Time between two frames, fs, where it is known.
    pub interval_fs: Option<f64>,
    /// What had to be assumed, and what could not be had.
    pub notes: Vec<String>,
    /// As of a run.
    pub results: Results,
}

/// Analyses a trajectory.
///
/// # Errors
/// Fewer than two frames, atoms that change, uneven times, names that are no elements, a cell that is not periodic.
pub fn analyze(mut frames: Vec<TrajectoryFrame>, settings: &AnalyzeSettings) -> Result<TrajectoryReport> {
    frames.drain(..settings.skip.min(frames.len()));
    if frames.len() < 2 {
        let found = format!("{} after skipping {}", frames.len(), settings.skip);
        return Err(Error::invalid("frames of the trajectory", found, "at least 2"));
    }
    let species = species(&frames[0].configuration.system.species, settings)?;
    same_atoms(&frames)?;
    let mut notes = Vec::new();
    let interval_fs = interval(&frames, settings)?;
    if interval_fs.is_none() {
        let missing = "The file has no times, so that nothing is said of motion; give the time between frames.";
        notes.push(missing.to_owned());
    }
    unwrap(&mut frames, &mut notes);
    let has_velocities = frames.iter().all(|frame| frame.has_velocities);
    if !has_velocities {
        notes.push("No velocities: nothing is said of temperature, of barriers in energy, nor of currents.".to_owned());
    }
    if species.iter().any(|each| each.charge_e.is_none()) {
        let unknown: Vec<&str> = species.iter().filter(|s| s.charge_e.is_none()).map(|s| s.name.as_str()).collect();
        notes.push(format!("Unknown charges ({}): nothing is said of conductivity; give charges.", unknown.join(", ")));
    }
    let mut watch = Watch::new(&frames[0].configuration.system, &species)?;
    let (count, atoms) = (frames.len(), frames[0].configuration.system.len());
    for (k, frame) in frames.into_iter().enumerate() {
        let mut system = frame.configuration.system;
        system.species.clone_from(&species);
        watch.observe(k as u64, interval_fs, &system, has_velocities);
    }
    Ok(TrajectoryReport { frames: count, atoms, interval_fs, notes, results: watch.results(interval_fs.is_some()) })
}

/// The file's species with the elements and charges that were given.
fn species(own: &[Species], settings: &AnalyzeSettings) -> Result<Vec<Species>> {
    if let Some(unknown) = settings
        .charges
        .keys()
        .find(|name| !own.iter().any(|s| s.name == **name) && !settings.elements.iter().any(|element| element == *name))
    {
        let names: Vec<&str> = own.iter().map(|s| s.name.as_str()).collect();
        return Err(Error::invalid("charges", unknown, format!("species of the trajectory: {}", names.join(", "))));
    }
    let named = |each: &Species| -> Result<Species> {
        let number = each.name.parse::<usize>().ok();
        let element = number.and_then(|number| settings.elements.get(number.checked_sub(1)?));
        let mut species = match (number, element) {
            (Some(_), Some(element)) => Species::from_name(element)?,
            (Some(_), None) => {
                let expected = "an element for each number, in order";
                return Err(Error::invalid("species of the trajectory", format!("number {}", each.name), expected));
            }
            (None, _) => each.clone(),
        };
        species.charge_e = settings.charges.get(&species.name).copied().or(species.charge_e);
        Ok(species)
    };
    own.iter().map(named).collect()
}

fn same_atoms(frames: &[TrajectoryFrame]) -> Result<()> {
    let first = &frames[0].configuration.system;
    for (k, frame) in frames.iter().enumerate() {
        let system = &frame.configuration.system;
        let names = |s: &System| s.species.iter().map(|each| each.name.clone()).collect::<Vec<_>>();
        if system.types != first.types || names(system) != names(first) {
            let found = format!("other atoms, or another order, in frame {}", k + 1);
            return Err(Error::invalid("trajectory", found, "the same atoms in the same order in each frame"));
        }
    }
    Ok(())
}

/// The time between frames in fs, if anything tells it.
fn interval(frames: &[TrajectoryFrame], settings: &AnalyzeSettings) -> Result<Option<f64>> {
    if let Some(bad) =
        [settings.interval_fs, settings.timestep_fs].into_iter().flatten().find(|t| !(*t > 0.0 && t.is_finite()))
    {
        return Err(Error::invalid("time between frames", bad, "a positive time in fs"));
    }
    let times: Option<Vec<f64>> = frames.iter().map(|frame| frame.time_fs).collect();
    let steps = || -> Option<Vec<f64>> {
        let timestep = settings.timestep_fs?;
        frames.iter().map(|frame| Some(frame.step? as f64 * timestep)).collect()
    };
    let Some(times) = times.or_else(steps) else { return Ok(settings.interval_fs) };
    let interval = (times[times.len() - 1] - times[0]) / (times.len() - 1) as f64;
    for (k, pair) in times.windows(2).enumerate() {
        let step = pair[1] - pair[0];
        if step <= 0.0 || (step - interval).abs() > UNEVEN * interval {
            let found = format!("{step} fs between frames {} and {}, {interval} fs on average", k + 1, k + 2);
            return Err(Error::invalid("times of the frames", found, "frames that are equally spaced"));
        }
    }
    Ok(settings.interval_fs.or(Some(interval)))
}

/// Makes paths continuous where a file has wrapped them.
fn unwrap(frames: &mut [TrajectoryFrame], notes: &mut Vec<String>) {
    if frames.iter().all(|frame| frame.unwrapped) {
        return;
    }
    let fractional = |frame: &TrajectoryFrame| -> Vec<Vec3> {
        let system = &frame.configuration.system;
        system.positions.iter().map(|x| system.cell.fractional(x)).collect()
    };
    let periodic = frames[0].configuration.system.cell.periodic();
    let mut last = fractional(&frames[0]);
    let (mut jumps, mut longest) = (0_usize, 0.0_f64);
    for frame in frames.iter_mut().skip(1) {
        let mut now = fractional(frame);
        for (s, before) in now.iter_mut().zip(&last) {
            for axis in (0..3).filter(|&axis| periodic[axis]) {
                let images = (s[axis] - before[axis]).round();
                jumps += usize::from(images != 0.0);
                s[axis] -= images;
                longest = longest.max((s[axis] - before[axis]).abs());
            }
        }
        let system = &mut frame.configuration.system;
        system.positions = now.iter().map(|s| system.cell.cartesian(s)).collect();
        last = now;
    }
    if jumps > 0 {
        notes.push(format!(
            "Positions are wrapped and the file has no images: {jumps} jumps of more than half the cell were undone by the nearest image."
        ));
        if longest > FAR {
            notes.push(format!(
                "Atoms move up to {:.0} % of the cell's width between frames: which image they went to is a guess, and so is all motion. Store frames more often.",
                100.0 * longest
            ));
        }
    }
}

/// The observers.
struct Watch {
    rdf: Option<Rdf>,
    msd: Msd,
    structure: StructureObservers,
    density: Blocking,
    temperature: Blocking,
}

impl Watch {
    fn new(system: &System, species: &[Species]) -> Result<Self> {
        let mut system = system.clone();
        system.species = species.to_vec();
        let rdf = system.cell.is_bulk().then(|| Rdf::new(&system, &RdfSettings::default())).transpose()?;
        let structure = StructureObservers::new(&system);
        Ok(Self { rdf, msd: Msd::new(&system), structure, density: Blocking::new(), temperature: Blocking::new() })
    }

    fn observe(&mut self, index: u64, interval_fs: Option<f64>, system: &System, has_velocities: bool) {
        let frame = Frame {
            step: index,
            time_fs: index as f64 * interval_fs.unwrap_or(1.0),
            system,
            temperature_kelvin: system.temperature(3 * system.len().max(2) - 3),
            pressure_tensor: None,
            potential_energy: 0.0,
            kinetic_energy: system.kinetic_energy(),
            conserved_energy: 0.0,
        };
        if let Some(rdf) = &mut self.rdf {
            rdf.observe(&frame);
        }
        self.msd.observe(&frame);
        self.structure.observe(&frame, self.rdf.as_ref());
        if let Some(volume) = system.cell.volume() {
            self.density.push(system.total_mass() / volume * U_PER_A3_TO_G_PER_CM3);
        }
        if has_velocities {
            self.temperature.push(frame.temperature_kelvin);
        }
    }

    fn results(&self, timed: bool) -> Results {
        let mean = |name: &str, series: &Blocking, unit: &str| {
            (series.count() > 0).then(|| (name.to_owned(), Estimate::of_mean(series, unit)))
        };
        let averages = [mean("density", &self.density, "g/cm³"), mean("temperature", &self.temperature, "K")];
        let msd = if timed { self.msd.curves() } else { Vec::new() };
        let windows = self.msd.windows();
        let diffusion = msd.iter().zip(&windows).map(|(curve, windows)| transport::self_diffusion(curve, windows));
        let kelvin = (self.temperature.count() > 0).then(|| self.temperature.mean());
        let properties = self.structure.properties(self.rdf.as_ref(), kelvin).into_iter().chain(diffusion).collect();
        Results {
            estimates: averages.into_iter().flatten().collect(),
            rdf: self.rdf.as_ref().map(Rdf::curves).unwrap_or_default(),
            msd,
            extrapolation: None,
            properties,
        }
    }
}
