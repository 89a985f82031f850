//! What is in a data set, before anything is fitted to it: how much of what, in which range, and what looks wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::io::Configuration;
use crate::labelling::method_of;
use crate::system::Species;
use crate::units::EV_PER_A3_TO_GPA;

use super::dataset::{duplicates, neighbor_list};
use super::outliers::{Outlier, outliers};
use super::plausible;
use super::report::{formula, proportions};

/// How far to look for the closest atoms of each pair of species, Å.
const REACH: f64 = 5.0;
/// Names of features that give a temperature in K.
const TEMPERATURES: [&str; 5] =
    ["temperature", "temperature_k", "temp", "target_temperature", "thermostat_temperature"];
/// Temperatures that a name may mean, K.
const PLAUSIBLE: std::ops::RangeInclusive<f64> = 1.0..=20_000.0;
/// Least temperature that a name may give as "300K", K: "8K" may as well count atoms of potassium.
const LEAST_BEFORE_UNIT: f64 = 100.0;

/// Smallest and largest of some numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Smallest.
    pub low: f64,
    /// Largest.
    pub high: f64,
    /// How many numbers.
    pub count: usize,
}

/// What a data set holds. Configurations are numbered from 1, in the order of the files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// Number of configurations.
    pub configurations: usize,
    /// Atoms in a configuration.
    pub atoms: Option<Extent>,
    /// Atoms of each species in all configurations, in the order of the potential.
    pub species: Vec<SpeciesCount>,
    /// Whether the files give species by number only.
    pub numbered: bool,
    /// By composition.
    pub compositions: Vec<CompositionSummary>,
    /// K, of the configurations whose name or properties state one.
    pub temperature_k: Option<Extent>,
    /// Volume of an atom in configurations with three lattice vectors, Å^3.
    pub volume_per_atom: Option<Extent>,
    /// Closest atoms of each pair of species within 5 Å.
    pub closest: Vec<ClosestPair>,
    /// Configurations with an energy, forces, a stress.
    pub labels: LabelCounts,
    /// Energy less the part that the composition explains, eV an atom.
    pub energy_per_atom: Option<Extent>,
    /// Length of the forces, eV/Å.
    pub force: Option<Extent>,
    /// Pressure of the stress labels, GPa.
    pub pressure_gpa: Option<Extent>,
    /// Methods that labels state.
    pub methods: Vec<String>,
    /// Configurations unlike the others.
    pub outliers: Vec<Outlier>,
    /// Pairs of configurations with the same atoms.
    pub duplicates: Vec<[usize; 2]>,
    /// Configurations without an energy or without forces.
    pub unlabelled: Vec<usize>,
}

/// Atoms of a species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpeciesCount {
    /// Its name.
    pub species: String,
    /// Atoms in all configurations.
    pub atoms: usize,
}

/// Configurations with the same proportions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompositionSummary {
    /// Smallest whole numbers, such as "K1 Ca2 Cl5".
    pub composition: String,
    /// Number of configurations.
    pub configurations: usize,
    /// The configuration whose largest force is smallest: a good place to start a run.
    pub calmest: usize,
}

/// The closest atoms of two species.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosestPair {
    /// The species, such as "K–Cl".
    pub pair: String,
    /// Their distance, Å.
    pub distance: f64,
    /// The configuration that has them.
    pub configuration: usize,
}

/// How many configurations have which label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelCounts {
    /// An energy.
    pub energy: usize,
    /// Forces.
    pub forces: usize,
    /// A stress.
    pub stress: usize,
}

impl Extent {
    /// Of the finite ones among `values`; `None` where there is none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let finite = values.into_iter().filter(|value| value.is_finite());
        finite.fold(None, |extent: Option<Self>, value| {
            let Self { low, high, count } = extent.unwrap_or(Self { low: value, high: value, count: 0 });
            Some(Self { low: low.min(value), high: high.max(value), count: count + 1 })
        })
    }
}

