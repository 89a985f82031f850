//! Do energies and forces of a data set speak of one surface in eV and Å?
//!
//! Absolute energies say nothing: codes put zero where they like. But forces are the slopes of the energy, so a small
//! potential fitted to forces and stresses alone predicts how the energy changes within a composition. Labels in another unit show
//! as a slope far from 1 between the two.

use crate::error::{Error, Result};
use crate::potential::mtp::MtpParameters;

use super::dataset::DataSet;
use super::errors::{Lists, each_prediction};
use super::loss::Weights;
use super::optimizer::Fit;
use super::spec::FitSpec;
use super::template::TemplateSpec;

/// Level of the small potential.
const LEVEL: usize = 8;
/// Configurations that are looked at, and the fewest that say anything.
const MOST: usize = 30;
const FEWEST: usize = 8;
/// Steps of the fit to the forces: a rough potential will do.
const STEPS: usize = 12;
/// Correlation from which a slope is believed.
const CLEAR: f64 = 0.8;
/// By how much a slope may differ from a unit's; from bohr's, which is near 1, by less.
const FACTOR: f64 = 1.35;
const NEAR_FACTOR: f64 = 1.2;

/// Hartree and Rydberg in eV, Å in bohr.
const HARTREE: f64 = 27.211_386;
const BOHR_PER_ANGSTROM: f64 = 1.889_726;

/// # Errors
/// Energies or forces that are those of another unit.
pub(super) fn check(set: &DataSet, min_dist: f64, cutoff: f64) -> Result<()> {
    let Some((slope, correlation)) = energy_over_forces(set, min_dist, cutoff)? else { return Ok(()) };
    let suspects = [
        (1.0 / HARTREE, "energies that look like Hartree", "energies in eV (times 27.2114)"),
        (2.0 / HARTREE, "energies that look like Rydberg", "energies in eV (times 13.6057)"),
        (HARTREE * BOHR_PER_ANGSTROM, "forces that look like Hartree/bohr", "forces in eV/Å (times 51.4221)"),
        (0.5 * HARTREE * BOHR_PER_ANGSTROM, "forces that look like Rydberg/bohr", "forces in eV/Å (times 25.7110)"),
        (
            BOHR_PER_ANGSTROM,
            "forces per bohr beside positions in Å, as where both are in Hartree or both in Rydberg",
            "energies in eV and forces in eV/Å",
        ),
    ];
    let fits = |expected: f64| {
        let factor = if expected == BOHR_PER_ANGSTROM { NEAR_FACTOR } else { FACTOR };
        slope > expected / factor && slope < expected * factor
    };
    match suspects.into_iter().find(|(expected, ..)| fits(*expected)) {
        Some((_, found, expected)) if correlation > CLEAR => {
            let found = format!("{found} (they change {slope:.3} times as much as the forces say)");
            Err(Error::invalid("labels", found, expected))
        }
        _ => Ok(()),
    }
}

/// Slope of the labels over the energies that the forces imply, and the correlation of the two.
fn energy_over_forces(set: &DataSet, min_dist: f64, cutoff: f64) -> Result<Option<(f64, f64)>> {
    let stride = set.len().div_ceil(MOST).max(1);
    let configurations = set.configurations.iter().step_by(stride).cloned().collect();
    let sample = DataSet { species: set.species.clone(), configurations, notes: Vec::new() };
    let mut spec = TemplateSpec::new(LEVEL, sample.species.len(), cutoff);
    spec.radial_basis.min_dist = min_dist;
    let template = spec.build()?;
    let complete = sample.check_species().is_ok();
    if !complete || sample.len() < FEWEST || sample.equation_count() < 4 * template.parameter_count() {
        return Ok(None);
    }
    let weights = Weights { energy: 0.0, force: 1.0, stress: 0.1, ..Weights::default() };
    let spec = FitSpec { weights, starts: 1, max_iterations: STEPS, held_out: 0.0, ..FitSpec::default() };
    let mut fit = Fit::new(template, sample.clone(), spec)?;
    fit.advance(&mut || false)?;
    fit.potential().map_or(Ok(None), |fitted| slope_within_compositions(&fitted, &sample))
}

fn slope_within_compositions(fitted: &MtpParameters, sample: &DataSet) -> Result<Option<(f64, f64)>> {
    let lists = Lists::new(sample, fitted.radial_basis.max_dist)?;
    let mut groups: Vec<(Vec<usize>, Vec<[f64; 2]>)> = Vec::new();
    each_prediction(fitted, sample, &lists, |labelled, prediction| {
        let counts = labelled.system.counts();
        let pair = [prediction.energy, labelled.labels.energy];
        match groups.iter_mut().find(|(known, _)| *known == counts) {
            Some((_, pairs)) => pairs.push(pair),
            None => groups.push((counts, vec![pair])),
        }
    })?;
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for (_, pairs) in &groups {
        let mean = |k: usize| pairs.iter().map(|pair| pair[k]).sum::<f64>() / pairs.len() as f64;
        let (x0, y0) = (mean(0), mean(1));
        for [x, y] in pairs {
            xx += (x - x0).powi(2);
            xy += (x - x0) * (y - y0);
            yy += (y - y0).powi(2);
        }
    }
    let known = xx > 0.0 && yy > 0.0 && sample.len() >= groups.len() + FEWEST / 2;
    Ok(known.then(|| (xy / xx, xy / (xx * yy).sqrt())))
}
