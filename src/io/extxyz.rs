//! Extended XYZ (<https://github.com/libAtoms/extxyz>): structures and trajectories.
//!
//! Read: `Lattice`, `pbc`, `Properties` (species, pos, forces, vel, momenta, energies), `energy`, `virial`, `stress`,
//! `name`; plain XYZ too. Other keys become features and other numeric columns stay columns, of up to 64 values. `virial` has the sign of
//! PlusStress, `stress` that of ASE (tension positive, eV/Å^3). `vel` is in Å/fs, `momenta` in ASE's unit. Where ASE gives
//! `free_energy` beside `energy`, forces are the derivatives of the former, and it is the energy.
//!
//! `Energy` and `Stress` with capitals are others: LAMMPS writes bar, CP2K Hartree; LAMMPS also `Timestep`, and `vel` in the
//! unit of its run, which is taken for Å/ps. Where it numbers the species of plain XYZ it begins with 1.
//!
//! The crates `extxyz` 0.2 and `extxyz-ng` 0.0.2 read files through paths or readers, report no line numbers and (the
//! first) have not moved since their first week: so this module.

use std::fmt::Write;

use super::Configuration;
use super::species_list::SpeciesList;
use super::text::{Lines, MAX_COLUMNS, finite};
use crate::error::Result;
use crate::math::{Mat3, Vec3};
use crate::system::{Cell, MAX_ATOMS, System};
use crate::units::{FORCE_PER_MASS, PS_TO_FS};

/// Wider properties, as descriptors, are left out: no use is made of them, and they are large.
const MOST_WIDE: usize = 64;
/// Properties of atoms that have a meaning; others stay columns.
const KNOWN: [&str; 11] = [
    "species",
    "element",
    "pos",
    "force",
    "forces",
    "vel",
    "velo",
    "velocities",
    "momenta",
    "energies",
    "local_energy",
];

/// Reads every frame. `file` names it in errors.
///
/// # Errors
/// The first thing that is malformed, missing or not finite, with its line.
pub fn read_extxyz(text: &str, file: &str) -> Result<Vec<Configuration>> {
    let mut lines = Lines::new(text, file);
    std::iter::from_fn(|| read_frame(&mut lines).transpose()).collect()
}

/// The next frame, if there is one.
pub(super) fn read_frame(lines: &mut Lines) -> Result<Option<Configuration>> {
    let Some(line) = lines.next_filled() else { return Ok(None) };
    let count = lines.count(line, "number of atoms")?;
    if count > MAX_ATOMS {
        return Err(lines.error(line, format!("at most {MAX_ATOMS} atoms")));
    }
    let Some(comment) = lines.next_line() else { return Err(lines.error("", "a comment line")) };
    let header = Header::parse(comment, lines)?;
    header.read_atoms(count, lines).map(Some)
}

/// A block of columns.
struct Property {
    name: String,
    numeric: bool,
    width: usize,
}

/// The comment line.
struct Header {
    properties: Vec<Property>,
    /// Whether the comment names the columns.
    names_columns: bool,
    lattice: Option<Mat3>,
    periodic: Option<[bool; 3]>,
    energy: Option<f64>,
    free_energy: Option<f64>,
    virial: Option<Mat3>,
    stress: Option<Mat3>,
    name: Option<String>,
    by_lammps: bool,
    features: Vec<(String, String)>,
}

impl Header {
    fn parse(comment: &str, lines: &Lines) -> Result<Self> {
        let plain = "species:S:1:pos:R:3";
        let mut header = Self {
            properties: properties(plain, lines)?,
            names_columns: false,
            lattice: None,
            periodic: None,
            energy: None,
            free_energy: None,
            virial: None,
            stress: None,
            name: None,
            by_lammps: false,
            features: Vec::new(),
        };
        if !comment.contains('=') {
            header.name = Some(comment.trim().to_owned()).filter(|name| !name.is_empty());
            return Ok(header);
        }
        for (key, value) in pairs(comment) {
            let number = |what| lines.number(&value, what).map(Some);
            match (key.to_ascii_lowercase().as_str(), key.as_str()) {
                ("properties", _) => {
                    header.properties = properties(&value, lines)?;
                    header.names_columns = true;
                }
                ("lattice", _) => header.lattice = Some(tensor(&value, "Lattice", lines)?.transpose()),
                ("pbc", _) => header.periodic = Some(flags(&value, lines)?),
                (_, "energy") => header.energy = number("energy")?,
                (_, "free_energy") => header.free_energy = number("free_energy")?,
                (_, "virial") => header.virial = Some(tensor(&value, "virial", lines)?),
                (_, "stress") => header.stress = Some(tensor(&value, "stress", lines)?),
                ("name", _) => header.name = Some(value),
                // By our name for it: what is written again has velocities in our unit.
                (_, "Timestep") => {
                    header.by_lammps = true;
                    header.features.push(("step".to_owned(), value));
                }
                _ => header.features.push((key, value)),
            }
        }
        Ok(header)
    }

