//! What positions and labels can't be, whatever the material: told before any work, and without a fit.

use crate::error::{Error, Result};
use crate::io::Configuration;
use crate::system::System;
use crate::system::species::{element, ionic_charge};
use crate::units::{EV_PER_A3_TO_GPA, HARTREE, RYDBERG};

use super::dataset::{DataSet, Labelled, closest_in, describe, neighbor_list};
use super::loss::Weights;
use super::outliers::{median, typical};
use super::weighted_composition_energies;

/// No two atoms are closer, Å, and none takes less room, Å^3: H2 has 0.74 Å, diamond 5.7 Å^3.
const CLOSEST: f64 = 0.5;
const LEAST_VOLUME: f64 = 1.0;
/// Atoms that are closer are at one place, Å.
const SAME_PLACE: f64 = 0.1;
/// Atoms of a configuration whose distances are looked at.
const LOOKED_AT: usize = 64;
/// The closest atoms of a liquid or solid of some atoms, over the sum of their empirical radii: 0.6 to 1.1 in ours, 1.9 times as
/// much in bohr.
const MOST_CONTACT: f64 = 1.3;
const LEAST_CONTACT: f64 = 0.35;
/// The least radius, Å: in molecules, small atoms are further apart than theirs say.
const LEAST_RADIUS: f64 = 0.6;
/// How far to look for them, Å, and the fewest atoms that say anything.
const CONTACT_REACH: f64 = 7.0;
const FEWEST_ATOMS: usize = 8;
/// The share of configurations from which that is no matter of single ones, and the fewest that have a share.
const MANY: f64 = 0.3;
const FEWEST: i32 = 6;
/// Configurations from which equal labels are no chance.
const FEWEST_ALIKE: usize = 3;
/// A median pressure beyond it is in another unit: the centre of the Earth has 360 GPa.
const MOST_GPA: f64 = 1000.0;
/// Deviations from the line through compositions from which an energy is off it, and within which one is on it.
const OFF: f64 = 5.0;
const ON: f64 = 4.0;
/// Atoms that take this many times the usual room are apart.
const MOST_DILUTE: f64 = 2.0;
/// The least deviation, eV an atom.
const LEAST_DEVIATION: f64 = 0.02;
/// Passes that turn squares of deviations into magnitudes, and the magnitude below which they count alike, eV an atom.
const PASSES: usize = 30;
const SMALL: f64 = 1e-3;

/// Positions in nm would make lists of neighbours without end: to be called before there is one. Configurations come with
/// their places.
///
/// # Errors
/// Atoms that are closer than atoms can be in most configurations; in one, atoms that have less room.
pub(super) fn check_lengths<'a>(
    configurations: impl ExactSizeIterator<Item = (usize, &'a Configuration)> + Clone,
) -> Result<()> {
    let all = configurations.len();
    let crowded = configurations.clone().filter(|(_, configuration)| is_crowded(&configuration.system)).count();
    if 2 * crowded > all {
        let found = format!(
            "atoms closer than {CLOSEST} Å, or in less than {LEAST_VOLUME} Å^3, in {crowded} of {all} configurations"
        );
        let expected = "lengths in Å; those in nm look like this (times 10)";
        return Err(Error::invalid("positions and cells", found, expected));
    }
    match configurations.into_iter().find(|(_, configuration)| is_dense(&configuration.system)) {
        Some((k, configuration)) => {
            let found = format!("a cell with less than {LEAST_VOLUME} Å^3 an atom");
            Err(Error::invalid(describe(k, &configuration.name), found, "a cell in Å"))
        }
        None => Ok(()),
    }
}

/// Atoms on top of each other in single configurations.
///
/// # Errors
/// Atoms that are closer than even those of a repulsion that was calculated.
pub(super) fn check_apart(set: &DataSet) -> Result<()> {
    for labelled in &set.configurations {
        if let Some(distance) = closest_in(&labelled.system, SAME_PLACE)?.filter(|distance| *distance < SAME_PLACE) {
            let found = format!("atoms {distance:.3} Å apart");
            let what = describe(labelled.number - 1, &labelled.name);
            return Err(Error::invalid(what, found, format!("at least {SAME_PLACE} Å")));
        }
    }
    Ok(())
}

fn is_dense(system: &System) -> bool {
    system.cell.volume().is_some_and(|volume| volume < LEAST_VOLUME * system.len() as f64)
}

fn is_crowded(system: &System) -> bool {
    let some = &system.positions[..system.len().min(LOOKED_AT)];
    let close = |(k, p): (usize, &crate::math::Vec3)| some[..k].iter().any(|q| (p - q).norm() < CLOSEST);
    is_dense(system) || some.iter().enumerate().any(close)
}

