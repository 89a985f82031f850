//! Crucible: molten salts and metals simulated in the browser with Moment Tensor Potentials.
//!
//! # Map of the crate
//!
//! Physics knows nothing of the browser, the browser knows nothing of physics; [`wasm`](self) joins them.
//!
//! | module | what it holds |
//! |---|---|
//! | [`units`] | internal units and every conversion |
//! | [`error`] | the one error type, user-facing |
//! | [`parallel`] | fixed chunks over threads, sums in a fixed order; the only core module that names rayon |
//! | [`math`] | vectors, SIMD lanes, seeded random numbers, statistics |
//! | [`system`] | `System`, `Cell`, `Species`, and the builders of melts and crystals |
//! | [`io`] | text parsers and writers, pure: .mtp, .almtp, .cfg, extended XYZ, LAMMPS, POSCAR; trajectories and logs of others |
//! | [`neighbor`] | the neighbour list with skin and reverse index |
//! | [`potential`] | `Potential`, `Evaluation`; `mtp` (two kernels) and `simple` (analytic answers) |
//! | [`fitting`] | templates, data sets, loss, optimiser, report; active sets and selection (MaxVol) |
//! | [`dynamics`] | `Simulation`, ensembles, thermostats, barostats, minimisation |
//! | [`sampling`] | observers that watch a run and keep bounded series |
//! | [`analysis`] | series to `Estimate { value, standard_error, unit }` |
//! | [`labelling`] | inputs and outputs of the codes that label: CP2K, GPAW, VASP, Quantum ESPRESSO |
//! | [`chart`] | `ChartSpec` drawn by plotters on any back end |
//! | [`run`] | `RunSpec` to results, at one temperature (`Run`) or several (`Scan`): what the command line and the page both drive; `analyze`: trajectories of others |
//! | `wasm` | the JS boundary, compiled for wasm only; the only folder that names JS types |
//!
//! # One step of a run
//!
//! integrator half-step, [`neighbor::NeighborList::update`], [`potential::Potential::evaluate`], second half-step with the
//! ensemble's thermostat and barostat, then the observers that are due.
//!
//! # Units
//!
//! Å, eV, fs, u, K, e everywhere inside; see [`units`]. A name carries its unit where it could be doubted.

pub mod analysis;
pub mod chart;
pub mod dynamics;
pub mod error;
pub mod fitting;
pub mod io;
pub mod labelling;
pub mod math;
pub mod neighbor;
pub mod parallel;
pub mod potential;
pub mod run;
pub mod sampling;
pub mod system;
pub mod units;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use error::{Error, Result};
