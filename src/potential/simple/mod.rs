//! Potentials with analytic answers: for tests, for teaching, and for relaxing a structure before the real one takes over.

mod harmonic;
mod ideal_gas;
mod lennard_jones;
mod pair;
mod soft;

pub use harmonic::Harmonic;
pub use ideal_gas::IdealGas;
pub use lennard_jones::{LennardJones, PairParameters, Truncation};
pub use soft::Soft;
