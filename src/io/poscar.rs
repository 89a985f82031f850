//! POSCAR and CONTCAR of VASP: one crystal, atoms grouped by species.

use std::fmt::Write;

use super::species_list::{MAX_SPECIES, named};
use super::text::{Lines, is_row};
use super::{Configuration, is_numbered};
use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::system::{Cell, MAX_ATOMS, Species, System};

/// Reads a POSCAR or CONTCAR. `file` names it in errors.
///
/// The scale may be one factor, a negative volume, or three factors. Without a line of species (VASP 4) the names come from
/// the comment where it has one word for each count, else from their numbers. Cartesian velocities (Å/fs) are read.
///
/// # Errors
/// The first thing that is malformed, missing or not finite, with its line.
pub fn read_poscar(text: &str, file: &str) -> Result<Configuration> {
    let mut lines = Lines::new(text, file);
    let comment = lines.next_line().unwrap_or_default().trim();
    let lattice = read_lattice(&mut lines)?;
    let cell = Cell::new([0, 1, 2].map(|k| Some(lattice.vectors.column(k).into_owned())));
    let cell = cell.map_err(|error| lines.locate(error))?;
    let (species, counts) = read_species(&mut lines, comment)?;
    let atoms: usize = counts.iter().sum();
    let mut mode = lines.require("Direct or Cartesian")?;
    if mode.starts_with(['S', 's']) {
        mode = lines.require("Direct or Cartesian")?;
    }
    let cartesian = mode.starts_with(['C', 'c', 'K', 'k']);
    if !cartesian && !mode.starts_with(['D', 'd']) {
        return Err(lines.error(mode, "Direct or Cartesian"));
    }
    let mut positions = Vec::new();
    for _ in 0..atoms {
        let row = lines.require(&format!("{atoms} positions"))?;
        let vector = lines.vector(row, "position")?;
        positions.push(if cartesian { vector.component_mul(&lattice.scale) } else { cell.cartesian(&vector) });
    }
    let types = counts.iter().zip(0..).flat_map(|(&count, kind)| std::iter::repeat_n(kind, count)).collect();
    let mut system = System::new(cell, species, types, positions).map_err(|error| lines.locate(error))?;
    if let Some(velocities) = read_velocities(&mut lines, atoms)? {
        system.velocities = velocities;
    }
    let mut configuration = Configuration::new(system);
    configuration.name = Some(comment.to_owned()).filter(|name| !name.is_empty());
    Ok(configuration)
}

/// Lattice vectors as columns, scaled, and the scale that Cartesian positions get too.
pub(super) struct Lattice {
    pub(super) vectors: Mat3,
    pub(super) scale: Vec3,
}

pub(super) fn read_lattice(lines: &mut Lines) -> Result<Lattice> {
    let line = lines.require("a scale factor")?;
    let tokens: Vec<&str> = line.split_whitespace().collect();
    let scale = match tokens.as_slice() {
        [one] => Vec3::repeat(lines.number(one, "scale factor")?),
        [x, y, z] => Vec3::new(lines.number(x, "scale")?, lines.number(y, "scale")?, lines.number(z, "scale")?),
        _ => return Err(lines.error(line, "one or three scale factors")),
    };
    let mut rows = [Vec3::zeros(); 3];
    for row in &mut rows {
        let line = lines.require("a lattice vector")?;
        *row = lines.vector(line, "lattice vector")?;
    }
    let vectors = Mat3::from_columns(&rows);
    let scale = match tokens.len() {
        // A negative factor states the volume.
        1 if scale.x < 0.0 => Vec3::repeat((-scale.x / vectors.determinant().abs()).cbrt()),
        _ => scale,
    };
    if !scale.iter().all(|s| s.is_finite() && *s > 0.0) {
        return Err(lines.error(line, "a scale factor above 0, or minus a volume"));
    }
    Ok(Lattice { vectors: Mat3::from_diagonal(&scale) * vectors, scale })
}

