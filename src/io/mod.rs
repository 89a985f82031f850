//! Text parsers and writers, pure: strings and bytes in, values or a located [`Error`](crate::Error) out.
//!
//! No parser trusts a count in a file: atoms, coefficients and products are collected as they are read and compared with
//! the count afterwards, so that memory is bounded by the size of the input.

pub mod cfg;
pub mod mtp;
mod text;

pub use cfg::{read_cfg, write_cfg};
pub use mtp::{read_mtp, write_mtp};

use crate::math::{Mat3, Vec3};
use crate::system::System;

/// A structure with what its file says about it. Per-atom lists have one entry per atom.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// A name or comment.
    pub name: Option<String>,
    /// Cell, species, positions, and velocities where the file has them.
    pub system: System,
    /// Total energy, eV.
    pub energy: Option<f64>,
    /// Force on each atom, eV/Å.
    pub forces: Option<Vec<Vec3>>,
    /// Pressure tensor times volume, eV, compression positive.
    pub plus_stress: Option<Mat3>,
    /// Energy of each atom, eV.
    pub site_energies: Option<Vec<f64>>,
    /// Other per-atom values by column name.
    pub columns: Vec<(String, Vec<f64>)>,
    /// Other properties of the configuration, in file order.
    pub features: Vec<(String, String)>,
}

impl Configuration {
    /// A bare structure.
    pub fn new(system: System) -> Self {
        Self {
            name: None,
            system,
            energy: None,
            forces: None,
            plus_stress: None,
            site_energies: None,
            columns: Vec::new(),
            features: Vec::new(),
        }
    }
}
