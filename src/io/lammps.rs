//! LAMMPS files in `metal` units: data files in and out, dump files out. Data files in `real` units, which differ in velocities
//! only, are read where their title says so, as that of `write_data` does: `units = real`.
//!
//! LAMMPS wants a right-handed cell with a along x and b in the xy plane. A cell is brought there by a proper rotation of
//! the cell with its atoms and velocities; a left-handed one first has all three lattice vectors negated, which leaves the
//! crystal as it is (the negated vectors span the same lattice) and mirrors nothing. Data files also get tilts of at most
//! half a box length, by adding whole lattice vectors to others. So energies and all distances stay; components of
//! vectors in the file are those of the rotated frame, see [`LammpsFrame::rotation`].
//!
//! A direction without periodicity gets a box that holds the atoms with 1 Å to spare. Data files don't state periodicity:
//! the first line carries a `boundary` command that the reader here honours; without one all directions repeat.

use std::fmt::Write;

use mendeleev::Element;

use super::Configuration;
use super::species_list::{MAX_SPECIES, named};
use super::text::Lines;
use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::system::{Cell, MAX_ATOMS, Species, System};
use crate::units::PS_TO_FS;

/// LAMMPS's systems of units.
const UNITS: [&str; 8] = ["lj", "real", "metal", "si", "cgs", "electron", "micro", "nano"];
/// Room in Å around the atoms along a direction without periodicity.
const MARGIN: f64 = 1.0;
/// Atomic weights in files agree with the table to about this, u.
const MASS_TOLERANCE: f64 = 0.05;

/// A cell as LAMMPS wants it, and how to get there.
pub struct LammpsFrame {
    /// Rows of the rotation that takes positions, velocities and forces to LAMMPS's axes.
    pub rotation: Mat3,
    /// Lower corner of the box, Å.
    pub origin: Vec3,
    /// Box vectors as columns, Å: upper triangular, positive diagonal.
    pub vectors: Mat3,
}

impl LammpsFrame {
    /// The frame for `system`, without reducing tilts.
    ///
    /// # Errors
    /// A cell too flat to rotate.
    pub fn new(system: &System) -> Result<Self> {
        let mut vectors = *system.cell.vectors();
        if vectors.determinant() < 0.0 {
            vectors = -vectors;
        }
        let flat = || Error::invalid("cell", "lattice vectors that span no volume", "linearly independent vectors");
        let inverse = vectors.try_inverse().ok_or_else(flat)?;
        let mut origin = Vec3::zeros();
        let mut stretched = vectors;
        for k in (0..3).filter(|&k| !system.cell.periodic()[k]) {
            let along = system.positions.iter().map(|p| (inverse * p)[k]);
            let (low, high) = along.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), s| (a.min(s), b.max(s)));
            let (low, high) = if low <= high { (low - MARGIN, high + MARGIN) } else { (-MARGIN, MARGIN) };
            origin += vectors.column(k) * low;
            stretched.column_mut(k).scale_mut(high - low);
        }
        let [a, b] = [0, 1].map(|k| stretched.column(k).into_owned());
        let axes = [a, a.cross(&b).cross(&a), a.cross(&b)].map(|axis| axis.try_normalize(0.0));
        let [Some(x), Some(y), Some(z)] = axes else { return Err(flat()) };
        let rotation = Mat3::from_rows(&[x.transpose(), y.transpose(), z.transpose()]);
        let mut rotated = rotation * stretched;
        // Exactly triangular, not to rounding.
        for (row, column) in [(1, 0), (2, 0), (2, 1)] {
            rotated[(row, column)] = 0.0;
        }
        Ok(Self { rotation, origin: rotation * origin, vectors: rotated })
    }

    /// Adds whole lattice vectors to others until each tilt is at most half its box length.
    fn reduce_tilts(&mut self) {
        for (moved, by) in [(1, 0), (2, 1), (2, 0)] {
            let times = (self.vectors[(by, moved)] / self.vectors[(by, by)]).round();
            let shift = self.vectors.column(by) * times;
            let mut column = self.vectors.column_mut(moved);
            column -= shift;
        }
    }

    fn tilts(&self) -> [f64; 3] {
        [self.vectors[(0, 1)], self.vectors[(0, 2)], self.vectors[(1, 2)]]
    }

    fn is_tilted(&self) -> bool {
        self.tilts() != [0.0; 3]
    }
}

