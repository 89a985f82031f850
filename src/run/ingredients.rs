//! From a specification and files to forces and atoms.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::io::{self, Almtp};
use crate::neighbor::NeighborList;
use crate::potential::Potential;
use crate::potential::mtp::{ExtrapolationGrade, MtpPotential};
use crate::potential::simple::{AlkaliHalide, BornMayerHuggins, LennardJones, PairParameters, Truncation};
use crate::system::species::element;
use crate::system::{Composition, Lattice, MeltSpec, OVERLAP, Species, System, replicate, sizes};

use super::card::{Card, CardPotential};
use super::measured::Measured;
use super::spec::{PotentialSpec, RunSpec, StructureSpec};

/// More than rounding of a sum of formal charges, e.
const CHARGE: f64 = 1e-3;

/// Gives the content of a file that a specification names.
pub type Files<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>>;

/// The forces, ready to be built as often as a run needs them.
pub(super) struct Forces {
    pub species: Vec<Species>,
    model: Model,
}

enum Model {
    Mtp(Box<Almtp>),
    LennardJones { parameters: PairParameters, cutoff: f64 },
    BornMayerHuggins { salt: AlkaliHalide, cutoff: f64 },
}

impl Forces {
    /// # Errors
    /// A file that is missing or wrong, species that do not fit the potential, parameters out of range.
    pub(super) fn new(spec: &PotentialSpec, files: Files) -> Result<Self> {
        let forces = match spec {
            PotentialSpec::Card { file } => Self::from_card(file, files)?,
            PotentialSpec::Mtp { file, species } => Self::from_mtp(file, named(species)?, files)?,
            PotentialSpec::LennardJones { species, epsilon_ev, sigma_angstrom, cutoff_angstrom } => {
                Self { species: named(species)?, model: lennard_jones(*epsilon_ev, *sigma_angstrom, *cutoff_angstrom) }
            }
            PotentialSpec::BornMayerHuggins { salt, cutoff_angstrom } => Self::of_salt(salt, *cutoff_angstrom)?,
        };
        let names: Vec<&str> = forces.species.iter().map(|each| each.name.as_str()).collect();
        if let Some(twice) = names.iter().enumerate().find(|(k, name)| names[..*k].contains(name)) {
            return Err(Error::invalid("species of the potential", format!("{} twice", twice.1), "each element once"));
        }
        forces.potential()?;
        Ok(forces)
    }

    fn from_card(file: &str, files: Files) -> Result<Self> {
        let card = Card::read(&files(file)?, file)?;
        let species = card.species()?;
        match card.potential {
            CardPotential::Mtp { file: name, .. } => Self::from_mtp(&beside(file, &name), species, files),
            CardPotential::LennardJones { epsilon_ev, sigma_angstrom, cutoff_angstrom } => {
                Ok(Self { species, model: lennard_jones(epsilon_ev, sigma_angstrom, cutoff_angstrom) })
            }
            CardPotential::BornMayerHuggins { salt, cutoff_angstrom } => {
                let forces = Self::of_salt(&salt, cutoff_angstrom)?;
                let names = |list: &[Species]| list.iter().map(|each| each.name.clone()).collect::<Vec<_>>().join(", ");
                if names(&species) != names(&forces.species) {
                    return Err(Error::invalid("species of the card", names(&species), names(&forces.species)));
                }
                Ok(forces)
            }
        }
    }

    /// Species and charges are the salt's own.
    fn of_salt(salt: &str, cutoff: f64) -> Result<Self> {
        let salt = AlkaliHalide::from_formula(salt)?;
        Ok(Self { species: salt.species()?.to_vec(), model: Model::BornMayerHuggins { salt, cutoff } })
    }

    fn from_mtp(file: &str, species: Vec<Species>, files: Files) -> Result<Self> {
        let almtp = read_potential(&files(file)?, file)?;
        let parameters = &almtp.parameters;
        if species.len() != parameters.species_count {
            let found = format!("{} names", species.len());
            let expected = format!("{}, one for each species of {file}", parameters.species_count);
            return Err(Error::invalid("species of the potential", found, expected));
        }
        // Swapped elements would run, and fall apart.
        let names: Vec<String> = species.iter().map(|species| species.name.clone()).collect();
        if let Some(told) = io::tagged_species(parameters).filter(|told| !io::are_elements(&names, told)) {
            let expected = format!("{}, as {file} says (potential_tag)", told.join(" "));
            return Err(Error::invalid("species of the potential", names.join(" "), expected));
        }
        Ok(Self { species, model: Model::Mtp(Box::new(almtp)) })
    }

