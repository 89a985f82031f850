//! Where a fit begins: what the template takes of the data, and random radial functions.

use rand::RngExt;

use crate::error::{Error, Result};
use crate::io::tagged_species;
use crate::math::rng;
use crate::potential::mtp::MtpParameters;
use crate::system::species;

use super::dataset::DataSet;
use super::loss::radial_norms;
use super::spec::FitSpec;

/// min_dist over the closest pair of the data.
const MIN_DIST_SHARE: f64 = 0.99;
/// Stream of the seed that draws the random starts.
const START_STREAM: u64 = 31;

/// What the template takes of the data, and what no fit of the two can do without.
pub(super) fn prepare(template: &mut MtpParameters, data: &DataSet, spec: &FitSpec) -> Result<()> {
    spec.validate()?;
    give_species(template, data.species.len());
    if template.species_count != data.species.len() {
        let expected = format!("{}, as in the data set", data.species.len());
        return Err(Error::invalid("species of the template", template.species_count, expected));
    }
    set_min_dist(template, data)?;
    template.validate()
}

/// States the species in the potential's tag, where that says nothing, or names other elements.
pub(super) fn tag(template: &mut MtpParameters, data: &DataSet) {
    let names: Vec<String> = data.species.iter().map(|species| species.name.clone()).collect();
    let are_elements = data.species.iter().all(|species| species::element(&species.name).is_ok());
    let stale = tagged_species(template).is_some_and(|told| are_elements && told != names);
    if template.tag.is_none() || stale {
        template.tag = Some(names.join("-"));
    }
}

/// Radial functions of unit norm: function mu mostly the mu-th basis function, with noise in the others.
pub(super) fn random_radial(template: &MtpParameters, seed: u64, start: usize) -> Vec<f64> {
    let mut rng = rng::seeded(seed, START_STREAM + start as u64);
    let (size, count) = (template.radial_basis.size, template.radial_funcs_count);
    let mut radial: Vec<f64> = (0..template.radial_coeffs.len())
        .map(|k| {
            let (mu, xi) = ((k / size) % count, k % size);
            let noise: f64 = rng.random_range(-1.0..1.0);
            f64::from(u8::from(mu == xi)) + 0.5 * noise / (1.0 + xi as f64)
        })
        .collect();
    let norms = radial_norms(&MtpParameters { radial_coeffs: radial.clone(), ..template.clone() });
    for (k, c) in radial.iter_mut().enumerate() {
        *c /= norms[(k / size) % count].sqrt();
    }
    radial
}

/// Gives an untrained template that leaves the number of species open, as those of MLIP-3 may, that of the data.
fn give_species(template: &mut MtpParameters, count: usize) {
    if template.species_count == 0 && !template.trained {
        template.species_count = count;
        template.species_labels = (0..count).collect();
        template.species_coeffs = vec![0.0; count];
        template.radial_coeffs = vec![0.0; count * count * template.radial_funcs_count * template.radial_basis.size];
    }
}

/// Puts min_dist of an untrained template just below the closest pair, and checks that of a trained one.
fn set_min_dist(template: &mut MtpParameters, data: &DataSet) -> Result<()> {
    let Some((closest, configuration)) = data.closest_pair()? else { return Ok(()) };
    let basis = &mut template.radial_basis;
    if closest >= basis.max_dist {
        let expected = format!("a cutoff above the closest pair, {closest:.3} Å");
        return Err(Error::invalid("cutoff", format!("{} Å", basis.max_dist), expected));
    }
    if !template.trained {
        basis.min_dist = MIN_DIST_SHARE * closest;
    } else if basis.min_dist > closest {
        let found = format!("{} Å", basis.min_dist);
        let pair = format!(
            "at most {closest:.4} Å, the closest pair of the data (configuration {configuration}); lower it in the potential's file, \
             and the fit goes on from there"
        );
        return Err(Error::invalid("min_dist of the potential", found, pair));
    }
    Ok(())
}
