//! LAMMPS dump files in `metal` or `real` units, text, any columns.
//!
//! Read: `id` (required: atoms move about in the file), `type`, `element`, `mass`, `q`, positions as `xu`, `x`, `xs` or
//! `xsu` with images `ix iy iz` where there are any, and `vx vy vz`. Without elements the type's number is the name.

use std::collections::BTreeMap;

use super::TrajectoryFrame;
use crate::error::Result;
use crate::io::Configuration;
use crate::io::species_list::{MAX_SPECIES, named};
use crate::io::text::Lines;
use crate::math::{Mat3, Vec3};
use crate::system::{Cell, MAX_ATOMS, Species, System};

/// Units as a dump states them at its first frame only: `metal`, unless it says otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Units {
    /// Å/fs of the file's velocities.
    velocity: f64,
    /// fs of its times.
    time: f64,
}

impl Default for Units {
    fn default() -> Self {
        Self { velocity: 1e-3, time: 1e3 }
    }
}

/// The next frame, if there is one.
///
/// # Errors
/// The first thing that is malformed, missing or not finite, with its line.
pub(super) fn read_frame(units: &mut Units, lines: &mut Lines) -> Result<Option<TrajectoryFrame>> {
    let mut head = Head { step: None, time: None, atoms: None, bounds: None, units: *units };
    while let Some(line) = lines.next_filled() {
        let Some(item) = line.strip_prefix("ITEM:").map(str::trim) else {
            return Err(lines.error(line, "an ITEM: line"));
        };
        if let Some(columns) = item.strip_prefix("ATOMS") {
            let frame = head.read_atoms(columns, lines)?;
            *units = head.units;
            return Ok(Some(frame));
        }
        head.read_item(item, lines)?;
    }
    Ok(None)
}

/// What stands before a frame's atoms.
struct Head {
    step: Option<u64>,
    time: Option<f64>,
    atoms: Option<usize>,
    bounds: Option<Box>,
    units: Units,
}

struct Box {
    origin: Vec3,
    /// All three edges as columns, Å: scaled positions are parts of them, also where nothing repeats.
    edges: Mat3,
    cell: Cell,
}

impl Head {
    fn read_item(&mut self, item: &str, lines: &mut Lines) -> Result<()> {
        if let Some(words) = item.strip_prefix("BOX BOUNDS") {
            self.bounds = Some(read_box(words, lines)?);
            return Ok(());
        }
        let line = lines.require(&format!("the value of ITEM: {item}"))?;
        match item {
            "TIMESTEP" => self.step = Some(lines.count(line, "timestep")? as u64),
            "TIME" => self.time = Some(lines.number(line, "time")?),
            "NUMBER OF ATOMS" => {
                let atoms = lines.count(line, "number of atoms")?;
                if atoms > MAX_ATOMS {
                    return Err(lines.error(line, format!("at most {MAX_ATOMS} atoms")));
                }
                self.atoms = Some(atoms);
            }
            "UNITS" => {
                self.units = match line {
                    "metal" => Units::default(),
                    "real" => Units { velocity: 1.0, time: 1.0 },
                    _ => return Err(lines.error(line, "units metal or real")),
                }
            }
            _ => return Err(lines.error(item, "TIMESTEP, TIME, UNITS, NUMBER OF ATOMS, BOX BOUNDS or ATOMS")),
        }
        Ok(())
    }

