//! `crucible analyze`: properties from a trajectory that another program wrote.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use crucible::Result;
use crucible::io::{FluxLogSettings, LogUnits, TrajectoryReader, read_flux_log};
use crucible::run::{Analysis, AnalyzeSettings, TrajectoryReport};

use super::{files, properties};

/// Structure and motion from a trajectory: LAMMPS dump, extended XYZ or XDATCAR.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible analyze melt.extxyz --json properties.json
  crucible analyze melt.dump --timestep-fs 1 --elements Na,Cl
  crucible analyze XDATCAR --interval-fs 10 --temperature-k 1100 --skip 200
  crucible analyze melt.dump --log log.lammps --units real
A LAMMPS dump has units metal (or an ITEM: UNITS line) and a column id; xu yu zu, or images, keep paths whole.
A log gives heat capacities (and what else follows from volume and energy), viscosities and thermal conductivity: thermo output, the file of a fix ave/time, or columns below a header such as
  Step Temp Volume TotEng Pxx Pyy Pzz Pxy Pxz Pyz c_flux[1] c_flux[2] c_flux[3]
with a row every 10 fs or so; transport needs a run at constant volume. c_flux[1], ... are those of compute heat/flux, of all atoms;
columns Jx Jy Jz (v_Jx, ...) are the same per volume. The thermal conductivity of a mixture needs frames with velocities as well, as
often, and a row of the log at the time of each. crucible md --log writes one.")]
pub struct Arguments {
    /// The trajectory.
    trajectory: PathBuf,
    /// Time between two frames, fs, where the file has no times.
    #[arg(long, value_name = "FS")]
    interval_fs: Option<f64>,
    /// Timestep, fs, for files that number steps.
    #[arg(long, value_name = "FS")]
    timestep_fs: Option<f64>,
    /// Elements of the types that a file numbers 1, 2, ...
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    elements: Vec<String>,
    /// Charges of species in e: Na=1,Cl=-1; formal ones where absent.
    #[arg(long, value_delimiter = ',', value_name = "LIST", value_parser = charge)]
    charges: Vec<(String, f64)>,
    /// Temperature, K, where neither velocities nor the log tell it.
    #[arg(long, value_name = "K")]
    temperature_k: Option<f64>,
    /// Stress and heat flux over time: a LAMMPS log, the file of a fix ave/time, or columns with a header.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Units of the log where it does not say: metal or real.
    #[arg(long, value_name = "UNITS", requires = "log")]
    units: Option<String>,
    /// Rows at the start of the log to leave out.
    #[arg(long, value_name = "ROWS", default_value_t = 0, requires = "log")]
    log_skip: usize,
    /// Frames at the start to leave out.
    #[arg(long, value_name = "FRAMES", default_value_t = 0)]
    skip: usize,
    /// Write the results as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
}

fn charge(text: &str) -> std::result::Result<(String, f64), String> {
    let parsed =
        text.split_once('=').and_then(|(name, charge)| Some((name.trim().to_owned(), charge.trim().parse().ok()?)));
    parsed
        .filter(|(_, charge): &(String, f64)| charge.is_finite())
        .ok_or_else(|| "expected NAME=CHARGE, such as Cl=-1".into())
}

/// Runs the command.
///
/// # Errors
/// A file that can't be read, or a trajectory that can't be analysed.
pub fn run(arguments: &Arguments) -> Result<()> {
    let inputs = [Some(&arguments.trajectory), arguments.log.as_ref()].into_iter().flatten();
    files::check_apart(inputs.map(PathBuf::as_path), arguments.json.as_deref())?;
    let mut analysis = Analysis::new(AnalyzeSettings {
        interval_fs: arguments.interval_fs,
        timestep_fs: arguments.timestep_fs,
        elements: arguments.elements.clone(),
        charges: arguments.charges.iter().cloned().collect::<BTreeMap<_, _>>(),
        temperature_k: arguments.temperature_k,
        skip: arguments.skip,
    })?;
    if let Some(log) = &arguments.log {
        let units = arguments.units.as_deref().map(LogUnits::from_name).transpose()?;
        let settings = FluxLogSettings { units, timestep_fs: arguments.timestep_fs, skip: arguments.log_skip };
        analysis.take_log(read_flux_log(&files::read(log)?, &files::name(log), &settings)?);
    }
    let mut reader = TrajectoryReader::new(&files::name(&arguments.trajectory));
    files::read_pieces(&arguments.trajectory, |piece| reader.feed(piece, &mut |frame| analysis.take(frame)))?;
    let cut = reader.finish(&mut |frame| analysis.take(frame))?;
    let mut report = analysis.report()?;
    report.notes.extend(cut.map(str::to_owned));
    files::write_report(arguments.json.as_deref(), &report, &table(&report))
}

fn table(report: &TrajectoryReport) -> String {
    let interval =
        report.interval_fs.map_or_else(String::new, |fs| format!(", {} fs apart", (fs * 1e4).round() * 1e-4));
    let mut out = format!("{} frames of {} atoms{interval}\n", report.frames, report.atoms);
    for note in &report.notes {
        out.push_str(&format!("note: {note}\n"));
    }
    for (name, estimate) in &report.results.estimates {
        out.push_str(&format!("{name:<40} {}\n", properties::value(estimate)));
    }
    for curve in &report.results.rdf {
        let value = |estimate: &Option<crucible::analysis::Estimate>| {
            estimate.as_ref().map_or_else(|| "?".to_owned(), |estimate| format!("{:.3}", estimate.value))
        };
        let (peak, number) = (value(&curve.first_peak), value(&curve.coordination_number));
        out.push_str(&format!(
            "g(r) of {}-{}: first peak at {peak} Å, {number} neighbours\n",
            curve.first, curve.second
        ));
    }
    out + &properties::table(&report.results.properties, &[])
}
