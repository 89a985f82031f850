//! Quantum ESPRESSO's pw.x: PBE, with D3(BJ) for insulators, 60/480 Ry. Its total stress is a pressure: compression positive.

use std::fmt::Write;

use super::text::Output;
use super::{Dispersion, Electrons, Label, Stated, symbols};
use crate::error::Result;
use crate::math::{Mat3, Vec3};
use crate::system::System;
use crate::system::species::element;
use crate::units::{BOHR, RYDBERG};

/// What pw.x composes PBE of.
const PBE_PARTS: [&str; 4] = ["SLA", "PW", "PBX", "PBC"];

/// A single point with forces and stress; pseudopotentials are looked for as `pseudo/K.upf`.
pub(super) fn write(system: &System, electrons: Electrons) -> Result<String> {
    let symbols = symbols(system)?;
    let mut kinds = symbols.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let (occupations, dispersion, points) = match electrons {
        Electrons::Insulator => {
            let d3 = "  vdw_corr = 'dft-d3', dftd3_version = 4, dftd3_threebody = .false.\n";
            ("occupations = 'fixed'", d3, "K_POINTS gamma\n")
        }
        Electrons::Metal => {
            ("occupations = 'smearing', smearing = 'mv', degauss = 0.01", "", "K_POINTS automatic\n2 2 2 0 0 0\n")
        }
    };
    let mut out = format!(
        "&CONTROL\n  calculation = 'scf', prefix = 'label', outdir = './out', pseudo_dir = './pseudo'\n  tprnfor = .true., \
         tstress = .true., disk_io = 'none'\n/\n&SYSTEM\n  ibrav = 0, nat = {}, ntyp = {}, nosym = .true.\n  ecutwfc = 60, \
         ecutrho = 480, input_dft = 'PBE'\n{dispersion}  {occupations}\n/\n\
         &ELECTRONS\n  conv_thr = 1.0e-8, mixing_beta = 0.3, electron_maxstep = 100\n/\nATOMIC_SPECIES\n",
        symbols.len(),
        kinds.len()
    );
    for kind in &kinds {
        // Printed itself, the weight shows its uncertainty: "39.0983(1)".
        let _ = writeln!(out, "{kind} {} {kind}.upf", f64::from(element(kind)?.atomic_weight()));
    }
    out.push_str("CELL_PARAMETERS angstrom\n");
    for vector in system.cell.vectors().column_iter() {
        let _ = writeln!(out, "{} {} {}", vector[0], vector[1], vector[2]);
    }
    out.push_str("ATOMIC_POSITIONS angstrom\n");
    for (symbol, p) in symbols.iter().zip(&system.positions) {
        let _ = writeln!(out, "{symbol} {} {} {}", p.x, p.y, p.z);
    }
    out.push_str(points);
    Ok(out)
}

/// Reads the output of pw.x: energy, forces and stress of its one step.
///
/// # Errors
/// A calculation that did not converge or did not end; blocks that are missing or malformed.
pub fn read_pw(text: &str, file: &str) -> Result<Label> {
    let output = Output::new(text, file);
    if output.has("convergence NOT achieved") {
        return Err(output.unusable("an SCF cycle that did not converge"));
    }
    output.require("convergence has been achieved", "converged SCF cycle")?;
    // With smearing this is the free energy, which the forces are derivatives of.
    let energy = output.only("!    total energy", "total energy (a line that starts with !)")?;
    let energy = output.number(energy, -2, "total energy in Ry")? * RYDBERG;
    let atoms = output.require("number of atoms/cell", "number of atoms")?;
    let count = output.number(atoms, -1, "number of atoms")?;
    let forces = read_forces(&output)?;
    if forces.len() as f64 != count {
        return Err(output.error(atoms, &format!("{} atoms, as there are forces", forces.len())));
    }
    let stress = output.last("total   stress").map(|header| read_stress(&output, header)).transpose()?;
    if !output.has("JOB DONE.") {
        return Err(output.unusable("an output that stops before the program's end"));
    }
    let elements = read_elements(&output, forces.len());
    let positions = read_positions(&output)?;
    let volume = output.last("unit-cell volume").map(|line| output.number(line, -2, "volume in a.u.")).transpose()?;
    let volume = volume.map(|volume| volume * BOHR.powi(3));
    Ok(Label { energy, elements, forces, pressure: stress, positions, volume, stated: read_stated(&output)? })
}