    fn read_atoms(&mut self, names: &str, lines: &mut Lines) -> Result<TrajectoryFrame> {
        let columns = Columns::new(names, lines)?;
        let count = self.atoms.take().ok_or_else(|| lines.error(names, "ITEM: NUMBER OF ATOMS before the atoms"))?;
        let bounds = self.bounds.take().ok_or_else(|| lines.error(names, "ITEM: BOX BOUNDS before the atoms"))?;
        let mut rows = Vec::new();
        for _ in 0..count {
            let line = lines.next_line().unwrap_or_default();
            rows.push(columns.read(line, &bounds, lines)?);
        }
        rows.sort_by_key(|row| row.id);
        if let Some(twice) = rows.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(lines.error(&format!("atom {} twice", twice[0].id), "each atom once"));
        }
        let mut list: BTreeMap<(u64, String), u32> = BTreeMap::new();
        rows.iter().for_each(|row| _ = list.insert((row.kind, row.name.clone()), 0));
        if list.len() > MAX_SPECIES {
            return Err(lines.error(names, format!("at most {MAX_SPECIES} kinds of atoms")));
        }
        list.values_mut().zip(0..).for_each(|(index, k)| *index = k);
        let mut species: Vec<Species> = list.keys().map(|(_, name)| named(name)).collect();
        let mut types = Vec::with_capacity(count);
        let mut first: Vec<Option<&Row>> = vec![None; species.len()];
        for row in &rows {
            let kind = list.get(&(row.kind, row.name.clone())).copied().unwrap_or_default();
            types.push(kind);
            let own = &mut species[kind as usize];
            match first[kind as usize] {
                None => {
                    own.mass_u = row.mass.unwrap_or(own.mass_u);
                    own.charge_e = row.charge.or(own.charge_e);
                    first[kind as usize] = Some(row);
                }
                Some(other) if row.mass != other.mass => {
                    let found = format!("another mass of atom {} than of atom {}", row.id, other.id);
                    return Err(lines.error(&found, "one mass for all atoms of a kind"));
                }
                // Charges that move from atom to atom are those of no species.
                Some(other) if row.charge != other.charge => own.charge_e = None,
                Some(_) => {}
            }
        }
        let positions = rows.iter().map(|row| row.position).collect();
        let mut system = System::new(bounds.cell, species, types, positions).map_err(|error| lines.locate(error))?;
        let velocities: Option<Vec<Vec3>> =
            rows.iter().map(|row| row.velocity.map(|v| v * self.units.velocity)).collect();
        let has_velocities = velocities.is_some();
        if let Some(velocities) = velocities {
            system.velocities = velocities;
        }
        Ok(TrajectoryFrame {
            configuration: Configuration::new(system),
            step: self.step.take(),
            time_fs: self.time.take().map(|time| time * self.units.time),
            unwrapped: columns.is_unwrapped(),
            has_velocities,
        })
    }
}

/// Where LAMMPS's box is: for a tilted one the bounds are those of the box around it.
fn read_box(words: &str, lines: &mut Lines) -> Result<Box> {
    if words.split_whitespace().any(|word| word == "abc") {
        let expected = "a box in LAMMPS's own axes, without abc origin (dump_modify triclinic/general no)";
        return Err(lines.error(words, expected));
    }
    let tilted = words.contains("xy xz yz");
    let flags: Vec<&str> =
        words.split_whitespace().filter(|word| word.len() == 2 && word.contains(['p', 'f', 's', 'm'])).collect();
    let (mut low, mut high, mut tilts) = (Vec3::zeros(), Vec3::zeros(), Vec3::zeros());
    for axis in 0..3 {
        let line = lines.require("bounds of the box")?;
        let mut numbers = line.split_whitespace();
        let mut next = |what: &str| {
            let token = numbers.next().ok_or_else(|| lines.error(line, what.to_owned()))?;
            lines.number(token, what)
        };
        low[axis] = next("lower bound")?;
        high[axis] = next("upper bound")?;
        if tilted {
            tilts[axis] = next("tilt")?;
        }
        if numbers.next().is_some() {
            let expected = if tilted { "two bounds and a tilt" } else { "two bounds, as there is no xy xz yz above" };
            return Err(lines.error(line, expected));
        }
        if high[axis] <= low[axis] {
            return Err(lines.error(line, "an upper bound above the lower one"));
        }
    }
    let [xy, xz, yz] = [tilts.x, tilts.y, tilts.z];
    let ends = |values: &[f64]| values.iter().fold((0.0_f64, 0.0_f64), |(l, h), &v| (l.min(v), h.max(v)));
    let (below, above) = ends(&[xy, xz, xy + xz]);
    low.x -= below;
    high.x -= above;
    let (below, above) = ends(&[yz]);
    low.y -= below;
    high.y -= above;
    let size = high - low;
    if size.min() <= 0.0 {
        let expected = "bounds of the box around the tilted one, further apart than the tilts";
        return Err(lines.error(&format!("tilts {xy} {xz} {yz}"), expected));
    }
    let vectors = [Vec3::new(size.x, 0.0, 0.0), Vec3::new(xy, size.y, 0.0), Vec3::new(xz, yz, size.z)];
    let repeats = |axis: usize| flags.get(axis).is_none_or(|flag| flag.starts_with('p'));
    let cell = Cell::new(std::array::from_fn(|axis| repeats(axis).then_some(vectors[axis])));
    let edges = Mat3::from_columns(&vectors);
    Ok(Box { origin: low, edges, cell: cell.map_err(|error| lines.locate(error))? })
}

