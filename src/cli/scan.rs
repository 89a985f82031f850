//! `crucible scan`: the same run at several temperatures, and what follows from the change.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use crucible::analysis::Property;
use crucible::run::{Files, Measured, RunSpec, SCHEMA, Scan, ScanPoint};
use crucible::{Error, Result};
use serde::Serialize;

use super::md::{Monitor, file_finder, read_specification, tell_rounding, warn_of_charge};
use super::{files, properties};

/// Carry out a run at several temperatures: thermal expansion, heat capacity and activation energies from the change.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible scan run.json --temperatures 1050,1100,1150,1200
  crucible scan run.json --temperatures 1100,1200 --json scan.json --threads 4
  crucible scan run.json
The specification is that of crucible md, without temperatures at which stages end; it may name the temperatures itself:
  \"temperature_k\": 1100, \"further_temperatures_k\": [1050, 1150]")]
pub struct Arguments {
    /// Specification of the run, JSON.
    specification: PathBuf,
    /// Temperatures, K, in place of those of the specification.
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
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
struct Report<'a> {
    schema: u32,
    specification: &'a RunSpec,
    points: &'a [ScanPoint],
    properties: &'a [Property],
    /// What experiments say of them.
    measured: &'a [Measured],
}

/// Runs the command.
///
/// # Errors
/// As `crucible md`; fewer than two temperatures, or the same twice; a stage that ends at a temperature of its own.
pub fn run(arguments: &Arguments) -> Result<()> {
    let specification = at_all(read_specification(&arguments.specification)?, &arguments.temperatures)?;
    files::check_apart([arguments.specification.as_path()], arguments.json.as_deref())?;
    arguments.json.as_deref().map_or(Ok(()), files::check_writable)?;
    let folder = arguments.specification.parent().unwrap_or(Path::new(""));
    let opened = RefCell::new(Vec::new());
    let find = file_finder(folder, &arguments.files, &opened);
    let mut scan = Scan::new(specification, &find)?;
    files::check_apart(opened.borrow().iter().map(PathBuf::as_path), arguments.json.as_deref())?;
    warn_of_charge(scan.run());
    if !arguments.quiet {
        tell_rounding(scan.run());
    }
    let carried_out = carry_out(&mut scan, &find, arguments.quiet);
    // What the temperatures before it measured is not lost with one that blew up.
    if scan.points().is_empty() {
        return carried_out;
    }
    let (points, properties, measured) = (scan.points(), scan.properties(), scan.measured());
    let mut text = String::new();
    for ScanPoint { temperature_k, results, measured } in points {
        text.push_str(&format!("{temperature_k} K\n{}\n", properties::table(&results.properties, measured)));
    }
    text.push_str(&format!("From the change with temperature\n{}", properties::table(&properties, measured)));
    text.push_str(&properties::by_both_routes(&properties, points));
    let report = Report { schema: SCHEMA, specification: scan.spec(), points, properties: &properties, measured };
    files::first_error([carried_out, files::write_report(arguments.json.as_deref(), &report, &text)])
}

/// The specification at these temperatures in ascending order, or at its own where none are given.
fn at_all(specification: RunSpec, given: &[f64]) -> Result<RunSpec> {
    let own = [&[specification.temperature_k], &specification.further_temperatures_k[..]].concat();
    let mut kelvin = if given.is_empty() { own } else { given.to_vec() };
    kelvin.sort_by(f64::total_cmp);
    kelvin.dedup();
    let found = kelvin.len();
    if found < 2 {
        let expected = "at least two different ones, in K, by --temperatures or as further_temperatures_k";
        return Err(Error::invalid("temperatures of the scan", found, expected));
    }
    let temperature_k = kelvin.remove(0);
    Ok(RunSpec { temperature_k, further_temperatures_k: kelvin, ..specification })
}

/// All runs, one after the other.
fn carry_out(scan: &mut Scan, find: Files, quiet: bool) -> Result<()> {
    while !scan.is_finished() {
        let mut monitor = Monitor::new(quiet);
        let done = scan.points().len();
        // The run that came to its end is no longer there to be asked where it stands.
        let mut last = scan.progress();
        while scan.points().len() == done {
            let slice = Instant::now();
            last = scan.advance(find, u64::MAX, &mut || slice.elapsed() > Duration::from_millis(500))?;
            monitor.show(&last);
        }
        monitor.end(&last);
    }
    Ok(())
}
