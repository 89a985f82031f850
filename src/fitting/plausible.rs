//! What positions and labels can't be, whatever the material: told before any work, and without a fit.

use crate::error::{Error, Result};
use crate::system::System;
use crate::units::EV_PER_A3_TO_GPA;

use super::dataset::{DataSet, Labelled};
use super::loss::Weights;
use super::outliers::{median, typical};
use super::weighted_composition_energies;

/// No two atoms are closer, Å, and none takes less room, Å^3: H2 has 0.74 Å, diamond 5.7 Å^3.
const CLOSEST: f64 = 0.5;
const LEAST_VOLUME: f64 = 1.0;
/// Atoms of a configuration whose distances are looked at.
const LOOKED_AT: usize = 64;
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

/// Hartree in eV.
const HARTREE: f64 = 27.211_386;

/// Positions in nm would make lists of neighbours without end: to be called before there is one.
///
/// # Errors
/// Atoms that are closer than atoms can be in most configurations.
pub(super) fn check_lengths<'a>(systems: impl ExactSizeIterator<Item = &'a System>) -> Result<()> {
    let all = systems.len();
    let crowded = systems.filter(|system| is_crowded(system)).count();
    if 2 * crowded <= all {
        return Ok(());
    }
    let found = format!(
        "atoms closer than {CLOSEST} Å, or in less than {LEAST_VOLUME} Å^3, in {crowded} of {all} configurations"
    );
    Err(Error::invalid("positions and cells", found, "lengths in Å; those in nm look like this (times 10)"))
}

fn is_crowded(system: &System) -> bool {
    let volume = system.cell.volume().map(|volume| volume / system.len().max(1) as f64);
    let some = &system.positions[..system.len().min(LOOKED_AT)];
    let close = |(k, p): (usize, &crate::math::Vec3)| some[..k].iter().any(|q| (p - q).norm() < CLOSEST);
    volume.is_some_and(|volume| volume < LEAST_VOLUME) || some.iter().enumerate().any(close)
}

/// # Errors
/// Forces that are all zero, pressures beyond any, energies in two units: of what has weight.
pub(super) fn check(set: &DataSet, weights: &Weights) -> Result<()> {
    if weights.force > 0.0 {
        check_forces(set)?;
    }
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
            let expected = "forces in eV/Å, or no weight on forces where symmetry makes them zero";
            Err(Error::invalid("labels", "forces that are all exactly zero", expected))
        }
        false => Ok(()),
    }
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
        (0.5 * HARTREE, "Rydberg, others not", "all energies in eV (Rydberg times 13.6057)"),
        (1.0 / HARTREE, "eV, others like Hartree", "all energies in eV (Hartree times 27.2114)"),
        (2.0 / HARTREE, "eV, others like Rydberg", "all energies in eV (Rydberg times 13.6057)"),
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
fn line(species: usize, labelled: &[(Vec<usize>, f64)]) -> Vec<f64> {
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