/// Which column holds what.
struct Columns {
    count: usize,
    id: usize,
    kind: Option<usize>,
    element: Option<usize>,
    mass: Option<usize>,
    charge: Option<usize>,
    position: [usize; 3],
    scaled: bool,
    /// Whether positions are unwrapped as they stand.
    open: bool,
    images: Option<[usize; 3]>,
    velocity: Option<[usize; 3]>,
}

struct Row {
    id: u64,
    kind: u64,
    name: String,
    mass: Option<f64>,
    charge: Option<f64>,
    position: Vec3,
    velocity: Option<Vec3>,
}

impl Columns {
    fn new(names: &str, lines: &Lines) -> Result<Self> {
        let names: Vec<&str> = names.split_whitespace().collect();
        let one = |name: &str| names.iter().position(|n| *n == name);
        let three = |suffix: &str| -> Option<[usize; 3]> {
            let [x, y, z] = ["x", "y", "z"].map(|axis| one(&format!("{axis}{suffix}")));
            Some([x?, y?, z?])
        };
        let along = |prefix: &str| -> Option<[usize; 3]> {
            let [x, y, z] = ["x", "y", "z"].map(|axis| one(&format!("{prefix}{axis}")));
            Some([x?, y?, z?])
        };
        let forms = [("u", false, true), ("su", true, true), ("", false, false), ("s", true, false)];
        let found = forms.iter().find_map(|&(suffix, scaled, open)| Some((three(suffix)?, scaled, open)));
        let missing = |what: &str| lines.error(&names.join(" "), what.to_owned());
        let (position, scaled, open) =
            found.ok_or_else(|| missing("columns x y z, xu yu zu, xs ys zs or xsu ysu zsu"))?;
        Ok(Self {
            count: names.len(),
            id: one("id").ok_or_else(|| missing("a column id, by which atoms are followed"))?,
            kind: one("type"),
            element: one("element"),
            mass: one("mass"),
            charge: one("q"),
            position,
            scaled,
            open,
            images: along("i"),
            velocity: along("v"),
        })
    }

    fn is_unwrapped(&self) -> bool {
        self.open || self.images.is_some()
    }

