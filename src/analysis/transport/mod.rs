//! Transport coefficients of a liquid from what the observers of its equilibrium saw.

mod diffusion;

pub use diffusion::self_diffusion;
