//! Do energies, forces and stresses of a data set speak of one surface in eV and Å?
//!
//! Absolute energies say nothing: codes put zero where they like. But forces are the slopes of the energy, so a small
//! potential fitted to forces alone predicts how the energy changes within a composition, and how the stress differs from a
//! pressure. Labels in another unit, or of the other sign, show as a slope far from 1 between the two. The pressure itself is
//! left out: codes are off in it where their basis is small. Stresses that do not contradict the forces are fitted to as well then:
//! with them the slope of the energies is sharp.

use crate::error::{Error, Result};
use crate::potential::mtp::MtpParameters;
use crate::units::{BOHR, EV_PER_A3_TO_GPA, HARTREE, RYDBERG};

use super::dataset::{DataSet, Labelled, closest_in};
use super::errors::{Lists, Prediction, each_prediction};
use super::loss::Weights;
use super::optimizer::Fit;
use super::outliers::{FAR, median, typical};
use super::spec::FitSpec;
use super::template::TemplateSpec;

/// Level of the small potential.
const LEVEL: usize = 8;
/// Configurations that are looked at, and the fewest that say anything.
const MOST: usize = 30;
const FEWEST: usize = 8;
/// Configurations more than there are compositions: what the slope is a slope of.
const FEWEST_PAIRS: usize = 4;
/// How far to look for the closest atoms of a configuration, Å, and the share of the median from which they are close.
const CLOSE_REACH: f64 = 5.0;
const CLOSE: f64 = 0.9;
/// Steps of the fit to the forces: a rough potential will do.
const STEPS: usize = 12;
/// Weight of stresses, once they agree with the forces, beside 1 of forces.
const STRESS_WEIGHT: f64 = 0.1;
/// Correlation from which a slope is believed that is another unit's, and from which any other is.
const CLEAR: f64 = 0.8;
const VERY_CLEAR: f64 = 0.9;
/// By how much a slope may differ from that of a unit.
const FACTOR: f64 = 1.5;
/// The same of 1. Forces alone leave open how the energy changes with the volume: they were seen to say 1.4 times too little.
const NEAR: f64 = 1.5;
const NEAR_FORCES_ALONE: f64 = 1.75;

/// Atomic units of forces and stresses in eV/Å and eV/Å^3.
const ATOMIC_FORCE: f64 = HARTREE / BOHR;
const ATOMIC_STRESS: f64 = ATOMIC_FORCE / (BOHR * BOHR);

/// Number of a configuration, its energy as forces imply it, and as its label says.
type EnergyPair = (usize, [f64; 2]);
/// A slope that labels in another unit have: its value, what was found then, and what is expected.
type Suspect = (f64, &'static str, &'static str);

const ENERGY_SUSPECTS: [Suspect; 8] = [
    (1.0 / HARTREE, "energies that look like Hartree", "energies in eV (times 27.2114)"),
    (1.0 / RYDBERG, "energies that look like Rydberg", "energies in eV (times 13.6057)"),
    (1e3, "energies that look like meV", "energies in eV (over 1000)"),
    (ATOMIC_FORCE, "forces that look like Hartree/bohr", "forces in eV/Å (times 51.4221)"),
    (0.5 * ATOMIC_FORCE, "forces that look like Rydberg/bohr", "forces in eV/Å (times 25.7110)"),
    (
        1.0 / BOHR,
        "forces per bohr beside positions in Å, as where both are in Hartree or both in Rydberg",
        "energies in eV and forces in eV/Å",
    ),
    (BOHR, "positions in bohr beside forces per Å", "positions in Å (times 0.529177)"),
    (-1.0, "forces of the other sign", "forces: what pulls the atoms, less the gradient of the energy"),
];

