//! VASP: INCAR and KPOINTS, and the OUTCAR read back. Its "in kB" is a pressure: compression positive.

use super::text::{Line, Output};
use super::{Dispersion, Electrons, Label, Stated};
use crate::error::Result;
use crate::math::{Mat3, Vec3};
use crate::units::KILOBAR;

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
    refuse_last_step(&output)?;
    let energy = output.require("free  energy   TOTEN", "energy (free  energy   TOTEN)")?;
    let energy = output.number(energy, -2, "energy in eV")?;
    let (positions, forces): (Vec<Vec3>, Vec<Vec3>) = read_forces(&output)?.into_iter().unzip();
    let stress = output.last("  in kB ").map(|line| read_stress(&output, line)).transpose()?;
    if !output.has("General timing and accounting") {
        return Err(output.unusable("an output that stops before the program's end"));
    }
    let elements = read_elements(&output, forces.len())?;
    let stated = read_stated(&output)?;
    let volume = output.last("volume of cell :").map(|line| output.number(line, -1, "volume in Å^3")).transpose()?;
    Ok(Label { energy, forces, pressure: stress, elements, positions: Some(positions), volume, stated })
}

/// VASP 5 says that EDIFF is reached where it ran out of steps, too: `NELM   =    100;` and `Iteration      1(  12)`.
fn refuse_last_step(output: &Output) -> Result<()> {
    let after = |mark: &str, opens: &str| {
        let (_, line) = output.last(mark)?;
        let digits = line.split_once(opens)?.1.trim_start();
        digits.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    };
    match after(" NELM ", "=").zip(after("Iteration ", "(")) {
        Some((limit, steps)) if steps >= limit => {
            Err(output.unusable(&format!("an electronic loop that ran to its limit of {limit} steps")))
        }
        _ => Ok(()),
    }
}

/// `ENCUT  =  500.0 eV` and `LEXCH   =     8`, the number of PBE, whatever meta-GGA stands over it.
fn read_stated(output: &Output) -> Result<Stated> {
    let cutoff = output.last("ENCUT  =").map(|line| output.number(line, 2, "ENCUT in eV")).transpose()?;
    let name = |number: f64| if number == 8.0 { "PBE".to_owned() } else { format!("LEXCH {number}") };
    let gga = output.last("LEXCH   =").map(|line| output.number(line, 2, "LEXCH").map(name)).transpose()?;
    let set = |mark: &str| output.last(mark).is_some_and(|(_, line)| line.split_whitespace().any(|word| word == "T"));
    let functional = if set("LHFCALC =") { Some("hybrid".to_owned()) } else { meta_gga(output).or(gga) };
    let points = output
        .last("NKPTS =")
        .and_then(|(_, line)| line.split_once("NKPTS =")?.1.split_whitespace().next()?.parse::<usize>().ok());
    let form = setting(output, "IVDW").unwrap_or(if output.has("Edisp (eV)") { "12" } else { "0" });
    let dispersion = functional.is_some().then(|| dispersion_of(form));
    Ok(Stated { cutoff_ev: cutoff, functional, dispersion, points, basis: None })
}

/// `METAGGA = R2SCAN`; `F` or `--` is none.
fn meta_gga(output: &Output) -> Option<String> {
    let name = setting(output, "METAGGA").filter(|value| !matches!(*value, "F" | "--"))?;
    Some(format!("METAGGA {name}"))
}

/// What a line such as `IVDW = 12` says; newer versions repeat the INCAR, whose lines come first.
fn setting<'a>(output: &Output<'a>, wanted: &str) -> Option<&'a str> {
    output.lines().find_map(|(_, line)| {
        let (name, value) = line.split_once('=')?;
        value.split_whitespace().next().filter(|_| name.trim().eq_ignore_ascii_case(wanted))
    })
}

/// The form that a value of IVDW stands for.
pub(super) fn dispersion_of(ivdw: &str) -> Dispersion {
    match ivdw {
        "" | "0" => Dispersion::None,
        "12" => Dispersion::D3,
        _ => Dispersion::Other,
    }
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

/// Some potentials of VASP cut or lack the symbol of their element.
pub(super) fn element_of_potential(symbol: &str) -> String {
    match symbol {
        "r" => "Zr",
        "X" => "Xe",
        known => known,
    }
    .to_owned()
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
        Some(element_of_potential(rest.split(':').next()?.trim()))
    });
    let Some(counts) = output.last("ions per type =") else { return Ok(Vec::new()) };
    let numbers = counts.1.split('=').nth(1).unwrap_or_default().split_whitespace();
    let mut elements = Vec::new();
    for (name, number) in names.zip(numbers) {
        let number: usize = number.parse().map_err(|_| output.error(counts, "the number of ions of each type"))?;
        if number > atoms - elements.len() {
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
