//! Physics tests against the library, one binary.

mod active_set;
mod allocations;
mod analyze;
mod cli;
mod data_sets;
mod dynamics;
mod ensembles;
mod extrapolation;
mod file_properties;
mod files;
mod fitting;
mod ideal_gas;
mod ionic;
mod kernels;
mod labelling;
mod liquids;
mod melt_structure;
mod neighbors;
mod reference;
mod run;
mod sampling;
mod simple_potentials;
mod structure_files;
mod structures;
mod thermodynamics;
mod transport;
