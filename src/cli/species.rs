//! `--species K,Ca,Cl`: which element each type index stands for.

use crucible::io::{Configuration, assign_species, is_numbered};
use crucible::potential::mtp::MtpParameters;
use crucible::run::relabel_types;
use crucible::system::Species;
use crucible::{Error, Result};

/// The species that a list of names gives.
///
/// # Errors
/// A name that is no element's.
pub fn parse(names: &[String]) -> Result<Vec<Species>> {
    names.iter().map(|name| Species::from_name(name)).collect()
}

/// Makes the types of structures those of a potential, whose elements `--species` names; `file` names the structures.
///
/// # Errors
/// Elements without `--species`, another number of names than the potential has species, a species that is not in the list.
pub fn match_potential(
    configurations: &mut [Configuration],
    potential: &MtpParameters,
    names: &[String],
    file: &str,
) -> Result<()> {
    if !names.is_empty() {
        let species = parse(names)?;
        if species.len() != potential.species_count {
            let expected = format!("{}, one for each species of the potential", potential.species_count);
            return Err(Error::invalid("--species", format!("{} names", species.len()), expected));
        }
        return configurations.iter_mut().try_for_each(|configuration| assign_species(configuration, &species));
    }
    if let Some(named) = configurations.iter().find(|configuration| !is_numbered(configuration)) {
        let names: Vec<&str> = named.system.species.iter().map(|species| species.name.as_str()).collect();
        let found = format!("elements {} in {file}", names.join(", "));
        return Err(Error::invalid("--species", found, "the elements of the potential's species in its order"));
    }
    relabel_types(configurations, &potential.species_labels)
}
