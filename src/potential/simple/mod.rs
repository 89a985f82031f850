//! Potentials with analytic answers: for tests, for teaching, and for relaxing a structure before the real one takes over.

mod born_mayer_huggins;
mod ewald;
mod harmonic;
mod ideal_gas;
mod lennard_jones;
mod pair;
mod soft;
mod tosi_fumi;

pub use born_mayer_huggins::BornMayerHuggins;
pub use harmonic::Harmonic;
pub use ideal_gas::IdealGas;
pub use lennard_jones::{LennardJones, PairParameters, Truncation};
pub use soft::Soft;
pub use tosi_fumi::AlkaliHalide;