impl DataSummary {
    /// Looks through configurations whose types index `species`, whose names are numbers where files do not name elements.
    ///
    /// # Errors
    /// Lengths that are not in Å; a cell that no list of neighbours can be made for.
    pub fn new(configurations: &[Configuration], species: &[Species]) -> Result<Self> {
        let names: Vec<&str> = species.iter().map(|species| species.name.as_str()).collect();
        plausible::check_lengths(configurations.iter().enumerate())?;
        let contacts = contacts(configurations, species.len())?;
        let energies = energies(configurations, species.len());
        let forces: Vec<Option<f64>> = configurations.iter().map(largest_force).collect();
        let shortest: Vec<Option<f64>> = contacts.iter().map(|of| of.values().copied().reduce(f64::min)).collect();
        let atoms = |kind: usize| {
            configurations.iter().map(|c| c.system.types.iter().filter(|&&t| t as usize == kind).count()).sum()
        };
        let has = |label: &dyn Fn(&Configuration) -> bool| configurations.iter().filter(|c| label(c)).count();
        let lacks = |c: &Configuration| c.energy.is_none() || c.forces.is_none();
        Ok(Self {
            configurations: configurations.len(),
            atoms: Extent::of(configurations.iter().map(|c| c.system.len() as f64)),
            species: names
                .iter()
                .enumerate()
                .map(|(kind, name)| SpeciesCount { species: (*name).to_owned(), atoms: atoms(kind) })
                .collect(),
            numbered: names.iter().all(|name| name.parse::<usize>().is_ok()),
            compositions: compositions(configurations, &names, &forces),
            temperature_k: Extent::of(configurations.iter().filter_map(temperature)),
            volume_per_atom: Extent::of(configurations.iter().filter_map(volume_per_atom)),
            closest: closest(&contacts, &names),
            labels: LabelCounts {
                energy: has(&|c| c.energy.is_some()),
                forces: has(&|c| c.forces.is_some()),
                stress: has(&|c| c.plus_stress.is_some()),
            },
            energy_per_atom: Extent::of(energies.iter().flatten().copied()),
            force: Extent::of(configurations.iter().flat_map(|c| c.forces.iter().flatten()).map(|force| force.norm())),
            pressure_gpa: Extent::of(configurations.iter().filter_map(pressure)),
            methods: methods(configurations),
            outliers: outliers(configurations, &energies, &forces, &shortest),
            duplicates: duplicates(&configurations.iter().map(|c| &c.system).collect::<Vec<_>>())
                .into_iter()
                .map(|(first, second)| [first + 1, second + 1])
                .collect(),
            unlabelled: (0..configurations.len()).filter(|&k| lacks(&configurations[k])).map(|k| k + 1).collect(),
        })
    }

    /// The summary as a few lines.
    pub fn text(&self) -> String {
        let extent = |name: &str, extent: Option<Extent>, unit: &str| match extent {
            Some(Extent { low, high, count }) => format!("  {name}: {low:.4} to {high:.4} {unit} ({count})\n"),
            None => String::new(),
        };
        let species: Vec<String> = self.species.iter().map(|s| format!("{} {}", s.atoms, s.species)).collect();
        let mut out = format!("{} configurations, atoms: {}\n", self.configurations, species.join(", "));
        let LabelCounts { energy, forces, stress } = self.labels;
        out.push_str(&format!("  labels: {energy} energies, {forces} forces, {stress} stresses\n"));
        for CompositionSummary { composition, configurations, .. } in &self.compositions {
            out.push_str(&format!("  {composition}: {configurations}\n"));
        }
        out.push_str(&extent("temperature", self.temperature_k, "K"));
        out.push_str(&extent("volume of an atom", self.volume_per_atom, "Å^3"));
        out.push_str(&extent("energy less that of the composition", self.energy_per_atom, "eV/atom"));
        out.push_str(&extent("force", self.force, "eV/Å"));
        out.push_str(&extent("pressure", self.pressure_gpa, "GPa"));
        for ClosestPair { pair, distance, configuration } in &self.closest {
            out.push_str(&format!("  closest {pair}: {distance:.3} Å (configuration {configuration})\n"));
        }
        for outlier in &self.outliers {
            out.push_str(&format!("  unlike the others: {outlier}\n"));
        }
        out
    }
}

/// Shortest distance of each pair of species within reach in each configuration, Å.
fn contacts(configurations: &[Configuration], species: usize) -> Result<Vec<BTreeMap<(usize, usize), f64>>> {
    let of = |configuration: &Configuration| {
        let system = &configuration.system;
        let neighbors = neighbor_list(system, REACH)?;
        let mut shortest = vec![f64::INFINITY; species * species];
        for atom in 0..system.len() {
            for slot in neighbors.range(atom) {
                let other = neighbors.slots()[slot].atom as usize;
                let (a, b) = (system.types[atom] as usize, system.types[other] as usize);
                let entry = &mut shortest[a.min(b) * species + a.max(b)];
                *entry = entry.min(neighbors.vector(atom, slot).norm());
            }
        }
        let found = shortest.iter().enumerate().filter(|(_, distance)| distance.is_finite());
        Ok(found.map(|(place, &distance)| ((place / species, place % species), distance)).collect())
    };
    configurations.iter().map(of).collect()
}