    pub(super) fn potential(&self) -> Result<Box<dyn Potential>> {
        Ok(match &self.model {
            Model::Mtp(almtp) => Box::new(MtpPotential::new(almtp.parameters.clone())?),
            Model::LennardJones { parameters, cutoff } => {
                Box::new(LennardJones::new(&vec![*parameters; self.species.len()], *cutoff, Truncation::Force)?)
            }
            Model::BornMayerHuggins { salt, cutoff } => {
                Box::new(BornMayerHuggins::alkali_halide(salt, *cutoff, BornMayerHuggins::ACCURACY)?)
            }
        })
    }

    /// The grade's evaluator, where the potential has an active set.
    pub(super) fn grade(&self) -> Result<Option<ExtrapolationGrade>> {
        match &self.model {
            Model::Mtp(almtp) => crate::fitting::grade_of(almtp),
            _ => Ok(None),
        }
    }

    /// The species of that very name, else the only one of its element.
    fn species_index(&self, name: &str) -> Result<u32> {
        let wanted = element(name).ok();
        let is_alike = |each: &Species| wanted.is_some() && element(&each.name).ok() == wanted;
        let same = self.species.iter().position(|each| each.name == name);
        let alike: Vec<usize> = (0..self.species.len()).filter(|&k| is_alike(&self.species[k])).collect();
        match (same, &alike[..]) {
            (Some(k), _) | (None, &[k]) => Ok(k as u32),
            _ => {
                let known: Vec<&str> = self.species.iter().map(|each| each.name.as_str()).collect();
                let expected = format!("one of the potential's: {}", known.join(", "));
                Err(Error::invalid("species of the structure", format!("\"{name}\""), expected))
            }
        }
    }

    /// The numbers of the species in the potential's file; counted from 0 where there is no such file.
    pub(super) fn labels(&self) -> Vec<usize> {
        match &self.model {
            Model::Mtp(almtp) => almtp.parameters.species_labels.clone(),
            _ => (0..self.species.len()).collect(),
        }
    }

    /// The species that the potential's file numbers so.
    fn index_of_label(&self, label: usize) -> Result<u32> {
        let labels = self.labels();
        io::place_of(label, &labels).ok_or_else(|| {
            let expected = format!("an element, or one of the potential's numbers {labels:?}");
            Error::invalid("species of the structure", format!("\"{label}\""), expected)
        })
    }
}

/// The forces of a specification alone, without a run. Files that it names are asked of `files`.
///
/// # Errors
/// As [`Run::new`](super::Run::new) for the potential.
pub fn potential(spec: &PotentialSpec, files: Files) -> Result<Box<dyn Potential>> {
    Forces::new(spec, files)?.potential()
}

/// What experiments say of the liquid that a specification asks for, where its potential has a card that tells; `told` picks it
/// from the card for these amounts by formula unit.
pub(super) fn measured(
    spec: &RunSpec,
    files: Files,
    told: impl Fn(&Card, &BTreeMap<String, f64>) -> Vec<Measured>,
) -> Vec<Measured> {
    let (PotentialSpec::Card { file }, StructureSpec::Melt { composition, .. }) = (&spec.potential, &spec.structure)
    else {
        return Vec::new();
    };
    let card = files(file).and_then(|bytes| Card::read(&bytes, file));
    card.map(|card| told(&card, composition)).unwrap_or_default()
}

/// A potential that was fitted: a template's start values would move atoms, too.
fn read_potential(bytes: &[u8], file: &str) -> Result<Almtp> {
    let almtp = read_any_potential(bytes, file)?;
    match almtp.parameters.trained {
        true => Ok(almtp),
        false => Err(Error::invalid(file, "a template without coefficients", "a potential that was fitted")),
    }
}

/// `.almtp` and `.als` hold an active set as well, after which bytes that are not text may follow.
fn read_any_potential(bytes: &[u8], file: &str) -> Result<Almtp> {
    let name = file.to_ascii_lowercase();
    if name.ends_with(".almtp") || name.ends_with(".als") {
        return io::read_almtp(bytes, file);
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::parse(file, 1, "bytes that are not UTF-8", "a potential in the .mtp format"))?;
    Ok(Almtp { parameters: io::read_mtp(text, file)?, active_set: None })
}

fn lennard_jones(epsilon_ev: f64, sigma_angstrom: f64, cutoff: f64) -> Model {
    Model::LennardJones { parameters: PairParameters { epsilon_ev, sigma_angstrom }, cutoff }
}

fn named(names: &[String]) -> Result<Vec<Species>> {
    names.iter().map(|name| Species::from_name(name)).collect()
}

/// The file called `name` in the folder of `file`.
fn beside(file: &str, name: &str) -> String {
    file.rsplit_once('/').map_or_else(|| name.to_owned(), |(folder, _)| format!("{folder}/{name}"))
}

