//! Labels by density-functional theory: inputs for open and commercial codes, and their outputs read back.
//!
//! | code | inputs | outputs read |
//! |---|---|---|
//! | CP2K | `cp2k.inp` | `cp2k.out` |
//! | GPAW | `label.py` | `gpaw.extxyz`, written once the script has converged |
//! | VASP | `POSCAR`, `INCAR`, `KPOINTS`; the `POTCAR` is the user's | `vasprun.xml`, else `OUTCAR` |
//! | Quantum ESPRESSO | `pw.in`; pseudopotentials are the user's | `pw.out` |
//!
//! All use PBE, and for salts D3 with Becke–Johnson damping (doi:10.1002/jcc.21759), which lowers the pressure by some
//! 0.75 GPa. Metals do without: their electrons screen what D3 sums over pairs of atoms, and with it liquid Ca comes out 9 %
//! too dense. Energies of two codes, bases or functionals have different zeros and must never meet in one fit: each
//! label states its [method](Settings::method). Nothing here touches files or processes; the command line does.

mod cp2k;
mod folders;
mod gpaw;
mod qe;
mod text;
mod vasp;
mod vasprun;

pub use cp2k::read_cp2k;
pub use folders::{
    Collected, InputFolder, STRUCTURE, collect, folder_name, input_folders, is_collected, read_folder_structure,
};
pub use gpaw::read_gpaw;
pub use qe::read_pw;
pub use vasp::read_outcar;
pub use vasprun::read_vasprun;

use crate::error::{Error, Result};
use crate::io::Configuration;
use crate::math::{Mat3, Vec3};

/// One Hartree in eV (CODATA 2018).
pub(crate) const HARTREE: f64 = 27.211_386_245_988;
/// One Bohr in Å (CODATA 2018).
pub(crate) const BOHR: f64 = 0.529_177_210_903;

/// The codes that label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// CP2K (Quickstep): Gaussians and plane waves; for salts.
    Cp2k,
    /// GPAW: plane waves, PAW; for metals.
    Gpaw,
    /// VASP.
    Vasp,
    /// Quantum ESPRESSO's pw.x.
    Qe,
}

/// What the electrons do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Electrons {
    /// A gap: salts. Orbital transformation, no smearing, the Gamma point.
    Insulator,
    /// No gap: metals. Smearing, and 2x2x2 points, which suits cells of some 24 to 32 atoms.
    Metal,
}

/// How to label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The code.
    pub code: Code,
    /// Salt or metal.
    pub electrons: Electrons,
}

/// A file that a code reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Its name in the folder of one configuration.
    pub name: &'static str,
    /// Its content.
    pub text: String,
}

/// What a code says of one configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Energy that the forces are derivatives of, eV.
    pub energy: f64,
    /// Force on each atom, eV/Å.
    pub forces: Vec<Vec3>,
    /// Pressure tensor, eV/Å^3, compression positive; `None` where the code was not asked for it.
    pub pressure: Option<Mat3>,
    /// Element of each atom in the output's order; empty where it does not say.
    pub elements: Vec<String>,
    /// Where the output says that these forces act, in its order, Å; `None` where it does not say.
    pub positions: Option<Vec<Vec3>>,
}

