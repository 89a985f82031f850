//! Where a fit begins: random radial functions, and min_dist from the data.

use rand::RngExt;

use crate::error::{Error, Result};
use crate::math::rng;
use crate::potential::mtp::MtpParameters;

use super::dataset::DataSet;
use super::loss::radial_norms;

/// min_dist over the closest pair of the data.
const MIN_DIST_SHARE: f64 = 0.99;
/// Stream of the seed that draws the random starts.
const START_STREAM: u64 = 31;

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
pub(super) fn give_species(template: &mut MtpParameters, count: usize) {
    if template.species_count == 0 && !template.trained {
        template.species_count = count;
        template.species_labels = (0..count).collect();
        template.species_coeffs = vec![0.0; count];
        template.radial_coeffs = vec![0.0; count * count * template.radial_funcs_count * template.radial_basis.size];
    }
}

/// Puts min_dist of an untrained template just below the closest pair, and checks that of a trained one.
pub(super) fn set_min_dist(template: &mut MtpParameters, data: &DataSet) -> Result<()> {
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