/// Writes a data file of atom style `atomic`, with velocities (Å/ps) where an atom moves.
///
/// # Errors
/// A cell too flat to rotate.
pub fn write_lammps_data(system: &System) -> Result<String> {
    let mut frame = LammpsFrame::new(system)?;
    if system.cell.is_bulk() {
        frame.reduce_tilts();
    }
    let [a, b, c] = system.cell.periodic().map(|periodic| if periodic { 'p' } else { 'f' });
    let mut out = format!("# Crucible, units metal, boundary {a} {b} {c}\n\n");
    let _ = write!(out, "{} atoms\n{} atom types\n\n", system.len(), system.species.len());
    for (k, axis) in ["x", "y", "z"].iter().enumerate() {
        let low = frame.origin[k];
        let _ = writeln!(out, "{low} {} {axis}lo {axis}hi", low + frame.vectors[(k, k)]);
    }
    if frame.is_tilted() {
        let [xy, xz, yz] = frame.tilts();
        let _ = writeln!(out, "{xy} {xz} {yz} xy xz yz");
    }
    out.push_str("\nMasses\n\n");
    for (k, species) in system.species.iter().enumerate() {
        let _ = writeln!(out, "{} {} # {}", k + 1, species.mass_u, species.name);
    }
    out.push_str("\nAtoms # atomic\n\n");
    for (i, (kind, position)) in system.types.iter().zip(&system.positions).enumerate() {
        let p = frame.rotation * position;
        let _ = writeln!(out, "{} {} {} {} {}", i + 1, kind + 1, p.x, p.y, p.z);
    }
    if system.velocities.iter().any(|v| *v != Vec3::zeros()) {
        out.push_str("\nVelocities\n\n");
        for (i, velocity) in system.velocities.iter().enumerate() {
            let v = frame.rotation * velocity * PS_TO_FS;
            let _ = writeln!(out, "{} {} {} {}", i + 1, v.x, v.y, v.z);
        }
    }
    Ok(out)
}

/// Writes one frame of a dump file: unwrapped positions in LAMMPS's axes, and the box.
///
/// # Errors
/// A cell too flat to rotate.
pub fn write_lammps_dump(system: &System, step: u64) -> Result<String> {
    let frame = LammpsFrame::new(system)?;
    let [xy, xz, yz] = frame.tilts();
    let bounds = system.cell.periodic().map(|periodic| if periodic { "pp" } else { "ff" }).join(" ");
    let mut out = format!("ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n{}\n", system.len());
    let tilted = if frame.is_tilted() { "xy xz yz " } else { "" };
    let _ = writeln!(out, "ITEM: BOX BOUNDS {tilted}{bounds}");
    // The bounds of a tilted box are those of the box around it.
    let ends = |values: &[f64]| values.iter().fold((0.0_f64, 0.0_f64), |(low, high), &x| (low.min(x), high.max(x)));
    let around = [ends(&[xy, xz, xy + xz]), ends(&[yz]), (0.0, 0.0)];
    for (k, (tilt, (below, above))) in [xy, xz, yz].into_iter().zip(around).enumerate() {
        let low = frame.origin[k];
        let _ = write!(out, "{} {}", low + below, low + frame.vectors[(k, k)] + above);
        let _ = if frame.is_tilted() { writeln!(out, " {tilt}") } else { writeln!(out) };
    }
    out.push_str("ITEM: ATOMS id type element xu yu zu\n");
    for (i, (&kind, position)) in system.types.iter().zip(&system.positions).enumerate() {
        let p = frame.rotation * position;
        let name = system.species.get(kind as usize).map_or("X", |species| species.name.as_str());
        let _ = writeln!(out, "{} {} {name} {} {} {}", i + 1, kind + 1, p.x, p.y, p.z);
    }
    Ok(out)
}

/// Reads a data file of atom style atomic, charge, molecular, bond, angle or full. `file` names it in errors.
///
/// Species are named by type labels, by the comments of `Masses`, or by the element of that mass; else by
/// their number from 0, as types are everywhere here.
///
/// # Errors
/// The first thing that is malformed, missing, contradicts a count or is not finite; units other than metal and real; atoms
/// of a style that can't be told.
pub fn read_lammps_data(text: &str, file: &str) -> Result<Configuration> {
    let mut lines = Lines::new(text, file);
    let title = lines.next_line().unwrap_or_default();
    let mut draft = Draft { time_fs: unit_of_time(title, &lines)?, ..Draft::default() };
    // A grain boundary is another thing.
    if let Some((_, flags)) = title.split_once("boundary ") {
        let flags: Vec<&str> = flags.split_whitespace().take(3).collect();
        let is_flag = |flag: &&str| matches!(flag.len(), 1 | 2) && flag.chars().all(|c| "pfsm".contains(c));
        if flags.len() == 3 && flags.iter().all(is_flag) {
            draft.periodic = [0, 1, 2].map(|k| flags[k].starts_with('p'));
        }
    }
    while let Some(line) = lines.next_filled() {
        draft.read_line(line, &mut lines)?;
    }
    draft.finish(&lines)
}