const STRESS_SUSPECTS: [Suspect; 10] = [
    (EV_PER_A3_TO_GPA, "stresses that look like GPa", "stresses in eV/Å^3 (over 160.218)"),
    (10.0 * EV_PER_A3_TO_GPA, "stresses that look like kbar", "stresses in eV/Å^3 (over 1602.18)"),
    (1.0 / ATOMIC_STRESS, "stresses that look like Hartree/bohr^3", "stresses in eV/Å^3 (times 183.632)"),
    (2.0 / ATOMIC_STRESS, "stresses that look like Rydberg/bohr^3", "stresses in eV/Å^3 (times 91.816)"),
    (ATOMIC_FORCE, "forces that look like Hartree/bohr", "forces in eV/Å (times 51.4221)"),
    (0.5 * ATOMIC_FORCE, "forces that look like Rydberg/bohr", "forces in eV/Å (times 25.7110)"),
    (1.0 / (BOHR * BOHR), "positions in bohr beside forces per Å", "positions in Å (times 0.529177)"),
    (-1.0, "stresses and forces of opposite signs", SIGN),
    (-EV_PER_A3_TO_GPA, "stresses in GPa and forces of opposite signs", SIGN),
    (-10.0 * EV_PER_A3_TO_GPA, "stresses in kbar and forces of opposite signs", SIGN),
];
pub(super) const EXPECTED: &str =
    "energies in eV of all atoms, forces in eV/Å, stress in eV/Å^3, virial and PlusStress in eV";
const SIGN: &str = "forces that pull the atoms, less the gradient of the energy; stress in eV/Å^3 with tension positive, virial and \
    PlusStress in eV with compression positive";

/// # Errors
/// Energies, forces or stresses that are those of another unit, or of the other sign.
pub(super) fn check(set: &DataSet, weights: &Weights, min_dist: f64, cutoff: f64) -> Result<()> {
    let [energy, force, stress] = [weights.energy, weights.force, weights.stress].map(|weight| weight > 0.0);
    if !force || !(energy || stress) || !can_check(set) {
        return Ok(());
    }
    let sample = sample(set)?;
    let mut spec = TemplateSpec::new(LEVEL, sample.species.len(), cutoff);
    spec.radial_basis.min_dist = min_dist;
    let Some(fitted) = fit(spec.build()?, &sample, 0.0, STEPS)? else { return Ok(()) };
    let (energies, stresses) = slopes(&fitted, &sample)?;
    let (energies, stresses) = (energies.filter(|_| energy), stresses.filter(|_| stress));
    let differ = |slopes: &&Slopes| slopes.all.is_clear() && !slopes.all.is_near(NEAR);
    if let Some(slopes) = stresses.as_ref().filter(differ) {
        // First, since they may tell that it is the forces that stresses do not agree with.
        energies.map_or(Ok(()), |slopes| slopes.judge("energies", NEAR_FORCES_ALONE, &ENERGY_SUSPECTS))?;
        return slopes.judge("stresses", NEAR, &STRESS_SUSPECTS);
    }
    if energies.is_none() || stresses.is_none() {
        // Energies that the volume rules may even fall where forces alone say that they rise.
        let rising = energies.filter(|slopes| slopes.all.value() > 0.0);
        return rising.map_or(Ok(()), |slopes| slopes.judge("energies", NEAR_FORCES_ALONE, &ENERGY_SUSPECTS));
    }
    let Some(fitted) = fit(fitted, &sample, STRESS_WEIGHT, STEPS)? else { return Ok(()) };
    let (energies, _) = slopes(&fitted, &sample)?;
    energies.map_or(Ok(()), |slopes| slopes.judge("energies", NEAR, &ENERGY_SUSPECTS))
}

/// Whether a data set is large enough to tell its units.
pub(super) fn can_check(set: &DataSet) -> bool {
    let Ok(sample) = sample(set) else { return false };
    let mut compositions: Vec<Vec<usize>> = sample.configurations.iter().map(|l| l.system.counts()).collect();
    compositions.sort_unstable();
    compositions.dedup();
    let forces: usize = sample.configurations.iter().map(|labelled| 3 * labelled.system.len()).sum();
    let parameters = TemplateSpec::new(LEVEL, sample.species.len(), 5.0).build().map(|t| t.parameter_count());
    sample.len() >= FEWEST
        && sample.len() >= compositions.len() + FEWEST_PAIRS
        && parameters.is_ok_and(|parameters| forces >= 4 * parameters)
        && sample.check_species().is_ok()
}

/// Some of the configurations, evenly, without such as no small potential follows.
fn sample(set: &DataSet) -> Result<DataSet> {
    let strained = strained(set)?;
    let calm: Vec<&Labelled> = set
        .configurations
        .iter()
        .zip(strained)
        .filter(|(_, strained)| !strained)
        .map(|(labelled, _)| labelled)
        .collect();
    let stride = calm.len().div_ceil(MOST).max(1);
    let configurations = calm.into_iter().step_by(stride).cloned().collect();
    Ok(DataSet { species: set.species.clone(), configurations, notes: Vec::new() })
}