pub(super) fn read_species(lines: &mut Lines, comment: &str) -> Result<(Vec<Species>, Vec<usize>)> {
    let mut line = lines.require("species, or how many atoms of each")?;
    let mut names: Vec<&str> = Vec::new();
    if !is_row(line) {
        // VASP 6 appends a hash to the name: K/8c3a.
        names = line.split_whitespace().map(|name| name.split('/').next().unwrap_or(name)).collect();
        line = lines.require("how many atoms of each species")?;
    }
    let mut counts = Vec::new();
    let mut atoms = 0_usize;
    for token in line.split_whitespace() {
        let count = lines.count(token, "number of atoms")?;
        atoms = atoms.saturating_add(count);
        if atoms > MAX_ATOMS || counts.len() >= MAX_SPECIES {
            return Err(lines.error(line, format!("at most {MAX_ATOMS} atoms and {MAX_SPECIES} species")));
        }
        counts.push(count);
    }
    if names.is_empty() && comment.split_whitespace().count() == counts.len() {
        names = comment.split_whitespace().collect();
    }
    let species: Vec<Species> = match names.len() {
        0 => (0..counts.len()).map(Species::unknown).collect(),
        n if n == counts.len() => names.into_iter().map(named).collect(),
        n => return Err(lines.error(line, format!("{n} counts, one for each species"))),
    };
    Ok((species, counts))
}

/// The velocities behind the positions; blocks of other kinds are left alone.
fn read_velocities(lines: &mut Lines, atoms: usize) -> Result<Option<Vec<Vec3>>> {
    match lines.next_filled() {
        Some(line) if line.starts_with(['C', 'c', 'K', 'k']) => {}
        Some(line) if is_row(line) => {
            let first = lines.vector(line, "velocity")?;
            return collect_velocities(lines, vec![first], atoms).map(Some);
        }
        _ => return Ok(None),
    }
    collect_velocities(lines, Vec::new(), atoms).map(Some)
}

fn collect_velocities(lines: &mut Lines, mut velocities: Vec<Vec3>, atoms: usize) -> Result<Vec<Vec3>> {
    while velocities.len() < atoms {
        let line = lines.require(&format!("{atoms} velocities"))?;
        velocities.push(lines.vector(line, "velocity")?);
    }
    velocities.truncate(atoms);
    Ok(velocities)
}

/// Writes a POSCAR. Atoms are reordered by species, which is what the format asks for.
///
/// # Errors
/// A structure that does not repeat in all three directions.
pub fn write_poscar(configuration: &Configuration) -> Result<String> {
    let system = &configuration.system;
    if !system.cell.is_bulk() {
        return Err(Error::invalid("POSCAR", "a structure open in a direction", "a cell with three lattice vectors"));
    }
    if is_numbered(configuration) {
        let expected = "elements (--species): a number in their place would be read as another thing";
        return Err(Error::invalid("POSCAR", "species without names", expected));
    }
    let comment = configuration.name.as_deref().unwrap_or("Crucible").replace(['\n', '\r'], " ");
    let mut out = format!("{comment}\n1.0\n");
    for k in 0..3 {
        let vector = system.cell.vectors().column(k);
        let _ = writeln!(out, "  {} {} {}", vector[0], vector[1], vector[2]);
    }
    let present: Vec<(&Species, u32, usize)> = system
        .species
        .iter()
        .zip(0..)
        .zip(system.counts())
        .map(|((species, kind), count)| (species, kind, count))
        .filter(|(.., count)| *count > 0)
        .collect();
    let join = |words: Vec<String>| words.join(" ");
    let _ = writeln!(out, "{}", join(present.iter().map(|(species, ..)| species.name.clone()).collect()));
    let _ = writeln!(out, "{}\nCartesian", join(present.iter().map(|(.., count)| count.to_string()).collect()));
    let atoms = || {
        let of_kind = |kind: u32| system.types.iter().enumerate().filter(move |(_, t)| **t == kind).map(|(i, _)| i);
        present.iter().flat_map(move |(_, kind, _)| of_kind(*kind))
    };
    let rows = |out: &mut String, values: &[Vec3]| {
        for v in atoms().filter_map(|i| values.get(i)) {
            let _ = writeln!(out, "  {} {} {}", v.x, v.y, v.z);
        }
    };
    rows(&mut out, &system.positions);
    if system.velocities.iter().any(|v| *v != Vec3::zeros()) {
        out.push_str("\nCartesian\n");
        rows(&mut out, &system.velocities);
    }
    Ok(out)
}
