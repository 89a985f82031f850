//! Molecular dynamics and relaxation.
//!
//! [`Simulation`] advances a system under an [`Ensemble`] and exposes the energy that the method conserves. Everything is
//! summed in a fixed order and drawn from one seeded generator: a trajectory has the same bits for any number of threads,
//! and a [`Checkpoint`] goes on with the same bits.

mod barostat;
mod bath;
mod checkpoint;
mod ensemble;
mod guard;
mod integrator;
pub mod minimize;
mod motion;
mod nose_hoover;
mod simulation;
mod velocities;

pub use checkpoint::Checkpoint;
pub use ensemble::{Axes, Ensemble, Ramp, Targets};
pub use guard::Limits;
pub(crate) use guard::check_run;
pub use simulation::Simulation;
pub use velocities::{maxwell_boltzmann, remove_drift};