/// Positions in bohr, or in bohr in a cell in Å: what elements' radii say of the closest atoms of liquids and solids.
/// Returns notes where a few configurations look so.
///
/// # Errors
/// A good part of the configurations whose closest atoms are far too far apart, or far too close.
pub(super) fn check_contacts(set: &DataSet) -> Result<Vec<String>> {
    let mut known = 0;
    let (mut apart, mut close) = (Vec::new(), Vec::new());
    for labelled in &set.configurations {
        let Some(contact) = closest_contact(&labelled.system)? else { continue };
        known += 1;
        match contact {
            contact if contact > MOST_CONTACT => apart.push(labelled.number),
            contact if contact < LEAST_CONTACT => close.push(labelled.number),
            _ => {}
        }
    }
    let many = |numbers: &[usize]| known >= FEWEST && numbers.len() as f64 > MANY * f64::from(known);
    let of = |numbers: &[usize]| format!("{} of {known} configurations, first {}", numbers.len(), numbers[0]);
    if many(&apart) {
        let found =
            format!("the closest atoms over {MOST_CONTACT} times as far apart as their radii say in {}", of(&apart));
        return Err(Error::invalid(
            "positions and cells",
            found,
            "lengths in Å; those in bohr look like this (times 0.529177)",
        ));
    }
    if many(&close) {
        let found =
            format!("atoms at less than {LEAST_CONTACT} of the distance that their radii say in {}", of(&close));
        let expected = "positions in Å in cells in Å; those in bohr in a cell in Å look like this";
        return Err(Error::invalid("positions and cells", found, expected));
    }
    let note = |numbers: &[usize], what: &str| {
        (!numbers.is_empty()).then(|| format!("{what} than their radii say in {}: is that right?", of(numbers)))
    };
    let notes = [note(&close, "atoms far closer"), note(&apart, "the closest atoms far further apart")];
    Ok(notes.into_iter().flatten().collect())
}

/// The least distance of two atoms over the sum of their radii; infinite where none are near. `None` of what says nothing:
/// few atoms, an open cell, noble gases, species without an element.
fn closest_contact(system: &System) -> Result<Option<f64>> {
    let of_species: Vec<Option<f64>> = system.species.iter().map(|species| bonding_radius(&species.name)).collect();
    let radii: Option<Vec<f64>> = system.types.iter().map(|&kind| *of_species.get(kind as usize)?).collect();
    let Some(radii) = radii.filter(|_| system.cell.is_bulk() && system.len() >= FEWEST_ATOMS) else { return Ok(None) };
    let neighbors = neighbor_list(system, CONTACT_REACH)?;
    let of = |atom: usize| {
        let share = |slot: usize| {
            let other = neighbors.slots()[slot].atom as usize;
            neighbors.vector(atom, slot).norm() / (radii[atom] + radii[other])
        };
        neighbors.range(atom).map(share).fold(f64::INFINITY, f64::min)
    };
    Ok(Some((0..system.len()).map(of).fold(f64::INFINITY, f64::min)))
}

/// Empirical radius of an element that bonds, Å.
fn bonding_radius(name: &str) -> Option<f64> {
    let element = element(name).ok().filter(|element| ionic_charge(*element) != Some(0.0))?;
    element.atomic_radius().map(|picometer| f64::max(picometer.0 / 100.0, LEAST_RADIUS))
}

/// # Errors
/// Forces that are all zero, pressures beyond any, energies in two units: of what has weight.
pub(super) fn check(set: &DataSet, weights: &Weights) -> Result<()> {
    if weights.force > 0.0 {
        check_forces(set)?;
    }
    check_placeholders(set, weights)?;
    if weights.stress > 0.0 {
        check_pressures(set)?;
    }
    if weights.energy > 0.0 { check_energies(set) } else { Ok(()) }
}

fn check_forces(set: &DataSet) -> Result<()> {
    let forces = || set.configurations.iter().flat_map(|labelled| &labelled.labels.forces);
    let several = set.configurations.iter().any(|labelled| labelled.system.len() > 1);
    match several && forces().all(|force| force.norm() == 0.0) {
        true => {
            let expected = "forces in eV/Å; where symmetry makes them zero, no weight on forces, and energies or stresses that \
                            tell enough";
            Err(Error::invalid("labels", "forces that are all exactly zero", expected))
        }
        false => Ok(()),
    }
}

/// One value for all energies or stresses stands for none.
fn check_placeholders(set: &DataSet, weights: &Weights) -> Result<()> {
    let all = || set.configurations.iter();
    let of_energies = all().map(|one| one.labels.energy / one.system.len() as f64);
    let stresses: Vec<[f64; 6]> = all().filter_map(|one| one.labels.stress).collect();
    let same_energy =
        weights.energy > 0.0 && of_energies.clone().all(|energy| Some(energy) == of_energies.clone().next());
    let same_total = weights.energy > 0.0 && all().all(|one| one.labels.energy == set.configurations[0].labels.energy);
    let same_stress = || stresses.iter().all(|stress| *stress == stresses[0]);
    let what = if set.len() >= FEWEST_ALIKE && (same_energy || same_total) {
        "energy"
    } else if weights.stress > 0.0 && stresses.len() >= FEWEST_ALIKE && same_stress() {
        "stress"
    } else {
        return Ok(());
    };
    let expected = format!("what was calculated; where it stands for none, no weight on {what}");
    Err(Error::invalid("labels", format!("the same {what} of all configurations"), expected))
}

