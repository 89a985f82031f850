//! CP2K, Quickstep: PBE, with D3(BJ) for insulators, TZV2P-MOLOPT-PBE-GTH.
//!
//! Settings were measured on a salt of 49 atoms: TZV2P is 11 meV/Å off plane waves where DZVP is 42, and a cutoff of 280 Ry is
//! 1 meV/Å off 600 Ry. Orbital transformation needs densities of ions to start from (`&BS`): from neutral atoms it stalls
//! 0.33 Hartree too high. CP2K's stress is a pressure: compression positive.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::text::Output;
use super::{Dispersion, Electrons, Label, Stated, symbols};
use mendeleev::Element;

use crate::error::{Error, Result};
use crate::math::{Mat3, Vec3};
use crate::system::System;
use crate::system::species::element;
use crate::units::{BOHR, EV_PER_A3_TO_GPA, HARTREE};

/// Electrons that the GTH pseudopotential of each element with a TZV2P-MOLOPT-PBE-GTH basis leaves in the valence.
const VALENCE: &str = "H1 He2 Li3 Be4 B3 C4 N5 O6 F7 Ne8 Na9 Mg10 Al3 Si4 P5 S6 Cl7 Ar8 K9 Ca10 Sc11 Ti12 V13 Cr14 Mn15 \
    Fe16 Co17 Ni18 Cu11 Zn12 Ga13 Ge4 As5 Se6 Br7 Kr8 Rb9 Sr10 Y11 Zr12 Nb13 Mo14 Tc15 Ru16 Rh17 Pd18 Ag11 Cd12 In13 Sn4 \
    Sb5 Te6 I7 Xe8 Cs9 Ba10 Hf12 Ta13 W14 Re15 Os16 Ir17 Pt18 Au11 Hg12 Tl13 Pb4 Bi5";

/// The input of an energy, force and stress calculation.
pub(super) fn write(system: &System, electrons: Electrons) -> Result<String> {
    let symbols = symbols(system)?;
    let (cutoff, rel_cutoff, eps_default) = match electrons {
        Electrons::Insulator => (280, 40, "1.0E-10"),
        Electrons::Metal => (400, 50, "1.0E-11"),
    };
    let library = if electrons == Electrons::Insulator { "ELPA" } else { "ScaLAPACK" };
    let mut out = format!(
        "&GLOBAL\n  PROJECT label\n  RUN_TYPE ENERGY_FORCE\n  PRINT_LEVEL MEDIUM\n  EXTENDED_FFT_LENGTHS TRUE\n  \
         PREFERRED_DIAG_LIBRARY {library}\n&END GLOBAL\n&FORCE_EVAL\n  METHOD QUICKSTEP\n  STRESS_TENSOR ANALYTICAL\n  &DFT\n    \
         BASIS_SET_FILE_NAME BASIS_MOLOPT_UZH\n    POTENTIAL_FILE_NAME GTH_POTENTIALS\n    CHARGE 0\n    &MGRID\n      \
         CUTOFF {cutoff}\n      REL_CUTOFF {rel_cutoff}\n      NGRIDS 4\n    &END MGRID\n    &QS\n      EPS_DEFAULT {eps_default}\n      \
         METHOD GPW\n    &END QS\n"
    );
    out.push_str(match electrons {
        Electrons::Insulator => INSULATOR_SCF,
        Electrons::Metal => METAL_SCF,
    });
    out.push_str(&functional(electrons));
    out.push_str("  &SUBSYS\n    &CELL\n");
    for (name, k) in [("A", 0), ("B", 1), ("C", 2)] {
        let vector = system.cell.vectors().column(k);
        let _ = writeln!(out, "      {name} {} {} {}", vector[0], vector[1], vector[2]);
    }
    out.push_str("      PERIODIC XYZ\n    &END CELL\n    &COORD\n");
    for (symbol, p) in symbols.iter().zip(&system.positions) {
        let _ = writeln!(out, "      {symbol} {} {} {}", p.x, p.y, p.z);
    }
    out.push_str("    &END COORD\n");
    for symbol in symbols.iter().copied().collect::<BTreeSet<&str>>() {
        write_kind(&mut out, symbol, electrons)?;
    }
    out.push_str(
        "  &END SUBSYS\n  &PRINT\n    &FORCES ON\n      NDIGITS 12\n    &END FORCES\n    &STRESS_TENSOR ON\n    \
         &END STRESS_TENSOR\n  &END PRINT\n&END FORCE_EVAL\n",
    );
    Ok(out)
}

