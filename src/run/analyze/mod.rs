//! Trajectories made elsewhere, through the same observers as a run's own, frame by frame in bounded memory; beside one a log
//! of stress and heat flux, whose volumes and energies tell heat capacities too.
//!
//! Frames must be equally spaced in time. Positions that a file has wrapped into the cell are unwrapped by the nearest image
//! from frame to frame, which is right while no atom moves further than half of the cell in between; a note says so.

mod clock;
mod heat;
mod logged;
mod paths;
mod species;
mod watch;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::io::{FluxLog, TrajectoryFrame};

use super::spec::Results;
use clock::Clock;
use paths::Paths;
use species::KnownSpecies;
use watch::Watch;

/// What a trajectory's file does not say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnalyzeSettings {
    /// Time between two frames, fs.
    pub interval_fs: Option<f64>,
    /// Timestep, fs: with it a file's steps are times.
    pub timestep_fs: Option<f64>,
    /// Elements of species that the file only numbers, in the order of the numbers.
    pub elements: Vec<String>,
    /// Charges by species, e.
    pub charges: BTreeMap<String, f64>,
    /// Temperature, K, where the file has no velocities and no log tells it; velocities of quite another one are refused.
    pub temperature_k: Option<f64>,
    /// Frames at the start that are left out.
    pub skip: usize,
}

impl AnalyzeSettings {
    fn check(&self) -> Result<()> {
        let positive = |value: f64| value > 0.0 && value.is_finite();
        if let Some(bad) = [self.interval_fs, self.timestep_fs].into_iter().flatten().find(|t| !positive(*t)) {
            return Err(Error::invalid("time between frames", bad, "a positive time in fs"));
        }
        match self.temperature_k.filter(|kelvin| !positive(*kelvin)) {
            Some(bad) => Err(Error::invalid("temperature", bad, "a positive number of kelvin")),
            None => Ok(()),
        }
    }
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

/// A trajectory as it is analysed, frame by frame.
pub struct Analysis {
    settings: AnalyzeSettings,
    clock: Clock,
    paths: Paths,
    seen: usize,
    followed: Option<Followed>,
    log: Option<FluxLog>,
}

/// What starts with the first frame that counts.
struct Followed {
    /// The file's own, the same in every frame.
    types: Vec<u32>,
    species: KnownSpecies,
    watch: Watch,
}

impl Analysis {
    /// Nothing seen yet.
    ///
    /// # Errors
    /// Times or a temperature that are not positive.
    pub fn new(settings: AnalyzeSettings) -> Result<Self> {
        settings.check()?;
        let clock = Clock::new(&settings);
        Ok(Self { settings, clock, paths: Paths::default(), seen: 0, followed: None, log: None })
    }

    /// Takes in the next frame.
    ///
    /// # Errors
    /// No atoms, atoms that change, a cell that shrinks to less than half, uneven times, names that are no elements, charges of
    /// species that there are none of, one name for atoms of several masses or charges.
    pub fn take(&mut self, mut frame: TrajectoryFrame) -> Result<()> {
        self.seen += 1;
        if self.seen <= self.settings.skip {
            return Ok(());
        }
        let system = &frame.configuration.system;
        if system.is_empty() {
            return Err(Error::invalid(format!("atoms in frame {}", self.seen), "none", "at least one"));
        }
        if self.followed.as_ref().is_some_and(|followed| followed.watch.has_shrunk(system)) {
            let expected = "one like the first frame's";
            return Err(Error::invalid(format!("cell of frame {}", self.seen), "less than half as wide", expected));
        }
        let index = self.seen - self.settings.skip - 1;
        self.clock.take(&frame, self.seen)?;
        self.paths.unwrap(&mut frame);
        let has_velocities = frame.has_velocities;
        let mut system = frame.configuration.system;
        if self.followed.is_none() {
            let species = KnownSpecies::new(&system.species, &self.settings)?;
            let types = system.types.clone();
            species.apply(&mut system);
            let watch = Watch::new(&system, has_velocities, self.settings.temperature_k)?;
            self.followed = Some(Followed { types, species, watch });
        } else if let Some(followed) = &self.followed {
            if system.types != followed.types || !followed.species.are_of(&system) {
                let found = format!("other atoms, or another order, in frame {}", self.seen);
                return Err(Error::invalid("trajectory", found, "the same atoms in the same order in each frame"));
            }
            followed.species.apply(&mut system);
        }
        if let Some(followed) = &mut self.followed {
            followed.watch.observe(index as u64, self.clock.interval_fs(), &system, has_velocities);
        }
        Ok(())
    }

    /// Adds a log of stress and heat flux over time.
    pub fn take_log(&mut self, log: FluxLog) {
        self.log = Some(log);
    }

    /// Frames taken in, those that were skipped as well.
    pub fn frames(&self) -> usize {
        self.seen
    }

    /// What there is to say.
    ///
    /// # Errors
    /// Fewer than two frames; a log of another volume; a log, or a given temperature, that the velocities contradict.
    pub fn report(&self) -> Result<TrajectoryReport> {
        let frames = self.seen.saturating_sub(self.settings.skip);
        let Some(followed) = self.followed.as_ref().filter(|_| frames >= 2) else {
            let found = format!("{frames} after skipping {}", self.settings.skip);
            return Err(Error::invalid("frames of the trajectory", found, "at least 2"));
        };
        let interval_fs = self.clock.interval_fs();
        let mut notes = Vec::new();
        if interval_fs.is_none() {
            let missing = "The file has no times, so that nothing is said of motion; give the time between frames.";
            notes.push(missing.to_owned());
        }
        notes.extend(self.paths.notes());
        notes.extend(followed.watch.notes(interval_fs));
        let species = followed.species.species().iter();
        let unknown: Vec<&str> =
            species.filter(|each| each.charge_e.is_none()).map(|each| each.name.as_str()).collect();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            notes.push(format!("Unknown charges ({unknown}): nothing is said of conductivity; give charges."));
        }
        notes.extend(self.log.iter().flat_map(|log| log.notes.iter().cloned()));
        let (heat, ensemble) = self.log.as_ref().and_then(|log| followed.watch.heat(log)).unzip();
        notes.extend(ensemble);
        let results = followed.watch.results(interval_fs, self.clock.start_fs(), self.log.as_ref(), heat)?;
        Ok(TrajectoryReport { frames, atoms: followed.types.len(), interval_fs, notes, results })
    }
}

/// Analyses a trajectory that is in memory.
///
/// # Errors
/// As [`Analysis`].
pub fn analyze(frames: Vec<TrajectoryFrame>, settings: &AnalyzeSettings) -> Result<TrajectoryReport> {
    let mut analysis = Analysis::new(settings.clone())?;
    frames.into_iter().try_for_each(|frame| analysis.take(frame))?;
    analysis.report()
}
