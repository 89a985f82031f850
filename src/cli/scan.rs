//! `crucible scan`: the same run at several temperatures, and what follows from the change.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use crucible::analysis::Property;
use crucible::run::{Run, RunSpec, SCHEMA, ScanPoint, scan_properties};
use crucible::{Error, Result};
use serde::Serialize;

use super::md::{Monitor, file_finder, read_specification};
use super::{files, properties};

/// Carry out a run at several temperatures: thermal expansion, heat capacity and activation energies from the change.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible scan run.json --temperatures 1050,1100,1150,1200
  crucible scan run.json --temperatures 1100,1200 --json scan.json --threads 4
The specification is that of crucible md; its temperature is replaced.")]
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
/// As `crucible md`; fewer than two temperatures, or the same twice.
pub fn run(arguments: &Arguments) -> Result<()> {
    let specification = read_specification(&arguments.specification)?;
    let mut temperatures = arguments.temperatures.clone();
    temperatures.sort_by(f64::total_cmp);
    temperatures.dedup();
    if temperatures.len() < 2 {
        return Err(Error::invalid("--temperatures", temperatures.len(), "at least two different ones, in K"));
    }
    let folder = arguments.specification.parent().unwrap_or(Path::new(""));
    let find = file_finder(folder, &arguments.files);
    let mut points = Vec::new();
    let mut text = String::new();
    for temperature_k in temperatures {
        let mut run = Run::new(RunSpec { temperature_k, ..specification.clone() }, &find)?;
        let mut monitor = Monitor::new(arguments.quiet);
        while !run.is_finished() {
            let slice = Instant::now();
            let progress = run.advance(u64::MAX, &mut || slice.elapsed() > Duration::from_millis(500))?;
            monitor.show(&progress);
        }
        monitor.end(&run.progress());
        let results = run.results();
        text.push_str(&format!("{temperature_k} K\n{}\n", properties::table(&results.properties, run.measured())));
        points.push(ScanPoint { temperature_k, results });
    }
    let found = scan_properties(&points);
    text.push_str(&format!("From the change with temperature\n{}", properties::table(&found, &[])));
    if arguments.json.as_deref() != Some(Path::new("-")) {
        files::write("-".as_ref(), text.as_bytes())?;
    }
    let Some(path) = &arguments.json else { return Ok(()) };
    let report = Report { schema: SCHEMA, specification, points, properties: found };
    let json = serde_json::to_vec_pretty(&report);
    files::write(path, &json.map_err(|error| Error::invalid("results", error, "finite values"))?)
}
