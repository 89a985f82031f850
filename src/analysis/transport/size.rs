//! Self-diffusion in a liquid without end from that in a periodic cube.
//!
//! ```text
//! D_inf = D + 2.837297 k T/(6 pi eta L)
//! ```
//!
//! Yeh and Hummer, J. Phys. Chem. B 108, 15873 (2004), doi:10.1021/jp0477147: an atom drags its images along.

use crate::analysis::{Estimate, Property};
use crate::math::statistics::MeanError;
use crate::sampling::Currents;
use crate::units::BOLTZMANN;

use super::Source;
use super::diffusion::{A2_PER_FS_TO_1E9_M2_PER_S, DIFFUSION_UNIT, einstein};
use super::viscosity::TO_MILLIPASCAL_SECONDS;

/// The route of what [`size_corrected`] gives.
pub const SIZE_CORRECTED: &str = "Einstein, corrected for the size of the box";
const NO_CUBE: &str = "Needs a box that is a cube: for others the correction is not known here.";
const NO_VISCOSITY: &str = "Needs the shear viscosity, which is not known yet.";
const NO_DIFFUSION: &str = "Needs the diffusion coefficient, which is not known yet.";
/// Madelung-like sum of the images of a cube.
const XI: f64 = 2.837_297;

/// Every self-diffusion by `route` "Einstein", corrected with the shear viscosity among `properties`; why not, where there is
/// none or the cell is no cube.
pub fn size_corrected(currents: Source, properties: &[Property]) -> Vec<Property> {
    let viscosity =
        properties.iter().find(|property| property.id == "shear-viscosity" && property.route == "Green–Kubo");
    let viscosity = viscosity.and_then(|property| property.estimate.as_ref()).filter(|own| own.value > 0.0);
    let edge = currents.and_then(|currents| Ok((currents, currents.cube_edge().ok_or(NO_CUBE)?)));
    match edge.and_then(|(currents, edge)| Ok((currents, edge, viscosity.ok_or(NO_VISCOSITY)?))) {
        Ok((currents, edge, viscosity)) => corrected(currents, edge, viscosity, properties),
        Err(why) => einstein(properties).map(|own| pending(own, why)).collect(),
    }
}

fn pending(own: &Property, why: &str) -> Property {
    Property::pending("self-diffusion", &own.of, own.name.clone(), SIZE_CORRECTED, why)
}

fn corrected(currents: &Currents, edge: f64, viscosity: &Estimate, properties: &[Property]) -> Vec<Property> {
    let thermal = BOLTZMANN * currents.temperature() * TO_MILLIPASCAL_SECONDS;
    let shift = XI * thermal / (6.0 * std::f64::consts::PI * viscosity.value * edge) * A2_PER_FS_TO_1E9_M2_PER_S;
    let shift_error = viscosity.standard_error.map(|error| shift * error / viscosity.value);
    let corrected = einstein(properties).map(|property| {
        let Some(own) = property.estimate.as_ref() else { return pending(property, NO_DIFFUSION) };
        let error = own.standard_error.zip(shift_error).map(|(own, shift)| own.hypot(shift));
        let samples = own.independent_samples.min(viscosity.independent_samples);
        let error = MeanError { standard_error: error, independent_samples: samples };
        let estimate = Estimate::new(own.value + shift, error, DIFFUSION_UNIT).warned_by(own);
        Property { charts: property.charts.clone(), ..pending(property, "") }
            .measured(estimate)
            .with_setting("correction", format!("+{shift:.4} {DIFFUSION_UNIT} (Yeh and Hummer)"))
            .with_setting("viscosity", format!("{:.4} {}", viscosity.value, viscosity.unit))
            .with_setting("edge of the box", format!("{edge:.3} Å"))
    });
    corrected.collect()
}
