//! Labelled configurations, checked before anything is fitted to them.

use crate::error::{Error, Result};
use crate::io::Configuration;
use crate::labelling::method_of;
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::system::{SAME_POSITION, Species, System};
use crate::units::EV_PER_A3_TO_GPA;

use super::loss::Weights;
use super::report::proportions;
use super::{plausible, units};

/// Skin of the neighbour lists, Å: not zero, so that the potential alone decides on pairs at the very cutoff.
const SKIN: f64 = 0.1;
/// How far to look for the closest pair, Å: what most have, and what large atoms and vapours need.
const CLOSEST_PAIR_REACHES: [f64; 2] = [4.0, 12.0];
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
        let (isolated, configurations): (Vec<_>, Vec<_>) =
            (0..).zip(configurations).partition(|(_, configuration)| is_isolated_atom(configuration));
        plausible::check_lengths(configurations.iter().map(|(k, configuration)| (*k, configuration)))?;
        check_labelled(&configurations)?;
        check_one_method(&configurations)?;
        let mut set = Self { species, configurations: Vec::new(), notes: Vec::new() };
        let other_stresses = configurations.first().map_or_else(String::new, |(_, first)| {
            let names = ["stress", "virial"].map(|what| named_like(what, first));
            names.into_iter().find(|name| !name.is_empty()).unwrap_or_default()
        });
        for (k, configuration) in configurations {
            let labelled = labelled(configuration, k)?;
            if labelled.system.types.iter().any(|&kind| kind as usize >= set.species.len()) {
                let expected = format!("types below {}", set.species.len());
                return Err(Error::invalid(describe(k, &labelled.name), "a type without species", expected));
            }
            set.configurations.push(labelled);
        }
        if !isolated.is_empty() {
            let numbers: Vec<String> = isolated.iter().map(|(k, _)| (k + 1).to_string()).collect();
            set.notes.push(format!("left out as isolated atoms: configurations {}", numbers.join(", ")));
        }
        if set.is_empty() {
            return Err(Error::invalid("data set", "isolated atoms only", "configurations of several atoms"));
        }
        set.notes.extend(plausible::check_contacts(&set)?);
        plausible::check_apart(&set)?;
        set.drop_duplicates()?;
        set.note_stresses(&other_stresses);
        set.note_net_forces();
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

    /// Distance of the closest pair of atoms within 12 Å, Å, with the number of the configuration that has it.
    ///
    /// # Errors
    /// A cell too small for a list of neighbours.
    pub fn closest_pair(&self) -> Result<Option<(f64, usize)>> {
        for reach in CLOSEST_PAIR_REACHES {
            if let Some(closest) = self.closest_within(reach)? {
                return Ok(Some(closest));
            }
        }
        Ok(None)
    }

    fn closest_within(&self, reach: f64) -> Result<Option<(f64, usize)>> {
        let mut closest: Option<(f64, usize)> = None;
        for labelled in &self.configurations {
            let own = closest_in(&labelled.system, reach)?.map(|distance| (distance, labelled.number));
            closest = closest.into_iter().chain(own).min_by(|a, b| a.0.total_cmp(&b.0));
        }
        Ok(closest)
    }

    /// Rows of the fit that have weight: an energy, 3N forces and up to six stresses each.
    pub fn equation_count(&self, weights: &Weights) -> usize {
        let rows = |l: &Labelled| {
            let stresses = l.labels.stress.map_or(0, |stress| stress.len());
            let counted = [(weights.energy, 1), (weights.force, 3 * l.system.len()), (weights.stress, stresses)];
            counted.into_iter().filter(|(weight, _)| *weight > 0.0).map(|(_, rows)| rows).sum::<usize>()
        };
        self.configurations.iter().map(rows).sum()
    }

    /// Moves a share of the configurations of each composition into a set of its own, never the first: evenly, and so that
    /// rare compositions together give their share. Of what has a composition of its own, only what has no species for the
    /// first time is moved.
    pub fn split(mut self, fraction: f64) -> (Self, Self) {
        let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
        for (place, labelled) in self.configurations.iter().enumerate() {
            let shares = proportions(&labelled.system.counts());
            match groups.iter_mut().find(|(known, _)| *known == shares) {
                Some((_, places)) => places.push(place),
                None => groups.push((shares, vec![place])),
            }
        }
        let mut stays_known = vec![false; self.species.len()];
        let mut know = |shares: &[usize]| {
            let all_known = shares.iter().zip(&stays_known).all(|(&share, known)| share == 0 || *known);
            shares.iter().zip(&mut stays_known).for_each(|(&share, known)| *known |= share > 0);
            all_known
        };
        groups.iter().filter(|(_, places)| places.len() > 1).for_each(|(shares, _)| _ = know(shares));
        let mut moves = vec![false; self.len()];
        // Rounded, not cut off.
        let mut owed = 0.5;
        for (shares, places) in &groups {
            owed += fraction * places.len() as f64;
            let first = usize::from(places.len() > 1 || !know(shares));
            let most = places.len() - first;
            let taken = (owed as usize).min(most);
            owed -= taken as f64;
            (0..taken).for_each(|k| moves[places[first + (2 * k + 1) * most / (2 * taken)]] = true);
        }
        let mut held_out = Self { species: self.species.clone(), configurations: Vec::new(), notes: Vec::new() };
        let mut kept = Vec::new();
        for (labelled, moves) in self.configurations.into_iter().zip(moves) {
            if moves { held_out.configurations.push(labelled) } else { kept.push(labelled) }
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
                let names = format!("{} and {}", describe(a.number - 1, &a.name), describe(b.number - 1, &b.name));
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
        let numbers: Vec<String> =
            pairs.iter().map(|(_, second)| self.configurations[*second].number.to_string()).collect();
        self.notes.push(format!("left out as duplicates of earlier ones: configurations {}", numbers.join(", ")));
        let mut place = 0;
        self.configurations.retain(|_| {
            place += 1;
            pairs.iter().all(|(_, second)| second + 1 != place)
        });
        Ok(())
    }

    /// `other` names what may be stresses under another name.
    fn note_stresses(&mut self, other: &str) {
        let bulk = || self.configurations.iter().filter(|labelled| labelled.system.cell.is_bulk());
        let missing = bulk().filter(|labelled| labelled.labels.stress.is_none()).count();
        if missing > 0 {
            let all = bulk().count();
            self.notes.push(format!("{missing} of {all} periodic configurations have no stress{other}"));
        }
        let mut open = self.configurations.iter().filter(|labelled| !labelled.system.cell.is_bulk());
        if let Some(first) = open.next().filter(|_| bulk().next().is_some()) {
            let (count, all) = (1 + open.count(), self.len());
            let first = describe(first.number - 1, &first.name);
            self.notes.push(format!(
                "{count} of {all} configurations do not repeat in all directions and have no stress, first {first}"
            ));
        }
    }

    /// What a fit can't check of the units of so few configurations.
    pub fn note_on_units(&self) -> Option<String> {
        let must = units::EXPECTED;
        if !units::can_check(self) {
            return Some(format!("too few configurations to check units, which must be {must}"));
        }
        let no_stress = self.configurations.iter().all(|labelled| labelled.labels.stress.is_none());
        no_stress.then(|| format!("without stresses units are hardly checked; they must be {must}"))
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

/// Distance of the closest atoms of a system, Å, where some are within `reach`.
pub(super) fn closest_in(system: &System, reach: f64) -> Result<Option<f64>> {
    let neighbors = neighbor_list(system, reach)?;
    let distances = (0..system.len()).flat_map(|atom| neighbors.range(atom).map(move |slot| (atom, slot)));
    Ok(distances.map(|(atom, slot)| neighbors.vector(atom, slot).norm()).min_by(f64::total_cmp))
}

/// The neighbour list of a system at rest.
pub(super) fn neighbor_list(system: &System, cutoff: f64) -> Result<NeighborList> {
    let mut neighbors = NeighborList::new(cutoff, SKIN)?;
    neighbors.update(system)?;
    Ok(neighbors)
}

/// A configuration as messages name it.
pub(super) fn describe(index: usize, name: &Option<String>) -> String {
    let name = name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
    format!("configuration {}{name}", index + 1)
}

/// One message for all that lack a label.
fn check_labelled(configurations: &[(usize, Configuration)]) -> Result<()> {
    let lacking = |what: &str, missing: &dyn Fn(&Configuration) -> bool| {
        let mut without = configurations.iter().filter(|(_, configuration)| missing(configuration));
        let Some((k, first)) = without.next() else { return Ok(()) };
        let found = match 1 + without.count() {
            n if n == configurations.len() => format!("no configuration with {what}{}", named_like(what, first)),
            n => format!("no {what} in {n} of {}, first in {}", configurations.len(), describe(*k, &first.name)),
        };
        Err(Error::invalid("data set", found, "an energy and forces for every configuration"))
    };
    lacking("energy", &|configuration| configuration.energy.is_none())?;
    lacking("forces", &|configuration| configuration.forces.is_none())?;
    let unconverged = |configuration: &Configuration| {
        configuration.features.iter().any(|(key, value)| says_not_converged(key, value))
    };
    match configurations.iter().find(|(_, configuration)| unconverged(configuration)) {
        Some((k, configuration)) => Err(Error::invalid(
            describe(*k, &configuration.name),
            "labels marked as not converged",
            "converged labels; remove the configuration or label it again",
        )),
        None => Ok(()),
    }
}

/// What other potentials are fitted to for energies of atoms: a potential of a melt has another zero.
fn is_isolated_atom(configuration: &Configuration) -> bool {
    let marked = |(key, value): &(String, String)| key == "config_type" && value.eq_ignore_ascii_case("IsolatedAtom");
    configuration.system.len() == 1 && configuration.features.iter().any(marked)
}

/// Whether a property such as `scf_converged=F` or `not_converged=T` says so.
fn says_not_converged(key: &str, value: &str) -> bool {
    let (key, value) = (key.to_ascii_lowercase(), value.to_ascii_lowercase());
    // MLIP's converter says so of where labels come from.
    if value.contains("not_converged") {
        return true;
    }
    let Some(before) = key.strip_suffix("converged") else { return false };
    let negated = ["un", "non", "not"].iter().any(|no| before.trim_end_matches(['_', '-']).ends_with(no));
    match value.as_str() {
        "f" | "false" | "no" | "0" => !negated,
        "t" | "true" | "yes" | "1" => negated,
        _ => false,
    }
}

/// What a configuration has under names such as `REF_energy`, which are not read.
fn named_like(what: &str, configuration: &Configuration) -> String {
    let stem = what.trim_end_matches('s');
    let names = configuration.features.iter().map(|(name, _)| name);
    let names = names.chain(configuration.columns.iter().map(|(name, _)| name));
    // Columns of vectors have the numbers of their components behind them.
    let whole = |name: &'_ String| name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_').to_owned();
    let mut like: Vec<String> = names.filter(|name| name.to_lowercase().contains(stem)).map(whole).collect();
    like.dedup();
    if like.is_empty() {
        String::new()
    } else {
        format!(", but {}, which is not read: name it {what}", like.join(", "))
    }
}

/// Energies by two methods have two zeros.
fn check_one_method(configurations: &[(usize, Configuration)]) -> Result<()> {
    let mut methods = configurations.iter().filter_map(|(k, one)| Some((k, &one.name, method_of(one)?)));
    let Some((_, _, first)) = methods.next() else { return Ok(()) };
    match methods.find(|(_, _, other)| *other != first) {
        Some((k, name, other)) => {
            let what = format!("method of {}", describe(*k, name));
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