/// The unit of time in fs, by the units that a title names directly after or before the word: `units = real`, `units: real`,
/// `real units`. Metal where it names none: formula units, or units of length, are no concern here.
fn unit_of_time(title: &str, lines: &Lines) -> Result<f64> {
    let title = title.to_lowercase();
    let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let beside = |at: usize| [words.get(at + 1), at.checked_sub(1).and_then(|before| words.get(before))];
    let mut named = (0..words.len()).rev().filter(|&at| words[at] == "units").flat_map(beside).flatten();
    match named.find(|name| UNITS.contains(*name)) {
        None | Some(&"metal") => Ok(PS_TO_FS),
        Some(&"real") => Ok(1.0),
        Some(name) => Err(lines.error(&format!("units {name}"), "units metal or real")),
    }
}

/// An atom's line.
struct Atom {
    id: usize,
    kind: usize,
    position: Vec3,
    image: [f64; 3],
}

struct Draft {
    /// fs of the file's times.
    time_fs: f64,
    periodic: [bool; 3],
    atom_count: Option<usize>,
    type_count: Option<usize>,
    bounds: [Option<[f64; 2]>; 3],
    tilts: [f64; 3],
    masses: Vec<(usize, f64, Option<String>)>,
    labels: Vec<(usize, String)>,
    atoms: Vec<Atom>,
    velocities: Vec<(usize, Vec3)>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            time_fs: PS_TO_FS,
            periodic: [true; 3],
            atom_count: None,
            type_count: None,
            bounds: [None; 3],
            tilts: [0.0; 3],
            masses: Vec::new(),
            labels: Vec::new(),
            atoms: Vec::new(),
            velocities: Vec::new(),
        }
    }
}

impl Draft {
    /// A line of the header, or the title of a section with the section itself.
    fn read_line(&mut self, line: &str, lines: &mut Lines) -> Result<()> {
        let (content, comment) = split_comment(line);
        let tokens: Vec<&str> = content.split_whitespace().collect();
        match tokens.as_slice() {
            [] => Ok(()),
            [n, "atoms"] => set_count(&mut self.atom_count, n, MAX_ATOMS, "atoms", lines),
            [n, "atom", "types"] => set_count(&mut self.type_count, n, MAX_SPECIES, "atom types", lines),
            [low, high, "xlo", "xhi"] => self.set_bounds(0, low, high, lines),
            [low, high, "ylo", "yhi"] => self.set_bounds(1, low, high, lines),
            [low, high, "zlo", "zhi"] => self.set_bounds(2, low, high, lines),
            [xy, xz, yz, "xy", "xz", "yz"] => {
                for (tilt, token) in self.tilts.iter_mut().zip([xy, xz, yz]) {
                    *tilt = lines.number(token, "tilt")?;
                }
                Ok(())
            }
            [.., "avec" | "bvec" | "cvec"] => Err(lines.error(line, "a box of xlo xhi and tilts xy xz yz")),
            ["Masses"] => self.read_masses(lines),
            ["Atom", "Type", "Labels"] => self.read_labels(lines),
            ["Atoms"] => self.read_atoms(comment, lines),
            ["Velocities"] => self.read_velocities(lines),
            [first, ..] if first.starts_with(|c: char| c.is_ascii_uppercase()) => {
                while next_row(lines).is_some() {}
                Ok(())
            }
            [n, ..] => lines.number(n, "a count, a bound or the title of a section").map(|_| ()),
        }
    }

    fn set_bounds(&mut self, axis: usize, low: &str, high: &str, lines: &Lines) -> Result<()> {
        let [low, high] = [lines.number(low, "lower bound")?, lines.number(high, "upper bound")?];
        if let Some(bounds) = self.bounds.get_mut(axis) {
            *bounds = Some([low, high]);
        }
        Ok(())
    }

