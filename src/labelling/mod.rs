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

use std::ops::RangeInclusive;

use crate::error::{Error, Result};
use crate::io::Configuration;
use crate::math::{Mat3, Vec3};
use crate::neighbor::NeighborList;
use crate::system::{OVERLAP, System};
use crate::units::RYDBERG;

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

impl Electrons {
    /// How many points in reciprocal space the inputs come to: symmetry leaves some of 2x2x2.
    fn points(self) -> RangeInclusive<usize> {
        match self {
            Self::Insulator => 1..=1,
            Self::Metal => 2..=8,
        }
    }
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
    /// Volume of the cell that it was calculated in, Å^3; `None` where the output does not say.
    pub volume: Option<f64>,
    /// What the output says of the method.
    pub stated: Stated,
}

/// What an output says of the method, where it does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stated {
    /// Cutoff of the plane waves (CP2K: of the density), eV.
    pub cutoff_ev: Option<f64>,
    /// Exchange and correlation, as the code calls it.
    pub functional: Option<String>,
    /// What was added for dispersion.
    pub dispersion: Option<Dispersion>,
    /// Points in reciprocal space, by symmetry.
    pub points: Option<usize>,
    /// Family of the atoms' basis.
    pub basis: Option<String>,
}

/// What was added for dispersion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispersion {
    /// Nothing.
    None,
    /// D3 with Becke–Johnson damping.
    D3,
    /// Another form.
    Other,
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

    /// Cutoff of the plane waves (CP2K: of the density) in the inputs, eV.
    fn cutoff_ev(&self) -> f64 {
        match (self.code, self.electrons) {
            (Code::Cp2k, Electrons::Insulator) => 280.0 * RYDBERG,
            (Code::Cp2k, Electrons::Metal) => 400.0 * RYDBERG,
            (Code::Gpaw | Code::Vasp, _) => 500.0,
            (Code::Qe, _) => 60.0 * RYDBERG,
        }
    }

    /// The method of a label: that of the inputs, unless its output tells of another cutoff, functional, dispersion, basis or
    /// of other points. Then it says these, so that such labels are not mixed with others.
    fn method_by(&self, stated: &Stated) -> String {
        let Stated { cutoff_ev, functional, dispersion, points, basis } = stated;
        let insulator = self.electrons == Electrons::Insulator;
        let same_cutoff = cutoff_ev.is_none_or(|own| (own / self.cutoff_ev() - 1.0).abs() < SAME_CUTOFF);
        let same_points = points.is_none_or(|points| self.electrons.points().contains(&points));
        let expected_dispersion = if insulator { Dispersion::D3 } else { Dispersion::None };
        let same_dispersion = dispersion.is_none_or(|own| own == expected_dispersion);
        let same_functional = functional.as_deref().is_none_or(|own| own == FUNCTIONAL);
        let same_basis = basis.as_deref().is_none_or(|own| own == BASIS);
        if same_cutoff && same_points && same_functional && same_basis && same_dispersion {
            return self.method().to_owned();
        }
        let code = match self.code {
            Code::Cp2k => "CP2K",
            Code::Gpaw => "GPAW",
            Code::Vasp => "VASP",
            Code::Qe => "Quantum ESPRESSO",
        };
        let functional = functional.as_deref().unwrap_or(FUNCTIONAL);
        let dispersion = match dispersion.unwrap_or(expected_dispersion) {
            Dispersion::None => "",
            Dispersion::D3 => "-D3(BJ)",
            Dispersion::Other => " with another dispersion",
        };
        let basis = basis.as_ref().map_or_else(String::new, |basis| format!(" {basis}"));
        let cutoff = cutoff_ev.unwrap_or_else(|| self.cutoff_ev());
        let points = points.map_or_else(String::new, |points| format!(", k-points: {points}"));
        format!("{code} {functional}{dispersion}{basis} {cutoff:.1} eV{points}, other settings not checked")
    }

    /// The files that the code reads to label `structure`.
    ///
    /// # Errors
    /// A structure that does not repeat in all three directions, or without atoms; atoms on top of each other; species that are
    /// no elements, or that the code's basis does not have.
    pub fn inputs(&self, structure: &Configuration) -> Result<Vec<InputFile>> {
        if structure.system.is_empty() || !structure.system.cell.is_bulk() {
            let expected = "atoms in a cell with three lattice vectors";
            return Err(Error::invalid("structure to label", "an open or empty one", expected));
        }
        symbols(&structure.system)?;
        let mut neighbors = NeighborList::new(2.0 * OVERLAP, 0.0)?;
        neighbors.update(&structure.system)?;
        if let Some(pair) = neighbors.closest_pair().filter(|pair| pair.distance < OVERLAP) {
            let found = pair.in_words(&structure.system);
            return Err(Error::invalid("structure to label", found, format!("atoms at least {OVERLAP} Å apart")));
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

    /// The structure with its label. VASP's atoms come in the order of the POSCAR, which may be any: they are put back by their
    /// elements and positions.
    ///
    /// # Errors
    /// Another number of atoms, other elements, other positions or another volume than the structure's.
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
        let order = match self.code {
            Code::Vasp => order_by_place(system, &label).unwrap_or_else(|| poscar_order(system)),
            Code::Cp2k | Code::Gpaw | Code::Qe => (0..system.len()).collect(),
        };
        if let Some((own, given)) = label.volume.zip(system.cell.volume())
            && (own / given - 1.0).abs() > SAME_VOLUME
        {
            let expected = format!("{given:.3} Å^3, as of the structure");
            return Err(Error::invalid(format!("{file}: volume of the cell"), format!("{own:.3} Å^3"), expected));
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
        labelled.features.push((METHOD.to_owned(), self.method_by(&label.stated)));
        Ok(labelled)
    }
}

/// What all inputs ask for.
const FUNCTIONAL: &str = "PBE";
/// CP2K's basis in all inputs.
const BASIS: &str = "TZV2P-MOLOPT-PBE-GTH";
/// Cutoffs that differ by a smaller part are the same, but for digits.
const SAME_CUTOFF: f64 = 1e-3;
/// Volumes that differ by a smaller part are the same, but for digits.
const SAME_VOLUME: f64 = 1e-3;
/// Outputs give positions to five digits or more, Å.
const SAME_PLACE: f64 = 1e-3;

/// The atoms as our POSCAR has them: grouped by species, these in the order of their first atoms.
fn poscar_order(system: &System) -> Vec<usize> {
    let mut order: Vec<usize> = (0..system.len()).collect();
    let first = |kind: u32| system.types.iter().position(|&other| other == kind);
    order.sort_by_cached_key(|&atom| first(system.types[atom]));
    order
}

/// The atom of the structure at the place of each of the output, of the same element; `None` where one has none.
fn order_by_place(system: &System, label: &Label) -> Option<Vec<usize>> {
    let positions = label.positions.as_ref().filter(|positions| positions.len() == system.len())?;
    let symbols = symbols(system).ok()?;
    let mut free: Vec<usize> = (0..system.len()).collect();
    let of_place = |(position, symbol): (&Vec3, &String)| {
        let here = |&atom: &usize| {
            symbols[atom] == symbol && distance_between_images(system, position - system.positions[atom]) < SAME_PLACE
        };
        let found = free.iter().position(here)?;
        Some(free.remove(found))
    };
    let order: Vec<usize> = positions.iter().zip(&label.elements).map_while(of_place).collect();
    (order.len() == system.len()).then_some(order)
}

/// Length of a vector up to lattice translations, Å.
fn distance_between_images(system: &System, vector: Vec3) -> f64 {
    let fractional = system.cell.fractional(&vector);
    (system.cell.vectors() * fractional.map(|x| x - x.round())).norm()
}

/// The feature of a configuration that holds the [method](Settings::method) of its label.
pub const METHOD: &str = "method";

/// The method that a configuration states for its label.
pub fn method_of(configuration: &Configuration) -> Option<&str> {
    configuration.features.iter().find(|(name, _)| name == METHOD).map(|(_, method)| method.as_str())
}

/// Refuses to mix labels: all of `known` that state a method must state that of `settings`.
///
/// # Errors
/// A label by another method.
pub fn check_same_method(known: &[Configuration], settings: &Settings, file: &str) -> Result<()> {
    match known.iter().filter_map(method_of).find(|method| *method != settings.method()) {
        Some(other) => {
            let expected = format!("only labels by {}: the energies' zeros differ", settings.method());
            Err(Error::invalid(format!("labels in {file}"), other, expected))
        }
        None => Ok(()),
    }
}

/// Symbols of the atoms' elements.
fn symbols(system: &System) -> Result<Vec<&'static str>> {
    let of_species = |species: &crate::system::Species| crate::system::species::element(&species.name);
    let known = system.species.iter().map(|species| of_species(species).map(|element| element.symbol()));
    let mut by_type = Vec::new();
    for (kind, symbol) in known.enumerate() {
        // Species without atoms may be nameless.
        by_type.push(if system.types.contains(&(kind as u32)) { symbol? } else { "" });
    }
    Ok(system.types.iter().map(|&kind| by_type[kind as usize]).collect())
}
