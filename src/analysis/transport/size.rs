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

use super::diffusion::{A2_PER_FS_TO_1E9_M2_PER_S, DIFFUSION_UNIT};
use super::viscosity::TO_MILLIPASCAL_SECONDS;

/// The route of what [`size_corrected`] gives.
pub const SIZE_CORRECTED: &str = "Einstein, corrected for the size of the box";
/// Madelung-like sum of the images of a cube.
const XI: f64 = 2.837_297;

/// Every self-diffusion by `route` "Einstein", corrected with the shear viscosity among `properties`; none without one, or
/// where the cell is no cube.
pub fn size_corrected(currents: &Currents, properties: &[Property]) -> Vec<Property> {
    let viscosity =
        properties.iter().find(|property| property.id == "shear-viscosity" && property.route == "Green–Kubo");
    let Some(viscosity) = viscosity.and_then(|property| property.estimate.as_ref()) else { return Vec::new() };
    let Some(edge) = currents.cube_edge().filter(|_| viscosity.value > 0.0) else { return Vec::new() };
    let thermal = BOLTZMANN * currents.temperature() * TO_MILLIPASCAL_SECONDS;
    let shift = XI * thermal / (6.0 * std::f64::consts::PI * viscosity.value * edge) * A2_PER_FS_TO_1E9_M2_PER_S;
    let shift_error = viscosity.standard_error.map(|error| shift * error / viscosity.value);
    let einstein = properties.iter().filter(|property| property.id == "self-diffusion" && property.route == "Einstein");
    let corrected = einstein.filter_map(|property| {
        let own = property.estimate.as_ref()?;
        let error = own.standard_error.zip(shift_error).map(|(own, shift)| own.hypot(shift));
        let samples = own.independent_samples.min(viscosity.independent_samples);
        let error = MeanError { standard_error: error, independent_samples: samples };
        let estimate = Estimate::new(own.value + shift, error, DIFFUSION_UNIT).warned_by(own);
        let name = property.name.clone();
        Some(
            Property::pending("self-diffusion", &property.of, name, SIZE_CORRECTED, "")
                .measured(estimate)
                .with_setting("correction", format!("+{shift:.4} {DIFFUSION_UNIT} (Yeh and Hummer)"))
                .with_setting("viscosity", format!("{:.4} {}", viscosity.value, viscosity.unit))
                .with_setting("edge of the box", format!("{edge:.3} Å")),
        )
    });
    corrected.collect()
}
