//! Do energies, forces and stresses of a data set speak of one surface in eV and Å?
//!
//! Absolute energies say nothing: codes put zero where they like. But forces are the slopes of the energy, so a small
//! potential fitted to forces alone predicts how the energy changes within a composition, and how the stress differs from a
//! pressure. Labels in another unit, or of the other sign, show as a slope far from 1 between the two. The pressure itself is
//! left out: codes are off in it where their basis is small. Stresses that do not contradict the forces are fitted to as well then:
//! with them the slope of the energies is sharp.

use crate::error::{Error, Result};
use crate::potential::mtp::MtpParameters;

use super::dataset::DataSet;
use super::errors::{Lists, Prediction, each_prediction};
use super::loss::Weights;
use super::optimizer::Fit;
use super::spec::FitSpec;
use super::template::TemplateSpec;

/// Level of the small potential.
const LEVEL: usize = 8;
/// Configurations that are looked at, and the fewest that say anything.
const MOST: usize = 30;
const FEWEST: usize = 8;
/// Configurations more than there are compositions: what the slope is a slope of.
const FEWEST_PAIRS: usize = 4;
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

/// Hartree and Rydberg in eV, Å in bohr.
const HARTREE: f64 = 27.211_386;
const BOHR_PER_ANGSTROM: f64 = 1.889_726;
/// Atomic units of forces and stresses in eV/Å and eV/Å^3.
const ATOMIC_FORCE: f64 = HARTREE * BOHR_PER_ANGSTROM;
const ATOMIC_STRESS: f64 = ATOMIC_FORCE * BOHR_PER_ANGSTROM * BOHR_PER_ANGSTROM;
/// One eV/Å^3 in GPa.
const GPA: f64 = 160.217_66;

/// A slope that labels in another unit have: its value, what was found then, and what is expected.
type Suspect = (f64, &'static str, &'static str);

const ENERGY_SUSPECTS: [Suspect; 8] = [
    (1.0 / HARTREE, "energies that look like Hartree", "energies in eV (times 27.2114)"),
    (2.0 / HARTREE, "energies that look like Rydberg", "energies in eV (times 13.6057)"),
    (1e3, "energies that look like meV", "energies in eV (over 1000)"),
    (ATOMIC_FORCE, "forces that look like Hartree/bohr", "forces in eV/Å (times 51.4221)"),
    (0.5 * ATOMIC_FORCE, "forces that look like Rydberg/bohr", "forces in eV/Å (times 25.7110)"),
    (
        BOHR_PER_ANGSTROM,
        "forces per bohr beside positions in Å, as where both are in Hartree or both in Rydberg",
        "energies in eV and forces in eV/Å",
    ),
    (1.0 / BOHR_PER_ANGSTROM, "positions in bohr beside forces per Å", "positions in Å (times 0.529177)"),
    (-1.0, "forces of the other sign", "forces: what pulls the atoms, less the gradient of the energy"),
];

const STRESS_SUSPECTS: [Suspect; 10] = [
    (GPA, "stresses that look like GPa", "stresses in eV/Å^3 (over 160.218)"),
    (10.0 * GPA, "stresses that look like kbar", "stresses in eV/Å^3 (over 1602.18)"),
    (1.0 / ATOMIC_STRESS, "stresses that look like Hartree/bohr^3", "stresses in eV/Å^3 (times 183.632)"),
    (2.0 / ATOMIC_STRESS, "stresses that look like Rydberg/bohr^3", "stresses in eV/Å^3 (times 91.816)"),
    (ATOMIC_FORCE, "forces that look like Hartree/bohr", "forces in eV/Å (times 51.4221)"),
    (0.5 * ATOMIC_FORCE, "forces that look like Rydberg/bohr", "forces in eV/Å (times 25.7110)"),
    (BOHR_PER_ANGSTROM * BOHR_PER_ANGSTROM, "positions in bohr beside forces per Å", "positions in Å (times 0.529177)"),
    (-1.0, "stresses of another sign than the forces", SIGN),
    (-GPA, "stresses in GPa of another sign than the forces", SIGN),
    (-10.0 * GPA, "stresses in kbar of another sign than the forces", SIGN),
];
const OTHER: &str = "energies in eV of all atoms, forces in eV/Å, stress in eV/Å^3, virial and PlusStress in eV";
const SIGN: &str = "stress in eV/Å^3 with tension positive, virial and PlusStress in eV with compression positive";