    fn cell(&self) -> Result<Cell> {
        let Some(lattice) = self.lattice else { return Ok(Cell::open()) };
        let periodic = self.periodic.unwrap_or([true; 3]);
        Cell::new([0, 1, 2].map(|k| periodic[k].then(|| lattice.column(k).into_owned())))
    }

    fn read_atoms(self, count: usize, lines: &mut Lines) -> Result<Configuration> {
        let cell = self.cell().map_err(|error| lines.locate(error))?;
        let mut species = SpeciesList::default();
        let mut types = Vec::new();
        let mut columns: Vec<Vec<f64>> = self.properties.iter().map(|_| Vec::new()).collect();
        for _ in 0..count {
            let line = lines.next_line().ok_or_else(|| lines.error("the end of the file", format!("{count} atoms")))?;
            let mut tokens = line.split_whitespace();
            for (property, column) in self.properties.iter().zip(&mut columns) {
                for _ in 0..property.width {
                    let expected = || format!("{} for each atom", property.name);
                    let token = tokens.next().ok_or_else(|| lines.error(line, expected()))?;
                    match property.name.as_str() {
                        "species" => types.push(species.index(token).map_err(|error| lines.locate(error))?),
                        _ if property.numeric => column.push(lines.number(token, &property.name)?),
                        _ => {}
                    }
                }
            }
            // Plain XYZ may have further columns, which nothing names.
            if self.names_columns && tokens.next().is_some() {
                return Err(lines.error(line, "as many columns as Properties names"));
            }
        }
        self.assemble(cell, species, types, columns, lines)
    }

    fn assemble(
        self,
        cell: Cell,
        species: SpeciesList,
        types: Vec<u32>,
        columns: Vec<Vec<f64>>,
        lines: &Lines,
    ) -> Result<Configuration> {
        let mut positions = None;
        let mut velocities = None;
        let mut momenta = None;
        let mut forces = None;
        let mut site_energies = None;
        let mut others = Vec::new();
        let to_per_fs = if self.by_lammps { 1.0 / PS_TO_FS } else { 1.0 };
        for (property, column) in self.properties.iter().zip(columns) {
            match (property.name.to_ascii_lowercase().as_str(), property.width) {
                ("species", _) => {}
                ("pos", 3) => positions = Some(vectors(&column)),
                ("force" | "forces", 3) => forces = Some(vectors(&column)),
                ("vel" | "velo" | "velocities", 3) => {
                    velocities = Some(column.chunks_exact(3).map(|v| Vec3::from_column_slice(v) * to_per_fs).collect());
                }
                ("momenta", 3) => momenta = Some(vectors(&column)),
                ("energies" | "local_energy", 1) => site_energies = Some(column),
                (_, 1) if property.numeric => others.push((property.name.clone(), column)),
                (_, width @ 2..=MOST_WIDE) if property.numeric => {
                    let part = |k: usize| column.iter().skip(k).step_by(width).copied().collect();
                    others.extend((0..width).map(|k| (format!("{}_{}", property.name, k + 1), part(k))));
                }
                _ => {}
            }
        }
        let positions = positions.ok_or_else(|| lines.error("no positions", "pos:R:3 in Properties"))?;
        let volume = cell.volume();
        let mut system = System::new(cell, species.species, types, positions).map_err(|error| lines.locate(error))?;
        if let Some(momenta) = momenta {
            // ASE's time unit is Å sqrt(u/eV).
            let scale = FORCE_PER_MASS.sqrt();
            system.velocities = momenta.iter().enumerate().map(|(i, p)| p * (scale / system.mass(i))).collect();
        }
        if let Some(velocities) = velocities {
            system.velocities = velocities;
        }
        let from_stress = self.stress.and_then(|stress| Some(stress * -volume?));
        Ok(Configuration {
            name: self.name,
            system,
            energy: self.free_energy.or(self.energy),
            forces,
            plus_stress: self.virial.or(from_stress),
            site_energies,
            columns: others,
            features: self.features,
        })
    }
}

