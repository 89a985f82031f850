//! Text parsers and writers, pure: strings and bytes in, values or a located [`Error`] out.
//!
//! | format | read | write |
//! |---|---|---|
//! | .mtp, .almtp, .als | [`read_mtp`], [`read_almtp`] | [`write_mtp`], [`write_almtp`], [`write_als`] |
//! | .cfg | [`read_cfg`] | [`write_cfg`] |
//! | extended XYZ | [`read_extxyz`] | [`write_extxyz`] |
//! | trajectories: LAMMPS dump, extended XYZ, XDATCAR | [`read_trajectory`], [`TrajectoryReader`] | |
//! | stress and heat flux over time: LAMMPS log, `fix ave/time`, columns | [`read_flux_log`] | [`flux_log_header`], [`flux_log_row`] |
//! | LAMMPS data and dump | [`read_lammps_data`] | [`write_lammps_data`], [`write_lammps_dump`] |
//! | POSCAR, CONTCAR | [`read_poscar`] | [`write_poscar`] |
//!
//! No parser trusts a count in a file: atoms, coefficients and products are collected as they are read and compared with
//! the count afterwards, so that memory is bounded by the size of the input.

pub mod almtp;
pub mod cfg;
pub mod extxyz;
pub mod flux_log;
pub mod lammps;
pub mod mtp;
pub mod poscar;
mod species_labels;
mod species_list;
mod species_names;
mod structure;
mod text;
mod tokens;
pub mod trajectory;

pub use almtp::{ActiveSet, Almtp, read_almtp, write_almtp, write_als};
pub use cfg::{read_cfg, write_cfg};
pub use extxyz::{read_extxyz, write_extxyz};
pub use flux_log::{FluxLog, FluxLogSettings, FluxRow, LogUnits, flux_log_header, flux_log_row, read_flux_log};
pub use lammps::{read_lammps_data, write_lammps_data, write_lammps_dump};
pub use mtp::{read_mtp, write_mtp};
pub use poscar::{read_poscar, write_poscar};
pub(crate) use species_labels::place_of;
pub use species_labels::{types_from_labels, types_to_labels, write_labelled};
pub use species_names::{
    are_elements, assign_species, is_numbered, match_files, match_species, species_of, tagged_species, unite_species,
};
pub use structure::{DUMP_HEADER, StructureFormat, dump_frame, read_structure, write_structure};
pub use trajectory::{TrajectoryFrame, TrajectoryReader, read_trajectory};

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::system::System;

/// The largest file that a front end should read, bytes.
pub const MAX_FILE_BYTES: u64 = 512 << 20;

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

    /// Names of the other columns as a file can hold them that has `own` columns already: without blanks and marks of the
    /// format, each once.
    fn column_names(&self, own: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in &self.columns {
            let mut name: String =
                name.chars().map(|c| if c.is_whitespace() || ":=\"'".contains(c) { '_' } else { c }).collect();
            while name.is_empty() || own.contains(&name.to_ascii_lowercase().as_str()) || names.contains(&name) {
                name.push('_');
            }
            names.push(name);
        }
        names
    }
}

/// The bytes of a text file as text.
///
/// # Errors
/// Bytes that are not UTF-8, with their line.
pub fn decode<'a>(bytes: &'a [u8], file: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        Error::parse(file, line, "bytes that are not text", "a text file in UTF-8")
    })
}
