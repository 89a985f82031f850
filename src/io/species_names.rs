//! Which species the type indices of configurations stand for, where several files, or a file and a potential, must agree.

use super::Configuration;
use super::species_labels::{places_from_labels, types_from_labels};
use super::species_list::MAX_SPECIES;
use crate::error::{Error, Result};
use crate::potential::mtp::MtpParameters;
use crate::system::Species;
use crate::system::species::element;

/// Makes the types of configurations from several files index one list of species, and returns it: `names` where there are
/// any, else the elements in order of appearance, or numbers.
///
/// # Errors
/// A name that is no element's, or that stands twice; a species that is not in the list; files with elements beside files with numbers.
pub fn unite_species(configurations: &mut [Configuration], names: &[String]) -> Result<Vec<Species>> {
    let species = match names.is_empty() {
        true => found_species(configurations)?,
        false => named_species(names)?,
    };
    assign_all(configurations, &species)?;
    Ok(species)
}

/// As [`assign_species`], of each.
fn assign_all(configurations: &mut [Configuration], species: &[Species]) -> Result<()> {
    configurations.iter_mut().enumerate().try_for_each(|(k, configuration)| {
        let name = configuration.name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
        assign_species(configuration, species).map_err(|error| error.within(&format!("configuration {}{name}", k + 1)))
    })
}

/// Renumbers the types of `configuration` so that they index `species`: by name, or by number where the file knows its
/// species only by number.
///
/// # Errors
/// A species that is not in the list.
pub fn assign_species(configuration: &mut Configuration, species: &[Species]) -> Result<()> {
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
            let expected = format!("one of the named species: {}", names.join(", "));
            return Err(Error::invalid("species", format!("\"{found}\""), expected));
        };
        types.push(place as u32);
    }
    system.types = types;
    system.species = species.to_vec();
    Ok(())
}

/// Makes the types of configurations those of a potential, whose elements `names` tells; numbers are those of the potential's
/// file, `labels`. For messages, `file` names the configurations, and `what` the list of names as whoever gives it knows it.
///
/// # Errors
/// Elements without `names`, another number of names than of labels, a name that is no element's, a species that is not in the
/// list, a number that the potential has not.
pub fn match_species(
    configurations: &mut [Configuration],
    labels: &[usize],
    names: &[String],
    file: &str,
    what: &str,
) -> Result<()> {
    let elements = "the elements of the potential's species in its order";
    if names.is_empty() {
        let Some(named) = configurations.iter().find(|configuration| !is_numbered(configuration)) else {
            return types_from_labels(configurations, labels).map_err(|error| error.within(file));
        };
        let own: Vec<&str> = named.system.species.iter().map(|species| species.name.as_str()).collect();
        return Err(Error::invalid(what, format!("elements {} in {file}", own.join(", ")), elements));
    }
    if names.len() != labels.len() {
        let expected = format!("{}, one for each species of the potential", labels.len());
        return Err(Error::invalid(what, format!("{} names", names.len()), expected));
    }
    let numbered = configurations.iter_mut().enumerate().filter(|(_, configuration)| is_numbered(configuration));
    for (k, configuration) in numbered {
        let place = || format!("{file}, configuration {}", k + 1);
        places_from_labels(configuration, labels).map_err(|error| error.within(&place()))?;
        // From here on numbers are places among the names.
        configuration.system.species = (0..names.len()).map(Species::unknown).collect();
    }
    assign_all(configurations, &species_of(labels, names)?).map_err(|error| error.within(file))
}

/// The configurations of several files, which come with their names, and the list of species that all their types index: that of
/// `potential`, as [`match_species`] finds it; without one, `names`, else the species of the files, as [`unite_species`] does.
///
/// # Errors
/// As [`match_species`] and [`unite_species`].
pub fn match_files(
    files: Vec<(String, Vec<Configuration>)>,
    names: &[String],
    potential: Option<&MtpParameters>,
    what: &str,
) -> Result<(Vec<Configuration>, Vec<Species>)> {
    let mut all = Vec::new();
    for (file, mut configurations) in files {
        if let Some(potential) = potential {
            match_species(&mut configurations, &potential.species_labels, names, &file, what)?;
        }
        all.extend(configurations);
    }
    let species = match potential {
        None => unite_species(&mut all, names)?,
        Some(potential) => species_of(&potential.species_labels, names)?,
    };
    all.iter_mut().try_for_each(|configuration| assign_species(configuration, &species))?;
    Ok((all, species))
}