fn vectors(values: &[f64]) -> Vec<Vec3> {
    values.chunks_exact(3).map(Vec3::from_column_slice).collect()
}

/// `name:type:width` triples.
fn properties(value: &str, lines: &Lines) -> Result<Vec<Property>> {
    let fields: Vec<&str> = value.split(':').collect();
    if fields.len() > 3 * MAX_COLUMNS {
        return Err(lines.error(value, format!("at most {MAX_COLUMNS} properties")));
    }
    let mut properties: Vec<Property> = Vec::new();
    for triple in fields.chunks(3) {
        let &[name, kind, width] = triple else {
            return Err(lines.error(value, "Properties as name:type:width triples"));
        };
        let width = lines.count(width, "width of a property")?;
        let numeric = match kind {
            "R" | "I" => true,
            "S" | "L" => false,
            _ => return Err(lines.error(kind, "a property's type: S, R, I or L")),
        };
        let name = if name == "element" { "species" } else { name };
        if (name == "species" && width != 1) || width == 0 || properties.iter().any(|known| known.name == name) {
            return Err(lines.error(value, "each property once, with its width"));
        }
        properties.push(Property { name: name.to_owned(), numeric, width });
    }
    // Each column of each atom is a token, so that widths beyond any line's only lead to an error there.
    match properties.iter().any(|property| property.name == "species") {
        true => Ok(properties),
        false => Err(lines.error(value, "species:S:1 in Properties")),
    }
}

/// Nine numbers, row by row; for a symmetric tensor also the six of Voigt's order.
fn tensor(value: &str, what: &str, lines: &Lines) -> Result<Mat3> {
    let tokens = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}'));
    let numbers: Option<Vec<f64>> = tokens.filter(|token| !token.is_empty()).map(finite).collect();
    match numbers.as_deref() {
        Some(&[xx, yy, zz, yz, xz, xy]) if what != "Lattice" => Ok(Mat3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz)),
        Some(nine) if nine.len() == 9 => Ok(Mat3::from_row_slice(nine)),
        _ => Err(lines.error(value, format!("nine finite numbers as {what}"))),
    }
}

fn flags(value: &str, lines: &Lines) -> Result<[bool; 3]> {
    let tokens = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']')).filter(|t| !t.is_empty());
    let flag = |token: &str| match token.to_ascii_lowercase().as_str() {
        "t" | "true" | "1" => Some(true),
        "f" | "false" | "0" => Some(false),
        _ => None,
    };
    let flags: Option<Vec<bool>> = tokens.map(flag).collect();
    match flags.as_deref() {
        Some(&[a, b, c]) => Ok([a, b, c]),
        _ => Err(lines.error(value, "three of T and F as pbc")),
    }
}

/// The `key=value` pairs of a comment line; values may be quoted or bracketed, and a bare key means true.
fn pairs(comment: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = comment.trim_start();
    while !rest.is_empty() {
        let (key, after) = take_token(rest, true);
        rest = after.trim_start();
        let mut value = "T".to_owned();
        if let Some(after) = rest.strip_prefix('=') {
            let (text, after) = take_token(after.trim_start(), false);
            value = text;
            rest = after.trim_start();
        }
        if !key.is_empty() {
            pairs.push((key, value));
        }
    }
    pairs
}

/// One word, or what stands between quotes or brackets.
fn take_token(text: &str, key: bool) -> (String, &str) {
    let close = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => Some(quote),
        Some('{') if !key => Some('}'),
        Some('[') if !key => return take_list(text),
        _ => None,
    };
    if let Some(close) = close {
        let mut token = String::new();
        let mut chars = text.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => token.push('\n'),
                    Some((_, other)) => token.push(other),
                    None => {}
                },
                c if c == close => return (token, text.get(at + c.len_utf8()..).unwrap_or_default()),
                c => token.push(c),
            }
        }
        return (token, "");
    }
    let is_end = |c: char| c.is_whitespace() || (key && c == '=');
    let mut end = text.find(is_end).unwrap_or(text.len());
    if end == 0 {
        // A stray "=": skip it, so that every call consumes something.
        end = text.chars().next().map_or(0, char::len_utf8);
        return (String::new(), text.get(end..).unwrap_or_default());
    }
    let (token, rest) = text.split_at(end);
    (token.to_owned(), rest)
}