fn check_pressures(set: &DataSet) -> Result<()> {
    let pressure = |labelled: &Labelled| {
        let [xx, yy, zz, ..] = labelled.labels.stress?;
        Some(((xx + yy + zz) / (3.0 * labelled.system.cell.volume()?) * EV_PER_A3_TO_GPA).abs())
    };
    let pressures: Vec<f64> = set.configurations.iter().filter_map(pressure).collect();
    let typical = if pressures.is_empty() { 0.0 } else { median(pressures) };
    if typical < MOST_GPA {
        return Ok(());
    }
    let found = format!("stresses of {typical:.0} GPa in half of the configurations, as where they are in GPa or kbar");
    Err(Error::invalid(
        "labels",
        found,
        "stress in eV/Å^3 (GPa over 160.218, kbar over 1602.18), virial and PlusStress in eV",
    ))
}

/// Energies of one unit lie near a line through the compositions; those in another come near it once they are converted.
fn check_energies(set: &DataSet) -> Result<()> {
    let labelled: Vec<(Vec<usize>, f64)> =
        set.configurations.iter().map(|one| (one.system.counts(), one.labels.energy)).collect();
    let line = line(set.species.len(), &labelled);
    let per_atom: Vec<f64> = set.configurations.iter().map(|one| one.labels.energy / one.system.len() as f64).collect();
    let residuals: Vec<Option<f64>> = per_atom.iter().zip(&line).map(|(energy, line)| Some(energy - line)).collect();
    let Some((middle, deviation)) = typical(&residuals) else { return Ok(()) };
    let deviation = deviation.max(LEAST_DEVIATION);
    let volume = |one: &Labelled| Some(one.system.cell.volume()? / one.system.len() as f64);
    let volumes: Vec<Option<f64>> = set.configurations.iter().map(volume).collect();
    let usual: Vec<f64> = volumes.iter().copied().flatten().collect();
    let usual = if usual.is_empty() { 0.0 } else { median(usual) };
    // Near zero, conversion changes nothing: any energy that is off would come near such a line.
    let tells = |k: usize| (line[k] + middle).abs() > OFF * deviation;
    let off = |k: usize, factor: f64| (factor * per_atom[k] - line[k] - middle).abs() / deviation;
    for (factor, units, expected) in [
        (HARTREE, "Hartree, others not", "all energies in eV (Hartree times 27.2114)"),
        (RYDBERG, "Rydberg, others not", "all energies in eV (Rydberg times 13.6057)"),
        (1.0 / HARTREE, "eV, others like Hartree", "all energies in eV (Hartree times 27.2114)"),
        (1.0 / RYDBERG, "eV, others like Rydberg", "all energies in eV (Rydberg times 13.6057)"),
    ] {
        // Atoms and molecules far apart have hardly any energy in some codes: they may lie on any line once it is divided.
        let dense = |k: usize| volumes[k].is_some_and(|volume| volume < MOST_DILUTE * usual);
        let other = |k: &usize| dense(*k) && tells(*k) && off(*k, 1.0) > OFF && off(*k, factor) < ON;
        let others: Vec<usize> = (0..set.len()).filter(other).collect();
        if let Some(&first) = others.first() {
            let number = set.configurations[first].number;
            let found = match others.len() {
                1 => format!("an energy, of configuration {number}, that looks like {units}"),
                n => format!("energies of {n} configurations, first {number}, that look like {units}"),
            };
            return Err(Error::invalid("labels", found, expected));
        }
    }
    Ok(())
}

/// What the compositions say of each energy, eV an atom, from the least sum of magnitudes: a minority in another unit
/// does not move it.
pub(super) fn line(species: usize, labelled: &[(Vec<usize>, f64)]) -> Vec<f64> {
    let mut weights = vec![1.0; labelled.len()];
    let mut line = Vec::new();
    for _ in 0..PASSES {
        let energies = weighted_composition_energies(species, labelled, &weights);
        let explained = |counts: &[usize]| {
            let atoms = counts.iter().sum::<usize>() as f64;
            counts.iter().zip(&energies).map(|(&n, energy)| n as f64 * energy).sum::<f64>() / atoms
        };
        line = labelled.iter().map(|(counts, _)| explained(counts)).collect();
        for ((weight, (counts, energy)), line) in weights.iter_mut().zip(labelled).zip(&line) {
            let atoms = counts.iter().sum::<usize>() as f64;
            *weight = 1.0 / (energy / atoms - line).abs().max(SMALL);
        }
    }
    line
}
