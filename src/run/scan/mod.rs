//! [`Scan`]: the same run at several temperatures, and what follows from the change.

mod properties;

use serde::{Deserialize, Serialize};

use crate::analysis::Property;
use crate::error::{Error, Result};
use crate::io::Configuration;

use super::checkpoint::{broken, opened, sealed};
use super::extrapolation::Kept;
use super::ingredients::{self, Files};
use super::measured::Measured;
use super::spec::{Progress, RunSpec, ScanPlace};
use super::stages::Run;

pub use properties::{ScanPoint, scan_properties};

/// Most temperatures of a scan.
const MOST: usize = 100;
/// What the checkpoint of a scan starts with.
const SCAN: &[u8; 8] = b"cruciscn";

/// A run at each of its temperatures in turn, every one from its own start. With one temperature it is that run.
pub struct Scan {
    spec: RunSpec,
    kelvin: Vec<f64>,
    /// Those that have come to their end.
    points: Vec<ScanPoint>,
    /// What their runs kept for labelling.
    kept: Vec<Vec<Kept>>,
    /// Which of the temperatures `run` is at: the present one, or the last.
    index: usize,
    run: Run,
    /// What experiments say of the change with temperature.
    measured: Vec<Measured>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    kelvin: Vec<f64>,
    points: Vec<ScanPoint>,
    kept: Vec<Vec<Kept>>,
    index: usize,
    run: Vec<u8>,
}

impl Scan {
    /// Checks the temperatures and builds the run at the first.
    ///
    /// # Errors
    /// As [`Run::new`] at the first temperature; another that is none, or is there twice; a stage with a temperature of its own, which would
    /// be the same in each run.
    pub fn new(spec: RunSpec, files: Files) -> Result<Self> {
        let kelvin: Vec<f64> = [&[spec.temperature_k], &spec.further_temperatures_k[..]].concat();
        check(&spec, &kelvin)?;
        let run = Run::new(at(&spec, kelvin[0]), files)?;
        let measured = measured_changes(&spec, &kelvin, files);
        Ok(Self { spec, kelvin, points: Vec::new(), kept: Vec::new(), index: 0, run, measured })
    }

    /// The specification.
    pub fn spec(&self) -> &RunSpec {
        &self.spec
    }

    /// The run at the present temperature, or at the last.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Results at the temperatures that have come to their end, in the order of the specification.
    pub fn points(&self) -> &[ScanPoint] {
        &self.points
    }

    /// What follows from the change between the temperatures that have come to their end; nothing in a run at one.
    pub fn properties(&self) -> Vec<Property> {
        if self.is_scan() { scan_properties(&self.points) } else { Vec::new() }
    }

    /// What experiments say of [`Scan::properties`]: at the middle of the temperatures, where one counts.
    pub fn measured(&self) -> &[Measured] {
        &self.measured
    }

    /// Whether there is more than one temperature.
    pub fn is_scan(&self) -> bool {
        self.kelvin.len() > 1
    }

    /// Whether the runs at all temperatures have come to their end.
    pub fn is_finished(&self) -> bool {
        self.points.len() == self.kelvin.len()
    }

    /// Takes up to `max_steps` steps as [`Run::advance`] does; a run that came to its end makes place for that at the next
    /// temperature, whose files are asked of `files`.
    ///
    /// # Errors
    /// As [`Run::advance`] and [`Run::new`], with the temperature in a scan; what came to its end before stays.
    pub fn advance(&mut self, files: Files, max_steps: u64, should_stop: &mut dyn FnMut() -> bool) -> Result<Progress> {
        self.run.advance(max_steps, should_stop).map_err(|error| self.with_temperature(error, self.index))?;
        if self.run.is_finished() {
            self.go_on(files).map_err(|error| self.with_temperature(error, self.index + 1))?;
        }
        Ok(self.progress())
    }

    /// Keeps what the run says that came to its end, and begins the next.
    fn go_on(&mut self, files: Files) -> Result<()> {
        if self.points.len() == self.index {
            let temperature_k = self.kelvin[self.index];
            let (results, measured) = (self.run.results(), self.run.measured().to_vec());
            self.points.push(ScanPoint { temperature_k, results, measured });
            self.kept.push(self.run.kept_states().to_vec());
        }
        if let Some(&next) = self.kelvin.get(self.index + 1) {
            self.run = Run::new(at(&self.spec, next), files)?;
            self.index += 1;
        }
        Ok(())
    }

    /// The configurations that the runs so far kept because of their grades, to be labelled.
    pub fn kept(&self) -> Vec<Configuration> {
        let earlier = self.kelvin.iter().zip(&self.kept).take(self.index).flat_map(|(kelvin, all)| {
            let run = format!("seed{}-{kelvin}K", self.spec.seed);
            all.iter().map(move |kept| kept.configuration(&run))
        });
        earlier.chain(self.run.kept()).collect()
    }