    fn read(&self, line: &str, bounds: &Box, lines: &Lines) -> Result<Row> {
        let tokens: Vec<&str> = line.split_whitespace().collect();
        if tokens.len() < self.count {
            return Err(lines.error(line, format!("{} columns", self.count)));
        }
        let vector = |columns: [usize; 3], what: &str| -> Result<Vec3> {
            let [x, y, z] = columns.map(|column| lines.number(tokens[column], what));
            Ok(Vec3::new(x?, y?, z?))
        };
        let number = |column: Option<usize>, what: &str| column.map(|c| lines.number(tokens[c], what)).transpose();
        let stated = vector(self.position, "position")?;
        let mut position = if self.scaled { bounds.edges * stated } else { stated - bounds.origin };
        if let (false, Some(images)) = (self.open, self.images) {
            position += bounds.edges * vector(images, "image")?;
        }
        let kind = self.kind.map(|c| lines.count(tokens[c], "type")).transpose()?.unwrap_or(1) as u64;
        Ok(Row {
            id: lines.count(tokens[self.id], "id")? as u64,
            kind,
            name: self.element.map_or_else(|| kind.to_string(), |c| tokens[c].to_owned()),
            mass: number(self.mass, "mass")?,
            charge: number(self.charge, "charge")?,
            position,
            velocity: self.velocity.map(|columns| vector(columns, "velocity")).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::read_trajectory;

    const TILTED: &str = "ITEM: UNITS\nmetal\nITEM: TIME\n0.5\nITEM: TIMESTEP\n250\nITEM: NUMBER OF ATOMS\n2\n\
        ITEM: BOX BOUNDS xy xz yz pp pp pp\n1 13 2\n-1 9 0\n0 10 0\nITEM: ATOMS id type q xs ys zs ix iy iz vx vy vz\n\
        2 2 -1 0.5 0.5 0.5 0 0 1 1 2 3\n1 1 1 0.25 0 0 0 0 0 0 0 0\n";

    #[test]
    fn a_tilted_box_with_images_and_velocities() {
        let frames = read_trajectory(TILTED.as_bytes(), "a.dump").unwrap();
        let frame = &frames[0];
        let system = &frame.configuration.system;
        assert_eq!(
            (frame.step, frame.time_fs, frame.unwrapped, frame.has_velocities),
            (Some(250), Some(500.0), true, true)
        );
        // Edges: a = 12 - 2 (tilt), b = (2, 10), c = 10.
        assert!((system.cell.volume().unwrap() - 1000.0).abs() < 1e-9);
        assert!((system.positions[0] - Vec3::new(2.5, 0.0, 0.0)).norm() < 1e-12);
        assert!((system.positions[1] - Vec3::new(6.0, 5.0, 15.0)).norm() < 1e-12);
        assert!((system.velocities[1] - Vec3::new(1e-3, 2e-3, 3e-3)).norm() < 1e-15);
        assert_eq!(system.species.iter().map(|s| s.charge_e).collect::<Vec<_>>(), [Some(1.0), Some(-1.0)]);
    }

    #[test]
    fn scaled_positions_are_parts_of_the_box_where_nothing_repeats_too() {
        for bounds in ["pp pp ff", "ff ff ff"] {
            let open = TILTED.replace("pp pp pp", bounds).replace("0.5 0.5 0.5 0 0 1", "0.5 0.5 0.5 0 0 0");
            let frames = read_trajectory(open.as_bytes(), "a.dump").unwrap();
            let system = &frames[0].configuration.system;
            assert!((system.positions[0] - Vec3::new(2.5, 0.0, 0.0)).norm() < 1e-12, "{bounds}");
            assert!((system.positions[1] - Vec3::new(6.0, 5.0, 5.0)).norm() < 1e-12, "{bounds}");
            assert!(!system.cell.periodic()[2], "{bounds}");
        }
    }

    #[test]
    fn charges_that_move_from_atom_to_atom_are_those_of_no_species() {
        let charges = |text: &str| {
            let system = read_trajectory(text.as_bytes(), "a.dump").unwrap().remove(0).configuration.system;
            system.species.iter().map(|species| species.charge_e).collect::<Vec<_>>()
        };
        assert_eq!(charges(TILTED), [Some(1.0), Some(-1.0)]);
        assert_eq!(charges(&TILTED.replace("\n2 2 -1", "\n2 1 -1")), [None]);
    }

    #[test]
    fn broken_dumps_are_refused_with_their_line() {
        let message = |text: &str| read_trajectory(text.as_bytes(), "a.dump").unwrap_err().to_string();
        assert!(message(&TILTED.replace("xy xz yz", "abc origin")).contains("abc origin"));
        assert!(message(&TILTED.replace("1 13 2\n", "1 13 2 0\n")).contains("line 10"));
        assert!(message(&TILTED.replace("xy xz yz ", "")).contains("two bounds"));
        assert!(message(&TILTED.replace("0 10 0\n", "10 10 0\n")).contains("line 12"));
        assert!(message(&TILTED.replace("1 13 2\n", "1 13 12\n")).contains("tilts 12 0 0"));
        assert!(message(&TILTED.replace("ATOMS id", "ATOMS no")).contains("column id"));
        assert!(message(&TILTED.replace("xs ys zs", "a b c")).contains("columns x y z"));
        assert!(message(&TILTED.replace("metal", "lj")).contains("metal or real"));
        assert!(message(&TILTED.replace("\n2 2 -1", "\n1 2 -1")).contains("atom 1 twice"));
        assert!(message(&TILTED.replace("0.25 0 0 0", "0.25 nan 0 0")).contains("finite"));
        let heavy = TILTED.replace(" q ", " mass ").replace("\n2 2 -1", "\n2 1 2");
        assert!(message(&heavy).contains("another mass of atom 2 than of atom 1"));
        assert!(message(TILTED.trim_end_matches("0 0 0\n")).contains("columns"));
        assert!(message(&format!("{TILTED}hello\n")).contains("line 16"));
    }
}
