//! Transport coefficients of a liquid from what the observers of its equilibrium saw.
//!
//! | route | where |
//! |---|---|
//! | slope of the mean-square displacement | `diffusion` |
//! | integral of the velocity autocorrelation | `velocities` |
//! | correction for the size of the box | `size` |
//! | Green–Kubo integrals with a plateau that the data choose | `green_kubo`, over the windows of `spectrum` |
//! | cepstral analysis | `cepstrum` |

mod cepstrum;
mod conduction;
mod conductivity;
mod diffusion;
mod green_kubo;
mod report;
mod size;
mod spectrum;
#[cfg(test)]
mod synthetic;
mod velocities;
mod viscosity;

pub use diffusion::self_diffusion;
pub use size::size_corrected;
pub use velocities::from_velocities;

use crate::sampling::Currents;

use super::Property;

/// Fewer samples than this have no spectrum worth the name.
const FEWEST_ROWS: usize = 64;

/// Everything that follows from the currents of a run at constant volume; `diffusion` holds the
/// [`self_diffusion`] of each species.
pub fn collective(currents: &Currents, diffusion: &[Property]) -> Vec<Property> {
    if currents.rows() < FEWEST_ROWS {
        return collective_pending(report::NO_SAMPLES);
    }
    let mut all = viscosity::viscosities(currents);
    all.extend(conductivity::conductivities(currents, diffusion));
    all.extend(conduction::conductivities(currents));
    all
}

/// The same properties where there are no currents, each with the reason.
pub fn collective_pending(why: &str) -> Vec<Property> {
    [viscosity::pending(why), conductivity::pending(why), conduction::pending(why)].concat()
}