    fn read_masses(&mut self, lines: &mut Lines) -> Result<()> {
        while let Some(row) = next_row(lines) {
            let (content, comment) = split_comment(row);
            let tokens: Vec<&str> = content.split_whitespace().collect();
            let &[kind, mass] = tokens.as_slice() else { return Err(lines.error(row, "a type and its mass")) };
            let mass = lines.number(mass, "mass").ok().filter(|&mass| mass > 0.0);
            let mass = mass.ok_or_else(|| lines.error(row, "a type and its mass in u, above 0"))?;
            let name = comment.and_then(|comment| comment.split_whitespace().next());
            self.masses.push((lines.count(kind, "type")?, mass, name.map(str::to_owned)));
        }
        Ok(())
    }

    fn read_labels(&mut self, lines: &mut Lines) -> Result<()> {
        while let Some(row) = next_row(lines) {
            let tokens: Vec<&str> = row.split_whitespace().collect();
            let &[kind, label] = tokens.as_slice() else { return Err(lines.error(row, "a type and its label")) };
            if self.labels.len() >= MAX_SPECIES {
                return Err(lines.error(row, format!("at most {} types", MAX_SPECIES)));
            }
            self.labels.push((lines.count(kind, "type")?, label.to_owned()));
        }
        Ok(())
    }

    fn read_atoms(&mut self, style: Option<&str>, lines: &mut Lines) -> Result<()> {
        if style.is_none() && self.is_unclear(lines.clone()) {
            let expected = "Atoms # charge, Atoms # molecular or the like: these columns could be of either style";
            return Err(lines.error("Atoms", expected));
        }
        while let Some(row) = next_row(lines) {
            let tokens: Vec<&str> = split_comment(row).0.split_whitespace().collect();
            let (kind_at, place_at) = match (style, tokens.len()) {
                (Some("atomic"), _) | (None, 5 | 8) => (1, 2),
                (Some("charge"), _) | (None, 6 | 9) => (1, 3),
                (Some("molecular" | "bond" | "angle"), _) => (2, 3),
                (Some("full"), _) | (None, 7 | 10) => (2, 4),
                (Some(_), _) => return Err(lines.error(row, "an atom style of atomic, charge, molecular or full")),
                (None, _) => return Err(lines.error(row, "an atom: id, type, x, y, z (atom style atomic)")),
            };
            let [id, kind] = [tokens.first(), tokens.get(kind_at)].map(|token| token.copied().unwrap_or_default());
            let after = tokens.get(place_at..).unwrap_or_default();
            if after.len() != 3 && after.len() != 6 {
                return Err(lines.error(row, "three coordinates, and three image flags or none, for each atom"));
            }
            let mut values = [0.0; 6];
            for (value, token) in values.iter_mut().zip(after) {
                *value = lines.number(token, "coordinate")?;
            }
            let [x, y, z, ix, iy, iz] = values;
            let kind = self.kind(kind).ok_or_else(|| lines.error(kind, "type: a whole number from 1, or a label"))?;
            let position = Vec3::new(x, y, z);
            self.atoms.push(Atom { id: lines.count(id, "atom id")?, kind, position, image: [ix, iy, iz] });
        }
        Ok(())
    }

    /// Whether what would be a charge, beside types, could be a type beside numbers of molecules, in each row.
    fn is_unclear(&self, mut lines: Lines) -> bool {
        let mut rows = std::iter::from_fn(|| next_row(&mut lines)).peekable();
        let is_either = |row: &str| {
            let tokens: Vec<&str> = split_comment(row).0.split_whitespace().collect();
            matches!(tokens.len(), 6 | 9)
                && tokens[1].parse::<u64>().is_ok()
                && self.kind(tokens[2]).is_some_and(|kind| kind > 0)
        };
        rows.peek().is_some() && rows.all(is_either)
    }

    /// A type number from 1, or a type label.
    fn kind(&self, token: &str) -> Option<usize> {
        let labelled = self.labels.iter().find(|(_, label)| label == token);
        labelled.map_or_else(|| token.parse().ok(), |(kind, _)| Some(*kind))
    }

    fn read_velocities(&mut self, lines: &mut Lines) -> Result<()> {
        while let Some(row) = next_row(lines) {
            let (id, rest) = row.split_once(char::is_whitespace).unwrap_or((row, ""));
            let velocity = lines.vector(rest, "velocity")? / self.time_fs;
            self.velocities.push((lines.count(id, "atom id")?, velocity));
        }
        Ok(())
    }

