//! VASP's vasprun.xml.

use roxmltree::{Document, Node};

use super::vasp::{dispersion_of, element_of_potential};
use super::{Label, Stated};
use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::units::KILOBAR;

/// Reads the last calculation of a vasprun.xml.
///
/// # Errors
/// A file that is cut or is no such XML; an electronic loop that ran to its limit; blocks that are missing or malformed.
pub fn read_vasprun(text: &str, file: &str) -> Result<Label> {
    let reader = Reader { file };
    let document = Document::parse(text).map_err(|error| {
        Error::parse(
            file,
            error.pos().row as usize,
            &error.to_string(),
            "a whole vasprun.xml: its calculation has ended",
        )
    })?;
    let root = document.root_element();
    let calculation = root.children().rfind(|node| node.has_tag_name("calculation"));
    let calculation = calculation.ok_or_else(|| reader.missing("calculation"))?;
    let steps = calculation.children().filter(|node| node.has_tag_name("scstep")).count();
    let limit = root.descendants().find(|node| node.attribute("name") == Some("NELM")).and_then(|node| node.text());
    let limit = limit.and_then(|text| text.trim().parse::<usize>().ok()).ok_or_else(|| reader.missing("NELM"))?;
    if steps >= limit {
        let found = format!("an electronic loop that ran to its limit of {limit} steps");
        return Err(Error::invalid(file, found, "a calculation that converged"));
    }
    let energies = calculation.children().find(|node| node.has_tag_name("energy"));
    let energy = energies.and_then(|node| named(node, "e_fr_energy")).ok_or_else(|| reader.missing("e_fr_energy"))?;
    let [energy] = reader.numbers(energy)?;
    let rows = |name: &str| named(calculation, name).map(|node| reader.rows(node)).transpose();
    let forces = rows("forces")?.ok_or_else(|| reader.missing("forces"))?;
    let pressure = match rows("stress")?.as_deref() {
        Some([x, y, z]) => Some(Mat3::from_rows(&[x.transpose(), y.transpose(), z.transpose()]) * KILOBAR),
        Some(_) => return Err(reader.missing("stress of three rows")),
        None => None,
    };
    let positions = positions(&reader, calculation)?;
    let stated = stated(&reader, root)?;
    let volume = calculation.descendants().find(|node| node.attribute("name") == Some("volume"));
    let volume = volume.map(|node| reader.numbers(node)).transpose()?.map(|[volume]: [f64; 1]| volume);
    Ok(Label { energy, forces, pressure, elements: elements(root), positions, volume, stated })
}

/// The cutoff that was used, which `parameters` call ENMAX and the user ENCUT; the functional where the user chose one.
fn stated(reader: &Reader, root: Node) -> Result<Stated> {
    let setting = |name: &str| root.descendants().find(|node| node.attribute("name") == Some(name));
    let cutoff = setting("ENMAX").or_else(|| setting("ENCUT")).map(|node| reader.numbers(node)).transpose()?;
    let chosen = setting("GGA").and_then(|node| node.text()).map(str::trim).filter(|name| !matches!(*name, "" | "--"));
    let functional = chosen.map(|name| if name == "PE" { "PBE".to_owned() } else { format!("GGA {name}") });
    // Else the potentials decide, as `PAW_PBE K_sv 06Sep2000` or `PAW K_sv`.
    let others =
        rows_of(root, "atomtypes").filter_map(|row| row.children().rfind(|cell| cell.has_tag_name("c"))?.text());
    let other = others.map(str::trim).find(|title| !title.contains("_PBE")).map(|title| format!("of {title}"));
    let text = |name: &str| setting(name).and_then(|node| node.text()).map(str::trim).unwrap_or_default();
    let beyond = match (text("LHFCALC"), text("METAGGA")) {
        ("T", _) => Some("hybrid".to_owned()),
        (_, "" | "--" | "F") => None,
        (_, name) => Some(format!("METAGGA {name}")),
    };
    let points = root.descendants().find(|node| node.attribute("name") == Some("kpointlist"));
    Ok(Stated {
        cutoff_ev: cutoff.map(|[cutoff]: [f64; 1]| cutoff),
        functional: beyond.or(functional).or(other),
        dispersion: setting("ENMAX").is_some().then(|| dispersion_of(text("IVDW"))),
        points: points.map(|list| list.children().filter(|row| row.has_tag_name("v")).count()),
        basis: None,
    })
}

/// Positions of a calculation's structure, which are multiples of its basis; `None` where it tells none.
fn positions(reader: &Reader, calculation: Node) -> Result<Option<Vec<Vec3>>> {
    let array = |name: &str| {
        let structure = calculation.children().find(|node| node.has_tag_name("structure"))?;
        structure.descendants().find(|node| node.attribute("name") == Some(name))
    };
    let (Some(basis), Some(positions)) = (array("basis"), array("positions")) else { return Ok(None) };
    let [a, b, c] = reader.rows(basis)?[..] else { return Err(reader.missing("basis of three vectors")) };
    let place = |s: Vec3| a * s.x + b * s.y + c * s.z;
    Ok(Some(reader.rows(positions)?.into_iter().map(place).collect()))
}

/// The child with this name.
fn named<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.attribute("name") == Some(name))
}

/// The rows of an array.
fn rows_of<'a, 'input>(root: Node<'a, 'input>, name: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    let array = root.descendants().find(|node| node.has_tag_name("array") && node.attribute("name") == Some(name));
    array.into_iter().flat_map(|array| array.descendants()).filter(|node| node.has_tag_name("rc"))
}

/// The first column of the array "atoms".
fn elements(root: Node) -> Vec<String> {
    let symbol =
        |row: Node| row.children().find(|node| node.has_tag_name("c")).and_then(|cell| cell.text().map(str::to_owned));
    rows_of(root, "atoms").filter_map(symbol).map(|symbol| element_of_potential(symbol.trim())).collect()
}

struct Reader<'a> {
    file: &'a str,
}

impl Reader<'_> {
    fn missing(&self, what: &str) -> Error {
        Error::invalid(self.file, format!("no {what}"), "the vasprun.xml of a calculation that ended")
    }

    fn numbers<const N: usize>(&self, node: Node) -> Result<[f64; N]> {
        let text = node.text().unwrap_or_default();
        let line = node.document().text_pos_at(node.range().start).row as usize;
        let values = text.split_whitespace().map(|word| word.parse::<f64>().ok().filter(|x| x.is_finite()));
        let values: Option<Vec<f64>> = values.collect();
        let values = values.and_then(|values| values.try_into().ok());
        values.ok_or_else(|| Error::parse(self.file, line, text, format!("finite numbers: {N}")))
    }

    fn rows(&self, node: Node) -> Result<Vec<Vec3>> {
        let rows = node.children().filter(|row| row.has_tag_name("v"));
        rows.map(|row| self.numbers::<3>(row).map(Vec3::from)).collect()
    }
}