/// # Errors
/// Energies, forces or stresses that are those of another unit, or of the other sign.
pub(super) fn check(set: &DataSet, weights: &Weights, min_dist: f64, cutoff: f64) -> Result<()> {
    let [energy, force, stress] = [weights.energy, weights.force, weights.stress].map(|weight| weight > 0.0);
    if !force || !(energy || stress) || !can_check(set) {
        return Ok(());
    }
    let sample = sample(set);
    let mut spec = TemplateSpec::new(LEVEL, sample.species.len(), cutoff);
    spec.radial_basis.min_dist = min_dist;
    let Some(fitted) = fit(spec.build()?, &sample, 0.0, STEPS)? else { return Ok(()) };
    let (energies, stresses) = slopes(&fitted, &sample)?;
    let (energies, stresses) = (energies.filter(|_| energy), stresses.filter(|_| stress));
    if let Some(slope) = stresses.filter(|slope| slope.is_clear() && !slope.is_near(NEAR)) {
        // First, since they may tell that it is the forces that stresses do not agree with.
        energies.map_or(Ok(()), |slope| slope.judge("energies", NEAR_FORCES_ALONE, &ENERGY_SUSPECTS))?;
        return slope.judge("stresses", NEAR, &STRESS_SUSPECTS);
    }
    if energies.is_none() || stresses.is_none() {
        // Energies that the volume rules may even fall where forces alone say that they rise.
        let rising = energies.filter(|slope| slope.value() > 0.0);
        return rising.map_or(Ok(()), |slope| slope.judge("energies", NEAR_FORCES_ALONE, &ENERGY_SUSPECTS));
    }
    let Some(fitted) = fit(fitted, &sample, STRESS_WEIGHT, STEPS)? else { return Ok(()) };
    let (energies, _) = slopes(&fitted, &sample)?;
    energies.map_or(Ok(()), |slope| slope.judge("energies", NEAR, &ENERGY_SUSPECTS))
}

/// Whether a data set is large enough to tell its units.
pub(super) fn can_check(set: &DataSet) -> bool {
    let sample = sample(set);
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

/// Some of the configurations, evenly.
fn sample(set: &DataSet) -> DataSet {
    let stride = set.len().div_ceil(MOST).max(1);
    let configurations = set.configurations.iter().step_by(stride).cloned().collect();
    DataSet { species: set.species.clone(), configurations, notes: Vec::new() }
}

/// A small potential that knows no energies.
fn fit(template: MtpParameters, sample: &DataSet, stress: f64, steps: usize) -> Result<Option<MtpParameters>> {
    let weights = Weights { energy: 0.0, force: 1.0, stress, ..Weights::default() };
    let spec = FitSpec { weights, starts: 1, max_iterations: steps, held_out: 0.0, ..FitSpec::default() };
    let mut fit = Fit::unchecked(template, sample.clone(), spec)?;
    fit.advance(&mut || false)?;
    Ok(fit.potential())
}

/// Slopes of the labels' energies and stresses over those that the forces imply; `None` where there is too little to tell.
fn slopes(fitted: &MtpParameters, sample: &DataSet) -> Result<(Option<Slope>, Option<Slope>)> {
    let lists = Lists::new(sample, fitted.radial_basis.max_dist)?;
    let mut groups: Vec<(Vec<usize>, Vec<[f64; 2]>)> = Vec::new();
    let (mut stresses, mut stressed) = (Slope::default(), 0);
    each_prediction(fitted, sample, &lists, |labelled, prediction| {
        let counts = labelled.system.counts();
        let pair = [prediction.energy, labelled.labels.energy];
        match groups.iter_mut().find(|(known, _)| *known == counts) {
            Some((_, pairs)) => pairs.push(pair),
            None => groups.push((counts, vec![pair])),
        }
        if let Some((stress, volume)) = labelled.labels.stress.zip(labelled.system.cell.volume()) {
            stressed += 1;
            let pairs = shears(prediction, volume).into_iter().zip(shears_of(&stress, volume));
            pairs.for_each(|(implied, label)| stresses.add(implied, label));
        }
    })?;
    let mut energies = Slope::default();
    for (_, pairs) in &groups {
        let mean = |k: usize| pairs.iter().map(|pair| pair[k]).sum::<f64>() / pairs.len() as f64;
        let (x0, y0) = (mean(0), mean(1));
        pairs.iter().for_each(|[x, y]| energies.add(x - x0, y - y0));
    }
    Ok((energies.known(), stresses.known().filter(|_| stressed >= FEWEST)))
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

    fn known(self) -> Option<Self> {
        (self.xx > 0.0 && self.yy > 0.0).then_some(self)
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

    /// Refuses a slope of labels that is clear and not within a factor `near` of 1.
    fn judge(&self, what: &str, near: f64, suspects: &[Suspect]) -> Result<()> {
        if !self.is_clear() || self.is_near(near) {
            return Ok(());
        }
        let nearest = suspects.iter().min_by(|a, b| self.off(a.0).total_cmp(&self.off(b.0)));
        let (found, expected) = match nearest.filter(|(expected, ..)| self.off(*expected) < FACTOR) {
            Some((_, found, expected)) => ((*found).to_owned(), *expected),
            None if self.correlation() > VERY_CLEAR => (format!("{what} and forces in two units"), OTHER),
            None => return Ok(()),
        };
        let found = format!("{found} ({what} change {:.4} times as much as the forces say)", self.value());
        Err(Error::invalid("labels", found, expected))
    }
}
