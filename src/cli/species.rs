//! `--species K,Ca,Cl`: which element each type index stands for.

use std::path::Path;

use crucible::Result;
use crucible::io::{
    Almtp, Configuration, assign_species, match_species, read_structure, tagged_species, types_to_labels,
};
use crucible::potential::mtp::MtpParameters;
use crucible::system::Species;

use super::files;

/// The species that a list of names gives.
///
/// # Errors
/// A name that is no element's.
pub fn parse(names: &[String]) -> Result<Vec<Species>> {
    names.iter().map(|name| Species::from_name(name)).collect()
}

/// Makes the types of structures index the species that `--species` names, if it does.
///
/// # Errors
/// A name that is no element's, a species that is not in the list.
pub fn assign(configurations: &mut [Configuration], names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let species = parse(names)?;
    configurations.iter_mut().try_for_each(|configuration| assign_species(configuration, &species))
}

/// Reads a structure file.
///
/// # Errors
/// As [`files::read`] and [`read_structure`].
pub fn read(path: &Path) -> Result<Vec<Configuration>> {
    read_structure(&files::read(path)?, &files::name(path))
}

/// What the types of a file stand for that only numbers them: "0 is K, 1 is Ca".
pub fn legend(species: &[Species]) -> String {
    let entries: Vec<String> =
        species.iter().enumerate().map(|(k, species)| format!("{k} is {}", species.name)).collect();
    entries.join(", ")
}

/// The elements of a potential's species: those that `--species` names, else those that its file's tag tells, as
/// `crucible train` writes it ("K-Ca-Cl"); none where neither does. Says so where the two differ.
pub fn of_potential(potential: &MtpParameters, names: &[String]) -> Vec<String> {
    let told = tagged_species(potential);
    if names.is_empty() {
        return told.unwrap_or_default();
    }
    if let Some(told) = told.filter(|told| told != names) {
        eprintln!("note: --species {}, but the potential's file says {}", names.join(","), told.join(","));
    }
    names.to_vec()
}

/// Makes the types of structures those of a potential, as [`match_species`] does, with the elements that `--species` names.
/// `file` names the structures.
///
/// # Errors
/// As [`match_species`].
pub fn match_potential(
    configurations: &mut [Configuration],
    potential: &MtpParameters,
    names: &[String],
    file: &str,
) -> Result<()> {
    match_species(configurations, &potential.species_labels, names, file, "--species")
}

/// Turns the types of an active set's configurations into the potential's labels, which files hold.
pub fn label_active_set(almtp: &mut Almtp) {
    if let Some(set) = &mut almtp.active_set {
        types_to_labels(&mut set.configurations, &almtp.parameters.species_labels);
    }
}
