//! The species of a trajectory, each name once.

use super::AnalyzeSettings;
use crate::error::{Error, Result};
use crate::system::{Species, System};

/// The species of a file, and what they are taken for. A file may tell one element in several places (a POSCAR of Cl Na Cl, two
/// types of a force field): those are one species here, since all that is said of species goes by name.
pub(super) struct KnownSpecies {
    /// Names of the file's own species: the same in every frame.
    names: Vec<String>,
    /// By the file's own: which of the species below.
    place: Vec<u32>,
    species: Vec<Species>,
}

impl KnownSpecies {
    /// From a file's own species, with the elements and charges that were given.
    ///
    /// # Errors
    /// Numbers without an element, charges of species that there are none of, one name for atoms of several masses or charges.
    pub(super) fn new(own: &[Species], settings: &AnalyzeSettings) -> Result<Self> {
        let mut known = Self { names: names(own), place: Vec::new(), species: Vec::new() };
        for each in completed(own, settings)? {
            let place = known.species.iter().position(|other| other.name == each.name);
            known.place.push(place.unwrap_or(known.species.len()) as u32);
            match place.map(|place| &known.species[place]) {
                None => known.species.push(each),
                Some(other) if *other == each => {}
                Some(other) => {
                    let found = format!("{} as well as {}", told(other), told(&each));
                    return Err(Error::invalid(
                        "species of the trajectory",
                        found,
                        "one mass and one charge for each name",
                    ));
                }
            }
        }
        Ok(known)
    }

    /// Each name once.
    pub(super) fn species(&self) -> &[Species] {
        &self.species
    }

    /// Whether a frame's own species are those of the file.
    pub(super) fn are_of(&self, system: &System) -> bool {
        system.species.iter().map(|each| &each.name).eq(&self.names)
    }

    /// Gives a frame's atoms these species.
    pub(super) fn apply(&self, system: &mut System) {
        system.types.iter_mut().for_each(|kind| *kind = self.place[*kind as usize]);
        system.species.clone_from(&self.species);
    }
}

fn told(species: &Species) -> String {
    let charge = species.charge_e.map_or_else(|| "unknown charge".to_owned(), |charge| format!("{charge:+} e"));
    format!("{} of {} u and {charge}", species.name, species.mass_u)
}

fn names(species: &[Species]) -> Vec<String> {
    species.iter().map(|each| each.name.clone()).collect()
}

/// The file's species with the elements and charges that were given.
fn completed(own: &[Species], settings: &AnalyzeSettings) -> Result<Vec<Species>> {
    if let Some(unknown) = settings
        .charges
        .keys()
        .find(|name| !own.iter().any(|s| s.name == **name) && !settings.elements.iter().any(|element| element == *name))
    {
        let expected = format!("species of the trajectory: {}", names(own).join(", "));
        return Err(Error::invalid("charges", unknown, expected));
    }
    let named = |each: &Species| -> Result<Species> {
        let number = each.name.parse::<usize>().ok();
        let element = number.and_then(|number| settings.elements.get(number.checked_sub(1)?));
        let mut species = match (number, element) {
            (Some(_), Some(element)) => Species::from_name(element)?,
            (Some(_), None) => {
                let expected = "an element for each number, in order";
                return Err(Error::invalid("species of the trajectory", format!("number {}", each.name), expected));
            }
            (None, _) => each.clone(),
        };
        let given = settings.charges.get(&species.name).or_else(|| settings.charges.get(&each.name));
        species.charge_e = given.copied().or(each.charge_e).or(species.charge_e);
        Ok(species)
    };
    own.iter().map(named).collect()
}
