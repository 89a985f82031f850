//! Physics tests against the library, one binary.

mod dynamics;
mod files;
mod kernels;
mod neighbors;
mod reference;
mod run;
mod sampling;
mod structure_files;
mod structures;