/// `kinetic-energy cutoff = 60.0000  Ry` and `Exchange-correlation= PBE`.
fn read_stated(output: &Output) -> Result<Stated> {
    let cutoff = output.last("kinetic-energy cutoff");
    let cutoff = cutoff.map(|line| output.number(line, -2, "cutoff in Ry")).transpose()?;
    let functional = output.last("Exchange-correlation").and_then(|(_, line)| line.split('=').nth(1)).map(functional);
    let points = output.last("number of k points=").map(|line| {
        let (_, number) = line.1.split_once('=').unwrap_or_default();
        number.split_whitespace().next().and_then(|word| word.parse().ok())
    });
    // It does not say of which damping.
    let dispersion = if output.has("DFT-D3 Dispersion") { Dispersion::D3 } else { Dispersion::None };
    Ok(Stated {
        cutoff_ev: cutoff.map(|cutoff| cutoff * RYDBERG),
        dispersion: functional.is_some().then_some(dispersion),
        functional,
        points: points.flatten(),
        basis: None,
    })
}

/// `PBE`, or its parts as in `SLA PW PBX PBC ( 1 4 3 4 0 0)`.
fn functional(told: &str) -> String {
    let name = told.split('(').next().unwrap_or_default();
    let parts: Vec<&str> = name.split([' ', '-']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts == PBE_PARTS { "PBE".to_owned() } else { parts.join("-") }
}

/// `1   K   tau(   1) = ( x y z )`, in units of the lattice parameter; `None` where either is not told.
fn read_positions(output: &Output) -> Result<Option<Vec<Vec3>>> {
    let (header, parameter) = (output.last("positions (alat units)"), output.last("lattice parameter (alat)"));
    let (Some(header), Some(parameter)) = (header, parameter) else { return Ok(None) };
    let alat = output.number(parameter, -2, "lattice parameter in a.u.")? * BOHR;
    let mut positions = Vec::new();
    for (number, line) in output.after(header).take_while(|(_, line)| line.contains("tau(")) {
        let (_, position) = line.split_once("= (").ok_or_else(|| output.error((number, line), "a position"))?;
        positions.push(output.vector((number, position), 0, "position in alat")? * alat);
    }
    Ok((!positions.is_empty()).then_some(positions))
}

/// `atom    1 type  1   force =   x y z`: the first block after the header holds the total forces.
fn read_forces(output: &Output) -> Result<Vec<Vec3>> {
    let header = output.require("Forces acting on atoms", "forces")?;
    let mut forces = Vec::new();
    for line in output.after(header).skip_while(|(_, line)| line.trim().is_empty()) {
        let words: Vec<&str> = line.1.split_whitespace().collect();
        match words.as_slice() {
            ["atom", index, "type", _, "force", "=", ..] if index.parse() == Ok(forces.len() + 1) => {
                forces.push(output.vector(line, 6, "force")? * (RYDBERG / BOHR));
            }
            _ => break,
        }
    }
    if forces.is_empty() { Err(output.missing("forces")) } else { Ok(forces) }
}

/// Three rows, in Ry/Bohr^3 and then in kbar.
fn read_stress(output: &Output, header: (usize, &str)) -> Result<Mat3> {
    let mut stress = Mat3::zeros();
    let mut rows = 0;
    for (row, line) in output.after(header).take(3).enumerate() {
        stress.set_row(row, &output.vector(line, 0, "stress in Ry/bohr**3")?.transpose());
        rows += 1;
    }
    if rows < 3 {
        return Err(output.error(header, "three rows of stress under this line"));
    }
    Ok(stress * (RYDBERG / BOHR.powi(3)))
}

/// `1   K   tau(   1) = ( ... )`.
fn read_elements(output: &Output, atoms: usize) -> Vec<String> {
    let Some(header) = output.last("site n.") else { return Vec::new() };
    let symbol = |(_, line): (usize, &str)| {
        let label = line.split_whitespace().nth(1)?;
        let letters: String = label.chars().take_while(char::is_ascii_alphabetic).collect();
        line.contains("tau(").then_some(letters)
    };
    let elements: Vec<String> = output.after(header).take(atoms).filter_map(symbol).collect();
    if elements.len() == atoms { elements } else { Vec::new() }
}
