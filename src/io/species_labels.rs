//! Numbers of species as a potential's file has them, its
//! [labels](crate::potential::mtp::MtpParameters::species_labels): they are the types of .cfg files. Everywhere else a type is
//! the place of a species in the potential's list. Labels with gaps, or in another order, differ from the places.

use super::{Configuration, StructureFormat, write_structure};
use crate::error::{Error, Result};
use crate::system::Species;

/// The place of the species that has a label.
pub(crate) fn place_of(label: usize, labels: &[usize]) -> Option<u32> {
    labels.iter().position(|known| *known == label).map(|place| place as u32)
}

/// Turns types that are labels into places.
///
/// # Errors
/// A type that is none of the labels, with its configuration and atom.
pub fn types_from_labels(configurations: &mut [Configuration], labels: &[usize]) -> Result<()> {
    let numbered = configurations.iter_mut().enumerate();
    numbered.into_iter().try_for_each(|(k, configuration)| {
        places_from_labels(configuration, labels).map_err(|error| error.within(&format!("configuration {}", k + 1)))
    })
}

/// The same of one configuration, which the error does not name.
pub(super) fn places_from_labels(configuration: &mut Configuration, labels: &[usize]) -> Result<()> {
    let system = &mut configuration.system;
    for (atom, kind) in system.types.iter_mut().enumerate() {
        *kind = place_of(*kind as usize, labels).ok_or_else(|| {
            let expected = format!("one of the potential's, {labels:?}");
            Error::invalid(format!("type of atom {}", atom + 1), *kind, expected)
        })?;
    }
    if labels.iter().enumerate().any(|(place, label)| place != *label) {
        let known = |label: &usize| system.species.get(*label).cloned();
        system.species = labels.iter().map(|label| known(label).unwrap_or_else(|| Species::unknown(label))).collect();
    }
    Ok(())
}

/// The inverse of [`types_from_labels`], for files: the lists of species stay as they are.
pub fn types_to_labels(configurations: &mut [Configuration], labels: &[usize]) {
    for kind in configurations.iter_mut().flat_map(|configuration| &mut configuration.system.types) {
        *kind = labels.get(*kind as usize).map_or(*kind, |&label| label as u32);
    }
}

/// As [`write_structure`], for types that are places in the list of a potential with these labels.
///
/// # Errors
/// As [`write_structure`].
pub fn write_labelled(format: StructureFormat, configurations: &[Configuration], labels: &[usize]) -> Result<String> {
    // The other formats name species.
    if format != StructureFormat::Cfg {
        return write_structure(format, configurations);
    }
    let mut labelled = configurations.to_vec();
    types_to_labels(&mut labelled, labels);
    write_structure(format, &labelled)
}