const INSULATOR_SCF: &str = "    &SCF
      SCF_GUESS ATOMIC
      EPS_SCF 1.0E-6
      MAX_SCF 40
      &OT
        MINIMIZER DIIS
        PRECONDITIONER FULL_ALL
        ENERGY_GAP 0.15
      &END OT
      &OUTER_SCF
        EPS_SCF 1.0E-6
        MAX_SCF 5
      &END OUTER_SCF
      &PRINT
        &RESTART OFF
        &END RESTART
      &END PRINT
    &END SCF
";

const METAL_SCF: &str = "    &SCF
      SCF_GUESS ATOMIC
      EPS_SCF 1.0E-6
      MAX_SCF 150
      ADDED_MOS 60
      CHOLESKY INVERSE
      &SMEAR ON
        METHOD FERMI_DIRAC
        ELECTRONIC_TEMPERATURE [K] 1500
      &END SMEAR
      &DIAGONALIZATION ON
        ALGORITHM STANDARD
        EPS_ADAPT 0.01
      &END DIAGONALIZATION
      &MIXING
        METHOD BROYDEN_MIXING
        ALPHA 0.2
        BETA 1.5
        NBROYDEN 8
      &END MIXING
      &PRINT
        &RESTART OFF
        &END RESTART
      &END PRINT
    &END SCF
    &KPOINTS
      SCHEME MONKHORST-PACK 2 2 2
      SYMMETRY OFF
    &END KPOINTS
";

const DISPERSION: &str = "      &VDW_POTENTIAL
        POTENTIAL_TYPE PAIR_POTENTIAL
        &PAIR_POTENTIAL
          TYPE DFTD3(BJ)
          PARAMETER_FILE_NAME dftd3.dat
          REFERENCE_FUNCTIONAL PBE
          R_CUTOFF [angstrom] 15.0
        &END PAIR_POTENTIAL
      &END VDW_POTENTIAL
";

/// PBE, with D3(BJ) for insulators.
fn functional(electrons: Electrons) -> String {
    let dispersion = if electrons == Electrons::Insulator { DISPERSION } else { "" };
    format!("    &XC\n      &XC_FUNCTIONAL PBE\n      &END XC_FUNCTIONAL\n{dispersion}    &END XC\n  &END DFT\n")
}

fn write_kind(out: &mut String, symbol: &str, electrons: Electrons) -> Result<()> {
    let number = |entry: &str| entry.strip_prefix(symbol).and_then(|number| number.parse::<u32>().ok());
    let Some(valence) = VALENCE.split_whitespace().find_map(number) else {
        let expected = "an element with a TZV2P-MOLOPT-PBE-GTH basis in CP2K";
        return Err(Error::invalid("element to label with CP2K", symbol, expected));
    };
    let _ = write!(
        out,
        "    &KIND {symbol}\n      BASIS_SET TZV2P-MOLOPT-PBE-GTH-q{valence}\n      POTENTIAL GTH-PBE-q{valence}\n"
    );
    if let Some((electrons, l, n)) = ion(symbol)?.filter(|_| electrons == Electrons::Insulator) {
        out.push_str("      &BS\n");
        for spin in ["ALPHA", "BETA"] {
            let _ = write!(
                out,
                "        &{spin}\n          NEL {electrons}\n          L {l}\n          N {n}\n        &END {spin}\n"
            );
        }
        out.push_str("      &END BS\n");
    }
    out.push_str("    &END KIND\n");
    Ok(())
}

