//! Structure files of any format, by name or content.

use super::species_names::number_types;
use super::{
    Configuration, decode, read_cfg, read_extxyz, read_lammps_data, read_poscar, write_cfg, write_extxyz,
    write_lammps_data, write_lammps_dump, write_poscar,
};
use crate::error::{Error, Result};
use crate::system::{Species, System};

/// The formats of structures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructureFormat {
    /// MLIP's .cfg.
    Cfg,
    /// Extended or plain XYZ.
    ExtXyz,
    /// LAMMPS data file.
    LammpsData,
    /// LAMMPS dump file (written only).
    LammpsDump,
    /// POSCAR or CONTCAR.
    Poscar,
}

impl StructureFormat {
    /// The format that a file's name stands for.
    pub fn from_name(file: &str) -> Option<Self> {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file).to_ascii_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "cfg" => Some(Self::Cfg),
            "xyz" | "extxyz" => Some(Self::ExtXyz),
            "data" | "lmp" | "lammps" => Some(Self::LammpsData),
            "dump" | "lammpstrj" => Some(Self::LammpsDump),
            "poscar" | "contcar" | "vasp" => Some(Self::Poscar),
            _ if name.starts_with("poscar") || name.starts_with("contcar") => Some(Self::Poscar),
            _ => None,
        }
    }

    /// The format that a file's first lines look like.
    fn from_content(text: &str) -> Option<Self> {
        let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        if first == "BEGIN_CFG" {
            return Some(Self::Cfg);
        }
        if first.parse::<u64>().is_ok() {
            return Some(Self::ExtXyz);
        }
        if first.starts_with("ITEM:") {
            return Some(Self::LammpsDump);
        }
        let mut head = text.lines().take(20).map(|line| line.split('#').next().unwrap_or_default().trim());
        if head.any(|line| line.ends_with(" atoms")) {
            return Some(Self::LammpsData);
        }
        let second = text.lines().nth(1)?.split_whitespace().next()?;
        second.parse::<f64>().is_ok().then_some(Self::Poscar)
    }
}

/// Reads a structure file; the format is known by the name, else by the content. Numbers that stand for species are the
/// types, in every format.
///
/// # Errors
/// An unknown format, a file without configurations, a type of more than 255, or what the format's reader finds wrong.
pub fn read_structure(bytes: &[u8], file: &str) -> Result<Vec<Configuration>> {
    let text = decode(bytes, file)?;
    let format = StructureFormat::from_name(file).or_else(|| StructureFormat::from_content(text));
    let mut configurations = match format {
        Some(StructureFormat::Cfg) => read_cfg(text, file, &[])?,
        Some(StructureFormat::ExtXyz) => read_extxyz(text, file)?,
        Some(StructureFormat::LammpsData) => vec![read_lammps_data(text, file)?],
        Some(StructureFormat::Poscar) => vec![read_poscar(text, file)?],
        Some(StructureFormat::LammpsDump) | None => {
            return Err(Error::invalid(
                format!("{file}: format"),
                "neither a known name nor known content",
                ".cfg, .xyz, .extxyz, LAMMPS .data or POSCAR",
            ));
        }
    };
    if configurations.is_empty() {
        return Err(Error::parse(file, 1, "", "at least one configuration"));
    }
    if configurations.iter().all(is_lammps_xyz) {
        configurations.iter_mut().for_each(count_from_zero);
    }
    number_types(&mut configurations)?;
    Ok(configurations)
}

/// What LAMMPS's `dump xyz` says in its comment, which plain XYZ has as a name.
const LAMMPS_XYZ: &str = "Atoms. Timestep: ";

fn is_lammps_xyz(configuration: &Configuration) -> bool {
    configuration.name.as_deref().is_some_and(|name| name.starts_with(LAMMPS_XYZ))
}

/// Its types are numbered from 1. The comment goes, so that nobody does this again.
fn count_from_zero(configuration: &mut Configuration) {
    let comment = configuration.name.take();
    let step = comment.as_deref().and_then(|comment| comment.strip_prefix(LAMMPS_XYZ));
    configuration.features.extend(step.map(|step| ("step".to_owned(), step.trim().to_owned())));
    let species = &mut configuration.system.species;
    let numbers: Option<Vec<usize>> =
        species.iter().map(|one| one.name.parse::<usize>().ok()?.checked_sub(1)).collect();
    if let Some(numbers) = numbers {
        *species = numbers.into_iter().map(Species::unknown).collect();
    }
}

/// Writes configurations in a format. LAMMPS data and POSCAR hold one. A dump's frames have the step and time of their features
/// `step` and `time_ps`; without, they are numbered from 0.
///
/// # Errors
/// More than one configuration for a format that holds one; a cell that the format can't state.
pub fn write_structure(format: StructureFormat, configurations: &[Configuration]) -> Result<String> {
    let single = || match configurations {
        [one] => Ok(one),
        _ => {
            let found = format!("{} configurations", configurations.len());
            Err(Error::invalid("structures to write", found, "one, for a format that holds one"))
        }
    };
    match format {
        StructureFormat::Cfg => Ok(write_cfg(configurations)),
        StructureFormat::ExtXyz => Ok(write_extxyz(configurations)),
        StructureFormat::LammpsData => write_lammps_data(&single()?.system),
        StructureFormat::LammpsDump => write_dump(configurations),
        StructureFormat::Poscar => write_poscar(single()?),
    }
}

/// What a dump begins with.
pub const DUMP_HEADER: &str = "ITEM: UNITS\nmetal\n";

fn write_dump(configurations: &[Configuration]) -> Result<String> {
    let mut out = DUMP_HEADER.to_owned();
    for (frame, index) in configurations.iter().zip(0..) {
        let feature = |name: &str| frame.features.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let step = feature("step").and_then(|step| step.parse().ok()).unwrap_or(index);
        let time_ps = feature("time_ps").and_then(|time| time.parse().ok());
        out.push_str(&dump_frame(&frame.system, step, time_ps)?);
    }
    Ok(out)
}

/// One frame of a dump that begins with [`DUMP_HEADER`]; what comes before its box stands in LAMMPS's order.
///
/// # Errors
/// As [`write_lammps_dump`].
pub fn dump_frame(system: &System, step: u64, time_ps: Option<f64>) -> Result<String> {
    let time = time_ps.map_or_else(String::new, |time| format!("ITEM: TIME\n{time}\n"));
    Ok(time + &write_lammps_dump(system, step)?)
}
