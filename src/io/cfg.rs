//! The .cfg format of MLIP: text blocks from `BEGIN_CFG` to `END_CFG`, in any order inside.
//!
//! Species are bare numbers from 0. A direction without a lattice row does not repeat. `Virial:` is PlusStress per volume
//! and `Stress:` has the opposite sign of PlusStress; both are turned into PlusStress.

use std::fmt::Write;

use super::Configuration;
use super::species_list::MAX_SPECIES;
use super::text::{Lines, MAX_COLUMNS, is_row};
use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::system::{Cell, Species, System};

/// Columns that have a meaning; others stay columns.
const KNOWN: [&str; 12] =
    ["id", "type", "cartes_x", "cartes_y", "cartes_z", "direct_x", "direct_y", "direct_z", "fx", "fy", "fz", "site_en"];

/// The most differently named features of a configuration.
const MAX_FEATURES: usize = 1000;
/// The order of the six components that a stress line has where its header does not say.
const STRESS_ORDER: [&str; 6] = ["xx", "yy", "zz", "yz", "xz", "xy"];

/// Reads every configuration of a .cfg file. `file` names it in errors.
///
/// With an empty `species` the types are named by their numbers, "0", "1", with a mass of 1 u.
///
/// # Errors
/// The first thing that is malformed, contradicts the stated size, is not finite or has a type outside `species`; a
/// configuration without atoms.
pub fn read_cfg(text: &str, file: &str, species: &[Species]) -> Result<Vec<Configuration>> {
    let configurations = read_lines(Lines::new(text, file), species)?;
    match configurations.iter().position(|configuration| configuration.system.is_empty()) {
        Some(k) => Err(Error::invalid(format!("{file}: Size of configuration {}", k + 1), 0, "at least 1 atom")),
        None => Ok(configurations),
    }
}

/// As [`read_cfg`], from a place inside a file. Configurations may be without atoms, as MLIP writes some in active sets.
pub(super) fn read_lines(mut lines: Lines, species: &[Species]) -> Result<Vec<Configuration>> {
    let mut configurations = Vec::new();
    while let Some(line) = lines.next_filled() {
        if line != "BEGIN_CFG" {
            return Err(lines.error(line, "BEGIN_CFG (the text form of the format)"));
        }
        configurations.push(Draft::read(&mut lines)?.finish(&lines, species)?);
    }
    Ok(configurations)
}

/// How a stress block states its tensor.
#[derive(Clone, Copy)]
enum StressKind {
    Plus,
    Negative,
    PerVolume,
}

/// The blocks of one configuration as they stand.
#[derive(Default)]
struct Draft {
    size: Option<usize>,
    lattice: Option<Vec<Vec3>>,
    columns: Vec<String>,
    atoms: Option<Vec<f64>>,
    rows: usize,
    energy: Option<f64>,
    stress: Option<(StressKind, Mat3)>,
    features: Vec<(String, String)>,
}