/// The atoms that a run starts from.
///
/// # Errors
/// A structure that cannot be built or read, or that the potential's species do not cover.
pub(super) fn structure(spec: &RunSpec, forces: &Forces, files: Files) -> Result<System> {
    match &spec.structure {
        StructureSpec::Melt { composition, atoms, density_g_cm3, minimum_distances_angstrom } => {
            let composition = Composition::new(composition)?;
            let mut counts = vec![0; forces.species.len()];
            for (name, count) in composition.atom_counts(*atoms)? {
                counts[forces.species_index(&name)? as usize] += count;
            }
            let density_g_cm3 = match density_g_cm3 {
                Some(density) => *density,
                None => sizes::estimate_density(&composition.element_amounts(), spec.temperature_k)?,
            };
            let minimum_distances = minimum_distances_angstrom.clone();
            MeltSpec { species: forces.species.clone(), counts, density_g_cm3, minimum_distances }.build(spec.seed)
        }
        StructureSpec::Crystal { lattice, elements, lattice_constant_angstrom, repeat } => {
            let types = elements.iter().map(|name| forces.species_index(name)).collect::<Result<Vec<u32>>>()?;
            check_crystal(*lattice, elements)?;
            lattice.build(&forces.species, &types, *lattice_constant_angstrom, *repeat)
        }
        StructureSpec::File { file, configuration, repeat } => {
            let mut configurations = io::read_structure(&files(file)?, file)?;
            let count = configurations.len();
            if *configuration >= count {
                let expected = format!("0 to {}", count.saturating_sub(1));
                return Err(Error::invalid(format!("configuration of {file}"), configuration, expected));
            }
            let system = replicate(&configurations.swap_remove(*configuration).system, *repeat)?;
            let system = renamed(system, forces)?;
            refuse_overlap(&system, file)?;
            if matches!(spec.potential, PotentialSpec::Card { .. }) {
                refuse_charge(&system, file)?;
            }
            Ok(system)
        }
    }
}

/// Crystals of ions are neutral as well.
fn check_crystal(lattice: Lattice, elements: &[String]) -> Result<()> {
    let mut amounts = BTreeMap::new();
    for (element, _) in lattice.basis() {
        if let Some(name) = elements.get(element) {
            *amounts.entry(name.clone()).or_insert(0.0) += 1.0;
        }
    }
    Composition::new(&amounts).map(|_| ())
}

/// The system with the potential's species: by number where the file only numbers those that it has, else by name.
fn renamed(system: System, forces: &Forces) -> Result<System> {
    let counts = system.counts();
    let present: Vec<usize> = (0..counts.len()).filter(|&k| counts[k] > 0).collect();
    let numbers: Option<Vec<usize>> = present.iter().map(|&k| system.species[k].name.parse().ok()).collect();
    let mut new_types = vec![0; system.species.len()];
    for (place, &k) in present.iter().enumerate() {
        new_types[k] = match &numbers {
            Some(numbers) => forces.index_of_label(numbers[place])?,
            None => forces.species_index(&system.species[k].name)?,
        };
    }
    let types = system.types.iter().map(|&t| new_types[t as usize]).collect();
    let mut renamed = System::new(system.cell, forces.species.clone(), types, system.positions)?;
    renamed.velocities = system.velocities;
    Ok(renamed)
}

fn refuse_overlap(system: &System, file: &str) -> Result<()> {
    let mut neighbors = NeighborList::new(OVERLAP, 0.0)?;
    neighbors.update(system)?;
    let Some(pair) = neighbors.closest_pair() else { return Ok(()) };
    let expected = format!("at least {OVERLAP} Å");
    Err(Error::invalid(format!("structure of {file}"), pair.in_words(system), expected))
}

/// A salt of ions whose charges are known is neutral, also where the forces are short-ranged and would not notice: what lacks
/// an ion is a mistake, and has no conductivity. Ions in vacuum may be charged.
fn refuse_charge(system: &System, file: &str) -> Result<()> {
    let Some(charge) = system.ionic_charge().filter(|charge| system.cell.is_bulk() && charge.abs() > CHARGE) else {
        return Ok(());
    };
    let ions = system.species.iter().zip(system.counts()).filter(|(_, count)| *count > 0);
    let ions = ions.map(|(ion, count)| format!("{count} {} of {:+} e", ion.name, ion.charge_e.unwrap_or(0.0)));
    let found = format!("{charge:+} e: {}", ions.collect::<Vec<_>>().join(", "));
    Err(Error::invalid(
        format!("charge of the cell of {file}"),
        found,
        "none: as many + as - charges (a fitted potential by its file, without the card, runs it: it knows no charges)",
    ))
}
