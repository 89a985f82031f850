//! `crucible convert`: structures and potentials from one format to another.

use std::path::{Path, PathBuf};

use clap::Args;
use crucible::io::{
    Configuration, StructureFormat, is_numbered, read_almtp, read_structure, unite_species, write_almtp, write_als,
    write_mtp, write_structure,
};
use crucible::{Error, Result};

use super::{files, species};

/// Convert structures (.cfg, .extxyz, .xyz, LAMMPS .data, POSCAR; also to LAMMPS .dump) or potentials (.mtp, .almtp, .als).
#[derive(Args)]
#[command(after_help = "Examples:
  crucible convert training.cfg training.extxyz --species K,Ca,Cl
  crucible convert melt.extxyz melt.data
  crucible convert trajectory.extxyz last.cfg --frame -1
  crucible convert active-set.als potential.almtp")]
pub struct Arguments {
    /// File to read.
    input: PathBuf,
    /// File to write; its name decides the format.
    output: PathBuf,
    /// Element of each type index, in order.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    species: Vec<String>,
    /// Only this frame, from 0; negative: from the end.
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    frame: Option<i64>,
}

/// Runs the command.
///
/// # Errors
/// A file that can't be read or written, a format that is not known or can't hold what was read.
pub fn run(arguments: &Arguments) -> Result<()> {
    files::check_apart([arguments.input.as_path()], [arguments.output.as_path()])?;
    let bytes = files::read(&arguments.input)?;
    let input = files::name(&arguments.input);
    if is_potential(&arguments.input) {
        return convert_potential(&bytes, &input, &arguments.output);
    }
    let output = files::name(&arguments.output);
    let format = StructureFormat::from_name(&output).ok_or_else(|| {
        Error::invalid("output", &output, "a name ending in .cfg, .extxyz, .xyz, .data, .dump or .poscar, or POSCAR")
    })?;
    let mut configurations = read_structure(&bytes, &input)?;
    if arguments.species.is_empty() && matches!(format, StructureFormat::Cfg | StructureFormat::LammpsDump) {
        number_species(&mut configurations, format, &output)?;
    }
    if let Some(frame) = arguments.frame {
        let count = configurations.len() as i64;
        let place = if frame < 0 { frame.saturating_add(count) } else { frame };
        if !(0..count).contains(&place) {
            return Err(Error::invalid("--frame", frame, format!("from 0 to {}, or from -{count} to -1", count - 1)));
        }
        configurations = vec![configurations.swap_remove(place as usize)];
    }
    species::assign(&mut configurations, &arguments.species)?;
    files::write(&arguments.output, write_structure(format, &configurations)?.as_bytes())
}

/// Makes all frames number their elements alike, and says how: extended XYZ counts them by appearance in each.
fn number_species(configurations: &mut [Configuration], format: StructureFormat, output: &str) -> Result<()> {
    let numbered = configurations.iter().all(is_numbered);
    let species = unite_species(configurations, &[])?;
    // Numbers stay what they are, and a dump names elements beside them.
    if !numbered && format == StructureFormat::Cfg {
        eprintln!("{output}: {}", species::legend(&species));
    }
    Ok(())
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

fn is_potential(path: &Path) -> bool {
    matches!(extension(path).as_str(), "mtp" | "almtp" | "als")
}

fn convert_potential(bytes: &[u8], input: &str, output: &Path) -> Result<()> {
    let almtp = read_almtp(bytes, input)?;
    if almtp.active_set.is_none() && extension(output) == "almtp" {
        eprintln!("note: {input} has no active set; `crucible select --almtp` builds one from the training set");
    }
    match extension(output).as_str() {
        "mtp" => files::write(output, write_mtp(&almtp.parameters).as_bytes()),
        "almtp" => files::write(output, &write_almtp(&almtp)),
        "als" => files::write(output, &write_als(&almtp)?),
        _ => {
            let expected = "a name ending in .mtp, .almtp or .als for a potential";
            Err(Error::invalid("output", files::name(output), expected))
        }
    }
}
