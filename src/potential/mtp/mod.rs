//! Moment Tensor Potentials (Shapeev, doi:10.1137/15M1054183; MLIP, doi:10.1088/2632-2153/abc9fe).

pub mod parameters;

pub use parameters::{MtpParameters, Product, RadialBasis, RadialBasisKind};
