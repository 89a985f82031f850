//! `crucible scan`: the same run at several temperatures, and what follows from the change.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use crucible::analysis::Property;
use crucible::run::{Files, Run, RunSpec, SCHEMA, ScanPoint, scan_properties};
use crucible::{Error, Result};
use serde::Serialize;

use super::md::{Monitor, file_finder, read_specification};
use super::{files, properties};

/// Carry out a run at several temperatures: thermal expansion, heat capacity and activation energies from the change.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible scan run.json --temperatures 1050,1100,1150,1200
  crucible scan run.json --temperatures 1100,1200 --json scan.json --threads 4
The specification is that of crucible md, without temperatures at which stages end; its temperature is replaced.")]
pub struct Arguments {
    /// Specification of the run, JSON.
    specification: PathBuf,
    /// Temperatures, K.
    #[arg(long, value_delimiter = ',', required = true, value_name = "LIST")]
    temperatures: Vec<f64>,
    /// Folder to look for files in that are not beside the specification.
    #[arg(long, value_name = "FOLDER", default_value = "potentials")]
    files: PathBuf,
    /// Write everything as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Print no progress.
    #[arg(long, short)]
    quiet: bool,
}

/// What `--json` writes.
#[derive(Serialize)]
struct Report {
    schema: u32,
    specification: RunSpec,
    points: Vec<ScanPoint>,
    properties: Vec<Property>,
}

/// Runs the command.
///
/// # Errors
/// As `crucible md`; fewer than two temperatures, or the same twice; a stage that ends at a temperature of its own.
pub fn run(arguments: &Arguments) -> Result<()> {
    let specification = read_specification(&arguments.specification)?;
    check_constant(&specification)?;
    let mut temperatures = arguments.temperatures.clone();
    temperatures.sort_by(f64::total_cmp);
    temperatures.dedup();
    if temperatures.len() < 2 {
        return Err(Error::invalid("--temperatures", temperatures.len(), "at least two different ones, in K"));
    }
    arguments.json.as_deref().map_or(Ok(()), files::check_writable)?;
    let folder = arguments.specification.parent().unwrap_or(Path::new(""));
    let find = file_finder(folder, &arguments.files);
    let mut points = Vec::new();
    let mut text = String::new();
    let mut carried_out = Ok(());
    for temperature_k in temperatures {
        match carry_out(RunSpec { temperature_k, ..specification.clone() }, &find, arguments.quiet) {
            Ok(run) => {
                let results = run.results();
                let table = properties::table(&results.properties, run.measured());
                text.push_str(&format!("{temperature_k} K\n{table}\n"));
                points.push(ScanPoint { temperature_k, results });
            }
            Err(error) => {
                carried_out = Err(at(temperature_k, error));
                break;
            }
        }
    }
    // What the temperatures before it measured is not lost with one that blew up.
    if points.is_empty() {
        return carried_out;
    }
    let found = scan_properties(&points);
    text.push_str(&format!("From the change with temperature\n{}", properties::table(&found, &[])));
    let report = Report { schema: SCHEMA, specification, points, properties: found };
    files::first_error([carried_out, files::write_report(arguments.json.as_deref(), &report, &text)])
}

/// A scan is over the temperature of production, which a ramp would change.
fn check_constant(specification: &RunSpec) -> Result<()> {
    let stages = [("equilibrate", &specification.equilibrate), ("production", &specification.production)];
    match stages.into_iter().find_map(|(name, stage)| Some((name, stage.temperature_end_k?))) {
        None => Ok(()),
        Some((name, end)) => {
            let expected = "none in a scan, which measures at the temperatures of --temperatures";
            Err(Error::invalid(format!("{name}.temperature_end_k"), end, expected))
        }
    }
}

/// A run from its start to its end.
fn carry_out(specification: RunSpec, find: Files, quiet: bool) -> Result<Run> {
    let mut run = Run::new(specification, find)?;
    let mut monitor = Monitor::new(quiet);
    while !run.is_finished() {
        let slice = Instant::now();
        let progress = run.advance(u64::MAX, &mut || slice.elapsed() > Duration::from_millis(500))?;
        monitor.show(&progress);
    }
    monitor.end(&run.progress());
    Ok(run)
}

/// The error of a run with the temperature at which it came up.
fn at(temperature_k: f64, error: Error) -> Error {
    let with = |reason: String| format!("at {temperature_k} K, {reason}");
    match error {
        Error::Unstable { step, reason } => Error::Unstable { step, reason: with(reason) },
        Error::Extrapolation { step, reason } => Error::Extrapolation { step, reason: with(reason) },
        other => other,
    }
}
