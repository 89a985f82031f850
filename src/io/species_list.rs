//! Species in order of first appearance.

use crate::error::{Error, Result};
use crate::system::Species;

/// The most species that a structure file may have.
pub(super) const MAX_SPECIES: usize = 256;

/// Collects the species that a file names.
#[derive(Default)]
pub(super) struct SpeciesList {
    pub(super) species: Vec<Species>,
}

impl SpeciesList {
    /// The index of `name`, added where it is new.
    ///
    /// # Errors
    /// More than [`MAX_SPECIES`] names.
    pub(super) fn index(&mut self, name: &str) -> Result<u32> {
        let known = self.species.iter().position(|species| species.name == name);
        let index = known.unwrap_or(self.species.len());
        if index >= MAX_SPECIES {
            return Err(Error::invalid("species", format!("more than {MAX_SPECIES} names"), "fewer species"));
        }
        if known.is_none() {
            self.species.push(named(name));
        }
        Ok(index as u32)
    }
}

/// The element of that name, or a label that is no element's.
pub(super) fn named(name: &str) -> Species {
    Species::from_name(name).unwrap_or_else(|_| Species::unknown(name))
}