/// Electrons that the element's ion has more than the atom, with the quantum numbers l and n of their shell, where the ion is
/// made by filling or emptying one shell of s or p.
fn ion(symbol: &str) -> Result<Option<(i32, u32, u32)>> {
    let element = element(symbol)?;
    let number = 1 + Element::list().iter().take_while(|&&other| other != element).count();
    let noble: [usize; 6] = [2, 10, 18, 36, 54, 86];
    let period = 1 + noble.iter().filter(|&&gas| gas < number).count() as u32;
    let past = number - noble.iter().copied().filter(|&gas| gas < number).max().unwrap_or(0);
    let to_next = noble.iter().find(|&&gas| gas >= number).map_or(0, |gas| gas - number);
    Ok(match (past, to_next) {
        (1 | 2, _) if number > 2 => Some((-(past as i32), 0, period)),
        (_, 1 | 2) if number > 2 => Some((to_next as i32, 1, period)),
        _ => None,
    })
}

/// Reads the output of an energy, force and stress calculation of CP2K.
///
/// # Errors
/// A calculation that did not converge or did not end; blocks that are missing, malformed or in unknown units.
pub fn read_cp2k(text: &str, file: &str) -> Result<Label> {
    let output = Output::new(text, file);
    if output.has("SCF run NOT converged") || output.has("SCF loop FAILED to converge") {
        return Err(output.unusable("an SCF run that did not converge"));
    }
    output.require("SCF run converged in", "converged SCF run")?;
    let energy = output.only("ENERGY| Total FORCE_EVAL", "total energy")?;
    let energy = output.number(energy, -1, "total energy")? * HARTREE;
    let (forces, elements) = read_forces(&output)?;
    // CP2K says nothing else of atoms that it was to hold.
    let held = forces.iter().filter(|force| **force == Vec3::zeros()).count();
    if held > 0 && held < forces.len() {
        return Err(output.unusable(&format!("forces of exactly zero on {held} of {} atoms: fixed ones", forces.len())));
    }
    let pressure = read_stress(&output)?;
    if !output.has("PROGRAM ENDED AT") {
        return Err(output.unusable("an output that stops before the program's end"));
    }
    let positions = read_positions(&output)?;
    let volume = output.last("CELL| Volume [angstrom^3]").map(|line| output.number(line, -1, "volume")).transpose()?;
    Ok(Label { energy, forces, pressure, elements, positions, volume, stated: read_stated(&output)? })
}

/// `QS| Density cutoff [a.u.]:  140.0` and `FUNCTIONAL| PBE:`.
fn read_stated(output: &Output) -> Result<Stated> {
    let cutoff = output.last("QS| Density cutoff [a.u.]:");
    let cutoff = cutoff.map(|line| output.number(line, -1, "density cutoff in a.u.")).transpose()?;
    let functional = output.lines().find_map(|(_, line)| line.trim().strip_prefix("FUNCTIONAL| ")?.split_once(':'));
    let functional = functional.map(|(name, _)| name.trim().to_owned());
    // Of one kind as of all.
    let basis = output.last("Orbital Basis Set").and_then(|(_, line)| line.split_whitespace().last());
    let says = |mark: &str| output.lines().any(|(_, line)| line.contains("vdW POTENTIAL|") && line.contains(mark));
    let dispersion = match (says("DFT-D3") && says("BJ Damping"), says("")) {
        (true, _) => Dispersion::D3,
        (_, true) => Dispersion::Other,
        _ => Dispersion::None,
    };
    let points = output.last("BRILLOUIN| List of Kpoints").and_then(|(_, line)| line.split_whitespace().last());
    Ok(Stated {
        cutoff_ev: cutoff.map(|cutoff| cutoff * HARTREE),
        // Printed where the functional is.
        dispersion: functional.is_some().then_some(dispersion),
        // Without such a list there is the Gamma point alone.
        points: functional.is_some().then(|| points.map_or(Some(1), |count| count.parse().ok())).flatten(),
        functional,
        basis: basis.map(|name| name.rsplit_once("-q").map_or(name, |(family, _)| family).to_owned()),
    })
}

