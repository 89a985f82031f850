//! `crucible template`: an untrained potential.

use std::path::PathBuf;

use clap::Args;
use crucible::fitting::TemplateSpec;
use crucible::io::write_mtp;
use crucible::potential::mtp::{RadialBasis, RadialBasisKind};
use crucible::{Error, Result};

use super::files;

/// An untrained potential of a level, for any number of species: a .mtp file without coefficients.
#[derive(Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:
  crucible template 16 template.mtp --species-count 3 --cutoff 6
  crucible template 8 - --basis RBShapeev --basis-size 10"
)]
pub struct Arguments {
    /// Level: an even number from 2 to 28.
    level: usize,
    /// File to write; "-" is standard output.
    output: PathBuf,
    /// Number of species.
    #[arg(long, default_value_t = 1, value_name = "C")]
    species_count: usize,
    /// Cutoff (max_dist), Å.
    #[arg(long, default_value_t = 5.0, value_name = "ANGSTROM")]
    cutoff: f64,
    /// Shortest distance (min_dist), Å; `crucible train` puts the closest pair of its data there.
    #[arg(long, default_value_t = 2.0, value_name = "ANGSTROM")]
    min_dist: f64,
    /// Radial basis, by the name that .mtp files use.
    #[arg(long, default_value = "RBChebyshev", value_name = "NAME")]
    basis: String,
    /// Number of radial basis functions.
    #[arg(long, default_value_t = 8, value_name = "R")]
    basis_size: usize,
}

/// Runs the command.
///
/// # Errors
/// A level that does not exist, other values out of range, a file that can't be written.
pub fn run(arguments: &Arguments) -> Result<()> {
    let kinds = RadialBasisKind::NAMES;
    let kind = kinds.iter().find(|(name, _)| *name == arguments.basis).map(|(_, kind)| *kind).ok_or_else(|| {
        Error::invalid("--basis", &arguments.basis, format!("one of {}", kinds.map(|(name, _)| name).join(", ")))
    })?;
    let radial_basis = RadialBasis {
        kind,
        scaling: 1.0,
        min_dist: arguments.min_dist,
        max_dist: arguments.cutoff,
        size: arguments.basis_size,
    };
    files::check_potential_name("output", &arguments.output, &["mtp"])?;
    let spec = TemplateSpec { level: arguments.level, species_count: arguments.species_count, radial_basis };
    files::write(&arguments.output, write_mtp(&spec.build()?).as_bytes())
}
