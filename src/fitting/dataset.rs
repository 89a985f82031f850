//! Labelled configurations, checked before anything is fitted to them.

use crate::error::{Error, Result};
use crate::io::Configuration;
use crate::labelling::METHOD;
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::system::{SAME_POSITION, Species, System};
use crate::units::EV_PER_A3_TO_GPA;

use super::{plausible, units};

/// Skin of the neighbour lists, Å: not zero, so that the potential alone decides on pairs at the very cutoff.
const SKIN: f64 = 0.1;
/// How far to look for the closest pair, Å; no two atoms of a condensed phase are further apart.
const CLOSEST_PAIR_REACH: f64 = 4.0;
/// Labels of one structure contradict each other where they differ by more, eV an atom and eV/Å.
const SAME_LABEL: f64 = 1e-3;
/// The same of stresses, GPa.
const SAME_STRESS: f64 = 0.1;

/// Labels of one configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// Total energy, eV.
    pub energy: f64,
    /// Force on each atom, eV/Å.
    pub forces: Vec<Vec3>,
    /// PlusStress xx, yy, zz, yz, xz, xy, eV.
    pub stress: Option<[f64; 6]>,
}

impl Labels {
    /// Label of a row of the fit: the energy, the forces, the stresses; zero where there is none.
    pub(super) fn rows(&self, out: &mut Vec<f64>) {
        out.clear();
        out.push(self.energy);
        out.extend(self.forces.iter().flat_map(|force| force.iter()));
        out.extend(self.stress.unwrap_or_default());
    }
}

/// A configuration with its labels.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// Its number in the data set as it was read, from 1.
    pub number: usize,
    /// Its name, where its file gives one.
    pub name: Option<String>,
    /// Atoms; types index the data set's species.
    pub system: System,
    /// Labels.
    pub labels: Labels,
}

/// Configurations to fit to.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// Species in the order of the potential.
    pub species: Vec<Species>,
    /// The configurations.
    pub configurations: Vec<Labelled>,
    /// What a user should know of them, although the fit goes on.
    pub notes: Vec<String>,
}

impl DataSet {
    /// Checks labelled configurations whose types index `species`.
    ///
    /// # Errors
    /// No configuration; lengths that are not in Å; a label that is missing or not finite; a configuration marked as not converged; labels by two methods;
    /// two configurations that have the same atoms and different labels.
    pub fn new(configurations: Vec<Configuration>, species: Vec<Species>) -> Result<Self> {
        if configurations.is_empty() {
            return Err(Error::invalid("data set", "no configuration", "labelled configurations"));
        }
        plausible::check_lengths(configurations.iter().map(|configuration| &configuration.system))?;
        check_labelled(&configurations)?;
        check_one_method(&configurations)?;
        let mut set = Self { species, configurations: Vec::new(), notes: Vec::new() };
        for (k, configuration) in configurations.into_iter().enumerate() {
            let labelled = labelled(configuration, k)?;
            if labelled.system.types.iter().any(|&kind| kind as usize >= set.species.len()) {
                let expected = format!("types below {}", set.species.len());
                return Err(Error::invalid(describe(k, &labelled.name), "a type without species", expected));
            }
            set.configurations.push(labelled);
        }
        set.drop_duplicates()?;
        set.note_stresses();
        set.note_net_forces();
        set.note_units();
        Ok(set)
    }

    /// Number of configurations.
    pub fn len(&self) -> usize {
        self.configurations.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.configurations.is_empty()
    }