impl Code {
    /// The codes by the names that users give them.
    pub const NAMES: [(&'static str, Self); 4] =
        [("cp2k", Self::Cp2k), ("gpaw", Self::Gpaw), ("vasp", Self::Vasp), ("qe", Self::Qe)];

    /// # Errors
    /// A name that is none of them.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, code)| *code).ok_or_else(|| Error::invalid("code", name, "one of cp2k, gpaw, vasp, qe"))
    }
}

impl Settings {
    /// What decides the energies, as labels state it.
    pub fn method(&self) -> &'static str {
        match (self.code, self.electrons) {
            (Code::Cp2k, Electrons::Insulator) => "CP2K PBE-D3(BJ) TZV2P-MOLOPT-PBE-GTH 280/40 Ry",
            (Code::Cp2k, Electrons::Metal) => "CP2K PBE TZV2P-MOLOPT-PBE-GTH 400/50 Ry 1500 K",
            (Code::Gpaw, Electrons::Insulator) => "GPAW PBE-D3(BJ) 500 eV Gamma",
            (Code::Gpaw, Electrons::Metal) => "GPAW PBE 500 eV 2x2x2 0.1 eV",
            (Code::Vasp, Electrons::Insulator) => "VASP PBE-D3(BJ) 500 eV Gamma",
            (Code::Vasp, Electrons::Metal) => "VASP PBE 500 eV 2x2x2 0.1 eV",
            (Code::Qe, Electrons::Insulator) => "Quantum ESPRESSO PBE-D3(BJ) 60/480 Ry Gamma",
            (Code::Qe, Electrons::Metal) => "Quantum ESPRESSO PBE 60/480 Ry 2x2x2 0.01 Ry",
        }
    }

    /// The files that the code reads to label `structure`.
    ///
    /// # Errors
    /// A structure that does not repeat in all three directions, or without atoms; species that are no elements, or that the
    /// code's basis does not have.
    pub fn inputs(&self, structure: &Configuration) -> Result<Vec<InputFile>> {
        if structure.system.is_empty() || !structure.system.cell.is_bulk() {
            let expected = "atoms in a cell with three lattice vectors";
            return Err(Error::invalid("structure to label", "an open or empty one", expected));
        }
        let file = |name, text| InputFile { name, text };
        Ok(match self.code {
            Code::Cp2k => vec![file("cp2k.inp", cp2k::write(&structure.system, self.electrons)?)],
            Code::Gpaw => vec![file("label.py", gpaw::write(&structure.system, self.electrons)?)],
            Code::Vasp => vec![
                file("POSCAR", crate::io::write_poscar(structure)?),
                file("INCAR", vasp::write_incar(self.electrons)),
                file("KPOINTS", vasp::write_kpoints(self.electrons)),
            ],
            Code::Qe => vec![file("pw.in", qe::write(&structure.system, self.electrons)?)],
        })
    }

