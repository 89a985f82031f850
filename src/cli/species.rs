//! `--species K,Ca,Cl`: which element each type index stands for.

use crucible::io::Configuration;
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

/// Renumbers the types of `configuration` so that they index `species`: by name, or by number where the file knows its
/// species only by number.
///
/// # Errors
/// A species that is not in the list.
pub fn assign(configuration: &mut Configuration, species: &[Species]) -> Result<()> {
    let system = &mut configuration.system;
    let mut places = Vec::new();
    for own in &system.species {
        let by_name = species.iter().position(|known| known.name == own.name);
        let by_number = own.name.parse::<usize>().ok().filter(|&number| number < species.len());
        places.push(by_name.or(by_number));
    }
    let mut types = Vec::with_capacity(system.types.len());
    for &kind in &system.types {
        let Some(place) = places.get(kind as usize).copied().flatten() else {
            let found = system.species.get(kind as usize).map_or_else(|| kind.to_string(), |own| own.name.clone());
            let names: Vec<&str> = species.iter().map(|known| known.name.as_str()).collect();
            let what = "species of the structure (--species)";
            return Err(Error::invalid(what, format!("\"{found}\""), format!("one of {}", names.join(", "))));
        };
        types.push(place as u32);
    }
    system.types = types;
    system.species = species.to_vec();
    Ok(())
}

/// Whether the file knows its species only by number.
pub fn is_numbered(configuration: &Configuration) -> bool {
    configuration.system.species.iter().all(|species| species.name.parse::<usize>().is_ok())
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
        return configurations.iter_mut().try_for_each(|configuration| assign(configuration, &species));
    }
    if let Some(named) = configurations.iter().find(|configuration| !is_numbered(configuration)) {
        let names: Vec<&str> = named.system.species.iter().map(|species| species.name.as_str()).collect();
        let found = format!("elements {} in {file}", names.join(", "));
        return Err(Error::invalid("--species", found, "the elements of the potential's species in its order"));
    }
    relabel_types(configurations, &potential.species_labels)
}
