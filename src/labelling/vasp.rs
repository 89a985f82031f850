//! VASP: INCAR and KPOINTS, and the OUTCAR read back. Its "in kB" is a pressure: compression positive.

use super::text::{Line, Output};
use super::{Electrons, Label};
use crate::error::Result;
use crate::math::{Mat3, Vec3};
use crate::units::EV_PER_A3_TO_GPA;

/// One kbar in eV/Å^3.
pub(super) const KILOBAR: f64 = 0.1 / EV_PER_A3_TO_GPA;

/// A single point with forces and stress: PBE, with D3(BJ) for insulators, 500 eV.
pub(super) fn write_incar(electrons: Electrons) -> String {
    let (smearing, dispersion) = match electrons {
        Electrons::Insulator => ("ISMEAR = 0\nSIGMA = 0.05", "IVDW = 12\n"),
        Electrons::Metal => ("ISMEAR = 1\nSIGMA = 0.1", ""),
    };
    format!(
        "SYSTEM = label\nPREC = Accurate\nENCUT = 500\nGGA = PE\n{dispersion}EDIFF = 1E-6\nNELM = 100\n{smearing}\nNSW = 0\n\
         IBRION = -1\nISIF = 2\nLREAL = .FALSE.\nLASPH = .TRUE.\nLWAVE = .FALSE.\nLCHARG = .FALSE.\n"
    )
}

pub(super) fn write_kpoints(electrons: Electrons) -> String {
    let points = if electrons == Electrons::Metal { "2 2 2" } else { "1 1 1" };
    format!("label\n0\nGamma\n{points}\n0 0 0\n")
}

/// Reads an OUTCAR: the last energy, forces and stress in it.
///
/// # Errors
/// A calculation that did not converge or did not end; blocks that are missing or malformed.
pub fn read_outcar(text: &str, file: &str) -> Result<Label> {
    let output = Output::new(text, file);
    let stop = output.require("aborting loop", "end of the electronic loop")?;
    if stop.1.contains("EDIFF was not reached") || !stop.1.contains("EDIFF") {
        return Err(output.unusable("an electronic loop that did not converge"));
    }
    let energy = output.require("free  energy   TOTEN", "energy (free  energy   TOTEN)")?;
    let energy = output.number(energy, -2, "energy in eV")?;
    let (positions, forces): (Vec<Vec3>, Vec<Vec3>) = read_forces(&output)?.into_iter().unzip();
    let stress = output.last("  in kB ").map(|line| read_stress(&output, line)).transpose()?;
    if !output.has("General timing and accounting") {
        return Err(output.unusable("an output that stops before the program's end"));
    }
    let elements = read_elements(&output, forces.len())?;
    Ok(Label { energy, forces, pressure: stress, elements, positions: Some(positions) })
}

/// Position of each atom, and the force on it.
fn read_forces(output: &Output) -> Result<Vec<(Vec3, Vec3)>> {
    let count = output.require("NIONS =", "number of ions (NIONS)")?;
    let count = output.number(count, -1, "number of ions")?;
    let header = output.require("TOTAL-FORCE (eV/Angst)", "forces (TOTAL-FORCE)")?;
    let mut forces = Vec::new();
    for line in output.after(header).skip(1) {
        if line.1.trim_start().starts_with("---") {
            break;
        }
        forces.push((output.vector(line, 0, "position and force")?, output.vector(line, 3, "position and force")?));
    }
    if forces.len() as f64 != count {
        return Err(output.error(header, &format!("{count} forces under this line, not {}", forces.len())));
    }
    Ok(forces)
}

/// XX YY ZZ XY YZ ZX.
fn read_stress(output: &Output, line: Line) -> Result<Mat3> {
    let (diagonal, others) = (output.vector(line, 2, "stress in kB")?, output.vector(line, 5, "stress in kB")?);
    let (xy, yz, zx) = (others.x, others.y, others.z);
    Ok(Mat3::new(diagonal.x, xy, zx, xy, diagonal.y, yz, zx, yz, diagonal.z) * KILOBAR)
}

/// From `VRHFIN =K :` of each potential, and `ions per type = 4 4`.
fn read_elements(output: &Output, atoms: usize) -> Result<Vec<String>> {
    let names = output.lines().filter_map(|(_, line)| {
        let (_, rest) = line.split_once("VRHFIN =")?;
        Some(rest.split(':').next()?.trim().to_owned())
    });
    let Some(counts) = output.last("ions per type =") else { return Ok(Vec::new()) };
    let numbers = counts.1.split('=').nth(1).unwrap_or_default().split_whitespace();
    let mut elements = Vec::new();
    for (name, number) in names.zip(numbers) {
        let number: usize = number.parse().map_err(|_| output.error(counts, "the number of ions of each type"))?;
        if number > atoms {
            return Err(output.error(counts, &format!("{atoms} ions, as there are forces")));
        }
        elements.extend(std::iter::repeat_n(name, number));
    }
    if elements.len() == atoms {
        Ok(elements)
    } else {
        Err(output.error(counts, &format!("{atoms} ions of known elements")))
    }
}