    /// The configurations as files hold them.
    pub fn to_configurations(&self) -> Vec<Configuration> {
        let configuration = |labelled: &Labelled| {
            let Labels { energy, forces, stress } = &labelled.labels;
            let tensor = |[xx, yy, zz, yz, xz, xy]: [f64; 6]| Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz);
            Configuration {
                name: labelled.name.clone(),
                energy: Some(*energy),
                forces: Some(forces.clone()),
                plus_stress: stress.map(tensor),
                ..Configuration::new(labelled.system.clone())
            }
        };
        self.configurations.iter().map(configuration).collect()
    }

    /// Distance of the closest pair of atoms within 4 Å, Å, with the number of the configuration that has it.
    ///
    /// # Errors
    /// A cell too small for a list of neighbours.
    pub fn closest_pair(&self) -> Result<Option<(f64, usize)>> {
        let mut closest: Option<(f64, usize)> = None;
        for labelled in &self.configurations {
            let neighbors = neighbor_list(&labelled.system, CLOSEST_PAIR_REACH)?;
            for atom in 0..labelled.system.len() {
                for slot in neighbors.range(atom) {
                    let distance = neighbors.vector(atom, slot).norm();
                    if closest.is_none_or(|(least, _)| distance < least) {
                        closest = Some((distance, labelled.number));
                    }
                }
            }
        }
        Ok(closest)
    }

    /// Rows of the fit: an energy, 3N forces and up to six stresses each.
    pub fn equation_count(&self) -> usize {
        let rows = |l: &Labelled| 1 + 3 * l.system.len() + l.labels.stress.map_or(0, |stress| stress.len());
        self.configurations.iter().map(rows).sum()
    }

    /// Moves every `1/fraction`-th configuration of each composition into a set of its own, never the first.
    pub fn split(mut self, fraction: f64) -> (Self, Self) {
        let mut held_out = Self { species: self.species.clone(), configurations: Vec::new(), notes: Vec::new() };
        let mut seen: Vec<(Vec<usize>, f64)> = Vec::new();
        let mut kept = Vec::new();
        for labelled in self.configurations.drain(..) {
            let counts = labelled.system.counts();
            let place = seen.iter().position(|(known, _)| *known == counts).unwrap_or_else(|| {
                // Compositions begin at different phases, so that rare ones don't all stay on one side.
                seen.push((counts, (0.5 + 0.618_034 * seen.len() as f64) % 1.0 * (1.0 - fraction)));
                seen.len() - 1
            });
            let share = &mut seen[place].1;
            *share += fraction;
            if *share >= 1.0 {
                *share -= 1.0;
                held_out.configurations.push(labelled);
            } else {
                kept.push(labelled);
            }
        }
        self.configurations = kept;
        (self, held_out)
    }

    /// # Errors
    /// A species that no configuration has: nothing would say what its coefficients are.
    pub(super) fn check_species(&self) -> Result<()> {
        let occurs = |kind: usize| {
            self.configurations.iter().any(|labelled| labelled.system.types.iter().any(|&t| t as usize == kind))
        };
        match (0..self.species.len()).find(|&kind| !occurs(kind)) {
            Some(kind) => {
                let found = format!("no atom of species {} ({})", kind, self.species[kind].name);
                let expected = "every species in some configuration that is fitted to: its coefficients are free else";
                Err(Error::invalid("data set", found, expected))
            }
            None => Ok(()),
        }
    }

    /// Keeps one of each structure.
    fn drop_duplicates(&mut self) -> Result<()> {
        let pairs = duplicates(&self.configurations.iter().map(|labelled| &labelled.system).collect::<Vec<_>>());
        for &(first, second) in &pairs {
            let (a, b) = (&self.configurations[first], &self.configurations[second]);
            let order = a.system.matched_with(&b.system).unwrap_or_default();
            if let Some(difference) = contradiction(a, b, &order) {
                let names = format!("{} and {}", describe(first, &a.name), describe(second, &b.name));
                return Err(Error::invalid(names, difference, "equal labels for equal structures"));
            }
        }
        if pairs.is_empty() {
            return Ok(());
        }
        for &(first, second) in &pairs {
            // The one that stays has all that is known.
            let stress = self.configurations[second].labels.stress;
            let kept = &mut self.configurations[first].labels.stress;
            *kept = kept.or(stress);
        }
        let numbers: Vec<String> = pairs.iter().map(|(_, second)| (second + 1).to_string()).collect();
        self.notes.push(format!("left out as duplicates of earlier ones: configurations {}", numbers.join(", ")));
        let mut place = 0;
        self.configurations.retain(|_| {
            place += 1;
            pairs.iter().all(|(_, second)| second + 1 != place)
        });
        Ok(())
    }

    fn note_stresses(&mut self) {
        let missing =
            self.configurations.iter().filter(|l| l.labels.stress.is_none() && l.system.cell.is_bulk()).count();
        if missing > 0 {
            let n = self.len();
            self.notes
                .push(format!("{missing} of {n} periodic configurations have no stress: only the others' are fitted"));
        }
    }

    fn note_units(&mut self) {
        if !units::can_check(self) {
            let note =
                "too few configurations to check units: energies must be in eV, forces in eV/Å, stresses in eV/Å^3";
            self.notes.push(note.to_owned());
        }
    }

    /// Forces that do not add up to zero are those of a calculation that is not converged, or not of a closed system.
    fn note_net_forces(&mut self) {
        let net =
            |labelled: &Labelled| labelled.labels.forces.iter().sum::<Vec3>().norm() / labelled.system.len() as f64;
        let worst = self.configurations.iter().map(net).fold(0.0, f64::max);
        if worst > 0.01 {
            self.notes
                .push(format!("forces add up to as much as {worst:.3} eV/Å an atom in a configuration, not to zero"));
        }
    }
}

/// The neighbour list of a system at rest.
pub(super) fn neighbor_list(system: &System, cutoff: f64) -> Result<NeighborList> {
    let mut neighbors = NeighborList::new(cutoff, SKIN)?;
    neighbors.update(system)?;
    Ok(neighbors)
}

fn describe(index: usize, name: &Option<String>) -> String {
    let name = name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
    format!("configuration {}{name}", index + 1)
}