fn closest(contacts: &[BTreeMap<(usize, usize), f64>], names: &[&str]) -> Vec<ClosestPair> {
    let mut closest: BTreeMap<(usize, usize), (f64, usize)> = BTreeMap::new();
    for (k, of) in contacts.iter().enumerate() {
        for (&pair, &distance) in of {
            let entry = closest.entry(pair).or_insert((distance, k));
            if distance < entry.0 {
                *entry = (distance, k);
            }
        }
    }
    let name = |kind: usize| names.get(kind).copied().unwrap_or("?");
    let pair = |((a, b), (distance, k)): ((usize, usize), (f64, usize))| ClosestPair {
        pair: format!("{}–{}", name(a), name(b)),
        distance,
        configuration: k + 1,
    };
    closest.into_iter().map(pair).collect()
}

/// Energy of each configuration less the part that its composition explains, eV an atom.
fn energies(configurations: &[Configuration], species: usize) -> Vec<Option<f64>> {
    let known = |c: &Configuration| c.energy.filter(|energy| energy.is_finite() && !c.system.is_empty());
    let labelled: Vec<(Vec<usize>, f64)> =
        configurations.iter().filter_map(|c| Some((c.system.counts(), known(c)?))).collect();
    // A line that single mistakes do not move, so that they are seen.
    let mut line = plausible::line(species, &labelled).into_iter();
    let residual = |c: &Configuration| Some(known(c)? / c.system.len() as f64 - line.next()?);
    configurations.iter().map(residual).collect()
}

fn largest_force(configuration: &Configuration) -> Option<f64> {
    configuration.forces.as_ref().map(|forces| forces.iter().map(|force| force.norm()).fold(0.0, f64::max))
}

fn volume_per_atom(configuration: &Configuration) -> Option<f64> {
    configuration.system.cell.volume().map(|volume| volume / configuration.system.len().max(1) as f64)
}

fn pressure(configuration: &Configuration) -> Option<f64> {
    let volume = configuration.system.cell.volume()?;
    configuration.plus_stress.map(|stress| stress.trace() / (3.0 * volume) * EV_PER_A3_TO_GPA)
}

/// From the properties, else from a part of the name such as "T1050" or "1050K".
fn temperature(configuration: &Configuration) -> Option<f64> {
    let plausible = |text: &str| text.parse::<f64>().ok().filter(|value| PLAUSIBLE.contains(value));
    let stated = configuration
        .features
        .iter()
        // A small t is a time.
        .filter(|(name, _)| name == "T" || TEMPERATURES.contains(&name.to_ascii_lowercase().as_str()))
        .find_map(|(_, value)| plausible(value));
    let name = configuration.name.as_deref().unwrap_or_default();
    let parts = name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let before_unit = |part: &str| plausible(part.strip_suffix('K')?).filter(|&value| value >= LEAST_BEFORE_UNIT);
    let named = |part: &str| part.strip_prefix('T').map_or_else(|| before_unit(part), plausible);
    stated.or_else(|| parts.filter_map(named).next())
}

fn methods(configurations: &[Configuration]) -> Vec<String> {
    let mut methods: Vec<String> = configurations.iter().filter_map(method_of).map(str::to_owned).collect();
    methods.sort_unstable();
    methods.dedup();
    methods
}

fn compositions(configurations: &[Configuration], names: &[&str], forces: &[Option<f64>]) -> Vec<CompositionSummary> {
    let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for (k, configuration) in configurations.iter().enumerate() {
        groups.entry(proportions(&configuration.system.counts())).or_default().push(k);
    }
    let strongest = |k: &usize| forces[*k].unwrap_or(f64::INFINITY);
    let summary = |(counts, members): (Vec<usize>, Vec<usize>)| CompositionSummary {
        composition: formula(&counts, names),
        configurations: members.len(),
        calmest: members.iter().copied().min_by(|a, b| strongest(a).total_cmp(&strongest(b))).unwrap_or(0) + 1,
    };
    groups.into_iter().map(summary).collect()
}
