//! `crucible efs`: energies, forces and stresses of given structures.

use std::path::PathBuf;

use clap::Args;
use crucible::io::{Configuration, read_almtp};
use crucible::potential::mtp::MtpPotential;
use crucible::run::{Efs, evaluate_all};
use crucible::system::OVERLAP;
use crucible::{Error, Result};

use super::{files, species};

/// Energies, site energies, forces and stresses (eV, eV/Å; PlusStress in eV) of structures under a potential.
#[derive(Args)]
#[command(after_help = "Examples:
  crucible efs potential.mtp structures.cfg --json values.json
  crucible efs potential.almtp melt.extxyz --species K,Ca,Cl")]
pub struct Arguments {
    /// Potential: .mtp, .almtp or .als.
    potential: PathBuf,
    /// Structures: .cfg, .extxyz, .xyz, LAMMPS .data or POSCAR.
    structures: PathBuf,
    /// Elements of the potential's species in its order; for files that name elements, unless the potential's tag tells.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    species: Vec<String>,
    /// Write all values as JSON to this file; "-" is standard output.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// Files that can't be read, structures that do not fit the potential, values that are not finite.
pub fn run(arguments: &Arguments) -> Result<()> {
    files::check_apart([arguments.potential.as_path(), &arguments.structures], arguments.json.as_deref())?;
    let parameters = read_almtp(&files::read(&arguments.potential)?, &files::name(&arguments.potential))?.parameters;
    let structures = files::name(&arguments.structures);
    let mut configurations = species::read(&arguments.structures)?;
    let names = species::of_potential(&parameters, &arguments.species);
    species::match_potential(&mut configurations, &parameters, &names, &structures)?;
    // Below half the shortest distance that the potential was made for, it says nothing of the forces.
    let least = f64::max(OVERLAP, 0.5 * parameters.radial_basis.min_dist);
    let efs = evaluate_all(&mut MtpPotential::new(parameters)?, &configurations)?;
    warn_of_close_atoms(&efs, &configurations, least);
    match &arguments.json {
        Some(out) => {
            let json = serde_json::to_vec(&efs).map_err(|error| Error::invalid("JSON", error, "finite values"))?;
            files::write(out, &json)
        }
        None => files::write("-".as_ref(), table(&efs).as_bytes()),
    }
}

/// Tells of atoms that are closer than `least` Å, whose energies and forces mean little.
fn warn_of_close_atoms(efs: &Efs, configurations: &[Configuration], least: f64) {
    for (k, (cfg, configuration)) in efs.cfgs.iter().zip(configurations).enumerate() {
        let Some(pair) = cfg.closest.filter(|pair| pair.distance < least) else { continue };
        let (number, words) = (k + 1, pair.in_words(&configuration.system));
        eprintln!("warning: configuration {number}: {words}: closer than {least} Å, where the potential says nothing");
    }
}

fn table(efs: &Efs) -> String {
    let mut out = format!("{:>5}  {:>7}  {:>18}  {:>14}  name\n", "cfg", "atoms", "energy eV", "max |F| eV/Å");
    for (k, cfg) in efs.cfgs.iter().enumerate() {
        let largest = cfg.forces.chunks(3).map(|f| f.iter().map(|x| x * x).sum::<f64>().sqrt()).fold(0.0, f64::max);
        let name = cfg.name.as_deref().unwrap_or("-");
        out.push_str(&format!("{:>5}  {:>7}  {:>18.8}  {largest:>14.6}  {name}\n", k + 1, cfg.n, cfg.energy));
    }
    out
}