/// `1  1  K  19  x y z  Z(eff) mass` under "ATOMIC COORDINATES IN ANGSTROM"; `None` where the output was asked for none.
fn read_positions(output: &Output) -> Result<Option<Vec<Vec3>>> {
    let headers = ["ATOMIC COORDINATES IN ANGSTROM", "ATOMIC COORDINATES IN angstrom"];
    let Some(header) = headers.iter().find_map(|header| output.last(header)) else { return Ok(None) };
    let mut positions = Vec::new();
    let is_heading = |line: &str| line.trim().is_empty() || line.contains("Atom");
    for line in output.after(header).skip_while(|(_, line)| is_heading(line)) {
        if line.1.split_whitespace().next().and_then(|index| index.parse().ok()) != Some(positions.len() + 1) {
            break;
        }
        let place = line.1.split_whitespace().count() as isize - 5;
        positions.push(output.vector(line, place.max(0), "position, charge of the core and mass of an atom")?);
    }
    Ok((!positions.is_empty()).then_some(positions))
}

/// `1  1  K  x y z` under "ATOMIC FORCES in [a.u.]", or `FORCES|  1  x y z |f|` of later versions.
fn read_forces(output: &Output) -> Result<(Vec<Vec3>, Vec<String>)> {
    let (mut forces, mut elements) = (Vec::new(), Vec::new());
    if let Some(header) = output.last("ATOMIC FORCES in [a.u.]") {
        for line in output.after(header).skip_while(|(_, line)| !line.trim_start().starts_with("# Atom")).skip(1) {
            let words: Vec<&str> = line.1.split_whitespace().collect();
            match words.as_slice() {
                ["SUM", ..] => break,
                [index, _, symbol, ..] if index.parse() == Ok(forces.len() + 1) => elements.push((*symbol).to_owned()),
                _ => {
                    return Err(
                        output.error(line, "the force on an atom: its number, kind, element and three components")
                    );
                }
            }
            forces.push(output.vector(line, 3, "force")?);
        }
    } else {
        let header = output.require("FORCES| Atomic forces [hartree/bohr]", "atomic forces")?;
        for line in output.after(header) {
            let words: Vec<&str> = line.1.split_whitespace().collect();
            match words.as_slice() {
                ["FORCES|", "Atom", ..] => continue,
                ["FORCES|", index, ..] if index.parse() == Ok(forces.len() + 1) => {}
                _ => break,
            }
            forces.push(output.vector(line, 2, "force")?);
        }
    }
    forces.iter_mut().for_each(|force| *force *= HARTREE / BOHR);
    if forces.is_empty() { Err(output.missing("atomic forces")) } else { Ok((forces, elements)) }
}

fn read_stress(output: &Output) -> Result<Option<Mat3>> {
    // Eigenvectors come under a header of their own.
    let header = ["STRESS| Analytical stress tensor", "STRESS| Numerical stress tensor"]
        .iter()
        .find_map(|mark| output.last(mark));
    header.map(|header| read_rows(output, header)).transpose()
}

fn read_rows(output: &Output, header: (usize, &str)) -> Result<Mat3> {
    let to_gpa = match header.1 {
        line if line.contains("[GPa]") => 1.0,
        line if line.contains("[bar]") => 1e-4,
        _ => return Err(output.error(header, "a stress tensor in GPa or bar")),
    };
    let mut stress = Mat3::zeros();
    for (row, line) in output.after(header).skip(1).take(3).enumerate() {
        if line.1.split_whitespace().nth(1) != ["x", "y", "z"].get(row).copied() {
            return Err(output.error(line, "rows x, y, z of the stress tensor"));
        }
        stress.set_row(row, &output.vector(line, 2, "stress")?.transpose());
    }
    Ok(stress * (to_gpa / EV_PER_A3_TO_GPA))
}