/// One message for all that lack a label.
fn check_labelled(configurations: &[Configuration]) -> Result<()> {
    let lacking = |what: &str, missing: &dyn Fn(&Configuration) -> bool| {
        let numbers: Vec<usize> = (0..configurations.len()).filter(|&k| missing(&configurations[k])).collect();
        let Some(&first) = numbers.first() else { return Ok(()) };
        let found = match numbers.len() {
            n if n == configurations.len() => format!("no configuration with {what}"),
            n => format!(
                "no {what} in {n} of {}, first in {}",
                configurations.len(),
                describe(first, &configurations[first].name)
            ),
        };
        Err(Error::invalid("data set", found, "an energy and forces for every configuration"))
    };
    lacking("energy", &|configuration| configuration.energy.is_none())?;
    lacking("forces", &|configuration| configuration.forces.is_none())?;
    let unconverged = configurations.iter().position(|configuration| {
        configuration.features.iter().any(|(key, value)| {
            let no = matches!(value.to_ascii_lowercase().as_str(), "f" | "false" | "no" | "0");
            key.to_ascii_lowercase().ends_with("converged") && (no != key.to_ascii_lowercase().ends_with("unconverged"))
        })
    });
    match unconverged {
        Some(k) => Err(Error::invalid(
            describe(k, &configurations[k].name),
            "labels marked as not converged",
            "converged labels; remove the configuration or label it again",
        )),
        None => Ok(()),
    }
}

/// Energies by two methods have two zeros.
fn check_one_method(configurations: &[Configuration]) -> Result<()> {
    let stated = |configuration: &Configuration| {
        configuration.features.iter().find(|(name, _)| name == METHOD).map(|(_, method)| method.clone())
    };
    let mut methods = configurations.iter().enumerate().filter_map(|(k, c)| Some((k, stated(c)?)));
    let Some((_, first)) = methods.next() else { return Ok(()) };
    match methods.find(|(_, other)| *other != first) {
        Some((k, other)) => {
            let what = format!("method of {}", describe(k, &configurations[k].name));
            Err(Error::invalid(what, other, format!("{first}, as before: labels by two methods can't be mixed")))
        }
        None => Ok(()),
    }
}

fn labelled(configuration: Configuration, index: usize) -> Result<Labelled> {
    let Configuration { name, system, energy, forces, plus_stress, .. } = configuration;
    let (Some(energy), Some(forces)) = (energy, forces) else {
        return Err(Error::invalid(describe(index, &name), "no labels", "an energy and forces"));
    };
    let stress = plus_stress.map(|s| {
        let mean = |a: usize, b: usize| 0.5 * (s[(a, b)] + s[(b, a)]);
        [mean(0, 0), mean(1, 1), mean(2, 2), mean(1, 2), mean(0, 2), mean(0, 1)]
    });
    let numbers = forces.iter().flat_map(|f| f.iter()).chain(stress.iter().flatten()).chain([&energy]);
    if forces.len() != system.len() || system.is_empty() {
        let found = format!("{} forces for {} atoms", forces.len(), system.len());
        return Err(Error::invalid(describe(index, &name), found, "one for each of at least one atom"));
    }
    if numbers.into_iter().any(|x| !x.is_finite()) {
        return Err(Error::invalid(describe(index, &name), "a label that is not finite", "numbers"));
    }
    Ok(Labelled { number: index + 1, name, system, labels: Labels { energy, forces, stress } })
}

/// Systems that have the atoms of an earlier one, in whichever order and images, each with the first such, in order.
pub(super) fn duplicates(systems: &[&System]) -> Vec<(usize, usize)> {
    let fingerprints: Vec<f64> = systems.iter().map(|system| system.fingerprint()).collect();
    let mut order: Vec<usize> = (0..systems.len()).collect();
    order.sort_by(|&a, &b| fingerprints[a].total_cmp(&fingerprints[b]));
    let apart = |a: usize, b: usize| fingerprints[b] - fingerprints[a];
    let mut first = vec![None; systems.len()];
    for (place, &a) in order.iter().enumerate() {
        for &b in order[place + 1..].iter().take_while(|&&b| apart(a, b) < 10.0 * SAME_POSITION) {
            if systems[a].matched_with(systems[b]).is_some() {
                let earlier: &mut Option<usize> = &mut first[a.max(b)];
                *earlier = Some(earlier.map_or(a.min(b), |known| known.min(a.min(b))));
            }
        }
    }
    first.into_iter().enumerate().filter_map(|(second, first)| Some((first?, second))).collect()
}

/// What two labels of one structure disagree in; `order` names the atom of `b` at the place of each of `a`.
fn contradiction(a: &Labelled, b: &Labelled, order: &[usize]) -> Option<String> {
    let volume = a.system.cell.volume();
    let (a, b) = (&a.labels, &b.labels);
    let energy = (a.energy - b.energy).abs() / a.forces.len() as f64;
    let force = a.forces.iter().zip(order).map(|(f, &k)| (f - b.forces[k]).amax()).fold(0.0, f64::max);
    if energy > SAME_LABEL {
        return Some(format!("the same atoms, energies {energy:.4} eV an atom apart"));
    }
    if force > SAME_LABEL {
        return Some(format!("the same atoms, forces {force:.4} eV/Å apart"));
    }
    let (a, b, volume) = (a.stress?, b.stress?, volume?);
    let stress = a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max) / volume * EV_PER_A3_TO_GPA;
    (stress > SAME_STRESS).then(|| format!("the same atoms, stresses {stress:.3} GPa apart"))
}
