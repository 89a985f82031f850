//! GPAW: PBE with plane waves and PAW, for metals. For insulators D3(BJ) is added, from the package `dftd3`.

use std::fmt::Write;

use super::{Electrons, Label, Stated, symbols};
use crate::error::{Error, Result};
use crate::io::read_extxyz;
use crate::system::System;

const HEADING: &str = "\"\"\"Energy, forces and stress: PBE by GPAW, plane waves to 500 eV.\"\"\"
from ase import Atoms
";
const HEADING_WITH_DISPERSION: &str =
    "\"\"\"Energy, forces and stress: PBE by GPAW, plane waves to 500 eV, and D3(BJ) by dftd3 (pip install dftd3).\"\"\"
from ase import Atoms
from dftd3.ase import DFTD3
";
const DISPERSION: &str = "# Dispersion does not depend on the density: it is added at the end.
atoms.calc = DFTD3(method=\"PBE\", damping=\"d3bj\")
energy += atoms.get_potential_energy()
forces = forces + atoms.get_forces()
stress = stress + atoms.get_stress(voigt=False)
";

/// A script that writes `gpaw.extxyz`, and only if GPAW converges. 500 eV: below, the stress of a basis of fixed size is
/// off by gigapascals.
pub(super) fn write(system: &System, electrons: Electrons) -> Result<String> {
    let (points, width, heading, dispersion) = match electrons {
        Electrons::Insulator => ("(1, 1, 1)", "0.01", HEADING_WITH_DISPERSION, DISPERSION),
        Electrons::Metal => ("(2, 2, 2)", "0.1", HEADING, ""),
    };
    let mut out = format!("{heading}from gpaw import GPAW, PW, FermiDirac, Mixer\n\nsymbols = [");
    for symbol in symbols(system)? {
        let _ = write!(out, "\"{symbol}\", ");
    }
    out.push_str("]\npositions = [\n");
    for p in &system.positions {
        let _ = writeln!(out, "    ({}, {}, {}),", p.x, p.y, p.z);
    }
    out.push_str("]\ncell = [\n");
    for vector in system.cell.vectors().column_iter() {
        let _ = writeln!(out, "    ({}, {}, {}),", vector[0], vector[1], vector[2]);
    }
    let _ = write!(
        out,
        "]\natoms = Atoms(symbols, positions=positions, cell=cell, pbc=True)
atoms.calc = GPAW(
    mode=PW(500),
    xc=\"PBE\",
    kpts={points},
    occupations=FermiDirac({width}),
    symmetry={{\"point_group\": False}},
    convergence={{\"energy\": 1e-4, \"density\": 1e-4, \"eigenstates\": 4e-7}},
    mixer=Mixer(0.1, 8, 50),
    nbands=\"115%\",
    txt=\"gpaw.txt\",
)
# The free energy is what the forces are derivatives of. GPAW raises an error where it does not converge.
energy = atoms.get_potential_energy(force_consistent=True)
forces = atoms.get_forces()
stress = atoms.get_stress(voigt=False)
{dispersion}row = \" \".join
with open(\"gpaw.extxyz\", \"w\") as out:
    lattice = row(repr(float(x)) for x in atoms.cell.array.ravel())
    tensor = row(repr(float(x)) for x in stress.ravel())
    print(len(atoms), file=out)
    print(
        f'Lattice=\"{{lattice}}\" Properties=species:S:1:pos:R:3:forces:R:3 energy={{float(energy)!r}} '
        f'stress=\"{{tensor}}\" pbc=\"T T T\" converged=T',
        file=out,
    )
    for symbol, position, force in zip(symbols, atoms.positions, forces):
        print(symbol, *(repr(float(x)) for x in (*position, *force)), file=out)
"
    );
    Ok(out)
}

/// Reads what the script writes.
///
/// # Errors
/// A file without energy, forces or the mark of convergence.
pub fn read_gpaw(text: &str, file: &str) -> Result<Label> {
    let missing = |what: &str| Error::invalid(file, format!("no {what}"), "what the script label.py writes at its end");
    let frame = read_extxyz(text, file)?.pop().ok_or_else(|| missing("structure"))?;
    if !frame.features.iter().any(|(name, value)| name == "converged" && value == "T") {
        return Err(missing("mark of convergence"));
    }
    let elements = symbols(&frame.system)?.into_iter().map(str::to_owned).collect();
    let volume = frame.system.cell.volume();
    Ok(Label {
        energy: frame.energy.ok_or_else(|| missing("energy"))?,
        forces: frame.forces.ok_or_else(|| missing("forces"))?,
        pressure: frame.plus_stress.and_then(|stress| Some(stress / volume?)),
        elements,
        positions: Some(frame.system.positions),
        volume,
        stated: Stated::default(),
    })
}