    /// Where the present run stands, and in a scan which one that is.
    pub fn progress(&self) -> Progress {
        let mut progress = self.run.progress();
        progress.kept_configurations += self.kept.iter().take(self.index).map(Vec::len).sum::<usize>();
        progress.scan = self.is_scan().then(|| self.place());
        progress
    }

    fn place(&self) -> ScanPlace {
        ScanPlace { index: self.index, count: self.kelvin.len(), temperature_k: self.kelvin[self.index] }
    }

    fn with_temperature(&self, error: Error, index: usize) -> Error {
        let Some(kelvin) = self.kelvin.get(index).filter(|_| self.is_scan()) else { return error };
        let with = |reason: String| format!("at {kelvin} K, {reason}");
        match error {
            Error::Unstable { step, reason } => Error::Unstable { step, reason: with(reason) },
            Error::Extrapolation { step, reason } => Error::Extrapolation { step, reason: with(reason) },
            Error::Invalid { what, found, expected } => Error::Invalid { what: with(what), found, expected },
            other => other,
        }
    }

    /// Everything that is needed to go on, apart from the files. At one temperature it is the run's own checkpoint.
    ///
    /// # Errors
    /// As [`Run::checkpoint`].
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        let run = self.run.checkpoint()?;
        if !self.is_scan() {
            return Ok(run);
        }
        let (kelvin, points, kept) = (self.kelvin.clone(), self.points.clone(), self.kept.clone());
        sealed(SCAN, &Saved { kelvin, points, kept, index: self.index, run })
    }

    /// Goes on from a checkpoint of a scan with the same files and the same specification.
    ///
    /// # Errors
    /// As [`Run::restore`]; this scan is then as it was.
    pub fn restore(&mut self, bytes: &[u8], files: Files) -> Result<()> {
        if !self.is_scan() {
            self.run.restore(bytes)?;
            (self.points, self.kept) = (Vec::new(), Vec::new());
            return Ok(());
        }
        let saved: Saved = opened(SCAN, bytes)?;
        if saved.kelvin != self.kelvin {
            return Err(Error::invalid("checkpoint", "one of other temperatures", "one with those of this run"));
        }
        let done = saved.points.len();
        let (true, Some(&present)) = ((saved.index..=saved.index + 1).contains(&done), self.kelvin.get(saved.index))
        else {
            return Err(broken("another number of results than of temperatures"));
        };
        let mut run = Run::new(at(&self.spec, present), files)?;
        run.restore(&saved.run)?;
        (self.run, self.index) = (run, saved.index);
        (self.points, self.kept) = (saved.points, saved.kept);
        // Production may have been prolonged after the end.
        if !self.run.is_finished() {
            self.points.truncate(self.index);
            self.kept.truncate(self.index);
        }
        Ok(())
    }
}

/// The run at one of the temperatures.
fn at(spec: &RunSpec, temperature_k: f64) -> RunSpec {
    RunSpec { temperature_k, further_temperatures_k: Vec::new(), ..spec.clone() }
}

fn check(spec: &RunSpec, kelvin: &[f64]) -> Result<()> {
    if kelvin.len() > MOST {
        return Err(Error::invalid(
            "further_temperatures_k",
            format!("{} temperatures", kelvin.len()),
            format!("at most {MOST}"),
        ));
    }
    if let Some(bad) = spec.further_temperatures_k.iter().find(|one| !(one.is_finite() && **one > 0.0)) {
        return Err(Error::invalid("further_temperatures_k", bad, "temperatures above 0 K"));
    }
    if let Some(twice) = kelvin.iter().enumerate().find(|(k, one)| kelvin[..*k].contains(one)) {
        return Err(Error::invalid("further_temperatures_k", format!("{} K twice", twice.1), "each temperature once"));
    }
    let stages = [("equilibrate", &spec.equilibrate), ("production", &spec.production)];
    match stages.into_iter().find_map(|(name, stage)| Some((name, stage.temperature_end_k?))) {
        Some((name, end)) if kelvin.len() > 1 => {
            let expected = "none in a scan, which measures at the temperatures of the scan";
            Err(Error::invalid(format!("{name}.temperature_end_k"), end, expected))
        }
        _ => Ok(()),
    }
}

/// What experiments say of the change, and of the middle of the temperatures.
fn measured_changes(spec: &RunSpec, kelvin: &[f64], files: Files) -> Vec<Measured> {
    let middle = kelvin.iter().sum::<f64>() / kelvin.len() as f64;
    ingredients::measured(spec, files, |card, amounts| {
        let at_the_middle = card.measured_properties(amounts, middle);
        [card.measured_changes(amounts), at_the_middle].concat()
    })
}