    fn finish(mut self, lines: &Lines) -> Result<Configuration> {
        let missing = |what: &str| lines.error("the end of the file", format!("a line with {what}"));
        let atoms = self.atom_count.ok_or_else(|| missing("the number of atoms"))?;
        let kinds = self.type_count.ok_or_else(|| missing("the number of atom types"))?;
        if atoms != self.atoms.len() {
            let found = format!("{} rows of Atoms", self.atoms.len());
            return Err(lines.error(&found, format!("{atoms}, as the header says")));
        }
        self.atoms.sort_by_key(|atom| atom.id);
        let repeated = self.atoms.windows(2).find(|pair| matches!(pair, [a, b] if a.id == b.id));
        if let Some([atom, _]) = repeated {
            return Err(lines.error(&format!("atom id {} twice", atom.id), "each atom once"));
        }
        let [Some([xlo, xhi]), Some([ylo, yhi]), Some([zlo, zhi])] = self.bounds else {
            return Err(missing("xlo xhi, ylo yhi and zlo zhi"));
        };
        let [xy, xz, yz] = self.tilts;
        let vectors = [Vec3::new(xhi - xlo, 0.0, 0.0), Vec3::new(xy, yhi - ylo, 0.0), Vec3::new(xz, yz, zhi - zlo)];
        if [xhi - xlo, yhi - ylo, zhi - zlo].iter().any(|length| length.is_nan() || *length <= 0.0) {
            return Err(lines.error("a bound below the one before it", "xlo < xhi, ylo < yhi, zlo < zhi"));
        }
        let cell = Cell::new([0, 1, 2].map(|k| self.periodic[k].then_some(vectors[k])));
        let cell = cell.map_err(|error| lines.locate(error))?;
        let mut types = Vec::with_capacity(atoms);
        let mut positions = Vec::with_capacity(atoms);
        for atom in &self.atoms {
            if atom.kind == 0 || atom.kind > kinds {
                let found = format!("type {} of atom {}", atom.kind, atom.id);
                return Err(lines.error(&found, format!("a type from 1 to {kinds}")));
            }
            types.push((atom.kind - 1) as u32);
            let images = vectors.iter().zip(atom.image).map(|(vector, n)| vector * n);
            positions.push(images.fold(atom.position, |sum, shift| sum + shift));
        }
        let species = (1..=kinds).map(|kind| self.species(kind)).collect();
        let mut system = System::new(cell, species, types, positions).map_err(|error| lines.locate(error))?;
        for (id, velocity) in &self.velocities {
            let place = self.atoms.binary_search_by_key(id, |atom| atom.id);
            match place.ok().and_then(|i| system.velocities.get_mut(i)) {
                Some(slot) => *slot = *velocity,
                None => return Err(lines.error(&format!("velocity of atom {id}"), "an atom of the Atoms section")),
            }
        }
        Ok(Configuration::new(system))
    }

    fn species(&self, kind: usize) -> Species {
        let mass = self.masses.iter().find(|(k, ..)| *k == kind);
        let label = self.labels.iter().find(|(k, _)| *k == kind).map(|(_, label)| label.clone());
        let comment = mass.and_then(|(_, _, name)| name.clone());
        let element = mass.and_then(|(_, mass, _)| element_of_mass(*mass));
        let name = label.or(comment).or(element).unwrap_or_else(|| (kind - 1).to_string());
        let mut species = named(&name);
        if let Some((_, mass, _)) = mass {
            species.mass_u = *mass;
        }
        species
    }
}

fn element_of_mass(mass: f64) -> Option<String> {
    let distance = |element: &Element| (f64::from(element.atomic_weight()) - mass).abs();
    let nearest = Element::iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(&nearest) < MASS_TOLERANCE).then(|| nearest.symbol().to_owned())
}

fn split_comment(line: &str) -> (&str, Option<&str>) {
    match line.split_once('#') {
        Some((content, comment)) => (content.trim(), Some(comment.trim())),
        None => (line.trim(), None),
    }
}

fn set_count(slot: &mut Option<usize>, token: &str, limit: usize, what: &str, lines: &Lines) -> Result<()> {
    let count = lines.count(token, what)?;
    if count > limit {
        return Err(lines.error(token, format!("at most {limit} {what}")));
    }
    *slot = Some(count);
    Ok(())
}

/// The next line of a section, which starts with a number.
fn next_row<'a>(lines: &mut Lines<'a>) -> Option<&'a str> {
    let is_row = lines.peek_filled().is_some_and(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    if is_row { lines.next_filled() } else { None }
}