    /// Names of the outputs that are read, the first that exists.
    pub fn outputs(&self) -> &'static [&'static str] {
        match self.code {
            Code::Cp2k => &["cp2k.out"],
            Code::Gpaw => &["gpaw.extxyz"],
            Code::Vasp => &["vasprun.xml", "OUTCAR"],
            Code::Qe => &["pw.out"],
        }
    }

    /// Reads an output; `file` names it in errors, and its end tells VASP's two outputs apart.
    ///
    /// # Errors
    /// A calculation that did not converge or did not end, and blocks that are missing, malformed or of another size.
    pub fn read(&self, text: &str, file: &str) -> Result<Label> {
        match self.code {
            Code::Cp2k => read_cp2k(text, file),
            Code::Gpaw => read_gpaw(text, file),
            Code::Vasp if file.ends_with("xml") => read_vasprun(text, file),
            Code::Vasp => read_outcar(text, file),
            Code::Qe => read_pw(text, file),
        }
    }

    /// The structure with its label. VASP's atoms come in the order of the POSCAR: grouped by species, these in the order of
    /// their first atoms. They are put back.
    ///
    /// # Errors
    /// Another number of atoms, other elements or other positions than the structure's.
    pub fn attach(&self, structure: &Configuration, label: Label, file: &str) -> Result<Configuration> {
        let system = &structure.system;
        if label.forces.len() != system.len() {
            let found = format!("{} atoms", label.forces.len());
            return Err(Error::invalid(file, found, format!("{}, as in the structure", system.len())));
        }
        if !(label.elements.is_empty() || label.elements.len() == system.len()) {
            let found = format!("elements of {} atoms", label.elements.len());
            return Err(Error::invalid(file, found, format!("of {}, as there are forces", system.len())));
        }
        let mut order: Vec<usize> = (0..system.len()).collect();
        if self.code == Code::Vasp {
            let first = |kind: u32| system.types.iter().position(|&other| other == kind);
            order.sort_by_cached_key(|&atom| first(system.types[atom]));
        }
        let element = |atom: usize| crate::system::species::element(&system.species[system.types[atom] as usize].name);
        for (place, found) in label.elements.iter().enumerate() {
            let expected = element(order[place])?.symbol();
            if found != expected {
                let what = format!("{file}: element of atom {}", place + 1);
                return Err(Error::invalid(what, found, format!("{expected}, as in the structure")));
            }
        }
        if let Some(positions) = label.positions.as_ref().filter(|positions| positions.len() != system.len()) {
            let found = format!("positions of {} atoms", positions.len());
            return Err(Error::invalid(file, found, format!("of {}, as there are forces", system.len())));
        }
        for (place, (position, &atom)) in label.positions.iter().flatten().zip(&order).enumerate() {
            let apart = distance_between_images(system, position - system.positions[atom]);
            if apart > SAME_PLACE {
                let what = format!("{file}: position of atom {}", place + 1);
                let found = format!("{apart:.3} Å from that in the structure");
                let expected = "forces on the structure as it was given: one step, and of no other structure";
                return Err(Error::invalid(what, found, expected));
            }
        }
        let mut forces = vec![Vec3::zeros(); system.len()];
        for (force, atom) in label.forces.iter().zip(order) {
            forces[atom] = *force;
        }
        let volume = system.cell.volume();
        let mut labelled = Configuration::new(system.clone());
        labelled.name = structure.name.clone();
        labelled.energy = Some(label.energy);
        labelled.forces = Some(forces);
        labelled.plus_stress = label.pressure.and_then(|pressure| Some(pressure * volume?));
        labelled.features.clone_from(&structure.features);
        labelled.features.retain(|(name, _)| name != METHOD);
        labelled.features.push((METHOD.to_owned(), self.method().to_owned()));
        Ok(labelled)
    }
}

/// Outputs give positions to five digits or more, Å.
const SAME_PLACE: f64 = 1e-3;

/// Length of a vector up to lattice translations, Å.
fn distance_between_images(system: &crate::system::System, vector: Vec3) -> f64 {
    let fractional = system.cell.fractional(&vector);
    (system.cell.vectors() * fractional.map(|x| x - x.round())).norm()
}

/// The feature of a configuration that holds the [method](Settings::method) of its label.
pub const METHOD: &str = "method";

/// Refuses to mix labels: all of `known` that state a method must state that of `settings`.
///
/// # Errors
/// A label by another method.
pub fn check_same_method(known: &[Configuration], settings: &Settings, file: &str) -> Result<()> {
    let methods = known.iter().flat_map(|configuration| &configuration.features).filter(|(name, _)| name == METHOD);
    match methods.map(|(_, method)| method).find(|method| *method != settings.method()) {
        Some(other) => {
            let expected = format!("only labels by {}: the energies' zeros differ", settings.method());
            Err(Error::invalid(format!("labels in {file}"), other, expected))
        }
        None => Ok(()),
    }
}

/// Symbols of the atoms' elements.
fn symbols(system: &crate::system::System) -> Result<Vec<&'static str>> {
    let of_species = |species: &crate::system::Species| crate::system::species::element(&species.name);
    let known = system.species.iter().map(|species| of_species(species).map(|element| element.symbol()));
    let mut by_type = Vec::new();
    for (kind, symbol) in known.enumerate() {
        // Species without atoms may be nameless.
        by_type.push(if system.types.contains(&(kind as u32)) { symbol? } else { "" });
    }
    Ok(system.types.iter().map(|&kind| by_type[kind as usize]).collect())
}