/// What stands between brackets, with these: they may be nested. Brackets that nothing closes are letters of a word.
fn take_list(text: &str) -> (String, &str) {
    let mut depth = 0;
    let mut is_quoted = false;
    for (at, c) in text.char_indices() {
        is_quoted ^= c == '"';
        match c {
            _ if is_quoted => {}
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let (list, rest) = text.split_at(at + 1);
            return (list.to_owned(), rest);
        }
    }
    let (word, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    (word.to_owned(), rest)
}

/// Writes frames; a trajectory is frames one after the other. Numbers are exact.
pub fn write_extxyz(configurations: &[Configuration]) -> String {
    let mut out = String::new();
    for configuration in configurations {
        write_frame(&mut out, configuration);
    }
    out
}

fn write_frame(out: &mut String, configuration: &Configuration) {
    let system = &configuration.system;
    let cell = &system.cell;
    let _ = writeln!(out, "{}", system.len());
    if cell.periodic().contains(&true) {
        let numbers: Vec<String> = cell.vectors().iter().map(f64::to_string).collect();
        let _ = write!(out, "Lattice=\"{}\" ", numbers.join(" "));
    }
    let moving = system.velocities.iter().any(|v| *v != Vec3::zeros());
    out.push_str("Properties=species:S:1:pos:R:3");
    for (present, property) in [
        (moving, ":vel:R:3"),
        (configuration.forces.is_some(), ":forces:R:3"),
        (configuration.site_energies.is_some(), ":energies:R:1"),
    ] {
        out.push_str(if present { property } else { "" });
    }
    for name in configuration.column_names(&KNOWN) {
        let _ = write!(out, ":{name}:R:1");
    }
    let [a, b, c] = cell.periodic().map(|periodic| if periodic { 'T' } else { 'F' });
    let _ = write!(out, " pbc=\"{a} {b} {c}\"");
    if let Some(energy) = configuration.energy {
        let _ = write!(out, " energy={energy}");
    }
    if let Some(virial) = &configuration.plus_stress {
        let numbers: Vec<String> = virial.transpose().iter().map(f64::to_string).collect();
        let _ = write!(out, " virial=\"{}\"", numbers.join(" "));
    }
    let name = configuration.name.iter().map(|name| ("name", name));
    for (key, value) in name.chain(configuration.features.iter().map(|(key, value)| (key.as_str(), value))) {
        // A feature of another format may have a name that means something here.
        let has_meaning = ["lattice", "pbc", "properties"].iter().any(|own| key.eq_ignore_ascii_case(own))
            || ["energy", "free_energy", "virial", "stress", "Timestep"].contains(&key);
        let mark = if has_meaning { "_" } else { "" };
        let _ = write!(out, " {}={}", quoted(&format!("{key}{mark}")), quoted(value));
    }
    out.push('\n');
    write_atoms(out, configuration, moving);
}

fn quoted(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+')) {
        return text.to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

fn write_atoms(out: &mut String, configuration: &Configuration, moving: bool) {
    let system = &configuration.system;
    for (i, (&kind, p)) in system.types.iter().zip(&system.positions).enumerate() {
        let name = system.species.get(kind as usize).map_or("X", |species| species.name.as_str());
        let _ = write!(out, "{name} {} {} {}", p.x, p.y, p.z);
        let velocity = system.velocities.get(i).filter(|_| moving);
        let force = configuration.forces.as_ref().and_then(|forces| forces.get(i));
        for v in [velocity, force].into_iter().flatten() {
            let _ = write!(out, " {} {} {}", v.x, v.y, v.z);
        }
        let columns = configuration.columns.iter().map(|(_, values)| values);
        for value in configuration.site_energies.iter().chain(columns).filter_map(|values| values.get(i)) {
            let _ = write!(out, " {value}");
        }
        out.push('\n');
    }
}