impl Draft {
    fn read(lines: &mut Lines) -> Result<Self> {
        let mut draft = Self::default();
        loop {
            let line = lines.require("a block of the configuration, or END_CFG")?;
            let (key, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let rest = rest.trim();
            match key.trim_end_matches(':') {
                "END_CFG" => return Ok(draft),
                "Size" => {
                    let token = if rest.is_empty() { lines.require("the number of atoms")? } else { rest };
                    draft.size = Some(lines.count(token, "Size")?);
                }
                "Supercell" | "SuperCell" => draft.lattice = Some(read_lattice(lines)?),
                "AtomData" | "Atomic_data" => draft.read_atoms(lines, rest)?,
                "Energy" => {
                    let token = if rest.is_empty() { lines.require("the energy in eV")? } else { rest };
                    draft.energy = Some(lines.number(token, "Energy")?);
                }
                "PlusStress" => draft.stress = Some((StressKind::Plus, read_stress(lines, rest)?)),
                "Stress" => draft.stress = Some((StressKind::Negative, read_stress(lines, rest)?)),
                "Virial" => draft.stress = Some((StressKind::PerVolume, read_stress(lines, rest)?)),
                "Feature" => draft.add_feature(rest, lines)?,
                _ => return Err(lines.error(line, "Size, Supercell, AtomData, Energy, PlusStress, Feature or END_CFG")),
            }
        }
    }

    fn read_atoms(&mut self, lines: &mut Lines, header: &str) -> Result<()> {
        if self.atoms.is_some() {
            return Err(lines.error("AtomData", "one AtomData block in a configuration"));
        }
        let columns: Vec<String> = header.split_whitespace().map(str::to_owned).collect();
        if columns.len() > MAX_COLUMNS {
            return Err(lines.error(header, format!("at most {MAX_COLUMNS} columns")));
        }
        let repeated = columns.iter().enumerate().find(|(k, name)| columns.iter().take(*k).any(|other| other == *name));
        if let Some((_, name)) = repeated {
            return Err(lines.error(name, "each column once"));
        }
        let mut values = Vec::new();
        while !columns.is_empty() && lines.peek_filled().is_some_and(is_row) {
            let line = lines.require("an atom")?;
            let mut tokens = line.split_whitespace();
            for column in &columns {
                let expected = || format!("{} columns: {}", columns.len(), columns.join(" "));
                let token = tokens.next().ok_or_else(|| lines.error(line, expected()))?;
                values.push(match (column.as_str(), token) {
                    ("ghost", "true") => 1.0,
                    ("ghost", "false") => 0.0,
                    _ => lines.number(token, column)?,
                });
            }
            if let Some(extra) = tokens.next() {
                return Err(lines.error(extra, format!("{} columns: {}", columns.len(), columns.join(" "))));
            }
            self.rows += 1;
        }
        self.atoms = Some(values);
        self.columns = columns;
        Ok(())
    }

    fn add_feature(&mut self, rest: &str, lines: &Lines) -> Result<()> {
        let (name, value) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let value = value.trim();
        let full = self.features.len() >= MAX_FEATURES;
        match self.features.iter_mut().find(|(known, _)| known == name) {
            Some((_, text)) => {
                text.push('\n');
                text.push_str(value);
            }
            None if full => return Err(lines.error(name, format!("at most {MAX_FEATURES} features"))),
            None => self.features.push((name.to_owned(), value.to_owned())),
        }
        Ok(())
    }

    fn column(&self, name: &str) -> Option<Vec<f64>> {
        let place = self.columns.iter().position(|column| column == name)?;
        let values = self.atoms.as_deref().unwrap_or_default();
        Some(values.iter().skip(place).step_by(self.columns.len()).copied().collect())
    }

    fn vectors(&self, names: [&str; 3]) -> Option<Vec<Vec3>> {
        let [x, y, z] = names.map(|name| self.column(name));
        let (x, y, z) = (x?, y?, z?);
        Some(x.iter().zip(&y).zip(&z).map(|((x, y), z)| Vec3::new(*x, *y, *z)).collect())
    }

    fn finish(self, lines: &Lines, species: &[Species]) -> Result<Configuration> {
        let Some(size) = self.size else { return Err(lines.error("no Size", "the number of atoms")) };
        if size != self.rows {
            return Err(lines.error(&format!("{} rows of AtomData", self.rows), format!("{size}, as Size says")));
        }
        let cell = self.cell().map_err(|error| lines.locate(error))?;
        let positions = self.positions(&cell, lines)?;
        let (types, species) = self.types(lines, species)?;
        let ordered =
            self.column("id").is_none_or(|ids| ids.iter().enumerate().all(|(row, id)| *id == (row + 1) as f64));
        if !ordered {
            return Err(lines.error("an id out of order", "ids 1, 2, 3, ... in AtomData"));
        }
        let plus_stress = match self.stress {
            None => None,
            Some((StressKind::Plus, tensor)) => Some(tensor),
            Some((StressKind::Negative, tensor)) => Some(-tensor),
            Some((StressKind::PerVolume, tensor)) => match cell.volume() {
                Some(volume) => Some(tensor * volume),
                None => return Err(lines.error("Virial without three lattice vectors", "PlusStress")),
            },
        };
        for group in [["cartes_x", "cartes_y", "cartes_z"], ["direct_x", "direct_y", "direct_z"], ["fx", "fy", "fz"]] {
            let present = group.iter().filter(|name| self.columns.iter().any(|column| column == *name)).count();
            if present % 3 != 0 {
                return Err(lines.error("a part of a vector", format!("all of {} in AtomData", group.join(", "))));
            }
        }
        let others = self.columns.iter().filter(|name| !KNOWN.contains(&name.as_str()));
        let columns = others.filter_map(|name| Some((name.clone(), self.column(name)?))).collect();
        let forces = self.vectors(["fx", "fy", "fz"]);
        let site_energies = self.column("site_en");
        let system = System::new(cell, species, types, positions).map_err(|error| lines.locate(error))?;
        let (mut names, features): (Vec<_>, Vec<_>) = self.features.into_iter().partition(|(name, _)| name == "name");
        let name = names.pop().map(|(_, value)| value);
        Ok(Configuration { name, system, energy: self.energy, forces, plus_stress, site_energies, columns, features })
    }

    /// Lattice rows of zeros stand for directions that do not repeat.
    fn cell(&self) -> Result<Cell> {
        let rows = self.lattice.as_deref().unwrap_or_default();
        let row = |k: usize| rows.get(k).copied().filter(|row| *row != Vec3::zeros());
        Cell::new([row(0), row(1), row(2)])
    }

    fn positions(&self, cell: &Cell, lines: &Lines) -> Result<Vec<Vec3>> {
        if let Some(positions) = self.vectors(["cartes_x", "cartes_y", "cartes_z"]) {
            return Ok(positions);
        }
        let Some(fractional) = self.vectors(["direct_x", "direct_y", "direct_z"]) else {
            return Err(
                lines.error("no positions", "columns cartes_x, cartes_y, cartes_z or direct_x, direct_y, direct_z")
            );
        };
        if !cell.is_bulk() {
            return Err(lines.error("direct coordinates", "three rows of Supercell with them"));
        }
        Ok(fractional.iter().map(|s| cell.cartesian(s)).collect())
    }

    fn types(&self, lines: &Lines, species: &[Species]) -> Result<(Vec<u32>, Vec<Species>)> {
        let limit = if species.is_empty() { MAX_SPECIES } else { species.len() };
        let column = self.column("type").unwrap_or_else(|| vec![0.0; self.rows]);
        let mut types = Vec::with_capacity(column.len());
        for (row, &value) in column.iter().enumerate() {
            if !(0.0..limit as f64).contains(&value) || value.fract() != 0.0 {
                let found = format!("type {value} of atom {}", row + 1);
                return Err(lines.error(&found, format!("a whole number from 0 to {}", limit - 1)));
            }
            types.push(value as u32);
        }
        if !species.is_empty() {
            return Ok((types, species.to_vec()));
        }
        let count = types.iter().max().map_or(0, |&largest| largest + 1);
        Ok((types, (0..count).map(Species::unknown).collect()))
    }
}

fn read_lattice(lines: &mut Lines) -> Result<Vec<Vec3>> {
    let mut rows = Vec::new();
    while lines.peek_filled().is_some_and(is_row) {
        let line = lines.require("a lattice vector")?;
        if rows.len() == 3 {
            return Err(lines.error(line, "at most three lattice vectors"));
        }
        if line.split_whitespace().count() != 3 {
            return Err(lines.error(line, "a lattice vector: three numbers"));
        }
        rows.push(lines.vector(line, "a lattice vector")?);
    }
    Ok(rows)
}

fn read_stress(lines: &mut Lines, header: &str) -> Result<Mat3> {
    let named: Vec<&str> = header.split_whitespace().collect();
    let names = if named.is_empty() { STRESS_ORDER.to_vec() } else { named };
    let mut sorted = names.clone();
    sorted.sort_unstable();
    if sorted != ["xx", "xy", "xz", "yy", "yz", "zz"] {
        return Err(lines.error(header, "the components xx yy zz yz xz xy"));
    }
    let line = lines.require("six stress components")?;
    let values: Vec<&str> = line.split_whitespace().collect();
    if values.len() != 6 {
        return Err(lines.error(line, "six stress components"));
    }
    let mut tensor = Mat3::zeros();
    for (name, token) in names.iter().zip(values) {
        let value = lines.number(token, "a stress component")?;
        let mut axes = name.bytes().map(|axis| usize::from(axis - b'x'));
        if let (Some(a), Some(b)) = (axes.next(), axes.next()) {
            tensor[(a, b)] = value;
            tensor[(b, a)] = value;
        }
    }
    Ok(tensor)
}

/// Writes configurations as .cfg text; numbers are exact, PlusStress loses an antisymmetric part.
pub fn write_cfg(configurations: &[Configuration]) -> String {
    let mut out = String::new();
    for configuration in configurations {
        write_one(&mut out, configuration);
    }
    out
}

fn write_one(out: &mut String, configuration: &Configuration) {
    let system = &configuration.system;
    let _ = write!(out, "BEGIN_CFG\n Size\n    {}\n", system.len());
    let cell = &system.cell;
    if cell.periodic().contains(&true) {
        out.push_str(" Supercell\n");
        // Rows may only be left out at the end: a direction without periodicity before another is a row of zeros.
        let last = cell.periodic().iter().rposition(|&periodic| periodic).unwrap_or(0);
        for k in 0..=last {
            let row = if cell.periodic()[k] { cell.vectors().column(k).into_owned() } else { Vec3::zeros() };
            let _ = writeln!(out, "    {} {} {}", row.x, row.y, row.z);
        }
    }
    write_atoms(out, configuration);
    if let Some(energy) = configuration.energy {
        let _ = write!(out, " Energy\n    {energy}\n");
    }
    if let Some(s) = &configuration.plus_stress {
        let _ = writeln!(out, " PlusStress:  xx yy zz yz xz xy");
        let [yz, xz, xy] = [(1, 2), (0, 2), (0, 1)].map(|(a, b)| 0.5 * (s[(a, b)] + s[(b, a)]));
        let _ = writeln!(out, "    {} {} {} {yz} {xz} {xy}", s[(0, 0)], s[(1, 1)], s[(2, 2)]);
    }
    let name = configuration.name.iter().map(|name| ("name", name.as_str()));
    let features = configuration.features.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in name.chain(features) {
        for line in value.split('\n') {
            let _ = writeln!(out, " Feature   {name}\t{line}");
        }
    }
    out.push_str("END_CFG\n\n");
}

fn write_atoms(out: &mut String, configuration: &Configuration) {
    let system = &configuration.system;
    out.push_str(" AtomData:  id type cartes_x cartes_y cartes_z");
    if configuration.forces.is_some() {
        out.push_str(" fx fy fz");
    }
    if configuration.site_energies.is_some() {
        out.push_str(" site_en");
    }
    let names = configuration.column_names(&KNOWN);
    for name in &names {
        let _ = write!(out, " {name}");
    }
    out.push('\n');
    for (i, (kind, p)) in system.types.iter().zip(&system.positions).enumerate() {
        let _ = write!(out, "    {} {kind} {} {} {}", i + 1, p.x, p.y, p.z);
        if let Some(f) = configuration.forces.as_ref().and_then(|forces| forces.get(i)) {
            let _ = write!(out, " {} {} {}", f.x, f.y, f.z);
        }
        if let Some(energy) = configuration.site_energies.as_ref().and_then(|energies| energies.get(i)) {
            let _ = write!(out, " {energy}");
        }
        for (name, (_, values)) in names.iter().zip(&configuration.columns) {
            match values.get(i) {
                Some(value) if name == "ghost" => out.push_str(if *value != 0.0 { " true" } else { " false" }),
                Some(value) => {
                    let _ = write!(out, " {value}");
                }
                None => {}
            }
        }
        out.push('\n');
    }
}