/// The elements of a potential's species that its tag tells, as in "K-Ca-Cl"; `None` where it says something else.
pub fn tagged_species(potential: &MtpParameters) -> Option<Vec<String>> {
    let names: Vec<String> = potential.tag.as_deref()?.split('-').map(|name| name.trim().to_owned()).collect();
    let is_one = |names: &[String]| are_elements(names, names) && named_species(names).is_ok();
    (names.len() == potential.species_labels.len() && is_one(&names)).then_some(names)
}

/// Whether names such as `K1` are, in this order, of the elements with these symbols.
pub fn are_elements(names: &[String], symbols: &[String]) -> bool {
    let is = |(name, symbol): (&String, &String)| element(name).is_ok_and(|element| element.symbol() == symbol);
    names.len() == symbols.len() && names.iter().zip(symbols).all(is)
}

/// The species of a potential: those that `names` tells, else the numbers that files have for them.
///
/// # Errors
/// A name that is no element's.
pub fn species_of(labels: &[usize], names: &[String]) -> Result<Vec<Species>> {
    match names.is_empty() {
        true => Ok(labels.iter().map(Species::unknown).collect()),
        false => named_species(names),
    }
}

/// # Errors
/// A name that is no element's, or that stands twice.
fn named_species(names: &[String]) -> Result<Vec<Species>> {
    if let Some((k, twice)) = names.iter().enumerate().find(|(k, name)| names[..*k].contains(name)) {
        return Err(Error::invalid("species", format!("{twice} twice, the second as number {}", k + 1), "each once"));
    }
    names.iter().map(|name| Species::from_name(name)).collect()
}

/// Whether the file knows its species only by number.
pub fn is_numbered(configuration: &Configuration) -> bool {
    configuration.system.species.iter().all(|species| species.name.parse::<usize>().is_ok())
}

/// Makes the types of configurations that know their species only by number these numbers, as .cfg files have them:
/// extended XYZ counts species by appearance, in each frame anew.
///
/// # Errors
/// A number of [`MAX_SPECIES`] or more.
pub(super) fn number_types(configurations: &mut [Configuration]) -> Result<()> {
    for configuration in configurations.iter_mut().filter(|configuration| is_numbered(configuration)) {
        let own = &configuration.system.species;
        let numbers: Vec<usize> = own.iter().filter_map(|species| species.name.parse().ok()).collect();
        let largest = numbers.iter().copied().max().unwrap_or(0);
        if largest >= MAX_SPECIES {
            let expected = format!("a number below {MAX_SPECIES}, or an element");
            return Err(Error::invalid("species of the structure", largest, expected));
        }
        if numbers.iter().enumerate().any(|(place, number)| place != *number) {
            let all: Vec<Species> = (0..=largest).map(Species::unknown).collect();
            assign_species(configuration, &all)?;
        }
    }
    Ok(())
}

/// Elements in order of appearance; numbered species by their numbers.
fn found_species(configurations: &[Configuration]) -> Result<Vec<Species>> {
    let numbered = configurations.iter().filter(|configuration| is_numbered(configuration)).count();
    if numbered > 0 {
        if numbered < configurations.len() {
            let found = "some configurations with elements and some with numbers";
            return Err(Error::invalid("species", found, "the elements that the numbers stand for, named in order"));
        }
        let longest = configurations.iter().map(|configuration| &configuration.system.species).max_by_key(|s| s.len());
        return Ok(longest.cloned().unwrap_or_default());
    }
    let mut known: Vec<Species> = Vec::new();
    for found in configurations.iter().flat_map(|configuration| &configuration.system.species) {
        if !known.iter().any(|species| species.name == found.name) {
            known.push(found.clone());
        }
    }
    Ok(known)
}
