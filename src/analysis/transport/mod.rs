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
pub use size::{SIZE_CORRECTED, size_corrected};
pub use velocities::from_velocities;

use crate::sampling::Currents;

use super::Property;

/// Fewer samples than this have no spectrum worth the name.
const FEWEST_ROWS: usize = 64;

/// Currents, or why there are none.
pub type Source<'a> = Result<&'a Currents, &'a str>;

/// Everything that follows from the currents of a run at constant volume. `fluxes` have stress and energy, `particles` the
/// motion of each species, `together` has the fluxes row by row at the times of `particles`, where that is known: of a run
/// all three are the same. `diffusion` has the [`self_diffusion`] of each species among others.
pub fn collective(
    fluxes: Source,
    particles: Source,
    together: Option<&Currents>,
    diffusion: &[Property],
) -> Vec<Property> {
    let (fluxes, particles) = (long_enough(fluxes), long_enough(particles));
    let heat = match together.zip(particles.ok()) {
        Some((heat, matter)) if heat.rows() == matter.rows() => conduction::conductivities(heat, Some(matter)),
        _ => fluxes.map_or_else(conduction::pending, |own| conduction::conductivities(own, None)),
    };
    [
        fluxes.map_or_else(viscosity::pending, viscosity::viscosities),
        particles.map_or_else(conductivity::pending, |own| conductivity::conductivities(own, diffusion)),
        heat,
    ]
    .concat()
}

fn long_enough(source: Source) -> Source {
    source.and_then(|own| if own.rows() < FEWEST_ROWS { Err(report::NO_SAMPLES) } else { Ok(own) })
}
