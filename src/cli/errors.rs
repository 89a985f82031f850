//! `crucible errors`: errors of a potential on labelled configurations.

use std::path::{Path, PathBuf};

use clap::Args;
use crucible::chart::{ChartSpec, to_svg};
use crucible::fitting::{DataSet, PartReport, Weights, parity_charts, reference_energies};
use crucible::io::read_almtp;
use crucible::potential::mtp::MtpParameters;
use crucible::{Error, Result};

use super::{files, labelled, species};

/// Size of the pictures, CSS pixels.
const SIZE: (u32, u32) = (560, 480);

/// Errors of energy, forces and stress of a potential on labelled configurations.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible errors fitted.mtp test.cfg
  crucible errors salt.mtp salt.extxyz --species K,Ca,Cl --json errors.json --svg pictures")]
pub struct Arguments {
    /// Potential: .mtp, .almtp or .als.
    potential: PathBuf,
    /// Labelled configurations: .cfg or extended XYZ; several files one after the other.
    #[arg(required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// Elements of the potential's species in its order; for files that name elements, unless the potential's tag tells.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    species: Vec<String>,
    /// Write the errors as JSON, with those by species and composition; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Folder for parity plots.
    #[arg(long, value_name = "FOLDER")]
    svg: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Files that can't be read or written, labels that are missing, species that do not fit.
pub fn run(arguments: &Arguments) -> Result<()> {
    let inputs = arguments.data.iter().chain([&arguments.potential]);
    files::check_apart(inputs.map(PathBuf::as_path), arguments.json.as_deref())?;
    let parameters = read_almtp(&files::read(&arguments.potential)?, &files::name(&arguments.potential))?.parameters;
    let names = species::of_potential(&parameters, &arguments.species);
    let (_, data) = labelled::read(&arguments.data, &names, Some(&parameters))?;
    warn_of_close_atoms(&parameters, &data)?;
    let report = part(&parameters, &data, "all")?;
    if arguments.json.as_deref() != Some(Path::new("-")) {
        files::write("-".as_ref(), text(&report).as_bytes())?;
    }
    if let Some(folder) = &arguments.svg {
        pictures(folder, &parity_charts(std::slice::from_ref(&report)))?;
    }
    match &arguments.json {
        None => Ok(()),
        Some(path) => {
            let json = serde_json::to_vec(&report).map_err(|error| Error::invalid("JSON", error, "finite values"))?;
            files::write(path, &json)
        }
    }
}

/// Tells of atoms that are closer than the potential's radial functions begin.
fn warn_of_close_atoms(parameters: &MtpParameters, data: &DataSet) -> Result<()> {
    let least = parameters.radial_basis.min_dist;
    if let Some((distance, number)) = data.closest_pair()?.filter(|(distance, _)| *distance < least) {
        eprintln!(
            "warning: configuration {number} has atoms {distance:.3} Å apart; the potential begins at {least} Å (min_dist)"
        );
    }
    Ok(())
}

fn part(parameters: &MtpParameters, data: &DataSet, name: &str) -> Result<PartReport> {
    PartReport::new(name, parameters, data, &reference_energies(data), &Weights::default())
}

/// The report as text.
pub fn text(report: &PartReport) -> String {
    let title = format!("{} ({})", report.name, report.configurations);
    let mut out = labelled::table(&title, &report.errors);
    for entry in report.species.iter().filter(|entry| entry.force_component.count > 0) {
        let [rms, max] = [entry.force_component.rms, entry.force_component.max].map(|value| value * 1e3);
        out.push_str(&format!("  {:<22}{rms:>10.4}{:>12}{max:>12.4}\n", format!("{}, meV/Å", entry.species), ""));
    }
    for entry in &report.compositions {
        let (energy, force) = (entry.errors.energy_per_atom.rms * 1e3, entry.errors.force_component.rms * 1e3);
        let label = format!("{} ({})", entry.composition, entry.configurations);
        out.push_str(&format!("  {label:<22}{energy:>10.4} meV/atom, {force:.4} meV/Å\n"));
    }
    report.doubts.iter().for_each(|doubt| out.push_str(&format!("  warning: {doubt}\n")));
    out
}

/// Writes charts into a folder, named by their titles.
pub fn pictures(folder: &Path, charts: &[ChartSpec]) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| files::refused(folder, &error))?;
    for chart in charts {
        let name: String = chart.title.to_lowercase().replace(' ', "-");
        files::write(&folder.join(name + ".svg"), to_svg(chart, SIZE.0, SIZE.1, &[])?.as_bytes())?;
    }
    Ok(())
}