/// Which have forces far larger than the others, and atoms that are closer: without the latter the forces are a mistake.
fn strained(set: &DataSet) -> Result<Vec<bool>> {
    let largest = |labelled: &Labelled| labelled.labels.forces.iter().map(|force| force.norm()).fold(0.0, f64::max);
    let forces: Vec<Option<f64>> = set.configurations.iter().map(|labelled| Some(largest(labelled))).collect();
    let most = typical(&forces).map_or(f64::INFINITY, |(middle, deviation)| middle + FAR * deviation.max(middle));
    let is_large: Vec<bool> = forces.iter().map(|force| force.is_some_and(|force| force > most)).collect();
    if !is_large.contains(&true) {
        return Ok(is_large);
    }
    let closest = |labelled: &Labelled| Ok(closest_in(&labelled.system, CLOSE_REACH)?.unwrap_or(CLOSE_REACH));
    let closest: Vec<f64> = set.configurations.iter().map(closest).collect::<Result<_>>()?;
    let close = CLOSE * median(closest.clone());
    Ok(is_large.into_iter().zip(closest).map(|(is_large, closest)| is_large && closest < close).collect())
}

/// A small potential that knows no energies.
fn fit(template: MtpParameters, sample: &DataSet, stress: f64, steps: usize) -> Result<Option<MtpParameters>> {
    let weights = Weights { energy: 0.0, force: 1.0, stress, ..Weights::default() };
    let spec = FitSpec { weights, starts: 1, max_iterations: steps, held_out: 0.0, ..FitSpec::default() };
    let mut fit = Fit::quick(template, sample.clone(), spec)?;
    fit.advance(&mut || false)?;
    Ok(fit.potential())
}

/// Slopes of the labels' energies and stresses over those that the forces imply; `None` where there is too little to tell.
fn slopes(fitted: &MtpParameters, sample: &DataSet) -> Result<(Option<Slopes>, Option<Slopes>)> {
    let lists = Lists::new(sample, fitted.radial_basis.max_dist)?;
    let mut groups: Vec<(Vec<usize>, Vec<EnergyPair>)> = Vec::new();
    let mut stresses = Slopes::default();
    each_prediction(fitted, sample, &lists, |labelled, prediction| {
        let counts = labelled.system.counts();
        let pair = (labelled.number, [prediction.energy, labelled.labels.energy]);
        match groups.iter_mut().find(|(known, _)| *known == counts) {
            Some((_, pairs)) => pairs.push(pair),
            None => groups.push((counts, vec![pair])),
        }
        if let Some((stress, volume)) = labelled.labels.stress.zip(labelled.system.cell.volume()) {
            let pairs = shears(prediction, volume).into_iter().zip(shears_of(&stress, volume));
            stresses.add(labelled.number, pairs);
        }
    })?;
    let mut energies = Slopes::default();
    for (_, pairs) in &groups {
        // Not the mean: one label that is off would pull all others.
        let middle = |k: usize| median(pairs.iter().map(|(_, pair)| pair[k]).collect());
        let (x0, y0) = (middle(0), middle(1));
        pairs.iter().for_each(|(number, [x, y])| energies.add(*number, std::iter::once((x - x0, y - y0))));
    }
    let known = |slopes: Slopes| (slopes.all.xx > 0.0 && slopes.all.yy > 0.0).then_some(slopes);
    Ok((known(energies), known(stresses).filter(|stresses| stresses.of_one.len() >= FEWEST)))
}

fn shears(prediction: &Prediction, volume: f64) -> [f64; 6] {
    shears_of(&prediction.stress, volume)
}

/// What a stress xx, yy, zz, yz, xz, xy has beside a pressure.
fn shears_of([xx, yy, zz, yz, xz, xy]: &[f64; 6], volume: f64) -> [f64; 6] {
    let mean = (xx + yy + zz) / 3.0;
    [xx - mean, yy - mean, zz - mean, *yz, *xz, *xy].map(|component| component / volume)
}

