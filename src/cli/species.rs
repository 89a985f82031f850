//! `--species K,Ca,Cl`: which element each type index stands for.

use std::path::Path;

use crucible::io::{
    Almtp, Configuration, assign_species, is_numbered, read_structure, types_from_labels, types_to_labels,
};
use crucible::potential::mtp::MtpParameters;
use crucible::system::Species;
use crucible::{Error, Result};

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

/// Makes the types of structures those of a potential, whose elements `--species` names; numbers are those of the potential's
/// file. `file` names the structures.
///
/// # Errors
/// Elements without `--species`, another number of names than the potential has species, a species that is not in the list, a
/// number that the potential has not.
pub fn match_potential(
    configurations: &mut [Configuration],
    potential: &MtpParameters,
    names: &[String],
    file: &str,
) -> Result<()> {
    if !names.is_empty() {
        if names.len() != potential.species_count {
            let expected = format!("{}, one for each species of the potential", potential.species_count);
            return Err(Error::invalid("--species", format!("{} names", names.len()), expected));
        }
        for configuration in configurations.iter_mut().filter(|configuration| is_numbered(configuration)) {
            types_from_labels(std::slice::from_mut(configuration), &potential.species_labels)?;
            // From here on numbers are places among the names.
            configuration.system.species = (0..names.len()).map(Species::unknown).collect();
        }
        return assign(configurations, names);
    }
    if let Some(named) = configurations.iter().find(|configuration| !is_numbered(configuration)) {
        let names: Vec<&str> = named.system.species.iter().map(|species| species.name.as_str()).collect();
        let found = format!("elements {} in {file}", names.join(", "));
        return Err(Error::invalid("--species", found, "the elements of the potential's species in its order"));
    }
    types_from_labels(configurations, &potential.species_labels)
}

/// The species of a potential: those that `--species` names, else the numbers that files have for them.
///
/// # Errors
/// A name that is no element's.
pub fn of_potential(potential: &MtpParameters, names: &[String]) -> Result<Vec<Species>> {
    match names.is_empty() {
        true => Ok(potential.species_labels.iter().map(Species::unknown).collect()),
        false => parse(names),
    }
}

/// Turns the types of an active set's configurations into the potential's labels, which files hold.
pub fn label_active_set(almtp: &mut Almtp) {
    if let Some(set) = &mut almtp.active_set {
        types_to_labels(&mut set.configurations, &almtp.parameters.species_labels);
    }
}