/// Sums over pairs of what forces imply and what a label says.
#[derive(Debug, Clone, Copy, Default)]
struct Slope {
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Slope {
    fn add(&mut self, implied: f64, label: f64) {
        self.xx += implied * implied;
        self.xy += implied * label;
        self.yy += label * label;
    }

    fn plus(&self, other: &Self, times: f64) -> Self {
        let [xx, xy, yy] = [(self.xx, other.xx), (self.xy, other.xy), (self.yy, other.yy)].map(|(a, b)| a + times * b);
        Self { xx, xy, yy }
    }

    /// That of the reduced major axis: noise lowers a regression's.
    fn value(&self) -> f64 {
        (self.yy / self.xx).sqrt().copysign(self.xy)
    }

    fn correlation(&self) -> f64 {
        self.xy.abs() / (self.xx * self.yy).sqrt()
    }

    fn is_clear(&self) -> bool {
        self.correlation() > CLEAR
    }

    /// The factor between the slope and another.
    fn off(&self, expected: f64) -> f64 {
        let ratio = self.value() / expected;
        if ratio > 0.0 { ratio.max(1.0 / ratio) } else { f64::INFINITY }
    }

    fn is_near(&self, factor: f64) -> bool {
        self.off(1.0) < factor
    }
}

/// The slope of all configurations, and what each adds to it.
#[derive(Debug, Clone, Default)]
struct Slopes {
    all: Slope,
    of_one: Vec<(usize, Slope)>,
}

impl Slopes {
    /// Adds pairs of what forces imply and what a label says of the configuration of this number.
    fn add(&mut self, number: usize, pairs: impl Iterator<Item = (f64, f64)>) {
        let mut own = Slope::default();
        pairs.for_each(|(implied, label)| own.add(implied, label));
        self.all = self.all.plus(&own, 1.0);
        self.of_one.push((number, own));
    }

    /// Refuses a slope of labels that is clear and not within a factor `near` of 1.
    fn judge(&self, what: &str, near: f64, suspects: &[Suspect]) -> Result<()> {
        let all = &self.all;
        if !all.is_clear() || all.is_near(near) {
            return Ok(());
        }
        let found = |found: &str| format!("{found} ({what} change {:.4} times as much as the forces say)", all.value());
        // Not of another unit are all where one alone makes the difference.
        let heaviest = self.of_one.iter().max_by(|a, b| a.1.yy.total_cmp(&b.1.yy));
        if let Some((number, _)) = heaviest.filter(|(_, own)| all.plus(own, -1.0).is_near(near)) {
            let found = found(&format!("{what} of configuration {number} that do not belong to its forces"));
            return Err(Error::invalid("labels", found, EXPECTED));
        }
        let nearest = suspects.iter().min_by(|a, b| all.off(a.0).total_cmp(&all.off(b.0)));
        match nearest.filter(|(expected, ..)| all.off(*expected) < FACTOR) {
            Some((_, unit, expected)) => Err(Error::invalid("labels", found(unit), *expected)),
            None if all.correlation() > VERY_CLEAR => {
                Err(Error::invalid("labels", found(&format!("{what} and forces in two units")), EXPECTED))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fitting::Labels;
    use crate::math::Vec3;
    use crate::system::{Cell, Species, System};

    #[test]
    fn large_forces_are_strain_only_where_atoms_are_close() {
        let pair = |number: usize, distance: f64, force: f64| {
            let cell = Cell::orthorhombic(9.0, 9.0, 9.0).unwrap();
            let species = vec![Species::from_name("Ar").unwrap()];
            let positions = vec![Vec3::zeros(), Vec3::new(distance, 0.0, 0.0)];
            let system = System::new(cell, species, vec![0; 2], positions).unwrap();
            let forces = vec![Vec3::new(-force, 0.0, 0.0), Vec3::new(force, 0.0, 0.0)];
            Labelled { number, name: None, system, labels: Labels { energy: 0.0, forces, stress: None } }
        };
        let mut configurations: Vec<Labelled> = (1..=10).map(|k| pair(k, 3.0 + 0.02 * k as f64, 1.0)).collect();
        configurations.extend([pair(11, 2.0, 60.0), pair(12, 3.1, 60.0), pair(13, 2.0, 1.0)]);
        let set = DataSet { species: configurations[0].system.species.clone(), configurations, notes: Vec::new() };
        let found: Vec<usize> =
            strained(&set).unwrap().iter().enumerate().filter(|(_, strained)| **strained).map(|(k, _)| k + 1).collect();
        assert_eq!(found, [11]);
    }
}
